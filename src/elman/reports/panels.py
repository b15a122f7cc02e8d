"""Several panels in a picture: lines over the same steps, charts of their own, the complex plane."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator, NullFormatter

from elman.reports.charts import DOTTED, FEW, WIDE_RANGE
from elman.reports.heat_map import WIDTH, name_steps
from elman.reports.palette import BLUE, INK, ORANGE, PALE, RULE

HEIGHT = 1.5  # inches of one panel
ACROSS = 3  # planes beside each other
STYLES = ((BLUE, "solid"), (ORANGE, (0, (5, 2))), (BLUE, (0, (1, 1))), (ORANGE, (0, (1, 1))), (PALE, "solid"))


class Panel(NamedTuple):
    """One panel.

    Shape:
        values (T,) for each line; gaps where NaN or infinite

    Args:
        title: above it.
        values: by the name of a line; of two the second is dashed.
    """

    title: str
    values: Mapping[str, np.ndarray]


def over_steps(
    panels: Sequence[Panel], steps: Sequence[str], y: str, *, limit: tuple[float, str] | None = None
) -> Figure:
    """Lines over the same steps, panel by panel.

    Args:
        panels: from the top.
        steps: what each of the T steps is called; the names stand below where there is room, else numbers from 1.
        y: what the vertical axes show.
        limit: a level to draw across each, and its name.
    """
    figure = Figure((WIDTH, 0.9 + HEIGHT * len(panels)), dpi=72, facecolor="none", layout="constrained")
    for place, (title, values) in zip(
        figure.subplots(len(panels), 1, sharex=True, squeeze=False).flat, panels, strict=True
    ):
        _quiet(place)
        for number, (name, one) in enumerate(values.items()):
            colour, dashes, marker = (ORANGE, (0, (5, 2)), "s") if number else (BLUE, "solid", "o")
            finite = np.where(np.isfinite(one), one, np.nan)
            marker = marker if len(one) <= FEW else ""
            place.plot(np.arange(len(one)), finite, color=colour, ls=dashes, lw=1.6, marker=marker, ms=3, label=name)
        if limit is not None:
            place.axhline(limit[0], color=INK, lw=1, ls=DOTTED, label=limit[1])
        place.set_ylabel(y, color=INK, size=10)
        place.set_title(title, color=INK, size=10, loc="left", pad=4, parse_math=False)
    name_steps(place, steps)
    place.set_xlabel("step", color=INK, size=10)
    lines, names = place.get_legend_handles_labels()
    if len(names) > 1:
        figure.legend(lines, names, loc="outside upper left", ncols=3, frameon=False, fontsize=10, labelcolor=INK)
    return figure


def planes(points: Mapping[str, np.ndarray]) -> Figure:
    """Complex numbers in the plane, beside the circle of radius 1, a panel for each name."""
    across = min(len(points), ACROSS)
    down = -(-len(points) // across)
    side = min(WIDTH / across, 3.4)
    figure = Figure((WIDTH, 0.4 + (side + 0.2) * down), dpi=72, facecolor="none", layout="constrained")
    reach = max(1.05, *(1.05 * float(np.abs(one).max(initial=0.0)) for one in points.values()))
    places = list(figure.subplots(down, across, squeeze=False).flat)
    for place in places[len(points) :]:
        place.axis("off")
    for place, (name, one) in zip(places, points.items(), strict=False):
        _quiet(place)
        place.add_patch(Circle((0, 0), 1, fill=False, ec=INK, lw=1, ls=DOTTED))
        place.plot(one.real, one.imag, color=BLUE, ls="", marker="o", ms=3, alpha=0.7, mec="none")
        place.set_title(name, color=INK, size=10, loc="left", pad=4, parse_math=False)
        place.set_aspect("equal")
        place.set_xlim(-reach, reach)
        place.set_ylim(-reach, reach)
        place.grid(color=RULE, lw=0.7)
    return figure


def _quiet(axes: Axes) -> None:
    axes.set_facecolor("none")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[:].set_color(PALE)
    axes.tick_params(colors=PALE, labelcolor=PALE, labelsize=10, length=3)
    axes.grid(axis="y", color=RULE, lw=0.7)
    axes.set_axisbelow(True)


class Drawn(NamedTuple):
    """One of several charts of their own.

    Shape:
        values (N,) for each line, over 0, 1, 2 ...

    Args:
        values: by the name of a line.
        x: what the horizontal axis shows.
        y: what the vertical axis shows.
        limit: a level to draw across, and its name.
    """

    values: Mapping[str, np.ndarray]
    x: str
    y: str
    limit: tuple[float, str] | None = None


def stacked(charts: Sequence[Drawn]) -> Figure:
    """Charts one above the other, of positive numbers; an axis is logarithmic where they differ widely."""
    figure = Figure((WIDTH, 2.4 * len(charts)), dpi=72, facecolor="none", layout="constrained")
    for place, (values, x, y, limit) in zip(figure.subplots(len(charts), 1, squeeze=False).flat, charts, strict=True):
        _quiet(place)
        for number, (name, one) in enumerate(values.items()):
            colour, dashes = STYLES[number % len(STYLES)]
            marker = "o" if len(one) <= FEW else ""
            shown = np.where(np.isfinite(one) & (one > 0), one, np.nan)
            place.plot(np.arange(len(one)), shown, color=colour, ls=dashes, lw=1.6, marker=marker, ms=3, label=name)
        found = np.concatenate([one[np.isfinite(one) & (one > 0)] for one in values.values()])
        if found.size and found.max() > WIDE_RANGE * found.min():
            place.set_yscale("log")
            place.yaxis.set_minor_formatter(NullFormatter())
        else:
            place.set_ylim(bottom=0)
        if limit is not None:
            place.axhline(limit[0], color=INK, lw=1, ls=DOTTED, label=limit[1])
        place.xaxis.set_major_locator(MaxNLocator(integer=True))
        place.set_xlabel(x, color=INK, size=10)
        place.set_ylabel(y, color=INK, size=10)
        if len(place.get_legend_handles_labels()[1]) > 1:
            place.legend(frameon=False, fontsize=9, labelcolor=INK)
    return figure
