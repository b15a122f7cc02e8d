"""Panels: what is drawn where, and gaps where a number is not finite."""

import numpy as np
from matplotlib.patches import Circle

from elman.reports.panels import Drawn, Panel, over_steps, planes, stacked
from elman.reports.picture import inline_svg


def test_lines_over_steps_have_gaps_and_a_limit_in_every_panel() -> None:
    values = np.array([1.0, np.inf, 3.0])
    figure = over_steps([Panel("one", {"a": values, "b": 2 * values}), Panel("$two$", {"a": values})], "xyz", "factor",
                        limit=(1.0, "same"))  # fmt: skip
    first, second = figure.axes
    assert (first.get_title(loc="left"), second.get_title(loc="left")) == ("one", "$two$")
    np.testing.assert_array_equal(first.lines[1].get_ydata(), [2, np.nan, 6])
    assert [line.get_label() for line in first.lines] == ["a", "b", "same"]
    assert list(second.lines[-1].get_ydata()) == [1.0, 1.0]
    assert [label.get_text() for label in second.get_xticklabels()] == ["x", "y", "z"]
    assert inline_svg(figure, "p").startswith("<svg")


def test_charts_of_widely_different_numbers_are_logarithmic() -> None:
    figure = stacked(
        [Drawn({"a": np.array([1, 1e-3, 0.0])}, "x", "y"), Drawn({"a": np.array([1, np.inf, 2])}, "x", "y")]
    )
    wide, narrow = figure.axes
    assert (wide.get_yscale(), narrow.get_yscale()) == ("log", "linear")
    np.testing.assert_array_equal(wide.lines[0].get_ydata(), [1, 1e-3, np.nan])
    assert narrow.get_ylim()[0] == 0
    assert inline_svg(stacked([Drawn({"a": np.full(3, np.inf)}, "x", "y")]), "p").startswith("<svg")


def test_planes_hold_all_numbers_and_the_circle() -> None:
    numbers = np.array([0.5 + 0.5j, -2.0, 0.1j])
    figure = planes(dict.fromkeys("abcd", numbers))
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in shown] == list("abcd")
    np.testing.assert_array_equal(shown[3].lines[0].get_xydata(), np.stack([numbers.real, numbers.imag], 1))
    assert shown[0].get_xlim()[0] < -2
    [circle] = [one for one in shown[0].patches if isinstance(one, Circle)]
    assert (circle.center, circle.radius) == ((0, 0), 1)
