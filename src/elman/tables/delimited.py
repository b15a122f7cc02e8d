"""CSV and TSV: read by Arrow, and read again by the standard library to say where a malformed file is so."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from elman.errors import InputError
from elman.tables.columns import as_numbers

_NAMES = "unique_id"  # the column that tells sequences apart
NO_ROWS = "has columns but no rows: expected at least one"
_OPEN_QUOTE = "has a quote that is not closed: close it, or double it inside quotes"


def read_delimited(decoded: str, delimiter: str, name: str, text: Sequence[str], before: int = 0) -> pd.DataFrame:
    """Read a table with a header; an empty cell is missing, a quoted empty cell is an empty text.

    Args:
        decoded: the file's text.
        delimiter: the character between the cells.
        name: the file's name, for messages.
        text: columns that are not to become numbers.
        before: how many lines of the file are left out here between the header and the rows.

    Raises:
        InputError: a column's name stands twice, a row has too many or too few cells, or a quote is not closed.
    """
    header = _header(decoded, delimiter, name)
    data = decoded.encode("utf-8")
    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(data),
            # one block: Arrow loses its place when a row is longer than a block
            pyarrow.csv.ReadOptions(use_threads=False, block_size=min(len(data) + 1024, 2**31 - 1)),
            pyarrow.csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=len(header) > 1,
            ),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as error:
        raise InputError(_complaint(decoded, delimiter, len(header), name, before, str(error))) from None
    lines = _lines(decoded, delimiter, table.num_rows, len(header)) + before
    frame = pd.DataFrame(
        {
            column: (cells if column in text else as_numbers(cells, exact=column == _NAMES)).to_pandas(
                integer_object_nulls=True
            )
            for column, cells in zip(header, table.columns, strict=True)
        },
    )
    frame.index = lines
    return frame


def refuse_lone_returns(start: str, delimiter: str, name: str) -> None:
    """Refuse a table whose lines end in CR alone, which is not read in blocks.

    Args:
        start: the first row up to a line feed, or what there is of it.
        delimiter: the character between the cells.
        name: the file's name, for messages.

    Raises:
        InputError: there is more than one row in it.
    """
    filled = (row for _, row in _numbered_rows(start, delimiter, strict=False) if row)
    if len(list(islice(filled, 2))) > 1:
        raise InputError(f"{name} has lines that end in CR alone: save the file with LF at the end of lines")


def _header(decoded: str, delimiter: str, name: str) -> list[str]:
    try:
        header = next(row for _, row in _numbered_rows(decoded, delimiter) if row)
    except csv.Error:
        raise InputError(f"{name} line 1 {_OPEN_QUOTE}") from None
    for column in header:
        if header.count(column) > 1:
            raise InputError(f"{name} has {header.count(column)} columns named {column!r}: rename all but one")
    return header


def _complaint(decoded: str, delimiter: str, fields: int, name: str, before: int, otherwise: str) -> str:
    """Say in which line a file is malformed."""
    begins, rows = 1, 0
    try:
        for begins, row in _numbered_rows(decoded, delimiter):
            if row and len(row) != fields:
                return f"{name} line {begins + before} has {len(row)} fields: expected {fields}, as the header has"
            begins += 1
            rows += bool(row)
    except csv.Error:
        return f"{name} line {begins + before} {_OPEN_QUOTE}"
    if rows == 1:  # Arrow refuses a header alone where no line break follows it
        return f"{name} {NO_ROWS}"
    return f"{name} is malformed: {otherwise.splitlines()[0]}"


def _lines(decoded: str, delimiter: str, rows: int, fields: int) -> "pd.Index[int]":
    """Return the line on which each row begins; only cells with line breaks and empty lines make it hard."""
    if decoded.rstrip("\r\n").count("\n") == rows:
        return pd.RangeIndex(2, rows + 2, name="line")
    begins: list[int] = []
    for line, row in _numbered_rows(decoded, delimiter, strict=False):
        if row or (fields == 1 and begins):
            begins.append(line)
    return pd.Index(begins[1:], name="line")


def _numbered_rows(decoded: str, delimiter: str, strict: bool = True) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line on which it begins."""
    limit = csv.field_size_limit(2**31 - 1)  # the default refuses a chapter of a book
    try:
        reader = csv.reader(io.StringIO(decoded, newline=""), delimiter=delimiter, strict=strict)
        begins = 1
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
    finally:
        csv.field_size_limit(limit)
