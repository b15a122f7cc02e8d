"""From the columns of a file of any size to the stream of sequences that an estimator learns from."""

from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from elman.cli.columns import Columns, check_distinct, inputs_of, is_list, refuse_missing, text_columns
from elman.cli.targets import (
    GROUP,
    ORDER,
    Constants,
    ahead_of,
    left_out,
    missing_at_steps,
    missing_numbers,
    refuse_without,
)
from elman.codecs.unicode import check_unicode
from elman.errors import InputError
from elman.tables import blanks_missing, filled_rows, numbers_in, require_columns, sequences, stream_table
from elman.tables.arrays import no_moment
from elman.tasks.parts import Block, Source

Told = Callable[[int], None]
NAME_INPUTS = "name the inputs with --input"


def stream_columns(file: str, columns: Columns, task: str, *, strict: bool = False) -> tuple[Source, Columns]:
    """The sequences that a file holds, as `read_columns` finds them, in a stream; and the columns they are in.

    In the long form the rows of a sequence must follow each other, in order.

    Raises:
        InputError: the first block of the file is not as it should be.
    """
    check_distinct(columns, task)
    blocks = stream_table(file, text=text_columns(columns, task))
    first = next(blocks)
    if columns.text is not None:
        require_columns(first, [columns.text, *columns.targets], file)
        return TextRows(file, columns, task, strict), columns
    finds_inputs = not columns.inputs
    if finds_inputs:
        _refuse_empty(first, columns, file, blocks)
        columns = replace(columns, inputs=inputs_of(first, columns, file))
    require_columns(first, [*columns.inputs, *columns.targets], file)
    if any(is_list(value) for column in columns.inputs for value in first[column]):
        per_step = any(is_list(value) for name in columns.targets for value in first[name])
        columns = replace(columns, per="step" if per_step else "sequence")
        return ListRows(file, columns, task, strict, finds_inputs), columns
    if columns.per == "sequence":
        require_columns(first, [GROUP], file)
    return LongForm(file, columns, task, strict, finds_inputs), columns


def _refuse_empty(first: pd.DataFrame, columns: Columns, file: str, further: Iterator[pd.DataFrame]) -> None:
    """Refuse a column of which the first block does not tell whether it holds numbers, if there are further blocks."""
    others = (GROUP, ORDER, *columns.targets)
    empty = [name for name in first.columns if name not in others and (first[name].isna() | (first[name] == "")).all()]
    if empty and next(further, None) is not None:
        raise InputError(
            f"column {empty[0]!r} in {file} is empty down to {first.index.name} {first.index[-1]}, which does not tell "
            f"whether it holds numbers: {NAME_INPUTS}"
        )


