import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from elman.errors import InputError
from elman.tables import complete_rows, read_table, require_columns, sequences


def as_lists(pairs: list[tuple[object, np.ndarray]]) -> list[tuple[object, list[list[float]]]]:
    assert all(array.dtype == np.float64 for _, array in pairs)
    return [(key, array.tolist()) for key, array in pairs]


def test_long_form_in_order_of_appearance_sorted_within(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("unique_id,ds,x,y\nb,2,1,10\na,5,2,20\nb,1,3,30\na,5,4,40\na,4,5,50\n", encoding="utf-8")
    table = read_table(path)
    assert as_lists(sequences(table, ["x", "y"])) == [
        ("b", [[3, 30], [1, 10]]),
        ("a", [[5, 50], [2, 20], [4, 40]]),
    ]
    assert as_lists(sequences(table, ["y"], group="none", order="none")) == [(0, [[10], [20], [30], [40], [50]])]


@pytest.mark.parametrize(
    "names", [("12345678901234567890", "12345678901234567891"), ("1.1", "1.10"), ("9007199254740992", "1e3"), (7, 8)]
)
def test_different_names_are_different_sequences(tmp_path: Path, names: tuple[object, object]) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"unique_id,x\n{names[0]},1\n{names[1]},2\n{names[0]},3\n", encoding="utf-8")
    assert as_lists(sequences(read_table(path), ["x"])) == [(names[0], [[1], [3]]), (names[1], [[2]])]


def test_times_order_and_missing_numbers_are_nan(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("ds,x\n2020-10-01,1\n2020-02-01,\n", encoding="utf-8")
    ((key, array),) = sequences(read_table(path), ["x"])
    assert key == 0
    np.testing.assert_array_equal(array, [[np.nan], [1]])


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_lists_in_cells(tmp_path: Path, suffix: str) -> None:
    rows = [{"x": [1, None, 3], "y": [4, 5, 6]}, {"x": [], "y": []}, {"x": [7.5], "y": [8]}]
    path = tmp_path / f"t{suffix}"
    if suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        pd.DataFrame(rows).to_parquet(path)
    first, empty, last = sequences(read_table(path), ["x", "y"])
    np.testing.assert_array_equal(first[1], [[1, 4], [np.nan, 5], [3, 6]])
    assert empty[1].shape == (0, 2)
    assert (last[0], last[1].tolist()) == (2, [[7.5, 8]])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"x": 1}, {"x": "abc"}], "column 'x' in F holds 'abc' (line 2): expected a number"),
        ([{"x": [1, 2]}, {"x": 3}], "column 'x' in F line 2 holds 3: expected a list of numbers"),
        ([{"x": [1, "a"]}], "column 'x' in F line 1 holds [1, 'a']: expected a list of numbers"),
        ([{"x": [[1], [2]]}], "column 'x' in F line 1 holds [[1], [2]]: expected a list of numbers"),
        ([{"z": 1}], "no column 'x' in F; it has: z"),
        ([{"x": 1, "ds": "1/2/2020"}], "column 'ds' in F cannot be put in order"),
        (
            [{"x": 1, "ds": day} for day in ("2020-01-01", "2020-01-02", "soon")],
            "column 'ds' in F cannot be put in order: expected numbers or times in ISO form (2020-01-31), got 'soon' "
            "(line 3)",
        ),
        ([{"x": 1, "ds": ds} for ds in ("0", "hm", "2")], "column 'ds' in F cannot be put in order: expected numbers"),
        ([{"x": 1, "unique_id": "a"}, {"x": 1}], "column 'unique_id' in F has no value (line 2)"),
    ],
)
def test_what_is_refused(tmp_path: Path, rows: list[dict[str, object]], message: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        sequences(read_table(path), ["x"], source="F")
    assert str(caught.value).startswith(message)


def test_lists_of_unequal_length() -> None:
    with pytest.raises(InputError, match=r"'y' in F row 0 has 1 numbers: expected 2, as column 'x' has"):
        sequences(pd.DataFrame({"x": [[1, 2]], "y": [[1]]}), ["x", "y"], source="F")


def test_no_columns_and_no_rows() -> None:
    with pytest.raises(InputError, match="no column of F is chosen"):
        sequences(pd.DataFrame({"x": [1]}), [], source="F")
    assert sequences(pd.DataFrame({"unique_id": [], "x": []}), ["x"]) == []


def test_rows_with_missing_values(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('w,label,other\n"",a,\nx,,1\n,b,1\ny,c,\n', encoding="utf-8")
    table = read_table(path)
    complete, left_out = complete_rows(table, ["w", "label"], strict=False, source="F")
    assert (complete["w"].tolist(), left_out) == (["", "y"], 2)
    assert complete.index.tolist() == [2, 5]
    with pytest.raises(InputError, match=r"^F line 3 has no value in column 'label'"):
        complete_rows(table, ["w", "label"], strict=True, source="F")
    with pytest.raises(InputError, match=r"^no row of F is complete: F line 3"):
        complete_rows(table.iloc[1:3], ["label", "w"], strict=False, source="F")
    assert complete_rows(complete, ["w"], strict=True, source="F")[1] == 0


def test_a_column_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(InputError, match=r"^no column 'nam' in F; it has: name, language$"):
        require_columns(pd.DataFrame({"name": [], "language": []}), ["language", "nam"], "F")
