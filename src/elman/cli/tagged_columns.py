"""From a file to sequences and their tags: CoNLL, a sentence in each row of a table, or a word or step in each row."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from elman.cli.columns import POSITION, Columns, Table, check_distinct, inputs_of, is_list
from elman.cli.targets import GROUP
from elman.codecs.tags import IOB1, fault, scheme_of
from elman.errors import InputError
from elman.tables import SUFFIXES, read_conll, read_table, require_columns, sequences
from elman.tables.columns import as_text
from elman.tables.conll import SUFFIXES as CONLL

NAMED = 3  # sequences that are left out and named, each in a line


@dataclass
class _Tagged:
    """A sequence and its tags, as they were found.

    Args:
        key: what to call it.
        place: of it in the file, such as "line 3".
        x: its words, or numbers (T, I).
        tags: of its words or steps; None where none are wanted.
        places: of each word or step.
        rows: in the long form, the numbers of its rows.
        fault: what keeps it from being used, with its place.
    """

    key: Hashable
    place: str
    x: Any
    tags: list[Any] | None
    places: Sequence[str] | None = None
    rows: np.ndarray | None = None
    fault: str | None = None

    def check(self, scheme: str) -> None:
        """Find what is wrong with its tags."""
        if self.tags is None or self.fault is not None:
            return
        if len(self.tags) != len(self.x):
            what = "words" if isinstance(self.x, list) else "steps"
            self.fault = f"{self.place} has {len(self.x)} {what} and {len(self.tags)} tags: expected one for each"
        elif (found := fault(self.tags, scheme)) is not None:
            step, what = found
            place = self.places[step] if self.places is not None else f"{self.place} tag {step + 1}"
            self.fault = f"{place} is {what}"


def read_tagged(file: str, columns: Columns, task: str, *, strict: bool = False) -> Table:
    """Read the sequences of a file, and their tags if a target is named.

    One whose tags cannot be used is left out, and named.

    Raises:
        InputError: the file or a column is not as it should be, or no sequence can be used; strictly, if one cannot.
    """
    source = "standard input" if file == "-" else file
    if is_conll(file, columns):
        frame, found = pd.DataFrame(), list(_conll(file, columns))
        columns = replace(columns, text=columns.text or "words", inputs=())
    else:
        frame, columns = _frame(file, columns, task, source)
        found = list(_rows(frame, columns, source))
    notes: list[str] = []
    if columns.only_target is not None:
        columns = replace(columns, scheme=columns.scheme or scheme_of([one.tags or [] for one in found]))
        for one in found:
            one.check(columns.scheme or "")
        if columns.scheme == IOB1:
            notes.append("the tags are IOB1, in which a span begins with I-: read as BIO, in which it begins with B-")
    kept = _kept(found, source, strict, notes)
    if columns.text is None:
        missing, numbers = (
            sum(int(n) for n in each)
            for each in zip(*((np.isnan(one.x).sum(), one.x.size) for one in kept), strict=True)
        )
        if missing:
            notes.append(f"{missing} of {numbers} numbers are missing: marked for the network")
    rows = [one.rows for one in kept if one.rows is not None] or None
    y = [one.tags for one in kept] if columns.only_target is not None else []
    return Table(columns, [one.x for one in kept], y, frame, [one.key for one in kept], rows, notes)


def is_conll(file: str, columns: Columns) -> bool:
    """Whether a file is CoNLL: by the end of its name, or by columns that have numbers where it is no table's."""
    suffixes = [one.lower() for one in Path(file).suffixes]
    last = suffixes[-2:-1] if suffixes[-1:] == [".gz"] else suffixes[-1:]
    if last and last[0] in CONLL:
        return True
    if file == "-" or (last and last[0] in SUFFIXES):
        return False
    named = (columns.text, columns.only_target)
    return not columns.inputs and all(one in (None, "words", "tags") or _number(one) is not None for one in named)