class _Stream:
    """What all forms share: the file, its columns, and counts of what is missing."""

    text = False
    needs_survey = True

    def __init__(self, file: str, columns: Columns, task: str, strict: bool) -> None:
        self.file, self.columns, self.task, self.strict = file, columns, task, strict
        self.targets = columns.targets or (str(columns.text),)  # of texts without a target themselves
        self.in_step = not self.text and columns.per == "step"
        self.scored: Sequence[int] | None = None
        self.sequences = 0
        self._notes: list[str] = []

    def survey(self, told: Told) -> None:
        """Nothing to learn beforehand."""

    def add_note(self, note: str) -> None:
        """Have a further note."""
        self._notes.append(note)

    def notes(self) -> list[str]:
        """What a person should know of the data."""
        return self._notes

    def frames(self, told: Told) -> Iterator[pd.DataFrame]:
        """The columns that are read, block by block."""
        names = [name for name in (self.columns.text, *self.columns.inputs, *self.targets) if name is not None]
        for frame in stream_table(
            self.file,
            wanted=list(dict.fromkeys(names)),
            optional=self.optional,
            text=[*text_columns(self.columns, self.task), *self.names],
            told=told,
            late=self.refuse_late,
        ):
            if self.strict and not self.text:
                refuse_missing(frame, names, self.file)
            yield frame

    optional: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    finds_inputs = False

    def refuse_late(self, further: pd.DataFrame) -> None:
        """Refuse a column that the first block had not, where the inputs are all columns of numbers."""
        for name in further.columns if self.finds_inputs else ():
            line = further[name].first_valid_index()
            if line is not None and name not in (GROUP, ORDER):
                raise InputError(
                    f"column {name!r} in {self.file} begins in {further.index.name} {line!s}, after the inputs were "
                    f"found: {NAME_INPUTS}"
                )

    def numbers(self, frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
        """Columns as numbers, (rows, columns)."""
        return np.column_stack([self.finite(frame, name) for name in columns])

    def finite(self, frame: pd.DataFrame, column: str) -> np.ndarray:
        """A column as numbers; an infinite one is refused here, where the line is known."""
        try:
            numbers = numbers_in(frame[column], self.file)
        except InputError as error:
            if self.finds_inputs and column in self.columns.inputs:
                raise InputError(f"{error}, as above it: {NAME_INPUTS}, or mend it") from None
            raise
        if np.isinf(numbers).any():
            place = f"{frame.index.name} {frame.index[int(np.isinf(numbers).argmax())]}"
            raise InputError(f"column {column!r} in {self.file} is infinite or too large ({place}): give a number")
        return numbers


class TextRows(_Stream):
    """A row is a text and what it is to give."""

    text = True
    needs_survey = False

    def blocks(self, told: Told) -> Iterator[Block]:
        """The complete rows."""
        wanted = [str(self.columns.text), *self.columns.targets]
        rows, first = 0, ""
        self.sequences = 0
        for frame in self.frames(told):
            filled = blanks_missing(frame, wanted) if self.task == "translate" else frame
            kept, place = filled_rows(filled, wanted, strict=self.strict, source=self.file)
            rows, first = rows + len(frame), first or place
            self.sequences += len(kept)
            X = kept[wanted[0]].to_numpy(object).tolist()
            self._check(kept.index, X)
            y: Any
            if self.task == "regress":
                y = self.numbers(kept, self.targets)[:, np.newaxis]
            else:
                y = kept[self.targets[0]].to_numpy(object).tolist()
                self._check(kept.index, y)
            if X:
                yield Block(X, X, y, [True] * len(X))
        if self.sequences == 0:
            raise InputError(f"no row of {self.file} is complete: {first}")
        left_out = rows - self.sequences
        self._notes = [f"left out {left_out} of {rows} rows with a missing value"] if left_out else []

    def _check(self, lines: "pd.Index[Any]", texts: list[str]) -> None:
        try:
            "".join(texts).encode()
        except UnicodeEncodeError:
            for line, text in zip(lines, texts, strict=True):
                check_unicode(text, f"{self.file} {lines.name} {line}")


class _Numbers(_Stream, ABC):
    """Sequences of numbers: a survey counts their targets, and what is missing."""

    def __init__(self, file: str, columns: Columns, task: str, strict: bool, finds_inputs: bool) -> None:
        super().__init__(file, columns, task, strict)
        self.finds_inputs = finds_inputs  # inputs are the columns of numbers that the first block has
        self._kept: list[bool] | None = None  # by sequence, in the order of the file
        self._found = Constants(self.targets, file)  # where there is one for the whole

    def survey(self, told: Told) -> None:
        """Find the target of each sequence, or how many of its steps have one."""
        scored, lengths = array("q"), array("q")
        present = np.zeros(len(self.targets), np.int64)
        numbers = missing = 0
        for block in self.pieces(told):
            for x, y, new in zip(block.X, block.y, block.new, strict=True):
                if new:
                    scored.append(0)
                    lengths.append(0)
                numbers, missing = numbers + x.size, missing + int(np.isnan(x).sum())
                lengths[-1] += len(x)
                if self.in_step:
                    there = ~np.isnan(y)
                    present += there.sum(0)
                    scored[-1] += int(there.any(1).sum())
        self._notes = missing_numbers(missing, numbers)
        if self.in_step:
            self._judge_steps(np.array(scored), present, np.array(lengths))
        else:
            self._judge_sequences()

    def _judge_steps(self, scored: np.ndarray, present: np.ndarray, lengths: np.ndarray) -> None:
        ahead = self.columns.ahead
        missing = missing_at_steps(self.targets, present, lengths, ahead, self.file)
        self._kept = (scored > 0).tolist()
        self.scored = scored[scored > 0].tolist()
        self.sequences = len(self.scored)
        where = " so many steps ahead" if ahead else ""
        self._notes = [*left_out(self.sequences, len(scored), self.targets, where), *missing, *self._notes]

    def _judge_sequences(self) -> None:
        present = np.array([[value is not None for value in one] for one in self._found.values])
        refuse_without(present, self.targets, self.file)
        self._kept = [bool(one.all()) for one in present]
        self.sequences = sum(self._kept)
        self._notes = [*left_out(self.sequences, len(present), self.targets), *self._notes]

    def blocks(self, told: Told) -> Iterator[Block]:
        """The sequences that have a target."""
        number = -1
        for block in self.pieces(told):
            kept, values = [], []
            for row, new in enumerate(block.new):
                number += new
                if self._kept is not None and self._kept[number]:
                    kept.append(row)
                    values.append(block.y[row] if self.in_step else self._as_target(self._found.values[number]))
            if kept:
                yield block.select(kept)._replace(y=values)

    def _as_target(self, values: list[Any]) -> Any:
        return np.array([values], np.float64) if self.task == "regress" else values[0]

    @abstractmethod
    def pieces(self, told: Told) -> Iterator[Block]:
        """All sequences, those without a target too."""

    def _targets(self, frame: pd.DataFrame) -> Any:
        """Those of each row, (rows, O) if they are numbers; else lists of O."""
        if self.in_step:
            return self.numbers(frame, self.targets)
        if self.task == "regress":  # checked; the values themselves are as the file has them
            self.numbers(frame, self.targets)
        return list(zip(*(frame[name].tolist() for name in self.targets), strict=True))


class ListRows(_Numbers):
    """A row is a sequence, its cells are lists."""

    def pieces(self, told: Told) -> Iterator[Block]:
        """A sequence for each row."""
        inputs, number = self.columns.inputs, 0
        read = [*inputs, *self.targets] if self.in_step else list(inputs)
        for frame in self.frames(told):
            frame = frame.reset_index(names=frame.index.name).set_index(frame.index.name)
            found = [one for _, one in sequences(frame, read, source=self.file)]
            for row, one in enumerate(found):
                if np.isinf(one).any():
                    place = f"{frame.index.name} {frame.index[row]}"
                    raise InputError(f"{self.file} {place} has a number that is infinite or too large")
            keys = list(range(number, number + len(found)))
            if self.in_step:
                y = [ahead_of(one[:, len(inputs) :], self.columns.ahead) for one in found]
            else:
                y = self._targets(frame)
                for row, values in enumerate(y if self._kept is None else ()):
                    for target, value in enumerate(values):
                        self._found.see(number + row, target, value, number + row)
            number += len(found)
            yield Block(keys, [one[:, : len(inputs)] for one in found], y, [True] * len(found))


class LongForm(_Numbers):
    """A row is a time step; the rows of a sequence follow each other, in order."""

    optional = (GROUP, ORDER)
    names = (GROUP,)

    def pieces(self, told: Told) -> Iterator[Block]:
        """The pieces of sequences that the blocks of the file have, each target in the place of its step."""
        pieces = self._rows(told)
        return self._ahead(pieces) if self.in_step and self.columns.ahead else pieces

    def _rows(self, told: Told) -> Iterator[Block]:
        last: Hashable = None
        before: Any = None
        number, lines = -1, _Lines()
        for frame in self.frames(told):
            if not len(frame):
                continue
            x = self.numbers(frame, self.columns.inputs)
            targets = self._targets(frame)
            keys = self._keys(frame)
            starts = np.flatnonzero(np.array([True, *(a != b for a, b in zip(keys[1:], keys[:-1], strict=True))]))
            order = self._order(frame)
            begins = set(starts[1:].tolist()) | ({0} if number < 0 or keys[0] != last else set())
            self._check_order(frame, order, before, begins)
            block = Block([], [], [], [])
            for start, stop in zip(starts, [*starts[1:], len(frame)], strict=True):
                new = int(start) in begins
                number += new
                if new:
                    lines.add(keys[start], frame.index[int(start)])
                if not self.in_step and self._kept is None:
                    for row in range(start, stop):
                        place = f"{frame.index.name} {frame.index[row]}"
                        for target, value in enumerate(targets[row]):
                            self._found.see(number, target, value, keys[start], place)
                y = targets[start:stop] if self.in_step else None
                for values, value in zip(block, (keys[start], x[start:stop], y, new), strict=True):
                    values.append(value)  # type: ignore[attr-defined]
            last, before = keys[-1], None if order is None else order[-1]
            yield block
        if (twice := lines.twice()) is not None:
            raise InputError(
                f"{self.file} {twice[1]} goes on with a sequence that had ended in column {GROUP!r}: a file that "
                f"is streamed needs the rows of each sequence together: sort it by {GROUP} and {ORDER}, or give "
                "--no-stream"
            )

    def _keys(self, frame: pd.DataFrame) -> list[Hashable]:
        if GROUP not in frame.columns:
            return [0] * len(frame)
        missing = frame[GROUP].isna().to_numpy()
        if missing.any():
            place = f"{frame.index.name} {frame.index[int(missing.argmax())]}"
            raise InputError(f"column {GROUP!r} in {self.file} has no value ({place})")
        return list(frame[GROUP].tolist())

    def _order(self, frame: pd.DataFrame) -> np.ndarray | None:
        if ORDER not in frame.columns:
            return None
        column = frame[ORDER]
        missing = column.isna().to_numpy()
        if missing.any():
            place = f"{frame.index.name} {frame.index[int(missing.argmax())]}"
            raise InputError(f"column {ORDER!r} in {self.file} has no value ({place})")
        if pd.api.types.is_datetime64_any_dtype(column):
            return column.to_numpy("datetime64[ns]").astype(np.int64)
        if not pd.api.types.is_numeric_dtype(column):
            row = no_moment(column)
            raise InputError(
                f"column {ORDER!r} in {self.file} cannot be put in order: expected numbers or times in ISO form "
                f"(2020-01-31), got {column.iloc[row]!r} ({frame.index.name} {frame.index[row]})"
            )
        numbers: np.ndarray = column.to_numpy()
        return numbers

    def _check_order(self, frame: pd.DataFrame, order: np.ndarray | None, before: Any, begins: set[int]) -> None:
        if order is None:
            return
        earlier = np.flatnonzero(order[1:] < order[:-1]) + 1
        if before is not None and order[0] < before:
            earlier = np.concatenate([[0], earlier])
        for row in earlier.tolist():
            if row not in begins:
                raise InputError(
                    f"{self.file} {frame.index.name} {frame.index[row]} comes before the row above it by column "
                    f"{ORDER!r}: a file that is streamed needs the rows of each sequence in order: sort it by {GROUP} "
                    f"and {ORDER}, or give --no-stream"
                )

    def _ahead(self, pieces: Iterator[Block]) -> Iterator[Block]:
        """Each step with the target of a later one: inputs wait until it has come."""
        key: Hashable = None
        waiting, skipped = np.zeros((0, len(self.columns.inputs))), 0

        def rest() -> tuple[Any, ...]:
            return key, waiting, np.full((len(waiting), len(self.targets)), np.nan), False

        for block in pieces:
            out: list[tuple[Any, ...]] = []
            for own, x, y, new in zip(*block, strict=True):
                if new:
                    if len(waiting):
                        out.append(rest())
                    waiting, skipped = x[:0], 0
                key = own
                x = np.concatenate([waiting, x])
                first = min(self.columns.ahead - skipped, len(y))
                skipped, y = skipped + first, y[first:]
                out.append((own, x[: len(y)], y, new))
                waiting = x[len(y) :]
            yield Block(*zip(*out, strict=True))
        if len(waiting):
            yield Block(*zip(rest(), strict=True))


class _Lines:
    """The line on which each sequence begins; 16 bytes for each."""

    def __init__(self) -> None:
        self._hashes, self._lines = array("q"), array("q")

    def add(self, key: Hashable, line: int) -> None:
        self._hashes.append(hash(key))
        self._lines.append(int(line))

    def twice(self) -> tuple[int, str] | None:
        """The first line that begins a sequence that there was already."""
        hashes, lines = np.array(self._hashes), np.array(self._lines)
        order = np.argsort(hashes, kind="stable")
        again = order[1:][hashes[order[1:]] == hashes[order[:-1]]]
        return (int(lines[again].min()), f"line {int(lines[again].min())}") if len(again) else None
