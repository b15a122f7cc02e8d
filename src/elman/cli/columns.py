"""From the columns of a table to what an estimator learns from, predicts or is measured on."""

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from elman.cli.targets import (
    GROUP,
    ORDER,
    Constants,
    ahead_of,
    left_out,
    missing_at_steps,
    missing_numbers,
    refuse_without,
    squeezed,
)
from elman.errors import InputError, listed
from elman.tables import (
    blanks_missing,
    complete_rows,
    read_table,
    repeated_times,
    require_columns,
    sequences,
    uneven_times,
)

FEW = ("audio", "image", "scheme")  # columns, or what is said of them, that few models have
POSITION = "\N{NULL}row"  # rides along through grouping and sorting; no file has a column of that name


@dataclass(frozen=True)
class Columns:
    """Which columns a model reads and which it gives; a model file keeps them.

    Args:
        text: the column of texts, for a model that reads texts.
        audio: the column of paths of audio files, relative to the folder of the table, for a model that hears.
        image: the same of images, for a model that sees.
        inputs: the columns of numbers, for one that reads numbers; empty: all there are.
        target: what is to be given: a translation, a label, a number, or several columns of numbers; None where only
            inputs are wanted.
        per: "step" or "sequence": how often a target stands in the long form.
        ahead: the target is that of so many steps later.
        scheme: of tags, whether they mark spans and how; see `elman.codecs.TagCodec`.
    """

    text: str | None = None
    inputs: tuple[str, ...] = ()
    target: str | tuple[str, ...] | None = None
    per: str = "sequence"
    ahead: int = 0
    audio: str | None = None
    image: str | None = None
    scheme: str | None = None

    def to_config(self) -> dict[str, Any]:
        """What a model file keeps: of what few models have, only what this one has."""
        return {name: value for name, value in asdict(self).items() if value is not None or name not in FEW}

    @property
    def is_plain_text(self) -> bool:
        """Whether the file is no table, but one text."""
        return self.text is None and self.media is None and not self.inputs and self.target is None

    @property
    def media(self) -> str | None:
        """The column of paths of files, for a model that hears or sees."""
        return self.audio or self.image

    @property
    def only_target(self) -> str | None:
        """The target of a task that has one."""
        return self.targets[0] if self.targets else None

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns of what is to be given."""
        return (self.target,) if isinstance(self.target, str) else tuple(self.target or ())

    def __str__(self) -> str:
        read = self.text or self.media or ", ".join(self.inputs)
        later = f", {self.ahead} ahead" if self.ahead else ""
        if not self.targets:
            return read or "plain text"
        return f"{read} → {', '.join(self.targets)}{later}"


def one_or_all(targets: Sequence[str]) -> str | tuple[str, ...] | None:
    """Targets as `Columns` has them."""
    return targets[0] if len(targets) == 1 else tuple(targets) or None


@dataclass
class Table:
    """A table as sequences.

    Args:
        columns: those that were read.
        X: texts, (T_i, I) arrays, or media files, as paths and then as what was read.
        y: what each is to give; empty without a target.
        frame: the complete rows.
        keys: what to call each sequence, by `unique_id` or by its number.
        rows: in the long form, the numbers of the rows of each sequence in the frame; else None.
        notes: what a person should know of missing values.
        unreadable: of files that cannot be read or are not named the place among all rows, the name, and why.
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
    frame = read_table(file, text=text_columns(columns, task))
    if columns.text is not None:
        return read_texts(frame, columns, columns.text, task, strict, source)
    if columns.media is not None:
        table = read_texts(frame, columns, columns.media, task, strict, source)
        folder = Path(file).parent  # of standard input this one
        return replace(table, keys=table.X, X=[folder / path for path in table.X])
    if not columns.inputs:
        columns = replace(columns, inputs=inputs_of(frame, columns, source))
    wanted = [*columns.inputs, *columns.targets]
    require_columns(frame, wanted, source)
    if strict:
        refuse_missing(frame, wanted, source)
    lists = any(is_list(value) for column in columns.inputs for value in frame[column])
    table = _list_columns(frame, columns, source) if lists else _long_form(frame, columns, source)
    if not lists:
        faults = [*repeated_times(frame, source=source), *uneven_times(frame, source=source)]
        if strict and faults:
            raise InputError(f"{faults[0]}; mend the table, or leave --strict out")
        table.notes += faults
    _targets(table, task, source)
    missing = sum(int(np.isnan(one).sum()) for one in table.X)
    table.notes += missing_numbers(missing, sum(one.size for one in table.X))
    return table


def text_columns(columns: Columns, task: str) -> list[str]:
    """The columns that hold text even where they look like numbers."""
    read = [one for one in (columns.text, columns.media) if one is not None]
    return [*read, *(() if task == "regress" else columns.targets)]


def check_distinct(columns: Columns, task: str) -> None:
    """Refuse a column that is named twice, unless its past is to tell its future.

    Raises:
        InputError: there is one.
    """
    both = next((name for name in columns.targets if name in (columns.text, columns.media, *columns.inputs)), None)
    if both is not None and columns.ahead == 0:
        remedy = "name another one"
        if task == "regress" and columns.text is None:
            remedy = "to predict its next value from those before, give --ahead 1"
        raise InputError(f"column {both!r} is both input and target, which is no task: {remedy}")
    for flag, names in (("--input", columns.inputs), ("--target", columns.targets)):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"column {twice!r} is given twice with {flag}: give each column once")


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


