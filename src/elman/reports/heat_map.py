"""Maps of numbers over time: a column for each step, blue below 0, orange above."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from elman.reports.alignment import shown_symbol
from elman.reports.palette import BLUE, INK, ORANGE, PALE

# Clear in the middle, so that 0 is the paper on a light page and on a dark one.
DIVERGING = LinearSegmentedColormap.from_list(
    "diverging", [(0.0, BLUE), (0.5, f"{BLUE}00"), (0.5, f"{ORANGE}00"), (1.0, ORANGE)]
)
RISING = LinearSegmentedColormap.from_list("rising", [f"{BLUE}00", BLUE])
WIDTH, HEIGHT, LETTER = 7.2, 1.9, 0.11  # inches: of the picture, of one map, of a letter of a step's name
MOST_NAMES = 60  # steps that have their names below the map, where there is room for them


class Map(NamedTuple):
    """One map.

    Shape:
        values (rows, T)

    Args:
        title: above it.
        values: NaN is left blank.
        rising: of numbers from 0 upwards, in one colour; else around 0, in two.
        limit: the number that has the full colour; None: the largest there is.
    """

    title: str
    values: np.ndarray
    rising: bool = False
    limit: float | None = None


def heat_maps(
    maps: Sequence[Map], steps: Sequence[str], y: str, *, x: str = "step", mark: float | None = None
) -> Figure:
    """Maps one above the other, over the same steps.

    Args:
        maps: from the top.
        steps: what each of the T steps is called; the names stand below where there is room, else numbers from 1.
        y: what the rows are.
        x: what the columns are.
        mark: a step, from 0, at which a line is drawn before it.
    """
    figure = Figure((WIDTH, 0.5 + HEIGHT * max(len(maps), 1)), dpi=72, facecolor="none", layout="constrained")
    for place, one in zip(np.ravel(figure.subplots(len(maps), 1, sharex=True, squeeze=False)), maps, strict=True):
        _draw(figure, place, one, y)
        if mark is not None:
            place.axvline(mark - 0.5, color=INK, lw=1, ls=(0, (1, 2)))
    name_steps(place, steps)
    place.set_xlabel(x, color=INK, size=10)
    return figure


def name_steps(axes: Axes, steps: Sequence[str]) -> None:
    """Write the steps' names below axes whose columns stand at 0, 1, 2 ..., or their numbers where they do not fit."""
    names = [shown_symbol(one) for one in steps]
    T, longest = len(names), max(map(len, names), default=1)
    if T <= MOST_NAMES and T * LETTER * (longest + 1) <= WIDTH:
        axes.set_xticks(range(T), names)
        for label in axes.get_xticklabels():
            label.set_parse_math(False)  # a dollar is a dollar
    else:
        apart = max(-(-T // 8), 1)
        axes.set_xticks(range(0, T, apart), [str(k + 1) for k in range(0, T, apart)])


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
    axes.set_ylabel(y, color=INK, size=10)
    axes.set_title(one.title, color=INK, size=10, loc="left", pad=4, parse_math=False)
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.01)
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=PALE, labelcolor=PALE, labelsize=9, length=2)
