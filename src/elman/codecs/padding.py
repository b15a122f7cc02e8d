"""Sequences of different lengths as one tensor."""

from collections.abc import Sequence

import numpy as np
import torch

from elman.errors import InputError


def pad(arrays: Sequence[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """Put sequences into one batch, each filled up with zeros to the longest.

    Shape:
        arrays: B of (T_i, ...), T_i from 0; returns (B, T, ...) with T the largest T_i, and lengths (B,)

    Returns:
        The batch, in the arrays' dtype, whole numbers as int64, and the lengths T_i, int64.

    Raises:
        InputError: there is no array, or they differ in a dimension after the first.
    """
    if not arrays:
        raise InputError("there are no sequences to put into a batch: expected at least one")
    shapes = {array.shape[1:] for array in arrays}
    if len(shapes) > 1:
        found = " and ".join(map(str, sorted(shapes)))
        raise InputError(f"the sequences of a batch differ in shape after the first dimension: {found}")
    lengths = np.array([len(array) for array in arrays], np.int64)
    dtype = np.result_type(*{array.dtype for array in arrays})
    dtype = np.dtype(np.int64) if dtype.kind in "iu" else dtype  # a file has the smallest type, torch.nn wants this one
    batch = np.zeros((len(arrays), lengths.max(), *shapes.pop()), dtype)
    for row, array in zip(batch, arrays, strict=True):
        row[: len(array)] = array
    return torch.from_numpy(batch), torch.from_numpy(lengths)
