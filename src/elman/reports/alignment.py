"""Where a network looked while it wrote: a square for each symbol written and each symbol read."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from elman.reports.palette import BLUE, INK, RULE

SHADES = LinearSegmentedColormap.from_list("shades", [(BLUE, 0.0), (BLUE, 1.0)])  # on any paper
END = "■"
LONGEST = 40  # symbols that are drawn, of what is read and of what is written
LEAST = 0.02  # of a share that is drawn
CELL, MARGIN, NARROWEST, WIDEST = 0.26, 0.6, 5.0, 7.5  # inches
LETTER, OTHER = 0.1, 0.16  # inches of a letter of a label, at most: of ASCII, and of other scripts
LONGEST_LABEL = 24


def draw_attention(
    axes: Axes, weights: np.ndarray, read: Sequence[str], written: Sequence[str], colours: Colormap = SHADES
) -> None:
    """Draw into axes how much each step that wrote looked at each symbol that was read.

    Args:
        axes: to draw into; what is read stands above them, what is written on their left.
        weights: from 0 to 1. Shape: (U, T).
        read: T symbols.
        written: U symbols.
        colours: of shares from 0 to 1.
    """
    U, T = weights.shape
    axes.set_facecolor(colours(0.0))
    shown = [(u, t) for u, t in np.argwhere(weights >= LEAST).tolist()]
    squares = [Rectangle((t - 0.5, u - 0.5), 1, 1) for u, t in shown]
    shares = [float(weights[place]) for place in shown]
    axes.add_collection(PatchCollection(squares, facecolors=colours(shares) if shares else [], linewidths=0))
    axes.set_xlim(-0.5, max(T, 1) - 0.5)
    axes.set_ylim(U - 0.5, -0.5)
    axes.xaxis.tick_top()
    axes.set_xticks(range(T), read)
    axes.set_yticks(range(U), written)
    axes.tick_params(length=0)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_parse_math(False)  # a dollar is a dollar


def alignment(weights: np.ndarray, read: Sequence[str], written: Sequence[str]) -> Figure:
    """A picture of attention: what is read from left to right, what is written from top to bottom, and then the end.

    Symbols stand in the order in which they are read and written, also those of scripts that run from right to left. Of
    long texts the first 40 symbols are drawn.

    Args:
        weights: from 0 to 1; the last row is of the step that ended. Shape: (len(written) + 1, len(read)).
        read: the symbols of the source.
        written: the symbols of the target.

    Example:
        >>> figure = alignment(np.eye(3, 2), ["a", " "], ["A", "B"])
        >>> [label.get_text() for label in figure.axes[0].get_xticklabels()]
        ['a', '␣']
    """
    weights = weights[:LONGEST, :LONGEST]
    across = [shown_symbol(symbol) for symbol in read[:LONGEST]]
    down = [shown_symbol(symbol) for symbol in [*written, END][:LONGEST]]
    long_above, long_left = (max(map(_size, labels), default=LETTER) for labels in (across, down))
    upright = long_above > CELL + LETTER
    width = min(CELL * len(across) + long_left + MARGIN, WIDEST)
    height = CELL * len(down) + (long_above if upright else CELL) + MARGIN / 4
    figure = Figure(figsize=(max(width, NARROWEST), height), dpi=72, facecolor="none", layout="constrained")
    axes = figure.add_subplot(facecolor="none", aspect="equal", anchor="W")
    draw_attention(axes, weights, across, down)
    axes.tick_params(axis="x", labelsize=11, labelcolor=INK, labelrotation=90 if upright else 0)
    axes.tick_params(axis="y", labelsize=11, labelcolor=INK)
    axes.spines[:].set_color(RULE)
    return figure


def shown_symbol(symbol: str) -> str:
    """A symbol as one sees it."""
    seen = ("␣" if one.isspace() else one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in symbol)
    label = "".join(seen)
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _size(label: str) -> float:
    return sum(LETTER if letter.isascii() else OTHER for letter in label)
