"""What the calendar says of a time: hour, weekday, day of the month, day of the year, month, as points of circles."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

DAY = 86_400.0  # seconds
YEAR = 365.25 * DAY
HARMONICS = {"hour": 2, "weekday": 3, "day_of_month": 1, "day_of_year": 2, "month": 2}
"""The circles that may be chosen, and how many pairs of sine and cosine each has."""
ENOUGH = 2  # rounds of a circle that a history must have, so that there is something to learn from it


def period(freq: str) -> float | None:
    """The seconds of a step of a frequency; None where steps are whole numbers that are no times."""
    if freq == "steps":
        return None
    start = pd.Timestamp("2001-01-01")
    times = pd.date_range(start, periods=13, freq=freq)
    return float((times[-1] - times[0]) / pd.Timedelta(seconds=1)) / 12


def seasons(freq: str, history: int) -> tuple[int, ...]:
    """The lengths of the seasons of a frequency in steps, the shortest first; (1,) where there is none.

    A year of days is 364 of them, so that it ends on the weekday it began with.

    Args:
        freq: a pandas frequency, or "steps".
        history: how many steps there are to learn from; a season must be in them twice.

    Example:
        >>> seasons("D", 2000), seasons("h", 2000), seasons("MS", 30), seasons("D", 10)
        ((7, 364), (24, 168), (12,), (1,))
    """
    step = period(freq)
    if step is None:
        return (1,)
    if step < 6 * DAY and to_offset(freq).freqstr.startswith(("B", "C")):  # not the months that begin or end on one
        lengths = [5, 260]
    elif step <= DAY / 2:
        lengths = [round(DAY / step), round(7 * DAY / step)]
    elif step < 6 * DAY:
        lengths = [round(7 * DAY / step), round(364 * DAY / step)]
    else:
        lengths = [round(YEAR / step)]
    return tuple(length for length in lengths if length > 1 and ENOUGH * length <= history) or (1,)


def circles(freq: str, history: int) -> tuple[str, ...]:
    """What of the calendar tells something at a frequency: of hours the hour and the weekday, of months the month.

    Args:
        freq: a pandas frequency, or "steps".
        history: how many steps there are to learn from; a circle must be in them twice.

    Example:
        >>> circles("h", 2000), circles("D", 2000), circles("MS", 100), circles("YS", 100)
        (('hour', 'weekday'), ('weekday', 'day_of_month', 'day_of_year'), ('month',), ())
    """
    step = period(freq)
    if step is None:
        return ()
    found = {
        "hour": (step < DAY, DAY),
        "weekday": (step < 6 * DAY, 7 * DAY),
        "day_of_month": (0.9 * DAY < step < 6 * DAY, YEAR / 12),
        "day_of_year": (step < 27 * DAY, YEAR),
        "month": (27 * DAY < step < YEAR * 0.9, YEAR),
    }
    known = history * step * 1.01  # 24 months are as good as two years, whichever they are
    return tuple(name for name, (fits, length) in found.items() if fits and ENOUGH * length <= known)


def calendar(times: pd.Index, names: Sequence[str]) -> np.ndarray:
    """Points of circles: sines and cosines of each time.

    Shape:
        times (T,) -> (T, F), F twice the sum of the harmonics of `names`
    """
    columns = [np.zeros((len(times), 0))]
    for name in names:
        angle = 2 * np.pi * _round(pd.DatetimeIndex(times), name)
        several = np.outer(angle, np.arange(1, HARMONICS[name] + 1))  # (T, harmonics)
        columns += [np.sin(several), np.cos(several)]
    return np.concatenate(columns, axis=1)


def _round(times: pd.DatetimeIndex, name: str) -> np.ndarray:
    """How much of a round is done, from 0 to below 1."""
    hours = (times.hour + times.minute / 60 + times.second / 3600).to_numpy(np.float64)
    if name == "hour":
        return np.asarray(hours / 24)
    if name == "weekday":
        return times.day_of_week.to_numpy(np.float64) / 7
    if name == "day_of_month":
        return (times.day.to_numpy(np.float64) - 1) / times.days_in_month.to_numpy(np.float64)
    if name == "day_of_year":
        days = np.where(times.is_leap_year, 366.0, 365.0)
        return np.asarray((times.day_of_year.to_numpy(np.float64) - 1 + hours / 24) / days)
    return (times.month.to_numpy(np.float64) - 1) / 12


class CalendarCodec:
    """Times to what the calendar says of them, and to the seasons in which they go round.

    Args:
        freq: a pandas frequency, or "steps".
        circles: of `HARMONICS`.
        seasons: their lengths in steps; the first is the season that errors are measured by.

    Example:
        >>> codec = CalendarCodec("D", circles("D", 1000), seasons("D", 1000))
        >>> codec.encode(pd.date_range("2026-01-01", periods=3)).shape
        (3, 12)
    """

    kind = "calendar"

    def __init__(self, freq: str, circles: Sequence[str], seasons: Sequence[int]) -> None:
        self.freq, self.circles, self.seasons = freq, tuple(circles), tuple(seasons)

    @property
    def size(self) -> int:
        """F, the numbers that stand for a time."""
        return 2 * sum(HARMONICS[name] for name in self.circles)

    def fit(self, values: Any, /) -> Self:
        """There is nothing to learn."""
        return self

    def encode(self, times: pd.Index) -> np.ndarray:
        """Points of circles, (T, F)."""
        return calendar(times, self.circles)

    def decode(self, array: np.ndarray, /) -> np.ndarray:
        """Points stay what they are: several times have the same."""
        return array

    def to_config(self) -> dict[str, Any]:
        """What it is, as JSON."""
        return {"kind": self.kind, "freq": self.freq, "circles": list(self.circles), "seasons": list(self.seasons)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The codec that `to_config` described."""
        codec = cls(str(config["freq"]), config["circles"], [int(one) for one in config["seasons"]])
        if not set(codec.circles) <= set(HARMONICS) or not codec.seasons or min(codec.seasons) < 1:
            raise ValueError(f"circles {codec.circles}, seasons {codec.seasons}")
        period(codec.freq)
        return codec
