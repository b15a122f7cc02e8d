"""Features of the calendar by hand, and which are chosen."""

import numpy as np
import pandas as pd
import pytest

from elman.codecs.calendar import HARMONICS, calendar, circles, seasons


@pytest.mark.parametrize(
    ("time", "name", "part"),
    [
        ("2026-03-02 18:00", "hour", 0.75),
        ("2026-03-05", "weekday", 3 / 7),  # a Thursday
        ("2026-04-16", "day_of_month", 0.5),
        ("2024-12-31 12:00", "day_of_year", 365.5 / 366),
        ("2026-07-01", "month", 0.5),
    ],
)
def test_a_time_is_a_point_of_a_circle(time, name, part):
    found = calendar(pd.DatetimeIndex([time]), [name])[0]
    k = np.arange(1, HARMONICS[name] + 1)
    np.testing.assert_allclose(
        found, np.concatenate([np.sin(2 * np.pi * k * part), np.cos(2 * np.pi * k * part)]), atol=1e-12
    )


def test_every_weekday_has_features_that_no_other_has_in_every_direction():
    """Three pairs of sine and cosine and a constant can give each weekday any value of its own."""
    week = calendar(pd.date_range("2026-01-01", periods=7), ["weekday"])
    assert np.linalg.matrix_rank(np.column_stack([week, np.ones(7)])) == 7


@pytest.mark.parametrize(
    ("freq", "history", "chosen", "lengths"),
    [
        ("h", 24 * 7 * 2, ("hour", "weekday"), (24, 168)),
        ("h", 24 * 366 * 2, ("hour", "weekday", "day_of_year"), (24, 168)),
        ("30min", 300, ("hour",), (48,)),
        ("D", 20, ("weekday",), (7,)),
        ("D", 731, ("weekday", "day_of_month", "day_of_year"), (7, 364)),
        ("B", 600, ("weekday", "day_of_month", "day_of_year"), (5, 260)),
        ("W-SUN", 105, ("day_of_year",), (52,)),
        ("MS", 24, ("month",), (12,)),
        ("BME", 24, ("month",), (12,)),
        ("CBMS", 600, ("month",), (12,)),
        ("BQS", 12, ("month",), (4,)),
        ("QS", 12, ("month",), (4,)),
        ("YS", 12, (), (1,)),
        ("steps", 1000, (), (1,)),
    ],
)
def test_what_is_chosen_follows_from_frequency_and_history(freq, history, chosen, lengths):
    assert circles(freq, history) == chosen
    assert seasons(freq, history) == lengths
