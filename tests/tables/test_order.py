"""What is said of times that stand there twice."""

import pandas as pd

from elman.tables import repeated_times, uneven_times

FRAME = pd.DataFrame({"unique_id": list("aabab"), "ds": [1, 3, 1, 2, 1]}, index=pd.RangeIndex(2, 7, name="line"))


def test_the_first_place_is_named():
    assert repeated_times(FRAME, source="t.csv") == [
        "1 of 5 rows of t.csv have the time of another, the first is line 6 (unique_id 'b'), with that of line 4: "
        "both are kept"
    ]
    (without,) = repeated_times(FRAME[["ds"]], source="t.csv")
    assert without.startswith("2 of 5 rows of t.csv have the time of another, the first is line 4, with that of line 2")


def test_other_times_in_any_order_and_no_times_at_all_are_no_fault():
    assert repeated_times(FRAME.iloc[:4], source="t.csv") == []
    assert repeated_times(FRAME[["unique_id"]], source="t.csv") == []


def test_a_gap_is_named_and_months_are_even():
    hours = pd.to_datetime(["2026-01-01 00:00", "2026-01-01 01:00", "2026-01-01 02:00", "2026-01-01 05:00"])
    frame = pd.DataFrame({"unique_id": "a", "ds": hours}, index=pd.RangeIndex(2, 6, name="line"))
    (line,) = uneven_times(frame.iloc[::-1], source="t.csv")
    assert (
        "1 of 3 time steps of t.csv are not as long as the usual one (0 days 01:00:00), the first ends at line 5"
        in line
    )
    assert "(unique_id 'a')" in line
    for freq in ("h", "D", "MS", "QE", "YS"):
        even = pd.DataFrame({"ds": pd.date_range("2023-01-01", periods=30, freq=freq)})
        assert uneven_times(even, source="t.csv") == []
    assert uneven_times(frame.assign(ds=[1, 2, 3, 9]), source="t.csv") == []  # numbers need not be times
