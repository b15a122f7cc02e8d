"""What a column of a table holds: numbers, times or text."""

import re
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from elman.errors import InputError

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_INTEGER = r"^[+-]?\d+$"
_CODE = r"^[+-]?0\d"  # 007 is a code, not a number
_TIME = r"\d{4}-\d{2}(?:-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?"
_ZONE = r"(?:Z|:\d{2}[+-]\d{2}:?\d{2}|\.\d+[+-]\d{2}:?\d{2})$"


def as_numbers(column: pa.ChunkedArray, *, exact: bool = False) -> pa.ChunkedArray:
    """Turn texts into numbers if every cell that is neither missing nor empty is one; else leave them.

    Whole numbers beyond 64 bits stay text: as floats, different ones would become equal. With `exact`, which is
    for names, so do all numbers that are not whole, such as 1.1 and 1.10.
    """
    filled = column.filter(pc.greater(pc.fill_null(pc.utf8_length(column), 0), 0))
    if len(filled) == 0 or not _all(filled, _NUMBER) or pc.any(pc.match_substring_regex(filled, _CODE)).as_py():
        return column
    whole = _all(filled, _INTEGER)
    if exact and not whole:
        return column
    present = pc.utf8_ltrim(pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column), "+")
    try:
        return present.cast(pa.int64() if whole else pa.float64())
    except pa.ArrowInvalid:  # beyond 64 bits
        return column


def is_number(cell: Any) -> bool:
    """Whether a cell is the text of a number."""
    return isinstance(cell, str) and re.fullmatch(_NUMBER, cell) is not None


def decimal_as_number(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Turn whole decimals into integers, or beyond 64 bits into text; others into floats."""
    if column.type.scale > 0:
        return column.cast(pa.float64())
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        return column.cast(pa.string())


def inferred(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Give a column of objects the type of its values; whole numbers that floats would round stay objects."""
    found = column.infer_objects()
    if found.dtype == column.dtype or not pd.api.types.is_float_dtype(found):
        return found
    present = column.dropna()
    whole = all(isinstance(value, int) for value in present)
    return column if whole and any(value != int(float(value)) for value in present) else found


def as_times(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Turn texts into times if every cell that is not missing is one in ISO form; else leave them."""
    present = column.dropna()
    if present.empty or not isinstance(present.iloc[0], str):
        return column
    if not all(isinstance(value, str) for value in present) or not present.str.fullmatch(_TIME).all():
        return column
    try:
        return pd.to_datetime(column, format="ISO8601", utc=bool(present.str.contains(_ZONE).any()))
    except ValueError:  # 2020-13-45 has the form and is no day
        return column


def as_text(column: "pd.Series[Any]", source: str) -> "pd.Series[Any]":
    """Turn the numbers of a column into text, as CSV has them: 1.0 is "1", a boolean is "true" or "false".

    Raises:
        InputError: it holds lists or objects.
    """
    if isinstance(column.dtype, pd.StringDtype) or pd.api.types.infer_dtype(column) == "string":
        return column
    if pd.api.types.is_float_dtype(column):
        column = column + 0.0  # so that -0.0 is 0
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        texts = column.astype(str).where(column.notna())
        if pd.api.types.is_bool_dtype(column):
            return texts.str.lower()
        return texts.str.removesuffix(".0") if pd.api.types.is_float_dtype(column) else texts
    for line, value in column.items():
        if isinstance(value, list | dict) or hasattr(value, "tolist"):
            raise InputError(
                f"column {column.name!r} in {source} holds {str(value)[:40]} "
                f"({column.index.name or 'row'} {line}): expected text"
            )
    return column.map(_written, na_action="ignore")


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value + 0.0).removesuffix(".0") if isinstance(value, float) else str(value)


def _all(texts: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(texts, pattern)).as_py())
