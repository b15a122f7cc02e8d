"""Numbers over time: tomorrow's births at every step, and the next four weeks with what may come."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

import elman
from elman import datasets
from elman.tasks.forecast_metrics import NAME
from pictures.paper import BLUE, INK, ORANGE, PALE, TRAINING, plot

LEARNED = 1500  # days of births
SHOWN = 56  # of them, and after them, in the picture
HORIZON = 28


def regress() -> Figure:
    """Births per day beside what was said of each a day before; the network has not learned from these weeks."""
    table = datasets.load("births").tail(LEARNED + SHOWN)
    y = table["births"].to_numpy(float)
    regressor = elman.Regressor(per="step", hidden_size=32, epochs=40, window=64, batch_size=8, **TRAINING)
    regressor.fit([y[:LEARNED]], [y[1 : LEARNED + 1]])
    found = np.asarray(regressor.predict([y[:-1]])[0]).reshape(-1)
    figure, axes = plot("", "births on the day, in thousands")
    days = table["ds"].to_numpy()[-SHOWN:]
    axes.plot(days, y[-SHOWN:] / 1000, color=INK, lw=1.3, label="what came")
    axes.plot(days, found[-SHOWN:] / 1000, color=BLUE, lw=0, marker="o", ms=3, label="said the day before")
    return _dated(figure, axes)


def forecast() -> Figure:
    """The end of the births that were learned from, and a fan of intervals over the next four weeks."""
    table = datasets.load("births").tail(LEARNED).rename(columns={"births": "y"}).assign(unique_id="births")
    past, future = table[:-HORIZON], table[-HORIZON:]
    forecaster = elman.Forecaster(horizon=HORIZON, hidden_size=32, epochs=30, **TRAINING).fit(past)
    found = forecaster.predict(HORIZON, level=[50, 80, 95])
    figure, axes = plot("", "births on the day, in thousands")
    days, before = future["ds"].to_numpy(), past.tail(SHOWN // 2)
    axes.plot(before["ds"], before["y"] / 1000, color=INK, lw=1.3)
    for level, shade in ((95, 0.15), (80, 0.25), (50, 0.4)):
        low, high = (found[f"{NAME}-{side}-{level}"] / 1000 for side in ("lo", "hi"))
        axes.fill_between(days, low, high, color=BLUE, alpha=shade, lw=0, label=f"{level} %")
    axes.plot(days, found[NAME] / 1000, color=BLUE, lw=1.3, label="forecast")
    axes.plot(days, future["y"] / 1000, color=ORANGE, lw=0, marker="o", ms=2.5, label="what came")
    return _dated(figure, axes)


def _dated(figure: Figure, axes: Axes) -> Figure:
    """Dates below, and the legend above."""
    locator = AutoDateLocator(maxticks=6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=5,
        frameon=False,
        fontsize=7.5,
        labelcolor=PALE,
        handlelength=1.2,
        columnspacing=1.0,
    )
    return figure
