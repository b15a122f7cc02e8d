"""What is said of times that stand there twice."""

import pandas as pd

from elman.tables import repeated_times

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
