"""How good forecasts are: errors in units of a simple forecast's, and how well their distributions fit."""

import warnings
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from elman.errors import DataWarning, InputError
from elman.tables.timestamps import GROUP, ORDER, SHOWN
from elman.tasks.rolling import Rolling

if TYPE_CHECKING:
    from elman.tasks.forecast_table import ForecastTable
    from elman.tasks.forecaster import Forecaster

NAME = "Forecaster"
SCORED = np.round((np.arange(20) + 0.5) / 20, 3)
"""The levels of the quantiles by which distributions are compared: 0.025, 0.075 ... 0.975."""


def seasonal_error(y: np.ndarray, season: int) -> float:
    """The mean absolute error of saying the value of one season ago, over a series; NaN where there is no such pair.

    Shape:
        y (T,); NaN is a missing value
    """
    errors = np.abs(y[season:] - y[:-season]) if season < len(y) else np.zeros(0)
    errors = errors[~np.isnan(errors)]
    return float(errors.mean()) if errors.size else float("nan")


def crps_of_quantiles(y: np.ndarray, quantiles: np.ndarray, levels: np.ndarray = SCORED) -> np.ndarray:
    """The continuous ranked probability score by quantiles: twice the mean pinball loss over equally spaced levels.

    Shape:
        y (...), quantiles (..., K), levels (K,) -> (...)

    Source: Laio and Tamea, Verification tools for probabilistic forecasts (2007).

    Example:
        >>> levels = (np.arange(1000) + 0.5) / 1000
        >>> round(float(crps_of_quantiles(np.array(0.5), levels, levels)), 4)  # of the uniform distribution's middle
        0.0833
    """
    error = y[..., np.newaxis] - quantiles
    return np.asarray(2 * np.maximum(levels * error, (levels - 1) * error).mean(-1))


def coverage(y: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """The part of the values that lie within their interval; missing values do not count.

    Shape:
        y, low, high (...)
    """
    known = ~np.isnan(y)
    return float(((low <= y) & (y <= high))[known].mean()) if known.any() else float("nan")


class Levels:
    """Intervals that are asked for, and the columns in which they stand.

    Args:
        level: what they are to cover, in percent.

    Example:
        >>> Levels([80]).quantiles.round(3).tolist(), Levels([80]).columns
        ([0.5, 0.1, 0.9], ['Forecaster', 'Forecaster-lo-80', 'Forecaster-hi-80'])
    """

    def __init__(self, level: Sequence[float]) -> None:
        if isinstance(level, int | float | np.number):
            raise InputError(f"level is {level!r}, expected a list of numbers, such as [{level!r}]")
        for one in level:
            if not (isinstance(one, int | float | np.number) and 0 < one < 100):
                raise InputError(f"level is {level!r}, expected numbers between 0 and 100, such as 80 and 95")
        self.level = [f"{one:g}" for one in level]
        ends = [end for one in level for end in ((1 - one / 100) / 2, (1 + one / 100) / 2)]
        self.quantiles = np.array([0.5, *ends])
        self.columns = [NAME, *(f"{NAME}-{end}-{one}" for one in self.level for end in ("lo", "hi"))]

    def frame(self, key: Hashable, times: pd.Index, values: np.ndarray) -> pd.DataFrame:
        """A row for each time. Shape: values (h, K), as `quantiles`."""
        return pd.DataFrame({GROUP: key, ORDER: times, **dict(zip(self.columns, values.T, strict=True))})


def _seen(times: pd.Index, end: str | None) -> int:
    """How many of the times training had seen; `end` is the last of them, as text: "99" is before "100".

    Of a series that it had not seen at all there is no telling, so that its last part is scored.
    """
    if end is None:
        return len(times)
    if not isinstance(times, pd.DatetimeIndex):
        return int(times.searchsorted(int(end), side="right"))
    last = pd.Timestamp(end)
    if (last.tz is None) != (times.tz is None):  # then the clock is all that can be compared
        last = last.tz_localize(times.tz if last.tz is None else None)
    return int(times.searchsorted(last, side="right"))


def evaluation(forecaster: "Forecaster", table: "ForecastTable") -> dict[str, float]:
    """The scores of horizons one after the other, from the end of training on; see `Forecaster.evaluate`."""
    h, ends = forecaster.horizon_, forecaster.codecs_["output"].ends
    firsts = []
    for one in table.series:
        T, seen = len(one.y), _seen(one.times, ends.get(str(one.unique_id)))
        firsts.append(max(seen if T - seen >= h else T - max(T // 10, h), 1))
    coded = forecaster.coded(table.series, ahead=h, known=firsts)
    rolling = Rolling(forecaster, coded, h)
    intervals = Levels((80, 95))
    levels = np.concatenate([intervals.quantiles, SCORED])
    truth, found, short = [], [], []
    for row, (one, first) in enumerate(zip(table.series, firsts, strict=True)):
        origins = np.arange(first - 1, len(one.y) - h, h)
        if not len(origins):
            short.append(repr(one.unique_id))
        else:
            found.append(rolling.quantiles(row, origins, levels))
            truth.append(np.asarray(coded.targets[row], np.float64)[origins[:, np.newaxis] + np.arange(1, h + 1)])
    if not truth:
        raise InputError(f"no series has {h + 1} steps: there is no horizon of {h} to compare with")
    if short:
        said = f"{', '.join(short[:SHOWN])}{', ...' if len(short) > SHOWN else ''}"
        warnings.warn(
            f"{len(short)} of {len(table.series)} series have fewer than {h + 1} steps, too few to compare a horizon "
            f"of {h} with: they are not measured ({said})",
            DataWarning,
            stacklevel=3,
        )
    y, quantiles = np.concatenate(truth), np.concatenate(found)
    known = ~np.isnan(y)
    if not known.any():
        raise InputError("all values to compare with are missing")
    middle, low80, high80, low95, high95 = np.moveaxis(quantiles[..., :5], -1, 0)
    return {
        "mase": float(np.abs(y - middle)[known].mean()),
        "crps": float(crps_of_quantiles(y, quantiles[..., 5:])[known].mean()),
        "coverage_80": coverage(y, low80, high80),
        "coverage_95": coverage(y, low95, high95),
    }
