import csv
import datetime
import gzip
import io
import json
import sys
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import InputError
from elman.tables import read_table
from elman.tables.delimited import read_delimited


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def complaint(path: Path | str) -> str:
    with pytest.raises(InputError) as caught:
        read_table(path)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(path), "FILE")


def test_texts_are_taken_as_they_are(tmp_path: Path) -> None:
    names = ["Null", "NA", "None", "nan", "true", "12", "inf", "2020-01-01"]
    path = write(tmp_path, "s.csv", "name\n" + "".join(f"{name}\n" for name in names))
    assert read_table(path)["name"].tolist() == names


def test_an_empty_cell_is_missing_and_a_quoted_one_is_an_empty_text(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "s.csv", 'word,label\n"",a\n,b\nx,\n'))
    assert table["word"].iloc[0] == ""
    assert table["word"].isna().tolist() == [False, True, False]
    assert table["label"].isna().tolist() == [False, False, True]


def test_numbers_times_and_codes(tmp_path: Path) -> None:
    content = "i,x,code,ds,mixed,word\n1,1.5,007,2020-01-02,1,5\n-2,,008,2020-01-03T04:05,x,6\n+3,1e3,100,2020-02,2,7\n"
    table = read_table(write(tmp_path, "n.csv", content), text=["word", "absent"])
    assert table["i"].tolist() == [1, -2, 3]
    assert table["x"].isna().tolist() == [False, True, False]
    assert table["x"].iloc[2] == 1000
    assert table["code"].tolist() == ["007", "008", "100"]
    assert table["ds"].tolist() == [
        pd.Timestamp("2020-01-02"),
        pd.Timestamp("2020-01-03 04:05"),
        pd.Timestamp("2020-02-01"),
    ]
    assert table["mixed"].tolist() == ["1", "x", "2"]
    assert table["word"].tolist() == ["5", "6", "7"]


def test_quoted_empty_cells_do_not_make_a_number_column_text(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "n.csv", '"a","b"\n"1","x"\n"","y"\n'))
    assert table["a"].isna().tolist() == [False, True]
    assert table["a"].iloc[0] == 1


@pytest.mark.parametrize("zone", ["Z", "+00:00"])
def test_times_with_a_zone(tmp_path: Path, zone: str) -> None:
    table = read_table(write(tmp_path, "n.csv", f"ds\n2020-01-01T10:00:00{zone}\n2020-01-01T11:30:00.5{zone}\n"))
    assert (table["ds"].iloc[1] - table["ds"].iloc[0]).total_seconds() == 5400.5


def test_a_day_that_is_none_stays_text(tmp_path: Path) -> None:
    assert read_table(write(tmp_path, "n.csv", "ds\n2020-13-45\n"))["ds"].tolist() == ["2020-13-45"]


def test_formats_agree(tmp_path: Path) -> None:
    rows = [{"name": "Ó Néill", "n": 1}, {"name": "d' Heripon", "n": 2}]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    pd.DataFrame(rows).to_parquet(tmp_path / "t.parquet")
    paths = [
        write(tmp_path, "t.csv", "name,n\nÓ Néill,1\nd' Heripon,2\n"),
        write(tmp_path, "bom.csv", b"\xef\xbb\xbf" + "name,n\r\nÓ Néill,1\r\nd' Heripon,2".encode()),
        write(tmp_path, "t.tsv", "name\tn\nÓ Néill\t1\nd' Heripon\t2\n"),
        write(tmp_path, "tab.txt", "name\tn\nÓ Néill\t1\nd' Heripon\t2\n"),
        write(tmp_path, "comma.txt", "name,n\nÓ Néill,1\nd' Heripon,2\n"),
        write(tmp_path, "t.jsonl", lines),
        write(tmp_path, "T.NDJSON.GZ", gzip.compress(lines.encode())),
        tmp_path / "t.parquet",
    ]
    for path in paths:
        assert read_table(path).to_dict("records") == rows, path


@pytest.mark.parametrize(
    "content", [b"a,b\n1,x\n", b"a\tb\n1\tx\n", b'{"a": 1, "b": "x"}\n', b"\xef\xbb\xbfa,b\n1,x\n", "parquet"]
)
def test_standard_input_is_sniffed(monkeypatch: pytest.MonkeyPatch, content: bytes | str) -> None:
    if isinstance(content, str):
        parquet = io.BytesIO()
        pd.DataFrame({"a": [1], "b": ["x"]}).to_parquet(parquet)
        content = parquet.getvalue()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert read_table("-").to_dict("records") == [{"a": 1, "b": "x"}]


