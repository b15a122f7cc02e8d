"""Charts in the style of a report: lines over time, and points of truth against prediction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from elman.reports.palette import BLUE, INK, ORANGE, PALE, RULE

SIZE = (5.0, 3.1)  # inches of 72 pixels: text has its own size on a telephone
FEW = 40  # points of a line that are each marked
WIDE_RANGE = 30  # of positive values, above which their axis is logarithmic
NEAR = 4  # a limit is shown from values of this part of it
DOTTED = (0, (1, 2))


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Args:
        name: as the legend shows it.
        x: where.
        y: values; None or NaN: a gap.
        second: whether it is the second of two, orange and dashed in place of blue.
    """

    name: str
    x: Sequence[float] | np.ndarray
    y: Sequence[float | None] | np.ndarray
    second: bool = False

    def values(self) -> np.ndarray:
        """The values, with NaN for gaps."""
        return np.array([np.nan if value is None else value for value in self.y], np.float64)


@dataclass(frozen=True)
class Mark:
    """A point of a chart that is ringed, with words beside it."""

    x: float
    y: float
    name: str


def lines(
    drawn: Sequence[Line],
    x: str,
    y: str,
    *,
    mark: Mark | None = None,
    limit: tuple[float, str] | None = None,
    positive: bool = False,
) -> Figure:
    """Lines over time; a gap where a value is missing.

    Args:
        drawn: one or two lines.
        x: what the horizontal axis shows.
        y: what the vertical axis shows.
        mark: a point to ring.
        limit: a level to draw across, and its name; it is left out where the lines do not come near it.
        positive: whether the values are above 0 and their ratios matter; a logarithmic axis shows a wide range of them.
    """
    figure, axes = _axes(x, y)
    for line in drawn:
        colour, dashes = (ORANGE, (0, (5, 2))) if line.second else (BLUE, "solid")
        marker = ("s" if line.second else "o") if len(line.x) <= FEW else ""
        axes.plot(line.x, line.values(), color=colour, ls=dashes, lw=1.6, marker=marker, ms=3.5, label=line.name)
    found = np.concatenate([line.values() for line in drawn])
    found = found[np.isfinite(found)]
    if positive and found.size and 0 < WIDE_RANGE * found.min() < found.max():
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
    if limit is not None and found.size and found.max() > limit[0] / NEAR:
        axes.axhline(limit[0], color=INK, lw=1, ls=DOTTED, label=limit[1])
    if mark is not None:
        axes.plot([mark.x], [mark.y], ls="", marker="o", ms=9, mfc="none", mec=INK, mew=1.4, label=mark.name)
    if all(float(place).is_integer() for line in drawn for place in line.x):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(axes.get_legend_handles_labels()[0]) > 1:
        _legend(axes)
    return figure


def agreement(truth: np.ndarray, predicted: np.ndarray) -> Figure:
    """Truth against prediction, a point for each pair; on the dotted line they agree.

    Shape: truth (N,), predicted (N,)
    """
    figure, axes = _axes("truth", "prediction")
    both = np.concatenate([truth, predicted])
    if both.size:
        ends = [float(both.min()), float(both.max())]
        axes.plot(ends, ends, color=INK, lw=1, ls=DOTTED, label="prediction equals truth")
        axes.plot(truth, predicted, color=BLUE, ls="", marker="o", ms=4, alpha=0.5, mec="none")
        _legend(axes)
    return figure


def fan_chart(
    history: tuple["pd.Index[Any]", np.ndarray],
    ahead: tuple["pd.Index[Any]", np.ndarray],
    intervals: Sequence[tuple[str, np.ndarray, np.ndarray]],
    y: str,
    *,
    truth: np.ndarray | None = None,
) -> Figure:
    """A series and what may come after it: the median and bands around it.

    Args:
        history: times and values, (T,).
        ahead: times and medians of the steps after it, (h,).
        intervals: name, lower and upper ends (h,), the widest first.
        y: what the vertical axis shows.
        truth: what came, (h,).
    """
    figure, axes = _axes("time", y)
    known = np.asarray(history[1], np.float64)
    marker = "o" if len(known) <= FEW else ""
    axes.plot(history[0], known, color=BLUE, lw=1.6, marker=marker, ms=3.5, label="known")
    for number, (name, low, high) in enumerate(intervals):
        shade = 0.18 + 0.14 * number
        axes.fill_between(ahead[0], low, high, color=ORANGE, alpha=shade, lw=0, label=name)
    axes.plot(ahead[0], ahead[1], color=ORANGE, lw=1.6, ls=(0, (5, 2)), label="median")
    if truth is not None:
        axes.plot(ahead[0], truth, color=BLUE, lw=1.0, label="what came")
    if isinstance(history[0], pd.DatetimeIndex):
        locator = AutoDateLocator(maxticks=6)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    _legend(axes)
    return figure


def spectrogram(frames: np.ndarray, seconds: float, spoken: Sequence[tuple[str, float, float]]) -> Figure:
    """A sound's energy by time and band, and above it the parts of a text at the time at which they are said.

    Shape:
        frames (T, bins)

    Args:
        frames: logarithms of energies, the lowest band first.
        seconds: from one frame to the next.
        spoken: text, start and end in seconds of each part.
    """
    figure, axes = _axes("seconds", "band, low to high")
    lasts = len(frames) * seconds
    low, high = np.percentile(frames, (5, 99.5))
    extent = (0.0, lasts, 0.0, float(frames.shape[1]))
    axes.imshow(frames.T, cmap="Greys", origin="lower", aspect="auto", extent=extent, vmin=low, vmax=high)
    axes.grid(visible=False)
    above = axes.get_xaxis_transform()
    for text, start, end in spoken:
        axes.axvspan(start, end, color=ORANGE, alpha=0.35, lw=0)
        place = (start + end) / 2
        axes.text(place, 1.02, text, transform=above, ha="center", color=INK, size=10, parse_math=False)
    return figure


def _axes(x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE, dpi=72, facecolor="none", layout="constrained")
    axes = figure.add_subplot(facecolor="none")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[:].set_color(PALE)
    axes.tick_params(colors=PALE, labelcolor=PALE, labelsize=10, length=3)
    axes.tick_params(which="minor", colors=PALE, length=2)
    axes.grid(axis="y", color=RULE, lw=0.7)
    axes.set_axisbelow(True)
    axes.set_xlabel(x, color=INK, size=10)
    axes.set_ylabel(y, color=INK, size=10)
    return figure, axes


def _legend(axes: Axes) -> None:
    legend = axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, frameon=False, fontsize=10, labelcolor=INK,
        borderaxespad=0.2, handlelength=1.8, columnspacing=1.2, handletextpad=0.5,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_parse_math(False)  # a dollar is a dollar
