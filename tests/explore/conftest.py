"""Models to look into, and pages for them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from browsing import chromium
from shapes import write_shapes
from small_models import SMALL, TEXTS
from talking import Talk, served, talking
from tones import write_tones

import elman
from elman.explore.explored import Example, Explored


@pytest.fixture
def talk() -> Iterator[Callable[..., Talk]]:
    """Opens a page with a model, and examples, and gives a tab of it."""
    with ExitStack() as opened:

        def talk(estimator: Any, *examples: Any, **more: Any) -> Talk:
            offered = [Example(f"example {k}", raw) for k, raw in enumerate(examples)]
            address = opened.enter_context(served(Explored("m.safetensors", estimator, offered, **more)))
            return opened.enter_context(talking(address))

        yield talk


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def classifier() -> Any:
    return elman.Classifier(**SMALL).fit(TEXTS, [text[0] for text in TEXTS])


@pytest.fixture(scope="session")
def generator() -> Any:
    return elman.Generator(**SMALL, cell="lstm").fit(TEXTS)


@pytest.fixture(scope="session")
def page(generator: Any) -> Iterator[str]:
    """The address of a page for a generator."""
    with served(Explored("m.safetensors", generator)) as address:
        yield address


@pytest.fixture(scope="session")
def births() -> pd.DataFrame:
    """One series of 60 days, which goes up and down by the week, with a column that is known ahead."""
    days = pd.date_range("2026-01-01", periods=60)
    y = 50 + 5 * np.sin(np.arange(60.0)) + days.day_of_week
    return pd.DataFrame({"unique_id": "a", "ds": days, "y": y, "weekend": (days.day_of_week > 4).astype(float)})


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[str]]:
    """Tones that rise and fall."""
    return write_tones(tmp_path_factory.mktemp("sounds"), 6)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[str]]:
    """Shapes above one another."""
    return write_shapes(tmp_path_factory.mktemp("pictures"), 8)
