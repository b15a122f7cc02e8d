"""A forecast as a picture: the end of the series, and a fan of intervals after it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from elman.reports.charts import fan_chart
from elman.tables.timestamps import ORDER
from elman.tasks.forecast_metrics import NAME, Levels
from elman.tasks.forecast_series import Series

SHOWN = 3  # horizons of the past


def fan(series: Series, forecast: pd.DataFrame, level: Sequence[float], target: str, truth: Any = None) -> Any:
    """The fan chart of one series.

    Args:
        series: what was known.
        forecast: of the steps after it, as `Forecaster.predict` gives them.
        level: the intervals in it.
        target: what the series is called.
        truth: what came, if it is known.
    """
    times = series.times[-SHOWN * len(forecast) :]
    names = sorted(zip(Levels(level).level, level, strict=True), key=lambda pair: -pair[1])
    intervals = [
        (f"{name} %", forecast[f"{NAME}-lo-{name}"].to_numpy(), forecast[f"{NAME}-hi-{name}"].to_numpy())
        for name, _ in names
    ]
    ahead = pd.Index(forecast[ORDER]), forecast[NAME].to_numpy(np.float64)
    return fan_chart((times, series.y[-len(times) :]), ahead, intervals, target, truth=truth)