def test_json_lines_keep_empty_texts_and_lists(tmp_path: Path) -> None:
    path = write(tmp_path, "t.jsonl", '{"w": "", "x": [1, 2]}\n\n{"w": null, "x": []}\n{"x": [3]}\n')
    table = read_table(path)
    assert table["w"].iloc[0] == ""
    assert table["w"].isna().tolist() == [False, True, True]
    assert table["x"].tolist() == [[1, 2], [], [3]]
    assert table.index.tolist() == [1, 3, 4]


def test_a_text_column_of_numbers_in_json_and_parquet(tmp_path: Path) -> None:
    path = write(tmp_path, "t.jsonl", '{"w": 5}\n{"w": "x"}\n{"w": null}\n')
    assert read_table(path, text=["w"])["w"].tolist()[:2] == ["5", "x"]
    pd.DataFrame({"w": [5, 6]}).to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet", text=["w"])["w"].tolist() == ["5", "6"]
    with pytest.raises(InputError, match=r"column 'w' .*line 1.*expected text"):
        read_table(write(tmp_path, "l.jsonl", '{"w": [5]}\n'), text=["w"])


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_whole_numbers_with_a_gap_as_text_and_as_numbers(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    if suffix == ".parquet":
        column = pa.array([1, None, 2**53 + 1])
        pq.write_table(pa.table({"label": column, "n": pa.array([1, None, 2]), "exact": column}), path)
    elif suffix == ".csv":
        path.write_text(f"label,n,exact\n1,1,1\n,,\n{2**53 + 1},2,{2**53 + 1}\n", encoding="utf-8")
    else:
        last = {"label": 2**53 + 1, "n": 2, "exact": 2**53 + 1}
        lines = [{"label": 1, "n": 1, "exact": 1}, {"label": None}, last]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    table = read_table(path, text=["label"])
    assert table["label"].isna().tolist() == [False, True, False]
    assert table["label"].dropna().tolist() == ["1", "9007199254740993"]
    assert table["n"].dtype == "float64"
    assert table["n"].dropna().tolist() == [1, 2]
    assert table["exact"].dropna().tolist() == [1, 2**53 + 1]  # a float would be 2**53


def test_whole_numbers_beyond_64_bits_stay_text(tmp_path: Path) -> None:
    least, most = -(2**63), 2**63 - 1
    content = f"id,fits,x\n12345678901234567890,{least},1\n12345678901234567891,{most},1e30\n"
    table = read_table(write(tmp_path, "t.csv", content))
    assert table["id"].tolist() == ["12345678901234567890", "12345678901234567891"]
    assert table["fits"].tolist() == [least, most]
    assert table["x"].tolist() == [1, 1e30]


def test_dates_and_decimals_of_parquet(tmp_path: Path) -> None:
    days = pa.array([datetime.date(2020, 1, 31), None])
    price, whole, huge = (
        pa.array([Decimal(value), None], pa.decimal128(38, scale))
        for value, scale in [("1.50", 2), ("7", 0), ("12345678901234567890", 0)]
    )
    columns = {"ds": days, "day": days.cast(pa.date64()), "label": price, "price": price, "whole": whole, "huge": huge}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet", text=["label"])
    for name in ("ds", "day"):
        assert pd.api.types.is_datetime64_any_dtype(table[name])
    expected = [pd.Timestamp("2020-01-31")] * 2 + ["1.50", 1.5, 7, "12345678901234567890"]
    assert table.iloc[0].tolist() == expected
    assert table.iloc[1].isna().all()


def test_the_index_is_the_line(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "t.csv", 'a,b\n1,"x\ny"\n\n2,z\n'))
    assert table.index.tolist() == [2, 5]
    assert table.index.name == "line"
    long = "x\n" * 100_000
    table = read_table(write(tmp_path, "long.csv", f'a,b\n1,"{long}"\n2,z\n'))
    assert table.index.tolist() == [2, 100_003]
    assert csv.field_size_limit() == 131_072
    assert read_table(write(tmp_path, "one.csv", "a\nx\n\ny\n"))["a"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("e.csv", "", "FILE is empty: expected a table"),
        ("e.csv", b"\xef\xbb\xbf \n", "FILE is empty: expected a table"),
        ("e.jsonl", "\n", "FILE is empty: expected a table"),
        ("e.parquet", "", "FILE is empty: expected a table"),
        ("h.csv", "a,b\n", "FILE has columns but no rows: expected at least one"),
        ("u.csv", b"a,b\n1,2\n1,\xe9\n", "FILE line 3 is not UTF-8 (byte 0xe9): save the file as UTF-8"),
        ("r.csv", 'a,b\n1,"2\n"\n1,2,3\n', "FILE line 4 has 3 fields: expected 2, as the header has"),
        ("r.tsv", "a\tb\n1\n", "FILE line 2 has 1 fields: expected 2, as the header has"),
        ("d.csv", "a,b,a\n1,2,3\n", "FILE has 2 columns named 'a': rename all but one"),
        ("q.csv", 'a,b\n1,2\n"1,2\n3,4\n', "FILE line 3 has a quote that is not closed"),
        ("q.csv", '"a,b\n1,2\n', "FILE line 1 has a quote that is not closed"),
        ("j.jsonl", '{"a": 1}\n{"a": \n', "FILE line 2 is not JSON: Expecting value"),
        ("h.csv", "a,b", "FILE has columns but no rows: expected at least one"),
        ("h.csv", '"a\nb"', "FILE has columns but no rows: expected at least one"),
        ("j.jsonl", "[1]\n[2]\n", "FILE line 1 holds a JSON list: expected an object"),
        ("j.jsonl", '[\n{"a": 1}\n]', 'FILE holds one JSON array: expected an object, such as {"name": "value"}, on'),
        ("j.txt", '[{"a": 1}, {"a": 2}]', "FILE holds one JSON array: expected an object"),
        ("j.jsonl", "[" * 100_000, "FILE line 1 is not JSON"),
        ("p.parquet", b"PAR1 but not whole", "FILE is not a whole Parquet file"),
        ("g.csv.gz", "a,b\n", "FILE cannot be read: Not a gzipped file"),
        ("g.csv.gz", gzip.compress(b"a,b\n1,2\n")[:-9], "FILE cannot be read: "),
        ("x.xlsx", "", "FILE: the suffix .xlsx is not that of a table; known are .csv .tsv .jsonl"),
        ("table", "", "FILE: the suffix (none) is not that of a table"),
    ],
)
def test_bad_files(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    assert complaint(write(tmp_path, name, content)).startswith(message)


def test_no_file(tmp_path: Path) -> None:
    there = write(tmp_path, "surnames.csv", "a\nb\n")
    assert complaint(tmp_path / "surname.csv") == f"no such file: FILE; did you mean {there}?"
    assert complaint(tmp_path / "nowhere" / "x.csv") == "no such file: FILE"
    assert complaint(tmp_path) == "FILE is a directory: give the name of a table in it"
    (tmp_path / "folder.csv").mkdir()
    assert complaint(tmp_path / "folder.csv") == "FILE is a directory: give the name of a table in it"


@given(st.text(alphabet='a1,"\n\r ', max_size=30), st.sampled_from(["a\n", "a,b\n"]))
def test_any_csv_is_read_as_the_standard_library_reads_it_or_refused(body: str, header: str) -> None:
    try:
        table = read_delimited(header + body, ",", "FILE", text=["a", "b"])
    except InputError:
        return
    rows = [row for row in csv.reader(io.StringIO(header + body, newline="")) if row or header == "a\n"][1:]
    rows = [row or [""] for row in rows]
    assert table.astype(object).where(table.notna(), "").to_numpy().tolist() == rows


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 1.0, 2.5, -0.0], ["0", "1", "2.5", "0"]),
        ([True, False], ["true", "false"]),
        ([1, 2], ["1", "2"]),
        ([1.0, None], ["1", None]),
        ([True, None], ["true", None]),
    ],
    ids=str,
)
def test_a_text_does_not_depend_on_the_format(tmp_path: Path, values: list[object], expected: list[str]) -> None:
    cells = ["" if text is None else text for text in expected]
    paths = [write(tmp_path, "l.csv", "label,n\n" + "".join(f"{cell},0\n" for cell in cells))]
    paths.append(write(tmp_path, "l.jsonl", "".join(json.dumps({"label": value}) + "\n" for value in values)))
    paths.append(tmp_path / "l.parquet")
    pq.write_table(pa.table({"label": values}), paths[-1])
    for path in paths:
        label = read_table(path, text=["label"])["label"]
        assert [None if pd.isna(one) else one for one in label] == expected
