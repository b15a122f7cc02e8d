"""Checks of a table's columns and rows."""

from collections.abc import Sequence

import pandas as pd

from elman.errors import InputError


def require_columns(frame: pd.DataFrame, columns: Sequence[str], source: str) -> None:
    """Check that a table has these columns.

    Raises:
        InputError: one is missing; the message names those there are.
    """
    for column in columns:
        if column not in frame.columns:
            listed = ", ".join(str(there) for there in frame.columns)
            raise InputError(f"no column {column!r} in {source}; it has: {listed}")


def complete_rows(
    frame: pd.DataFrame, columns: Sequence[str], *, strict: bool, source: str
) -> tuple[pd.DataFrame, int]:
    """Leave out the rows with a missing value; an empty text or list is a value.

    Args:
        frame: the table.
        columns: where a value may not be missing.
        strict: refuse such a row instead.
        source: the table's name, for messages.

    Returns:
        The complete rows and the number of those left out.

    Raises:
        InputError: no row is complete; or strictly, the first that is not, with its line and column.
    """
    missing = frame[list(columns)].isna()
    incomplete = missing.any(axis=1)
    count = int(incomplete.sum())
    if count == 0:
        return frame, 0
    position = int(incomplete.to_numpy().argmax())
    column = columns[int(missing.iloc[position].to_numpy().argmax())]
    place = f"{source} {frame.index.name or 'row'} {frame.index[position]} has no value in column {column!r}"
    if strict:
        raise InputError(f"{place}: fill it in, or leave such rows out (without --strict)")
    if count == len(frame):
        raise InputError(f"no row of {source} is complete: {place}")
    return frame[~incomplete], count
