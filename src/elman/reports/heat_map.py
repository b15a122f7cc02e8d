"""Maps of numbers over time: a column for each step, blue below 0, orange above."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from elman.reports.alignment import shown_symbol
from elman.reports.palette import BLUE, INK, ORANGE, PALE

# Clear in the middle, so that 0 is the paper on a light page and on a dark one.
DIVERGING = LinearSegmentedColormap.from_list(
    "diverging", [(0.0, BLUE), (0.5, f"{BLUE}00"), (0.5, f"{ORANGE}00"), (1.0, ORANGE)]
)
RISING = LinearSegmentedColormap.from_list("rising", [f"{ORANGE}00", ORANGE])  # as what is above 0 in the other
WIDTH, HEIGHT, ROW, LETTER = 5.4, 1.7, 0.22, 0.11  # inches: of the picture, a map, a named row, a letter
MOST_NAMES, FEW_NAMES = 60, 8  # steps that have their names below the map: of all, and of some


class Map(NamedTuple):
    """One map.

    Shape:
        values (rows, T)

    Args:
        title: above it.
        values: NaN is left blank.
        rising: of numbers from 0 upwards, in one colour; else around 0, in two.
        limit: the number that has the full colour; None: the largest there is.
        rows: their names; without them the vertical axis says what they are, and counts them from 0.
    """

    title: str
    values: np.ndarray
    rising: bool = False
    limit: float | None = None
    rows: Sequence[str] = ()


def heat_maps(
    maps: Sequence[Map], steps: Sequence[str], y: str, *, x: str = "step", mark: float | None = None
) -> Figure:
    """Maps one above the other, over the same steps.

    Args:
        maps: from the top.
        steps: what each of the T steps is called.
        y: what the rows are.
        x: what the columns are.
        mark: a step, from 0, at which a line is drawn before it.
    """
    heights = [ROW * len(one.rows) + 2 * ROW if one.rows else HEIGHT for one in maps]
    figure = Figure((WIDTH, 0.5 + sum(heights)), dpi=72, facecolor="none", layout="constrained")
    places = figure.subplots(len(maps), 1, sharex=True, squeeze=False, height_ratios=heights)
    for place, one in zip(np.ravel(places), maps, strict=True):
        _draw(figure, place, one, y)
        if mark is not None:
            place.axvline(mark - 0.5, color=INK, lw=1, ls=(0, (1, 2)))
    name_steps(place, steps)
    place.set_xlabel(x, color=INK, size=10)
    return figure


def name_steps(axes: Axes, steps: Sequence[str]) -> None:
    """Name columns that stand at 0, 1, 2 ...: each where there is room, else some of them, by number if names recur."""
    names = [shown_symbol(one) for one in steps]
    T, longest = len(names), max(map(len, names), default=1)
    room = max(int(WIDTH / (LETTER * (longest + 1))), 2)
    if min(room, MOST_NAMES) < T:
        distinct = len(set(names)) == T
        apart = -(-T // (min(room, FEW_NAMES) if distinct else FEW_NAMES))
        axes.set_xticks(range(0, T, apart), [names[k] if distinct else str(k) for k in range(0, T, apart)])
    else:
        axes.set_xticks(range(T), names)
    for label in axes.get_xticklabels():
        label.set_parse_math(False)  # a dollar is a dollar


def _draw(figure: Figure, axes: Axes, one: Map, y: str) -> None:
    finite = np.abs(one.values[np.isfinite(one.values)])
    limit = one.limit or float(finite.max(initial=0.0)) or 1.0
    axes.set_facecolor("none")
    image = axes.imshow(
        np.ma.masked_invalid(one.values), cmap=RISING if one.rising else DIVERGING, aspect="auto",
        vmin=0.0 if one.rising else -limit, vmax=limit, interpolation="nearest",
    )  # fmt: skip
    axes.spines[:].set_color(PALE)
    axes.tick_params(colors=PALE, labelcolor=PALE, labelsize=10, length=3)
    if one.rows:
        axes.set_yticks(range(len(one.rows)), [shown_symbol(name) if name.isspace() else name for name in one.rows])
        axes.tick_params(axis="y", labelcolor=INK, length=0)
        for label in axes.get_yticklabels():
            label.set_parse_math(False)  # a dollar is a dollar
    else:
        axes.set_ylabel(y, color=INK, size=10)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(one.title, color=INK, size=10, loc="left", pad=4, parse_math=False)
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.01, ticks=MaxNLocator(4))
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=PALE, labelcolor=PALE, labelsize=9, length=2)
