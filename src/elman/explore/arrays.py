"""Arrays and numbers as they travel to the page: float32 in base64, and no NaN in JSON."""

import base64
import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def packed(array: Any) -> dict[str, Any]:
    """An array as the page reads it: its shape, and its numbers as little-endian float32 in base64.

    Example:
        >>> packed([[1.0, 2.0]])
        {'shape': [1, 2], 'f32': 'AACAPwAAAEA='}
    """
    numbers = np.asarray(array, np.dtype("<f4"), order="C")
    return {"shape": list(numbers.shape), "f32": base64.b64encode(numbers.tobytes()).decode("ascii")}


def plain(value: Any) -> Any:
    """A value as JSON can hold it: arrays packed, numbers of NumPy as Python's, null for those that are not finite.

    A named tuple or dataclass becomes an object, a complex array one of its parts `re` and `im`.

    Example:
        >>> plain({"a": (np.float32(0.5), float("nan")), "b": "text"})
        {'a': [0.5, None], 'b': 'text'}
    """
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return packed(value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "c":
        return {"re": packed(value.real), "im": packed(value.imag)}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if dataclasses.is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
