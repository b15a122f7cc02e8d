"""One table out of a file of any size, some rows at a time; and a long text, some words at a time."""

import gzip
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from elman.errors import InputError
from elman.tables.blocks import first_row_end, last_line_end, last_row_end, row_blocks, text_blocks
from elman.tables.delimited import NO_ROWS, read_delimited, refuse_lone_returns
from elman.tables.reading import (
    NOT_WHOLE,
    cells_as,
    decode,
    parquet_frame,
    read_json_lines,
    readable,
    refuse_array,
    table_suffix,
)
from elman.tables.rows import require_columns

BLOCK = 2**22  # bytes
HEADER = 2**16  # bytes, at least so many of which tell how a file is written
Told = Callable[[int], None]


def stream_table(
    source: str | os.PathLike[str],
    *,
    wanted: Sequence[str] | None = None,
    optional: Sequence[str] = (),
    text: Sequence[str] = (),
    block_size: int | None = None,
    told: Told = lambda position: None,
    late: Callable[[pd.DataFrame], None] = lambda further: None,
) -> Iterator[pd.DataFrame]:
    """Read a table block by block: its rows are those of `read_table`, line numbers included.

    What a column holds is found from each block: where all of a file tells, as for a column of texts of which some
    look like numbers, name it in `text`.

    Args:
        source: a file, as for `read_table`; not standard input.
        wanted: the columns to give, which the first block must have; None: all.
        optional: further ones, if the first block has them.
        text: columns that hold text even if they look like numbers or times.
        block_size: about so many bytes are read at a time; None: 4 MB.
        told: is told how many bytes of the file have been read.
        late: is given the columns of a later block that the first has not, as JSON lines may have; they are left out.

    Raises:
        InputError: as `read_table`, when the block is reached.
    """
    path, name = Path(source), str(source)
    suffix = table_suffix(path, name)
    if suffix == ".parquet":
        frames = _parquet(path, name, wanted, optional, text, block_size or BLOCK, told)
    else:
        frames = _lines(path, name, suffix, text, block_size or BLOCK, told)
    columns: list[str] | None = None
    known: set[str] = set()
    rows = 0
    for frame in frames:
        if columns is None:
            known = set(frame.columns)
            require_columns(frame, wanted or (), name)
            there = [name for name in optional if name in frame.columns]
            columns = list(frame.columns) if wanted is None else list(dict.fromkeys([*wanted, *there]))
        elif further := [name for name in frame.columns if name not in known]:
            late(frame[further])
        frame = frame.reindex(columns=columns)  # JSON lines may leave a member out
        for column in columns:
            frame[column] = cells_as(frame[column], column in text, name)
        rows += len(frame)
        yield frame
    if rows == 0:
        raise InputError(f"{name} {NO_ROWS}")


def stream_text(
    source: str | os.PathLike[str], *, block_size: int | None = None, told: Told = lambda position: None
) -> Iterator[str]:
    """Read a plain text, which is one document, in pieces that are cut between words.

    Args:
        source: a file in UTF-8, `.gz` or not; a byte-order mark is left out.
        block_size: about so many bytes are read at a time; None: 4 MB.
        told: is told how many bytes of the file have been read.

    Raises:
        InputError: there is no such file, it is empty or not UTF-8; the message names the line.
    """
    path, name = Path(source), str(source)
    empty = True
    with readable(path, name), path.open("rb") as raw:
        for piece in text_blocks(unpacked(path, raw), block_size or BLOCK, name):
            empty = False
            told(raw.tell())
            yield piece
    if empty:
        raise InputError(f"{name} is empty: expected a text")


def _lines(
    path: Path, name: str, suffix: str, text: Sequence[str], block_size: int, told: Told
) -> Iterator[pd.DataFrame]:
    """The rows of CSV, TSV or JSON lines."""
    with readable(path, name), path.open("rb") as raw:
        file = unpacked(path, raw)
        start = file.read(max(block_size, HEADER)).removeprefix(b"\xef\xbb\xbf")
        file.seek(0)
        if suffix in (".jsonl", ".ndjson") or (suffix == ".txt" and start.lstrip().startswith(b"{")):
            frames = _json(file, name, block_size)
        else:
            first = start.lstrip(b"\r\n").split(b"\n", 1)[0]
            tabs = suffix == ".tsv" or (suffix == ".txt" and b"\t" in first)
            delimiter = "\t" if tabs else ","
            rows = start.lstrip(b"\r\n")
            refuse_lone_returns(rows[: first_row_end(rows, delimiter)].decode(errors="replace"), delimiter, name)
            frames = _delimited(file, delimiter, name, text, block_size)
        for frame in frames:
            told(raw.tell())
            yield frame


def unpacked(path: Path, raw: BinaryIO) -> BinaryIO:
    return cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if path.suffix.lower() == ".gz" else raw


def _json(file: BinaryIO, name: str, block_size: int) -> Iterator[pd.DataFrame]:
    before, empty = 0, True
    for block in row_blocks(file, block_size, last_line_end, name):
        decoded = decode(block, name, before)
        if decoded.strip():
            if empty:
                refuse_array(decoded, name)
            empty = False
            yield read_json_lines(decoded, name, before)
        before += block.count(b"\n")
    if empty:
        raise InputError(f"{name} is empty: expected a table")


def _delimited(
    file: BinaryIO, delimiter: str, name: str, text: Sequence[str], block_size: int
) -> Iterator[pd.DataFrame]:
    """Each block is read as a file of its own, below the header."""
    header, position = "", 0  # how many lines of the file are done
    for block in row_blocks(file, block_size, partial(last_row_end, delimiter=delimiter), name):
        decoded = decode(block, name, position)
        end = position + block.count(b"\n")
        if not header:
            decoded = decoded.lstrip("\r\n")
            rows = decoded.encode()
            cut = first_row_end(rows, delimiter)
            header, decoded = rows[:cut].decode(), rows[cut:].decode()
        if decoded:
            position = end - decoded.count("\n")
            yield read_delimited(header + decoded, delimiter, name, text, position - header.count("\n"))
        position = end
    if not header.strip():
        raise InputError(f"{name} is empty: expected a table")


def _parquet(
    path: Path,
    name: str,
    wanted: Sequence[str] | None,
    optional: Sequence[str],
    text: Sequence[str],
    block_size: int,
    told: Told,
) -> Iterator[pd.DataFrame]:
    rows = 0
    try:
        with readable(path, name), path.open("rb") as raw:
            size = path.stat().st_size
            if size == 0:
                raise InputError(f"{name} is empty: expected a table")
            file = pq.ParquetFile(raw, buffer_size=2**16, pre_buffer=False)  # else whole row groups are read at once
            there = file.schema_arrow.names
            columns = None if wanted is None else [one for one in [*wanted, *optional] if one in there]
            whole = sum(file.metadata.row_group(group).total_byte_size for group in range(file.num_row_groups))
            at_once = max(block_size * max(file.metadata.num_rows, 1) // max(whole, 1), 1)
            if wanted is not None:
                require_columns(pd.DataFrame(columns=there), wanted, name)
            for batch in file.iter_batches(at_once, columns=columns, use_threads=False):
                frame = parquet_frame(pa.Table.from_batches([batch]), text, rows)
                rows += len(frame)
                told(size * rows // file.metadata.num_rows)
                yield frame
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{name} {NOT_WHOLE}: {str(error).splitlines()[0]}") from error