def read_texts(frame: pd.DataFrame, columns: Columns, text: str, task: str, strict: bool, source: str) -> Table:
    """Texts, or paths, in a column of a table, a sequence in each row; rows that lack one, or its text, are left out.

    Raises:
        InputError: a column is missing, or no row is complete; strictly, if one is not.
    """
    wanted = [text, *columns.targets]
    require_columns(frame, wanted, source)
    if columns.media is not None:
        frame = blanks_missing(frame, text_columns(columns, task))
    kept, without = complete_rows(frame, wanted, strict=strict, source=source)
    y: list[Any] = []
    if columns.targets:
        y = _numbers(kept, columns.targets, source) if task == "regress" else kept[columns.targets[0]].tolist()
    table = Table(columns, kept[text].tolist(), y, kept, list(range(len(kept))))
    if without and columns.media is not None and not columns.targets:  # each row is to have a result
        line, missing = frame.index.name or "row", np.flatnonzero(frame[text].isna()).tolist()
        reasons = [f"{source} {line} {frame.index[row]} has no value in column {text!r}" for row in missing]
        table.unreadable = {row: ("", reason) for row, reason in zip(missing, reasons, strict=True)}
        table.notes.append(f"left out {without} of {len(frame)} rows: {listed(reasons)}")
    elif without:
        table.notes.append(f"left out {without} of {len(frame)} rows with a missing value")
    return table


def inputs_of(frame: pd.DataFrame, columns: Columns, source: str) -> tuple[str, ...]:
    """All columns of numbers, or of lists of numbers; that of the target only where its past tells its future."""
    others = {GROUP, ORDER, *(() if columns.ahead else columns.targets)}
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
    if any(is_list(value) for name in columns.targets for value in frame[name]):
        per = "step"
        both = sequences(frame, [*columns.inputs, *columns.targets], source=source)
        y = [squeezed(ahead_of(array[:, len(columns.inputs) :], columns.ahead)) for _, array in both]
    columns = replace(columns, per=per if columns.targets else columns.per)
    return Table(columns, [array for _, array in found], y, frame, [key for key, _ in found])


def _long_form(frame: pd.DataFrame, columns: Columns, source: str) -> Table:
    """A row is a time step."""
    if columns.per == "sequence":
        require_columns(frame, [GROUP], source)
    targets = columns.targets if columns.per == "step" else ()
    numbers = [*columns.inputs, *targets, POSITION]
    found = sequences(frame.assign(**{POSITION: np.arange(len(frame))}), numbers, source=source)
    rows = [array[:, -1].astype(int) for _, array in found]
    size = len(columns.inputs)
    X = [array[:, :size] for _, array in found]
    y = [squeezed(ahead_of(array[:, size:-1], columns.ahead)) for _, array in found] if targets else []
    return Table(columns, X, y, frame, [key for key, _ in found], rows)


def _targets(table: Table, task: str, source: str) -> None:
    """Find the targets, one of each sequence, and tell of those that are missing."""
    targets = table.columns.targets
    if not targets:
        return
    if table.columns.per == "step":
        steps = np.concatenate([one.reshape(-1, len(targets)) for one in table.y])
        lengths = np.array([len(one) for one in table.y])
        table.notes += missing_at_steps(targets, (~np.isnan(steps)).sum(0), lengths, table.columns.ahead, source)
        return
    frame, rows = (table.frame, None) if table.rows is None else (_constant(table, table.rows, source), table.rows)
    present = frame[list(targets)].notna().to_numpy()
    refuse_without(present, targets, source)
    cells = _numbers(frame, targets, source) if task == "regress" else frame[targets[0]].tolist()
    kept = np.flatnonzero(present.all(1))
    table.notes += left_out(len(kept), len(cells), targets)
    table.y = [cells[k] for k in kept]
    table.X = [table.X[k] for k in kept]
    table.keys = [table.keys[k] for k in kept]
    table.rows = None if rows is None else [rows[k] for k in kept]


def _constant(table: Table, rows: list[np.ndarray], source: str) -> pd.DataFrame:
    """The one value that each target has in each sequence, a row for each; missing without one."""
    targets = table.columns.targets
    found = Constants(targets, source)
    for number, (key, own) in enumerate(zip(table.keys, rows, strict=True)):
        for target, name in enumerate(targets):
            for value in table.frame[name].iloc[own].unique().tolist():
                found.see(number, target, value, key)
    values = dict(zip(targets, zip(*found.values, strict=True), strict=True))
    return pd.DataFrame(values, index=table.frame.index[[own[0] for own in rows]])


def _numbers(frame: pd.DataFrame, columns: Sequence[str], source: str) -> list[Any]:
    """Columns as numbers, checked as those of sequences are: a number for each row, of several columns a vector."""
    found = [sequences(frame[[name]], [name], source=source)[0][1] for name in columns]
    return list(squeezed(np.concatenate(found, axis=1)))


def _lacks_value(cell: Any) -> bool:
    """Whether a cell is missing, or a list with a missing number in it."""
    return bool(np.any(pd.isna(np.asarray(cell, dtype=object))))


def is_list(value: object) -> bool:
    """Whether a cell holds a list."""
    return isinstance(value, list | tuple | np.ndarray)
