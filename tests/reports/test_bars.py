"""Bars: their lengths, and colours by sign."""

from matplotlib.colors import to_hex

from elman.reports.bars import Bars, bars
from elman.reports.palette import BLUE, ORANGE


def test_lengths_colours_and_rings() -> None:
    groups = [Bars("$a$", ["x", "$y$"], [1.0, -2.0], [0.5, 0.5]), Bars("b", ["z"], [3.0]), Bars("c", ["w"], [4.0])]
    figure = bars(groups, "product")
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title("left") for axes in shown] == ["$a$", "b", "c"]
    assert [bar.get_width() for bar in shown[0].patches] == [1.0, -2.0]
    assert [to_hex(bar.get_facecolor()) for bar in shown[0].patches] == [ORANGE, BLUE]
    assert list(shown[0].lines[0].get_xdata()) == [0.5, 0.5]
    assert [label.get_text() for label in shown[0].get_yticklabels()] == ["x", "$y$"]
    assert [axes.get_xlabel() for axes in shown] == ["", "product", "product"]  # below the lowest of each column
    assert shown[0].get_xlim() == shown[1].get_xlim()
