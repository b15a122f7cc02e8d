"""Checks of a table's columns and rows."""

from collections.abc import Sequence

import pandas as pd

from elman.errors import InputError, MissingColumn


def require_columns(frame: pd.DataFrame, columns: Sequence[str], source: str) -> None:
    """Check that a table has these columns.

    Raises:
        InputError: one is missing; the message names those there are.
    """
    for column in columns:
        if column not in frame.columns:
            listed = ", ".join(str(there) for there in frame.columns)
            raise MissingColumn(f"no column {column!r} in {source}; it has: {listed}")


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
    kept, place = filled_rows(frame, columns, strict=strict, source=source)
    if place and not len(kept):
        raise InputError(f"no row of {source} is complete: {place}")
    return kept, len(frame) - len(kept)


def blanks_missing(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """A table in which the texts of these columns are missing values if there is nothing but white space in them."""
    texts = frame[list(columns)]
    return frame.assign(**texts.where(texts.apply(lambda cells: cells.str.strip() != "")))


def filled_rows(frame: pd.DataFrame, columns: Sequence[str], *, strict: bool, source: str) -> tuple[pd.DataFrame, str]:
    """The complete rows of a part of a table, and where the first value is missing; arguments as of `complete_rows`.

    Raises:
        InputError: strictly, the first row that is not complete.
    """
    missing = frame[list(columns)].isna()
    incomplete = missing.any(axis=1)
    if not incomplete.any():
        return frame, ""
    position = int(incomplete.to_numpy().argmax())
    column = columns[int(missing.iloc[position].to_numpy().argmax())]
    place = f"{source} {frame.index.name or 'row'} {frame.index[position]} has no value in column {column!r}"
    if strict:
        raise InputError(f"{place}: fill it in, or leave such rows out (without --strict)")
    return frame[~incomplete], place
