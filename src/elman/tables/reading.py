"""One table out of a file or standard input, whatever its format."""

import contextlib
import difflib
import gzip
import io
import json
import os
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from elman.errors import InputError
from elman.tables.columns import as_text, as_times, decimal_as_number, inferred
from elman.tables.delimited import NO_ROWS, read_delimited

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
"""What a table's file name ends in; the text formats also with `.gz`, and `.txt` is CSV or TSV by its header."""
NOT_WHOLE = "is not a whole Parquet file"


def read_table(source: str | os.PathLike[str], *, name: str | None = None, text: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table.

    Texts are taken as they are: "NA", "null" and "nan" are texts, and a column holds numbers only if every
    cell does, none with leading zeros. In CSV and TSV an empty cell is a missing value, and a quoted empty
    cell (`""`) is an empty text. Times in ISO form (2020-01-31, 2020-01-31T12:00) become datetime64.

    Different names stay different: whole numbers of a column are never rounded to floats (beyond 64 bits those of
    CSV and TSV are texts), and a column `unique_id` of CSV or TSV holds whole numbers or texts.

    The table's index is named `line` and holds the line of the file on which each row begins (in Parquet:
    `row`, from 1), so that later checks can name it; select rows by position with `iloc`.

    Args:
        source: a file; its format goes by its suffix, see `SUFFIXES`. "-" is standard input, whose format is
            found from its first bytes.
        name: what to call the source in messages.
        text: columns that hold text even if they look like numbers or times. Names that the table does not
            have are passed over: `require_columns` is the check.

    Raises:
        InputError: there is no such file, its suffix is unknown, it is empty or has no rows, is not UTF-8, or
            a row is malformed; the message names file and line.
    """
    if os.fspath(source) == "-":
        name = name or "standard input"
        data = sys.stdin.buffer.read()
        suffix = ".parquet" if data.startswith(b"PAR1") else ".txt"
    else:
        path = Path(source)
        name = name or str(source)
        suffix = table_suffix(path, name)
        data = content(path, name)
    if suffix == ".parquet":
        table = _read_parquet(data, name, text)
    else:
        decoded = _decode(data, name)
        if suffix == ".txt" and decoded.lstrip().startswith("{"):
            suffix = ".jsonl"
        if suffix in (".jsonl", ".ndjson", ".txt"):
            refuse_array(decoded, name)
        if suffix in (".jsonl", ".ndjson"):
            table = read_json_lines(decoded, name)
        else:
            header = decoded.lstrip("\r\n").split("\n", 1)[0]
            delimiter = "\t" if suffix == ".tsv" or (suffix == ".txt" and "\t" in header) else ","
            table = read_delimited(decoded, delimiter, name, text)
    if len(table) == 0:
        raise InputError(f"{name} {NO_ROWS}")
    for column in table.columns:
        table[column] = cells_as(table[column], column in text, name)
    return table


def cells_as(cells: "pd.Series[Any]", text: bool, name: str) -> "pd.Series[Any]":
    """A column of a table that was read as what it holds, or as text."""
    return as_text(cells, name) if text else as_times(inferred(cells))


def table_suffix(path: Path, name: str) -> str:
    """The suffix that tells a file's format, without `.gz`.

    Raises:
        InputError: it is none of those that are known.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    suffix = suffixes[0] if suffixes[1:] == [".gz"] else "".join(suffixes[-1:])
    packed = suffixes[-1:] == [".gz"]
    if suffix not in (*SUFFIXES, ".txt") or (packed and suffix == ".parquet"):
        if path.is_dir():
            raise InputError(f"{name} is a directory: give the name of a table in it")
        raise InputError(
            f"{name}: the suffix {''.join(path.suffixes[-2:]) or '(none)'} is not that of a table; "
            f"known are {' '.join(SUFFIXES)} (the text formats also with .gz), and - for standard input"
        )
    return suffix


