"""examples/births.py both numbers are foreseen better than by the same weekday's."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "births.py"


@pytest.fixture(scope="module")
def births() -> ModuleType:
    spec = importlib.util.spec_from_file_location("births", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_learns_the_week(births: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    errors = births.main()
    (tomorrow, naive), (week, naive_week) = errors[1], errors[7]
    assert round(naive) == 327  # figures of the data alone
    assert round(naive_week) == 314
    assert tomorrow < naive
    assert week < naive_week
    assert f"1 days ahead: off by {tomorrow:.0f} births, the same weekday by 327\n" in capfd.readouterr().out


def test_later(births: ModuleType) -> None:
    np.testing.assert_array_equal(births.later(np.arange(4.0), 3), [3, np.nan, np.nan, np.nan])
