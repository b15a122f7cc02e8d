"""Which rows run at which step: the index tables of a batch, with or without padding."""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


class Rows:
    """A batch of sequences, as `arguments` describes its tables.

    Shape:
        order (B,), lengths (B,) in that order, starts (T,), dense (T + 1,).

    Args:
        order: the rows from the longest to the shortest.
        lengths: their lengths.
        starts: where each step begins in the caller's arrays, in rows' steps.
        dense: the number of valid (step, row) before each step.
        kind: "equal", "ragged" (padded, with different lengths) or "packed" (a PackedSequence's).
    """

    def __init__(self, order: Indices, lengths: Indices, starts: Indices, dense: Indices, kind: str) -> None:
        self.order, self.lengths, self.starts, self.dense, self.kind = order, lengths, starts, dense, kind
        self.T, self.B = len(starts), len(order)
        self.before = int(dense[0])
        """The valid (step, row) before the first: 0, but in a segment."""
        self.valid_steps = int(dense[-1]) - self.before
        """The sum of the lengths."""
        self.numbers: Final = [*(one.ctypes.data for one in (order, lengths, starts, dense)), int(kind == "ragged")]
        """The tables' addresses and whether there is padding, as `arguments` has them."""

    def segment(self, begin: int, end: int) -> "Rows":
        """The same batch from step `begin` to `end`; its dense numbers go on from those before."""
        lengths = np.clip(self.lengths - begin, 0, end - begin)
        return Rows(self.order, lengths, self.starts[begin:end], self.dense[begin : end + 1], self.kind)


@lru_cache(maxsize=256)
def equal_rows(T: int, B: int) -> Rows:
    """B sequences of T steps."""
    number = partial(np.arange, dtype=np.int64)  # whatever NumPy takes by itself on this system
    return Rows(number(B), np.full(B, T, np.int64), number(T), number(T + 1) * B, "equal")


def ragged_rows(T: int, lengths: Sequence[int] | Indices) -> Rows:
    """Sequences padded to T steps, in any order."""
    given = np.asarray(lengths, dtype=np.int64)
    order = np.argsort(-given, kind="stable").astype(np.int64)
    stopped = np.cumsum(np.bincount(given, minlength=T + 1))[:T]
    return Rows(order, given[order], np.arange(T, dtype=np.int64), _dense(len(given) - stopped), "ragged")


def packed_rows(batch_sizes: Sequence[int] | Indices) -> Rows:
    """The rows of a PackedSequence: sorted, and the steps one after another without padding."""
    active = np.asarray(batch_sizes, dtype=np.int64)
    dense = _dense(active)
    # Row b runs at as many steps as have more than b rows.
    lengths = len(active) - np.searchsorted(active[::-1], np.arange(active[0]), side="right")
    return Rows(np.arange(active[0], dtype=np.int64), lengths.astype(np.int64), dense[:-1].copy(), dense, "packed")


def _dense(active: Indices) -> Indices:
    dense = np.zeros(len(active) + 1, np.int64)
    np.cumsum(active, out=dense[1:])
    return dense
