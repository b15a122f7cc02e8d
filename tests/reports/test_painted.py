"""Painted texts: where each symbol stands, and how strongly it is coloured."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_hex

from elman.reports.heat_map import WIDTH
from elman.reports.painted import DARKEST, columns, painted
from elman.reports.palette import BLUE, ORANGE
from elman.reports.picture import inline_svg


def test_a_symbol_is_as_strong_as_its_number() -> None:
    figure = painted(list("a$ b"), np.array([2.0, -1.0, np.nan, 0.0]), "what")
    [axes] = figure.axes
    first, second, *legend = axes.patches
    assert (to_hex(first.get_facecolor()), first.get_alpha()) == (ORANGE, DARKEST)
    assert (to_hex(second.get_facecolor()), second.get_alpha()) == (BLUE, DARKEST / 2)
    assert len(legend) == 2
    texts = [one.get_text() for one in axes.texts]
    assert texts == ["a", "$", "␣", "b", "-2", "+2", "what"]
    assert 'role="img"' not in inline_svg(figure, "p")


@pytest.mark.parametrize("steps", [["a"] * 200, ["word", "longer"] * 40])
def test_long_texts_are_wrapped_and_nothing_overlaps(steps: list[str]) -> None:
    figure = painted(steps, np.ones(len(steps)), "what")
    boxes = [one.get_bbox() for one in figure.axes[0].patches[: len(steps)]]
    assert max(box.x1 for box in boxes) <= WIDTH
    assert len({round(box.y0, 6) for box in boxes}) > 1
    for one, other in itertools.pairwise(boxes):
        assert other.x0 >= one.x1 - 1e-9 or other.y1 <= one.y0 + 1e-9
    assert min(box.y0 for box in boxes) >= figure.axes[0].get_ylim()[0]


def test_columns_above_and_below_0() -> None:
    values = np.array([1.0, -2.0, 3.0])
    above, below = columns(["1", "2", "3"], values, "what").axes[0].collections
    assert above.get_paths()[0].vertices[:, 1].max() == 3
    assert below.get_paths()[0].vertices[:, 1].min() == -2
