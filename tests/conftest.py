"""What all tests share: `--long`, hypothesis's profiles, few threads, and NaN wherever memory was never written."""

import signal
from collections.abc import Iterator

import pytest
import torch
from hypothesis import HealthCheck, settings

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.differing_executors]}
settings.register_profile("short", max_examples=50, derandomize=True, **_COMMON)
settings.register_profile("long", max_examples=500, derandomize=True, **_COMMON)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run the tests that take minutes, with more examples")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("long" if config.getoption("--long") else "short")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's "&" switches off in what it starts
    torch.set_num_threads(1)  # with more, threads that wait for a busy core make small tests a hundred times slower


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        for item in items:
            if "long" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="takes minutes: --long runs it"))


@pytest.fixture(scope="session")
def is_long(request: pytest.FixtureRequest) -> bool:
    """Whether the long tests run."""
    return bool(request.config.getoption("--long"))


@pytest.fixture
def poisoned_memory() -> Iterator[None]:
    """torch.empty is full of NaN, so that memory that nobody wrote shows."""
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = True
    yield
    torch.use_deterministic_algorithms(False)