def _kept(found: list[_Tagged], source: str, strict: bool, notes: list[str]) -> list[_Tagged]:
    """The sequences that can be used; of the others it is told."""
    bad = [one.fault for one in found if one.fault is not None]
    if bad and strict:
        raise InputError(f"{source} {bad[0]}: mend it, or leave such sequences out (without --strict)")
    if len(bad) == len(found):
        raise InputError(f"no sequence of {source} can be used: {bad[0]}" if bad else f"{source} has no sequence")
    notes += [f"left out: {source} {one}" for one in bad[:NAMED]]
    if bad:
        notes.append(f"left out {len(bad)} of {len(found)} sequences, which cannot be used")
    return [one for one in found if one.fault is None]


def _number(column: str | None) -> int | None:
    try:
        return None if column is None else int(column)
    except ValueError:
        return None


def _conll(file: str, columns: Columns) -> Iterator[_Tagged]:
    """Columns that have no numbers are a table's, so the usual ones are read."""
    wanted = columns.only_target is not None
    read = read_conll(file, _number(columns.text), _number(columns.only_target), tagged=wanted)
    for number, one in enumerate(read):
        places = [f"line {line}" for line in one.lines]
        yield _Tagged(number, places[0], one.words, one.tags if wanted else None, places, fault=one.fault)


def _frame(file: str, columns: Columns, task: str, source: str) -> tuple[pd.DataFrame, Columns]:
    check_distinct(columns, task)
    named = [name for name in (columns.text, columns.only_target) if name is not None]
    lists = any(one in (".jsonl", ".ndjson", ".parquet") for one in Path(file).suffixes)
    frame = read_table(file, text=[] if lists else named)
    if columns.text is None and not columns.inputs:
        try:
            columns = replace(columns, inputs=inputs_of(frame, columns, source))
        except InputError as error:
            raise InputError(f"{error}; name that of sentences by --text COL, or call a CoNLL file .conll") from None
    require_columns(frame, [*columns.inputs, *named], source)
    for name in named:
        if not any(is_list(cell) for cell in frame[name]):
            frame[name] = as_text(frame[name], source)
    return frame, columns


def _rows(frame: pd.DataFrame, columns: Columns, source: str) -> Iterator[_Tagged]:
    kind = str(frame.index.name or "row")
    places = [f"{kind} {label}" for label in frame.index]
    numbers = [] if columns.text is not None else list(columns.inputs)
    lists = any(is_list(cell) for name in numbers for cell in frame[name])
    if (numbers and not lists) or (columns.text is not None and GROUP in frame):
        positioned = sequences(frame.assign(**{POSITION: np.arange(len(frame))}), [*numbers, POSITION], source=source)
        for key, array in positioned:
            rows = array[:, -1].astype(int)
            yield _of_rows(frame, columns, key, rows, array[:, :-1], places)
        return
    arrays = [array for _, array in sequences(frame, numbers, source=source)] if numbers else []
    for row, place in enumerate(places):
        cells = [None if name is None else frame[name].iloc[row] for name in (columns.text, columns.only_target)]
        key = frame[GROUP].iloc[row] if GROUP in frame else row
        x = arrays[row] if numbers else _cut(cells[0])
        tags = None if columns.only_target is None else _cut(cells[1])
        missing = next(
            (name for name, one in ((columns.text, x), (columns.only_target, tags)) if name and one is None), None
        )
        reason = None if missing is None else f"{place} has no value in column {missing!r}"
        yield _Tagged(key, place, x, tags, fault=reason)


def _of_rows(
    frame: pd.DataFrame, columns: Columns, key: Hashable, rows: np.ndarray, numbers: np.ndarray, places: list[str]
) -> _Tagged:
    """A sequence of the long form."""
    own = [places[row] for row in rows]
    cells = {name: frame[name].iloc[rows].tolist() for name in (columns.text, columns.only_target) if name is not None}
    reason = None
    for name, values in cells.items():
        missing = np.flatnonzero(pd.isna(pd.Series(values, dtype=object)).to_numpy())
        if len(missing):
            reason = f"{own[missing[0]]} has no value in column {name!r}"
    x = numbers if columns.text is None else cells[columns.text]
    tags = None if columns.only_target is None else cells[columns.only_target]
    return _Tagged(key, own[0], x, tags, own, rows, reason)


def _cut(cell: Any) -> list[str] | None:
    """The words of a cell, which has a list of them or a text with blanks between; None for a missing value."""
    if is_list(cell):
        return [str(one) for one in cell]
    return None if pd.isna(cell) else str(cell).split()
