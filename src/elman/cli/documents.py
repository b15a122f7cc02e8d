"""Texts that a generator reads: a column of a table, each text a document, or a file that is one plain text."""

import sys
from pathlib import Path
from typing import Any

import pandas as pd

from elman.cli.columns import Columns, Table, read_columns
from elman.errors import InputError
from elman.tables import stream_text

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".json")


def read_documents(file: str, columns: Columns, task: str, *, strict: bool = False) -> Table:
    """Read a column of texts, or where there is none the whole file as one.

    Raises:
        InputError: the file or the column is not as it should be.
    """
    if not columns.is_plain_text:
        return read_columns(file, columns, task, strict=strict)
    check_plain_text(file)
    text = _standard_input() if file == "-" else "".join(stream_text(file))
    return plain_text(columns, [text])


def plain_text(columns: Columns, X: Any) -> Table:
    """One plain text in the form of a table; X is what an estimator takes for it."""
    texts = X if isinstance(X, list) else []
    return Table(columns, X, [], pd.DataFrame({"text": texts}), list(range(len(texts))))


def check_plain_text(file: str) -> None:
    """Refuse a table of which no column is named.

    Raises:
        InputError: the file is one, by its name.
    """
    suffixes = [one for one in Path(file).suffixes if one.lower() != ".gz"]
    if suffixes and suffixes[-1].lower() in TABLES:
        raise InputError(f"{file} is a table: name its column of texts with --text COL; a plain text ends in .txt")


def _standard_input() -> str:
    data = sys.stdin.buffer.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"standard input line {line} is not UTF-8 (byte 0x{data[error.start]:02x})") from None
    if not text:
        raise InputError("standard input is empty: expected a text")
    return text
