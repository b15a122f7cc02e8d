"""Maps over steps: colours around 0, names where there is room."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from elman.reports.heat_map import Map, heat_maps
from elman.reports.palette import BLUE, ORANGE


def test_colours_are_even_around_zero_and_zero_is_the_paper() -> None:
    values = np.array([[-2.0, 0.0, 1.0, np.nan]])
    around, rising = heat_maps([Map("a", values), Map("b", np.abs(values), True)], list("wxyz"), "unit").axes[:2]
    image = around.images[0]
    assert to_hex(image.cmap(image.norm(-2.0))) == BLUE
    assert to_hex(image.cmap(image.norm(2.0))) == ORANGE
    assert image.cmap(image.norm(0.0))[3] == pytest.approx(0, abs=0.02)
    assert image.cmap(image.norm(-1.0))[3] == pytest.approx(image.cmap(image.norm(1.0))[3], abs=0.02)
    assert image.get_array().mask.tolist() == [[False, False, False, True]]
    assert (rising.images[0].norm.vmin, rising.images[0].norm.vmax) == (0, 2)
    limited = heat_maps([Map("a", values, limit=5.0)], list("wxyz"), "unit").axes[0]
    assert limited.images[0].norm.vmax == 5


@pytest.mark.parametrize(
    ("steps", "labels"),
    [
        (["a", " ", "$b$"], ["a", "␣", "$b$"]),
        ([str(k) for k in range(1, 201)], ["1", "26", "51", "76", "101", "126", "151", "176"]),
        (list("ab" * 100), ["0", "25", "50", "75", "100", "125", "150", "175"]),
        ([f"2026-01-01 {k:02}:00:00" for k in range(24)], [f"2026-01-01␣{k:02}:00:00" for k in (0, 12)]),
    ],
)
def test_names_of_steps_where_there_is_room(steps: list[str], labels: list[str]) -> None:
    axes = heat_maps([Map("a", np.ones((2, len(steps))))], steps, "unit").axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == labels


def test_rows_may_have_names_and_a_step_a_mark() -> None:
    rows = ["$x$", " "]
    axes = heat_maps([Map("a", np.ones((2, 3)), rows=rows)], list("abc"), "unit", mark=1).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["$x$", "␣"]
    assert axes.get_ylabel() == ""
    assert list(axes.lines[0].get_xdata()) == [0.5, 0.5]
