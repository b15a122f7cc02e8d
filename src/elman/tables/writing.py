"""A table into a file or to standard output."""

import gzip
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from elman.errors import InputError
from elman.files import replace_file
from elman.tables.reading import SUFFIXES


def write_table(frame: pd.DataFrame, path: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Write a table so that `read_table` gives it back; the index is not written.

    In CSV and TSV a missing value is an empty cell, an empty text is `""`.

    Args:
        frame: the table.
        path: the file, its format by its suffix as in `read_table`; "-" is standard output, as CSV.
        overwrite: whether a file that is there may be replaced.

    Raises:
        InputError: the suffix is unknown, the format cannot hold the table, or the file exists or cannot be
            written.
    """
    if os.fspath(path) == "-":
        sys.stdout.buffer.write(_delimited(frame, ",").encode("utf-8"))
        sys.stdout.buffer.flush()
        return
    name = Path(path).name.lower()
    packed = name.endswith(".gz") and not name.endswith(".parquet.gz")
    suffix = Path(name.removesuffix(".gz") if packed else name).suffix
    if suffix not in SUFFIXES:
        raise InputError(f"{path}: a table's name ends in {' '.join(SUFFIXES)} (the text formats also with .gz)")
    with replace_file(path, overwrite=overwrite) as temporary:
        if suffix == ".parquet":
            data = io.BytesIO()
            frame.to_parquet(data, index=False)
            temporary.write_bytes(data.getvalue())
            return
        if suffix in (".jsonl", ".ndjson"):
            text = _json_lines(frame)
        else:
            text = _delimited(frame, "\t" if suffix == ".tsv" else ",")
        encoded = text.encode("utf-8")
        temporary.write_bytes(gzip.compress(encoded, mtime=0) if packed else encoded)


def _delimited(frame: pd.DataFrame, delimiter: str) -> str:
    # neither pandas nor csv tells an empty text from a missing one, and Arrow quotes every text
    lines = [delimiter.join(_cell(str(column), delimiter) for column in frame.columns)]
    columns = [_cells(frame[column], delimiter) for column in frame.columns]
    lines += [delimiter.join(row) for row in zip(*columns, strict=True)]
    return "".join(f"{line}\n" for line in lines)


def _cells(column: "pd.Series[Any]", delimiter: str) -> Iterator[str]:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":  # millions of pixels need no second look
        yield from map(str, column.tolist())
        return
    texts = column.astype(str)
    for value, text, missing in zip(column, texts, column.isna(), strict=True):
        if isinstance(value, list | dict | np.ndarray):
            raise InputError(f"column {column.name!r} holds lists, which CSV and TSV cannot: write .jsonl or .parquet")
        yield "" if missing else _cell(text, delimiter)


def _cell(text: str, delimiter: str) -> str:
    if text == "" or any(special in text for special in (delimiter, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text


def _json_lines(frame: pd.DataFrame) -> str:
    columns = [
        [None if missing else value for value, missing in zip(frame[column], frame[column].isna(), strict=True)]
        for column in frame.columns
    ]
    records = (dict(zip(frame.columns, row, strict=True)) for row in zip(*columns, strict=True))
    return "".join(json.dumps(record, ensure_ascii=False, default=_plain) + "\n" for record in records)


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return str(value)