def content(path: Path, name: str) -> bytes:
    """The bytes of a file, unpacked.

    Raises:
        InputError: it is not there, or cannot be read.
    """
    with readable(path, name):
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix.lower() == ".gz" else data


@contextlib.contextmanager
def readable(path: Path, name: str) -> Iterator[None]:
    """Turn what goes wrong in reading a file into one line.

    Raises:
        InputError: it is not there, or cannot be read.
    """
    try:
        yield
    except FileNotFoundError:
        there = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        nearest = difflib.get_close_matches(path.name, there, n=1)
        remedy = f"; did you mean {path.parent / nearest[0]}?" if nearest else ""
        raise InputError(f"no such file: {name}{remedy}") from None
    except (IsADirectoryError, PermissionError) as error:
        if path.is_dir():  # Windows refuses permission where others see a directory
            raise InputError(f"{name} is a directory: give the name of a table in it") from None
        raise InputError(f"{name} cannot be read: {error.strerror}") from error
    except (OSError, EOFError, zlib.error) as error:  # BadGzipFile is an OSError
        raise InputError(f"{name} cannot be read: {error}") from error


def _decode(data: bytes, name: str) -> str:
    decoded = decode(data, name)
    if not decoded.strip():
        raise InputError(f"{name} is empty: expected a table")
    return decoded


def decode(data: bytes, name: str, before: int = 0) -> str:
    """UTF-8, with or without a byte-order mark; `before`: how many lines of the file come before this part of it.

    Raises:
        InputError: it is not UTF-8; the message names the line.
    """
    try:
        return data.decode("utf-8-sig" if before == 0 else "utf-8")
    except UnicodeDecodeError as error:
        line = before + error.object.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name} line {line} is not UTF-8 (byte 0x{error.object[error.start]:02x}): save the file as UTF-8"
        ) from None


def refuse_array(decoded: str, name: str) -> None:
    """Refuse one JSON array in place of JSON lines.

    Raises:
        InputError: it is one.
    """
    if not decoded.lstrip().startswith("["):
        return
    try:
        json.loads(decoded)
    except (ValueError, RecursionError):
        return
    raise InputError(f'{name} holds one JSON array: expected an object, such as {{"name": "value"}}, on each line')


def read_json_lines(decoded: str, name: str, before: int = 0) -> pd.DataFrame:
    """Read a table, an object on each line; `before`: how many lines of the file come before them.

    Raises:
        InputError: a line is no JSON object.
    """
    rows, lines = [], []
    for number, line in enumerate(decoded.split("\n"), start=1 + before):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else error
            raise InputError(f"{name} line {number} is not JSON: {reason}") from None
        if not isinstance(row, dict):
            raise InputError(
                f"{name} line {number} holds a JSON {type(row).__name__}: expected an object, "
                'such as {"name": "value"}, on each line'
            )
        rows.append(row)
        lines.append(number)
    return pd.DataFrame(rows, index=pd.Index(lines, name="line"), dtype=object)  # floats would round whole numbers


def _read_parquet(data: bytes, name: str, text: Sequence[str]) -> pd.DataFrame:
    if not data:
        raise InputError(f"{name} is empty: expected a table")
    try:
        return parquet_frame(pq.read_table(io.BytesIO(data)), text)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{name} {NOT_WHOLE}: {str(error).splitlines()[0]}") from error


def parquet_frame(table: pa.Table, text: Sequence[str], before: int = 0) -> pd.DataFrame:
    """Arrow's table as one of pandas; `before`: how many rows of the file come before it."""
    for position, column in enumerate(table.schema):
        if pa.types.is_decimal(column.type) and column.name not in text:
            table = table.set_column(position, column.name, decimal_as_number(table.column(position)))
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True, date_as_object=False, integer_object_nulls=True)
    frame.index = pd.RangeIndex(before + 1, before + len(frame) + 1, name="row")
    return frame
