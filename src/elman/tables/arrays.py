"""Sequences of numbers out of a table: a row for each time step, or lists in the cells of one row."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from elman.errors import InputError
from elman.tables.columns import is_number
from elman.tables.rows import require_columns


def sequences(
    frame: pd.DataFrame,
    inputs: Sequence[str],
    *,
    group: str = "unique_id",
    order: str = "ds",
    source: str = "the table",
) -> list[tuple[Hashable, NDArray[np.float64]]]:
    """Return the sequences of numbers that a table holds.

    In the long form a row is one time step: rows with the same `group` are one sequence, sorted by `order`
    (rows with equal `order`, or of a table without that column, stay as they stand). A table without the
    column `group` is one sequence. If the cells are lists (JSON lines, Parquet), a row is one sequence.

    Shape:
        Each array is (T, I): one column for each of `inputs`; a missing number is NaN.

    Args:
        frame: the table.
        inputs: the columns that hold the numbers.
        group: the column that tells the sequences apart.
        order: the column that orders the time steps: numbers or times.
        source: the table's name, for messages.

    Returns:
        Pairs of key and array, by first appearance in the table. The key is the value of `group`, or without
        that column the sequence's number from 0.

    Raises:
        InputError: a column is missing, holds something else than numbers, or mixes lists with numbers; the
            lists of a row differ in length; a value of `group` or `order` is missing.
    """
    require_columns(frame, inputs, source)
    if not inputs:
        raise InputError(f"no column of {source} is chosen: name those that hold the numbers")
    keys = _keys(frame, group, source)
    if any(_holds_lists(frame[column]) for column in inputs):
        labels = range(len(frame)) if keys is None else keys
        return [(key, _from_lists(frame, position, inputs, source)) for position, key in enumerate(labels)]
    numbers = np.column_stack([numbers_in(frame[column], source) for column in inputs])  # (rows, I)
    positions = _positions(frame, order, source)
    if keys is None:
        return [(0, numbers[positions])]
    codes, found = pd.factorize(keys)
    if not len(found):
        return []
    grouped = positions[np.argsort(codes[positions], kind="stable")]
    ends = np.cumsum(np.bincount(codes, minlength=len(found)))
    return list(zip(found.tolist(), np.split(numbers[grouped], ends[:-1]), strict=True))


def _keys(frame: pd.DataFrame, group: str, source: str) -> "pd.Series[Any] | None":
    if group not in frame.columns:
        return None
    _refuse_missing(frame[group], source)
    return frame[group]


def _positions(frame: pd.DataFrame, order: str, source: str) -> NDArray[np.intp]:
    if order not in frame.columns:
        return np.arange(len(frame))
    column = frame[order]
    _refuse_missing(column, source)
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)):
        place = no_moment(column)
        raise InputError(
            f"column {order!r} in {source} cannot be put in order: expected numbers or times in ISO form "
            f"(2020-01-31), got {column.iloc[place]!r} ({_place(column, place)})"
        )
    return np.argsort(column.to_numpy(), kind="stable")


def no_moment(column: "pd.Series[Any]") -> int:
    """The first place of a column that keeps it from being numbers, or times where most are that; 0 if none does."""
    wrong = [
        pd.to_numeric(column, errors="coerce").isna().to_numpy(),
        pd.to_datetime(column.astype(str), errors="coerce", format="ISO8601", utc=True).isna().to_numpy(),
    ]
    return int(min(wrong, key=np.count_nonzero).argmax())


def numbers_in(column: "pd.Series[Any]", source: str) -> NDArray[np.float64]:
    """Return one column as numbers, missing ones as NaN.

    Raises:
        InputError: a cell holds something else.
    """
    if pd.api.types.is_numeric_dtype(column) or column.isna().all():
        numbers: NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return numbers
    values = [np.nan if missing else value for value, missing in zip(column, column.isna(), strict=True)]
    wrong = [position for position, value in enumerate(values) if not isinstance(value, int | float | np.number)]
    if wrong:  # one cell that is none makes texts of all numbers: that one is named
        position = next((position for position in wrong if not is_number(values[position])), wrong[0])
        raise InputError(
            f"column {column.name!r} in {source} holds {str(values[position])[:40]!r} ({_place(column, position)}): "
            "expected a number"
        )
    return np.array(values, dtype=np.float64)


def _from_lists(frame: pd.DataFrame, position: int, inputs: Sequence[str], source: str) -> NDArray[np.float64]:
    row = []
    place = f"{source} {_place(frame, position)}"
    for column in inputs:
        value = frame[column].iloc[position]
        if not _is_list(value):
            raise InputError(f"column {column!r} in {place} holds {value!r}: expected a list of numbers")
        try:
            row.append(np.array([np.nan if number is None else number for number in value], dtype=np.float64))
        except (TypeError, ValueError):
            row.append(np.empty((0, 0)))
        if row[-1].ndim != 1:
            raise InputError(f"column {column!r} in {place} holds {str(value)[:40]}: expected a list of numbers")
        if len(row[-1]) != len(row[0]):
            raise InputError(
                f"column {column!r} in {place} has {len(row[-1])} numbers: "
                f"expected {len(row[0])}, as column {inputs[0]!r} has"
            )
    return np.stack(row, axis=1)


def _holds_lists(column: "pd.Series[Any]") -> bool:
    return not pd.api.types.is_numeric_dtype(column) and any(map(_is_list, column))


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def _refuse_missing(column: "pd.Series[Any]", source: str) -> None:
    missing = column.isna().to_numpy()
    if missing.any():
        raise InputError(f"column {column.name!r} in {source} has no value ({_place(column, int(missing.argmax()))})")


def _place(rows: "pd.Series[Any] | pd.DataFrame", position: int) -> str:
    return f"{rows.index.name or 'row'} {rows.index[position]}"
