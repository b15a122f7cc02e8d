"""From a file to pairs of texts: a table with a column for each side, or tab-separated lines without a header."""

from pathlib import Path

import pandas as pd

from elman.cli.columns import Columns, Table, check_distinct, text_columns
from elman.errors import InputError
from elman.tables import SUFFIXES, blanks_missing, complete_rows, read_table, require_columns
from elman.tables.pairs import TAB, first_line, read_pairs

FIRST, SECOND = "1", "2"  # the columns of a file without a header, as they are called if nobody says otherwise
NAMED = 3  # pairs that are left out and named, each in a line
FEW = 40  # letters of a text that is shown


def read_pair_columns(file: str, columns: Columns, task: str, *, strict: bool = False) -> Table:
    """Read the pairs of a file; those of which a side is missing, or blank, are left out and named.

    Without a target, as to predict, the texts of one side.

    Raises:
        InputError: the file or a column is not as it should be, or no pair is whole; strictly, if one is not.
    """
    check_distinct(columns, task)
    source = "standard input" if file == "-" else file
    wanted = _names(columns)
    bare = is_bare(file, columns)
    frame = read_pairs(file, max(map(int, wanted))) if bare else read_table(file, text=text_columns(columns, task))
    _require(source, wanted, frame)
    if columns.only_target is None:
        kept, without = complete_rows(frame, wanted, strict=strict, source=source)
        notes = [f"left out {without} of {len(frame)} rows with a missing value"] if without else []
    else:
        kept, notes = _whole(blanks_missing(frame, wanted), wanted, source, strict)
    if bare and columns.only_target is not None:
        shown = " → ".join(repr(kept[name].iloc[0][:FEW]) for name in wanted)
        notes.insert(0, f"{source} is read as tab-separated pairs without a header; the first: {shown}")
    y = [] if columns.only_target is None else kept[columns.only_target].tolist()
    return Table(columns, kept[wanted[0]].tolist(), y, kept, list(range(len(kept))), notes=notes)


def _names(columns: Columns) -> list[str]:
    return [name for name in (columns.text, columns.only_target) if name is not None]


def is_bare(file: str, columns: Columns) -> bool:
    """Whether a file has pairs and no header: its columns are named by numbers, and it is no table that has those."""
    names = _names(columns)
    if not names or not all(_is_number(name) for name in names):
        return False
    suffixes = [one.lower() for one in Path(file).suffixes]
    last = suffixes[-2:-1] if suffixes[-1:] == [".gz"] else suffixes[-1:]
    if file == "-":
        return True
    if last and last[0] in SUFFIXES and last[0] != ".tsv":
        return False
    return not set(names) <= set(first_line(Path(file)).split(TAB))


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal()


def _require(source: str, names: list[str], frame: pd.DataFrame) -> None:
    """Refuse columns that are not there; of a table that nobody has named columns of, with how to."""
    if all(_is_number(name) for name in names) and not set(names) <= set(frame.columns):
        flags = "--source COL and --target COL" if len(names) > 1 else "--source COL"
        listed = ", ".join(map(str, frame.columns))
        raise InputError(f"{source} is a table with a header: name what to read with {flags}; it has: {listed}")
    require_columns(frame, names, source)


def _whole(frame: pd.DataFrame, wanted: list[str], source: str, strict: bool) -> tuple[pd.DataFrame, list[str]]:
    """The pairs of which no side is missing, and what to say of the others."""
    missing = frame[wanted].isna()
    kind, lacking = frame.index.name or "row", missing.any(axis=1).to_numpy()
    faults = [
        f"{source} {kind} {label} has no text in column {wanted[int(own.to_numpy().argmax())]!r}"
        for label, own in missing[lacking].head(NAMED).iterrows()
    ]
    if faults and strict:
        raise InputError(f"{faults[0]}: fill it in, or leave such pairs out (without --strict)")
    kept = frame[~lacking]
    if not len(kept):
        raise InputError(f"no pair of {source} is whole: {faults[0]}")
    if not faults:
        return kept, []
    left_out = f"left out {len(frame) - len(kept)} of {len(frame)} pairs, of which a side is missing"
    return kept, [*(f"left out: {fault}" for fault in faults), left_out]
