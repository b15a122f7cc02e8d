"""From the columns of a table to what an estimator learns from, predicts or is measured on."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from elman.errors import InputError
from elman.tables import complete_rows, read_table, require_columns, sequences

GROUP, ORDER = "unique_id", "ds"
POSITION = "\N{NULL}row"  # rides along through grouping and sorting; no file has a column of that name


@dataclass(frozen=True)
class Columns:
    """Which columns a model reads and which it gives; a model file keeps them.

    Args:
        text: the column of texts, for a model that reads texts.
        audio: the column of paths of audio files, relative to the folder of the table, for a model that hears.
        inputs: the columns of numbers, for one that reads numbers; empty: all there are.
        target: what is to be given: a translation, a label, a number; None where only inputs are wanted.
        per: "step" or "sequence": how often a target stands in the long form.
        ahead: the target is that of so many steps later.
        scheme: of tags, whether they mark spans and how; see `elman.codecs.TagCodec`.
    """

    text: str | None = None
    inputs: tuple[str, ...] = ()
    target: str | None = None
    per: str = "sequence"
    ahead: int = 0
    audio: str | None = None
    scheme: str | None = None

    @property
    def is_plain_text(self) -> bool:
        """Whether the file is no table, but one text."""
        return self.text is None and self.audio is None and not self.inputs and self.target is None

    def __str__(self) -> str:
        read = self.text or self.audio or ", ".join(self.inputs)
        later = f", {self.ahead} ahead" if self.ahead else ""
        if self.target is None:
            return read or "plain text"
        return f"{read} → {self.target}{later}"


@dataclass
class Table:
    """A table as sequences.

    Args:
        columns: those that were read.
        X: texts, (T_i, I) arrays, or audio files, as paths and then as sounds.
        y: what each is to give; empty without a target.
        frame: the complete rows.
        keys: what to call each sequence, by `unique_id` or by its number.
        rows: in the long form, the numbers of the rows of each sequence in the frame; else None.
        notes: what a person should know of missing values.
        unreadable: of files that cannot be read the place among all rows, what it is called, and why.
    """

    columns: Columns
    X: list[Any]
    y: list[Any]
    frame: pd.DataFrame
    keys: list[Hashable]
    rows: list[np.ndarray] | None = None
    notes: list[str] = field(default_factory=list)
    unreadable: dict[int, tuple[Hashable, str]] = field(default_factory=dict)


def read_columns(file: str, columns: Columns, task: str, *, strict: bool = False) -> Table:
    """Read the sequences that a file holds.

    Raises:
        InputError: the file, a column or a value is not as it should be.
    """
    check_distinct(columns, task)
    source = "standard input" if file == "-" else file
    texts = [columns.text, columns.audio, None if task == "regress" else columns.target]
    frame = read_table(file, text=[one for one in texts if one is not None])
    if columns.text is not None:
        return _texts(frame, columns, columns.text, task, strict, source)
    if columns.audio is not None:
        table = _texts(frame, columns, columns.audio, task, strict, source)
        folder = Path(file).parent  # of standard input this one
        return replace(table, keys=table.X, X=[folder / path for path in table.X])
    if not columns.inputs:
        columns = replace(columns, inputs=inputs_of(frame, columns, source))
    wanted = [*columns.inputs, *([] if columns.target is None else [columns.target])]
    require_columns(frame, wanted, source)
    if strict:
        refuse_missing(frame, wanted, source)
    lists = any(is_list(value) for column in columns.inputs for value in frame[column])
    table = _list_columns(frame, columns, source) if lists else _long_form(frame, columns, source)
    _targets(table, task, source)
    missing = sum(int(np.isnan(one).sum()) for one in table.X)
    if missing:
        table.notes.append(
            f"{missing} of {sum(one.size for one in table.X)} numbers are missing: marked for the network"
        )
    return table


def check_distinct(columns: Columns, task: str) -> None:
    """Refuse a column that is named twice, unless its past is to tell its future.

    Raises:
        InputError: there is one.
    """
    if (
        columns.target is not None
        and columns.ahead == 0
        and columns.target in (columns.text, columns.audio, *columns.inputs)
    ):
        remedy = "name another one"
        if task == "regress" and columns.text is None:
            remedy = "to predict its next value from those before, give --ahead 1"
        raise InputError(f"column {columns.target!r} is both input and target, which is no task: {remedy}")
    twice = next((name for name in columns.inputs if columns.inputs.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"column {twice!r} is given twice with --input: give each column once")


def refuse_missing(frame: pd.DataFrame, wanted: Sequence[str], source: str) -> None:
    """Refuse a table in which a value is missing in these columns.

    Raises:
        InputError: there is one; the message names line and column.
    """
    missing = np.column_stack([[_lacks_value(cell) for cell in frame[name]] for name in wanted])
    if missing.any():
        row, column = np.argwhere(missing)[0]
        raise InputError(
            f"{source} {frame.index.name or 'row'} {frame.index[row]} has no value in column {wanted[column]!r}: "
            "fill it in; without --strict a missing number is marked for the network, a missing target left out"
        )


def _texts(frame: pd.DataFrame, columns: Columns, text: str, task: str, strict: bool, source: str) -> Table:
    wanted = [text] if columns.target is None else [text, columns.target]
    require_columns(frame, wanted, source)
    kept, left_out = complete_rows(frame, wanted, strict=strict, source=source)
    y: list[Any] = []
    if columns.target is not None:
        y = _numbers(kept, columns.target, source) if task == "regress" else kept[columns.target].tolist()
    table = Table(columns, kept[text].tolist(), y, kept, list(range(len(kept))))
    if left_out:
        table.notes.append(f"left out {left_out} of {len(frame)} rows with a missing value")
    return table


def inputs_of(frame: pd.DataFrame, columns: Columns, source: str) -> tuple[str, ...]:
    """All columns of numbers, or of lists of numbers; that of the target only where its past tells its future."""
    others = {GROUP, ORDER} if columns.ahead else {GROUP, ORDER, columns.target}
    candidates = [name for name in frame.columns if name not in others]
    found = [name for name in candidates if any(is_list(value) for value in frame[name])]
    found = found or [name for name in candidates if pd.api.types.is_numeric_dtype(frame[name])]
    if not found:
        listed = ", ".join(map(str, frame.columns))
        raise InputError(f"{source} has no column of numbers to read, besides the target; it has: {listed}")
    return tuple(found)


def _list_columns(frame: pd.DataFrame, columns: Columns, source: str) -> Table:
    """A row is a sequence."""
    found = sequences(frame, columns.inputs, source=source)
    per = "sequence"
    y: list[Any] = []
    if columns.target is not None and any(is_list(value) for value in frame[columns.target]):
        per = "step"
        both = sequences(frame, [*columns.inputs, columns.target], source=source)
        y = [ahead_of(array[:, -1], columns.ahead) for _, array in both]
    columns = replace(columns, per=per if columns.target is not None else columns.per)
    return Table(columns, [array for _, array in found], y, frame, [key for key, _ in found])


def _long_form(frame: pd.DataFrame, columns: Columns, source: str) -> Table:
    """A row is a time step."""
    if columns.per == "sequence":
        require_columns(frame, [GROUP], source)
    targets = [columns.target] if columns.per == "step" and columns.target is not None else []
    numbers = [*columns.inputs, *targets, POSITION]
    found = sequences(frame.assign(**{POSITION: np.arange(len(frame))}), numbers, source=source)
    rows = [array[:, -1].astype(int) for _, array in found]
    X = [array[:, : len(columns.inputs)] for _, array in found]
    y = [ahead_of(array[:, -2], columns.ahead) for _, array in found] if targets else []
    return Table(columns, X, y, frame, [key for key, _ in found], rows)


def ahead_of(values: np.ndarray, steps: int) -> np.ndarray:
    """Each value in the place of the one `steps` before it."""
    return np.concatenate([values[steps:], np.full(min(steps, len(values)), np.nan)])


def _targets(table: Table, task: str, source: str) -> None:
    """Find the targets, one of each sequence, and count those that are missing."""
    target = table.columns.target
    if target is None:
        return
    if table.columns.per == "step":
        _count_missing_steps(table, target, source)
        return
    values: Sequence[Any]
    if table.rows is None:
        values = _numbers(table.frame, target, source) if task == "regress" else table.frame[target].tolist()
    else:
        values = _constant(table, target, source)
        if task == "regress":
            named = pd.DataFrame({target: values}).set_index(table.frame.index[[rows[0] for rows in table.rows]])
            values = _numbers(named, target, source)
    present = ~pd.isna(pd.Series(values, dtype=object)).to_numpy()
    if not present.any():
        raise InputError(f"column {target!r} in {source} has no value")
    if not present.all():
        table.notes.append(f"left out {int((~present).sum())} of {len(present)} sequences, which have no {target}")
    kept = np.flatnonzero(present)
    table.y = [values[k] for k in kept]
    table.X = [table.X[k] for k in kept]
    table.keys = [table.keys[k] for k in kept]
    table.rows = None if table.rows is None else [table.rows[k] for k in kept]


def _count_missing_steps(table: Table, target: str, source: str) -> None:
    steps = sum(len(one) for one in table.y)
    without = sum(min(table.columns.ahead, len(one)) for one in table.y)  # what comes after the last step
    missing = sum(int(np.isnan(one).sum()) for one in table.y) - without
    if missing == steps - without:
        remedy = ", or sequences are too short for --ahead" if table.columns.ahead else ""
        raise InputError(f"column {target!r} in {source} has no value{remedy}")
    if missing:
        table.notes.append(
            f"{missing} of {steps} values of {target} are missing: nothing is learned from or measured there"
        )


def _constant(table: Table, target: str, source: str) -> list[Any]:
    """The one value that the target has in each sequence; None without one."""
    values: list[Any] = []
    for key, rows in zip(table.keys, table.rows or [], strict=True):
        found = table.frame[target].iloc[rows].dropna().unique().tolist()
        if len(found) > 1:
            raise InputError(
                f"column {target!r} in {source} has several values for {GROUP} {key!r} ({found[0]!r}, {found[1]!r}): "
                "expected one for each sequence"
            )
        values.append(found[0] if found else None)
    return values


def _numbers(frame: pd.DataFrame, column: str, source: str) -> list[float]:
    """One column as numbers, checked as those of sequences are."""
    ((_, numbers),) = sequences(frame[[column]], [column], source=source)
    found: list[float] = numbers[:, 0].tolist()
    return found


def _lacks_value(cell: Any) -> bool:
    """Whether a cell is missing, or a list with a missing number in it."""
    return bool(np.any(pd.isna(np.asarray(cell, dtype=object))))


def is_list(value: object) -> bool:
    """Whether a cell holds a list."""
    return isinstance(value, list | tuple | np.ndarray)
