"""Timestamps that are regular, and those that are not: which series, which row, and what helps."""

import numpy as np
import pandas as pd
import pytest

from elman.errors import InputError
from elman.tables.timestamps import following, series_table


def table(**series):
    """A long table of series given as lists of times, y counting from 0."""
    parts = [
        pd.DataFrame(
            {"unique_id": key, "ds": pd.to_datetime(list(times), format="ISO8601"), "y": np.arange(float(len(times)))}
        )
        for key, times in series.items()
    ]
    return pd.concat(parts, ignore_index=True)


def days(start, periods, freq="D"):
    return pd.date_range(start, periods=periods, freq=freq).astype(str)


GOOD = days("2026-01-01", 6)
GAP = ["2026-01-01", "2026-01-02", "2026-01-05"]
TWICE = ["2026-01-01", "2026-01-02", "2026-01-02", "2026-01-03"]


@pytest.mark.parametrize("freq", ["h", "15min", "D", "W-SUN", "MS", "ME", "QS-JAN", "YS-JAN", "2h"])
def test_the_frequency_is_what_the_timestamps_tell(freq):
    assert series_table(table(a=days("2026-01-01", 9, freq))).freq == freq


@pytest.mark.parametrize(
    ("freq", "missing"), [("h", [3]), ("D", [2, 3]), ("MS", [5]), ("ME", [4]), ("QS-JAN", [4]), ("YS-JAN", [3])]
)
def test_the_frequency_shows_through_gaps_and_fill_closes_them(freq, missing):
    whole = pd.date_range("2026-01-01", periods=12, freq=freq)
    frame = pd.DataFrame({"ds": whole, "y": np.arange(12.0)}).drop(index=missing)
    filled = series_table(frame, fill=True).frames["series"]
    assert filled.index.equals(pd.DatetimeIndex(whole, name="ds"))
    assert np.flatnonzero(filled["y"].isna()).tolist() == missing


def test_whole_numbers_are_steps():
    found = series_table(pd.DataFrame({"ds": [7, 8, 10], "y": [1.0, 2.0, 4.0]}), fill=True)
    assert found.freq == "steps"
    assert found.frames["series"].index.tolist() == [7, 8, 9, 10]
    assert following(10, "steps", 2).tolist() == [11, 12]


def test_what_follows_keeps_to_the_frequency():
    assert following(pd.Timestamp("2026-01-31"), "ME", 2).astype(str).tolist() == ["2026-02-28", "2026-03-31"]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (GAP, r"series 'b': 2 of 5 time steps are missing at frequency D, the first, 2026-01-03, before row 8: --fill"),
        (TWICE, r"series 'b': row 8 has the time of row 7, 2026-01-02: leave one of them out; --fill"),
        (
            ["2026-01-01", "2026-01-02 07:00"],
            r"series 'b': row 7 \(2026-01-02 07:00:00\) is no step of the frequency D",
        ),
    ],
)
def test_a_bad_series_is_named_and_left_out_or_refused(bad, message):
    frame = table(a=GOOD, b=bad)
    found = series_table(frame)
    assert list(found.frames) == ["a"]
    assert len(found.notes) == 1
    assert found.notes[0].startswith("left out 1 of 2 series: series 'b'")
    with pytest.raises(InputError, match=message):
        series_table(frame, strict=True)
    with pytest.raises(InputError, match=message):
        series_table(table(b=bad).set_axis(range(6, 6 + len(bad))), freq="D")  # the only one


def test_fill_keeps_the_last_of_one_time():
    filled = series_table(table(a=GOOD, b=TWICE), fill=True).frames["b"]
    assert filled["y"].tolist() == [0.0, 2.0, 3.0]


def test_rows_out_of_order_are_put_in_order_and_named():
    frame = table(a=[GOOD[0], GOOD[2], GOOD[1], *GOOD[3:]])
    found = series_table(frame)
    assert found.frames["a"]["y"].tolist() == [0.0, 2.0, 1.0, 3.0, 4.0, 5.0]
    assert "series 'a': row 2 (2026-01-02) is earlier than the row before it" in found.notes[0]
    with pytest.raises(InputError, match="sort the rows by ds"):
        series_table(frame, strict=True)


@pytest.mark.parametrize(
    ("frame", "freq", "message"),
    [
        (pd.DataFrame({"y": [1.0]}), None, "has no column 'ds'"),
        (pd.DataFrame({"ds": ["2026-01-01", "soon"]}), None, "row 1 has 'soon' in column 'ds'"),
        (pd.DataFrame({"ds": [None, "2026-01-01"]}), None, "row 0 has no value in column 'ds'"),
        (pd.DataFrame({"ds": pd.to_datetime([])}), "D", "has no rows"),
        (table(a=GOOD[:2]), None, "the timestamps tell no frequency"),
        (table(a=GOOD), "fortnightly", "freq is 'fortnightly', expected one of pandas"),
        (pd.DataFrame({"ds": [1, 2, 3]}), "D", "holds whole numbers"),
        (pd.DataFrame({"ds": ["0.5", "1.5"]}), None, "row 0 has '0.5' in column 'ds'"),
        (pd.DataFrame({"unique_id": ["a", None], "ds": [1, 2]}), None, "row 1 has no value in column 'unique_id'"),
    ],
)
def test_a_table_without_times_is_refused(frame, freq, message):
    with pytest.raises(InputError, match=message):
        series_table(frame, freq=freq)


def test_times_that_are_far_apart_are_refused_before_the_steps_between_them_are_made():
    nanoseconds = pd.DataFrame({"ds": 1_700_000_000_000_000_000 + np.arange(5) * 86_400_000_000_000})
    with pytest.raises(InputError, match=r"are 345600000000001 time steps at frequency steps.*correct the times"):
        series_table(nanoseconds, fill=True)
    seconds = [*days("2026-01-01", 6, "s"), "2226-01-01"]
    with pytest.raises(InputError, match="7 rows from 2026-01-01 to 2226-01-01 are 6311347201 time steps"):
        series_table(table(a=seconds))
    assert len(series_table(table(a=days("2026-01-01", 6, "MS")), freq="MS").frames["a"]) == 6
