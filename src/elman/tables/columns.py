"""What a column of a table holds: numbers, times or text."""

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from elman.errors import InputError

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_INTEGER = r"^[+-]?\d{1,18}$"
_CODE = r"^[+-]?0\d"  # 007 is a code, not a number
_TIME = r"\d{4}-\d{2}(?:-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?"
_ZONE = r"(?:Z|:\d{2}[+-]\d{2}:?\d{2}|\.\d+[+-]\d{2}:?\d{2})$"


def as_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Turn texts into numbers if every cell that is neither missing nor empty is one; else leave them."""
    filled = column.filter(pc.greater(pc.fill_null(pc.utf8_length(column), 0), 0))
    if len(filled) == 0 or not _all(filled, _NUMBER) or pc.any(pc.match_substring_regex(filled, _CODE)).as_py():
        return column
    kind = pa.int64() if _all(filled, _INTEGER) else pa.float64()
    present = pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column)
    return pc.utf8_ltrim(present, "+").cast(kind)


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
    """Turn the numbers of a column into text.

    Raises:
        InputError: it holds lists or objects.
    """
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return column.astype(str).where(column.notna())
    for line, value in column.items():
        if isinstance(value, list | dict) or hasattr(value, "tolist"):
            raise InputError(
                f"column {column.name!r} in {source} holds {str(value)[:40]} "
                f"({column.index.name or 'row'} {line}): expected text"
            )
    return column.map(lambda value: value if isinstance(value, str) else str(value), na_action="ignore")


def _all(texts: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(texts, pattern)).as_py())
