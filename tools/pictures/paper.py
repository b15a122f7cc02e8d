"""What all pictures have in common: their size, their colours and plain axes."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from elman.reports.palette import BLUE, INK, ORANGE, PALE, PAPER, RULE

SIZE = (4.6, 2.3)  # inches
TRAINING: dict[str, Any] = {"random_state": 0, "num_threads": 1, "verbose": 0}

__all__ = ["BLUE", "INK", "ORANGE", "PALE", "PAPER", "RULE", "SIZE", "TRAINING", "blank", "plot", "width"]


def blank() -> tuple[Figure, Axes]:
    """A picture without axes; its coordinates are points, 72 to the inch, from the lower left."""
    figure = Figure(SIZE, facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, 72 * SIZE[0])
    axes.set_ylim(0, 72 * SIZE[1])
    axes.axis("off")
    return figure, axes


def plot(x: str, y: str) -> tuple[Figure, Axes]:
    """A picture with two plain axes."""
    figure = Figure(SIZE, facecolor=PAPER, layout="constrained")
    axes = figure.add_subplot(facecolor=PAPER)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(RULE)
    axes.tick_params(colors=PALE, labelsize=8)
    axes.set_xlabel(x, color=PALE)
    axes.set_ylabel(y, color=PALE)
    return figure, axes


def width(word: str, size: float) -> float:
    """How many points a word takes."""
    return float(TextPath((0, 0), word, size=size).get_extents().width)
