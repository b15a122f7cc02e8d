"""Pairs of sentences: a line for each, tabs between source, target and whatever else is said of them, no header."""

import os
import sys
from pathlib import Path

import pandas as pd

from elman.errors import InputError
from elman.tables.reading import content, decode, readable
from elman.tables.streaming import unpacked

TAB = "\t"


def read_pairs(path: str | os.PathLike[str], least: int = 2) -> pd.DataFrame:
    r"""Read a file of tab-separated sentences, such as Tatoeba's: the columns are called 1, 2, ..., as many as needed.

    Nothing is quoted: a quotation mark is one. Blank lines are passed over; an empty cell, or one with blanks alone, is
    missing, as is one that a line does not have. The index is named `line` and holds the line of the file.

    Args:
        path: a file in UTF-8, with `.gz` or without; "-" is standard input.
        least: as many columns are expected.

    Raises:
        InputError: there is no such file, it is empty, not UTF-8, or has fewer columns.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("eng.txt").write_text('Hi.\tHallo!\tby CK\nGo!\tGeh!\n')
        >>> read_pairs("eng.txt")[["1", "2"]].to_numpy().tolist()
        [['Hi.', 'Hallo!'], ['Go!', 'Geh!']]
    """
    name = "standard input" if os.fspath(path) == "-" else os.fspath(path)
    data = sys.stdin.buffer.read() if os.fspath(path) == "-" else content(Path(path), name)
    lines = [line.removesuffix("\r") for line in decode(data, name).split("\n")]
    rows = {number: line.split(TAB) for number, line in enumerate(lines, start=1) if line.strip()}
    if not rows:
        raise InputError(f"{name} is empty: expected a pair of sentences on each line, with a tab between")
    width = max(map(len, rows.values()))
    if width < least:
        raise InputError(
            f"{name} has {width} column{'s' * (width > 1)} with tabs between, expected {least}: a source, a tab and "
            "its target on each line"
        )
    cells = [[cell if cell.strip() else None for cell in row] + [None] * (width - len(row)) for row in rows.values()]
    names = [str(number) for number in range(1, width + 1)]
    return pd.DataFrame(cells, columns=names, index=pd.Index(list(rows), name="line"), dtype="str")


def first_line(path: Path) -> str:
    """The first line of a file that is not blank, to tell by it what the file is.

    Raises:
        InputError: there is no such file, or it is not UTF-8.
    """
    name = str(path)
    with readable(path, name), path.open("rb") as raw:
        line = next((line for line in unpacked(path, raw) if line.strip()), b"")
    return decode(line, name).rstrip("\r\n")
