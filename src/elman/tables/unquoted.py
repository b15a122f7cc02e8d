"""Tables in which a quote is a character like others, as the lists of speech corpora are."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from elman.errors import InputError
from elman.tables.delimited import NO_ROWS
from elman.tables.reading import content, decode


def first_line(path: str | os.PathLike[str]) -> str:
    """The first line of a file in UTF-8 that is not empty; "" if there is none.

    Raises:
        InputError: there is no such file, or it is not UTF-8.
    """
    lines = decode(content(Path(path), str(path)), str(path)).splitlines()
    return next((line for line in lines if line.strip()), "")


def read_unquoted(path: str | os.PathLike[str], delimiter: str, names: Sequence[str] | None = None) -> pd.DataFrame:
    r"""Read a table of texts: a row on each line, its cells parted by a character that is in none of them.

    An empty cell is a missing value, and so is one that `names` has and a row lacks at its end. The index is named
    `line` and holds the line of the file of each row.

    Args:
        path: a file in UTF-8, with `.gz` or without.
        delimiter: the character between the cells.
        names: of the columns, if the file has no header.

    Raises:
        InputError: there is no such file, it is not UTF-8, has no rows, or a row has too many or too few cells.

    Example:
        >>> _ = Path("metadata.csv").write_text('LJ1|"Dr. No"|"Doctor No"\n')
        >>> read_unquoted("metadata.csv", "|", ("id", "text", "spoken")).to_dict("list")
        {'id': ['LJ1'], 'text': ['"Dr. No"'], 'spoken': ['"Doctor No"']}
    """
    name = str(path)
    # not splitlines, which parts lines at characters that may stand in a text
    lines = decode(content(Path(path), name), name).replace("\r\n", "\n").split("\n")
    numbered = [(number, line.split(delimiter)) for number, line in enumerate(lines, start=1) if line.strip()]
    least = 1 if names is not None else len(numbered[0][1]) if numbered else 0
    header = list(names) if names is not None else numbered.pop(0)[1] if numbered else []
    twice = next((one for one in header if header.count(one) > 1), None)
    if twice is not None:
        raise InputError(f"{name} has {header.count(twice)} columns named {twice!r}: rename all but one")
    if not numbered:
        raise InputError(f"{name} {NO_ROWS}")
    for number, cells in numbered:
        if not least <= len(cells) <= len(header):
            expected = f"{len(header)}, as the header has" if names is None else f"at most {len(header)}"
            raise InputError(f"{name} line {number} has {len(cells)} fields: expected {expected}")
        cells += [""] * (len(header) - len(cells))
    index = pd.Index([number for number, _ in numbered], name="line")
    rows = [[cell or None for cell in cells] for _, cells in numbered]
    return pd.DataFrame(rows, columns=header, index=index, dtype=object)
