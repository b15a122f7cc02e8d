"""A sequence with a number for each of its steps: text that is painted, or columns."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from elman.reports.alignment import shown_symbol
from elman.reports.heat_map import WIDTH, name_steps
from elman.reports.palette import BLUE, INK, ORANGE, PALE, RULE

LETTER, LINE, SIZE = 0.104, 0.27, 11  # inches of a letter and of a line, points of a letter
DARKEST = 0.6  # how much a colour covers, so that text on it can be read


def painted(steps: Sequence[str], values: np.ndarray, what: str) -> Figure:
    """A text, orange where a number is above 0 and blue where it is below.

    Shape:
        values (T,)

    Args:
        steps: what each step is called.
        values: NaN is left blank.
        what: the numbers are.
    """
    shown = [shown_symbol(one) for one in steps]
    gap = 0 if max(map(len, shown), default=1) == 1 else 1  # between words
    places: list[tuple[int, int]] = []
    line = column = 0
    across = int(WIDTH / LETTER)
    for one in shown:
        if column and column + len(one) + gap > across:
            line, column = line + 1, 0
        places.append((line, column))
        column += len(one) + gap
    figure = Figure((WIDTH, LINE * (line + 1) + 0.35), dpi=72, facecolor="none")
    axes = figure.add_axes((0, 0, 1, 1), facecolor="none")
    axes.axis("off")
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(-LINE * (line + 1), 0.35)
    limit = _limit(values)
    for one, value, (row, begin) in zip(shown, values, places, strict=True):
        corner, width = (begin * LETTER, -LINE * (row + 1)), LETTER * (len(one) + gap)
        if np.isfinite(value) and value:
            cover = DARKEST * min(abs(float(value)) / limit, 1.0)
            axes.add_patch(Rectangle(corner, width, LINE, lw=0, fc=ORANGE if value > 0 else BLUE, alpha=cover))
        middle = (corner[0] + width / 2, corner[1] + LINE / 2)
        axes.text(*middle, one, family="monospace", size=SIZE, color=INK, ha="center", va="center", parse_math=False)
    for left, colour, sign in ((0.0, BLUE, "-"), (1.2, ORANGE, "+")):
        axes.add_patch(Rectangle((left, 0.12), 0.18, 0.16, lw=0, fc=colour, alpha=DARKEST))
        axes.text(left + 0.25, 0.2, f"{sign}{limit:.3g}", size=10, color=PALE, va="center")
    axes.text(2.4, 0.2, what, size=10, color=PALE, va="center", parse_math=False)
    return figure


def columns(steps: Sequence[str], values: np.ndarray, what: str) -> Figure:
    """A column for each step, orange above 0 and blue below; as `painted`."""
    figure = Figure((WIDTH, 2.6), dpi=72, facecolor="none", layout="constrained")
    axes = figure.add_subplot(facecolor="none")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[:].set_color(PALE)
    axes.tick_params(colors=PALE, labelcolor=PALE, labelsize=10, length=3)
    axes.grid(axis="y", color=RULE, lw=0.7)
    axes.set_axisbelow(True)
    places = np.arange(len(values))
    for kept, colour in ((values > 0, ORANGE), (values < 0, BLUE)):
        axes.fill_between(places, np.where(kept, values, 0.0), step="mid", color=colour, lw=0)
    axes.axhline(0, color=INK, lw=0.8)
    name_steps(axes, steps)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel("step", color=INK, size=10)
    axes.set_ylabel(what, color=INK, size=10)
    return figure


def _limit(values: np.ndarray) -> float:
    """The number that has the full colour."""
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) or 1.0
