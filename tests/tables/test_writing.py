import csv
import gzip
import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elman.errors import InputError
from elman.tables import read_table, write_table

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(st.none() | texts, texts), min_size=1, max_size=8),
    st.sampled_from([".csv", ".tsv", ".csv.gz", ".jsonl", ".ndjson.gz", ".parquet"]),
)
def test_what_is_written_is_read_again(tmp_path: Path, rows: list[tuple[str | None, str]], suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    write_table(pd.DataFrame(rows, columns=["a", 'b,"\t']), path, overwrite=True)
    table = read_table(path, text=["a", 'b,"\t'])
    values = [tuple(row) for row in table.astype(object).where(table.notna(), None).to_numpy()]
    assert values == rows


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_numbers_times_and_missing_ones(tmp_path: Path, suffix: str) -> None:
    table = pd.DataFrame(
        {
            "i": [1, 2**53 + 1, -3],
            "x": [0.1, np.nan, 1e-300],
            "ds": pd.to_datetime(["2020-01-01 00:00", None, "2020-01-02 03:04:05.000006"], format="ISO8601"),
        }
    )
    write_table(table, tmp_path / f"t{suffix}")
    read = read_table(tmp_path / f"t{suffix}").reset_index(drop=True)
    pd.testing.assert_frame_equal(read, table, check_dtype=False)


def test_csv_is_what_the_standard_library_reads(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"a": ['x"y', "1,2", "p\nq"], "b": ["", "\r", "ü"]}), tmp_path / "t.csv")
    text = (tmp_path / "t.csv").read_bytes().decode("utf-8")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows == [["a", "b"], ['x"y', ""], ["1,2", "\r"], ["p\nq", "ü"]]


def test_standard_output_and_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    table = pd.DataFrame({"a": ["ü", None]})
    write_table(table, "-")
    assert out.buffer.getvalue() == "a\nü\n\n".encode()  # type: ignore[attr-defined]
    write_table(table, tmp_path / "1.csv.gz")
    assert gzip.decompress((tmp_path / "1.csv.gz").read_bytes()) == "a\nü\n\n".encode()


def test_what_is_refused(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": [[1, 2]]})
    with pytest.raises(InputError, match="column 'a' holds lists"):
        write_table(table, tmp_path / "t.csv")
    with pytest.raises(InputError, match=r"t\.xlsx: a table's name ends in \.csv"):
        write_table(table, tmp_path / "t.xlsx")
    assert list(tmp_path.iterdir()) == []
    write_table(table, tmp_path / "t.jsonl")
    with pytest.raises(InputError, match="exists"):
        write_table(table, tmp_path / "t.jsonl")
    assert (tmp_path / "t.jsonl").read_text(encoding="utf-8") == '{"a": [1, 2]}\n'
