"""Bars beside their names: what adds up to a number, orange above 0 and blue below."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from elman.reports.palette import BLUE, INK, ORANGE, PALE, RULE

WIDTH, HEIGHT = 5.4, 0.24  # inches of the picture, and of a bar
ACROSS = 2


class Bars(NamedTuple):
    """One group of bars.

    Args:
        title: above it.
        names: of the bars, from the top.
        values: of the bars; NaN has none.
        second: values drawn beside the bars, as rings.
    """

    title: str
    names: Sequence[str]
    values: Sequence[float]
    second: Sequence[float] = ()


def bars(groups: Sequence[Bars], x: str) -> Figure:
    """Groups of bars, at most two beside each other, all on the same scale.

    Args:
        groups: in the order of reading.
        x: what the horizontal axis shows.
    """
    across = min(len(groups), ACROSS)
    down = -(-len(groups) // across)
    longest = max(len(one.names) for one in groups)
    size = (WIDTH if across > 1 else 0.75 * WIDTH, down * (0.75 + HEIGHT * longest))
    figure = Figure(size, dpi=72, facecolor="none", layout=ConstrainedLayoutEngine(hspace=0.06))
    places = np.ravel(figure.subplots(down, across, sharex=True, squeeze=False))
    for place, one in zip(places, groups, strict=False):
        _draw(place, one)
    for place in places[len(groups) :]:
        place.axis("off")
    for place in places[max(len(groups) - across, 0) : len(groups)]:
        place.set_xlabel(x, color=INK, size=10)
        place.tick_params(axis="x", labelbottom=True)
    return figure


def _draw(axes: Axes, one: Bars) -> None:
    places = range(len(one.names))
    axes.set_facecolor("none")
    axes.barh(places, one.values, color=[ORANGE if value >= 0 else BLUE for value in one.values], height=0.7)
    if len(one.second):
        axes.plot(one.second, places, ls="", marker="o", ms=6, mfc="none", mec=INK, mew=1.2)
    axes.axvline(0, color=PALE, lw=0.8)
    axes.set_yticks(places, one.names)
    axes.invert_yaxis()
    axes.tick_params(colors=PALE, labelcolor=PALE, labelsize=9, length=3)
    axes.tick_params(axis="y", labelcolor=INK, length=0)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)  # a dollar is a dollar
    axes.grid(axis="x", color=RULE, lw=0.7)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    axes.set_title(one.title, color=INK, size=10, loc="left", pad=4, parse_math=False)
