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
    dtype = _dtype(np.result_type(*{array.dtype for array in arrays}))
    batch = np.zeros((len(arrays), lengths.max(), *shapes.pop()), dtype)
    for row, array in zip(batch, arrays, strict=True):
        row[: len(array)] = array
    return torch.from_numpy(batch), torch.from_numpy(lengths)


def pad_slices(values: np.ndarray, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """As `pad`, of slices of one array.

    Shape:
        values (S, ...), contiguous; rows (B, 2), the first step of each and the one after its last; returns
        (B, T, ...) and (B,)
    """
    starts, stops = rows.T
    lengths = stops - starts
    T = int(lengths.max())
    if lengths.min() == T:  # a view of every slice of T steps, overlapping, out of which each row is copied in one go
        shape, strides = (len(values) - T + 1, T, *values.shape[1:]), (values.strides[0], *values.strides)
        batch = np.ndarray(shape, values.dtype, values, strides=strides)[starts]
    else:
        places = starts[:, np.newaxis] + np.arange(T)
        batch = values.take(places, 0, mode="clip")
        batch[places >= stops[:, np.newaxis]] = 0
    return torch.from_numpy(np.asarray(batch, _dtype(batch.dtype))), torch.from_numpy(lengths)


def _dtype(stored: np.dtype) -> np.dtype:
    """A file has the smallest type of whole numbers; torch.nn wants this one."""
    return np.dtype(np.int64) if stored.kind in "iu" else stored
