"""Sequences of different lengths, one after the other in one flat array."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from elman.errors import InputError


class Ragged(Sequence[np.ndarray]):
    """Many sequences in one array, in memory or mapped from a file: sequence k is `values[offsets[k]:offsets[k + 1]]`.

    Shape:
        values (S, ...) with S the steps of all sequences; offsets (N + 1,), from 0 to S; sequence k is (T_k, ...)

    Example:
        >>> ragged = Ragged.of([np.array([1, 2, 3]), np.array([4])])
        >>> len(ragged), ragged[0].tolist(), ragged.lengths.tolist()
        (2, [1, 2, 3], [3, 1])
    """

    def __init__(self, values: np.ndarray, offsets: npt.NDArray[np.int64], digest: str | None = None) -> None:
        self.values = values
        self.offsets = offsets
        self._digest = digest

    @classmethod
    def of(cls, arrays: Sequence[np.ndarray]) -> Self:
        """The sequences of a list.

        Raises:
            InputError: there is none, or they differ in a dimension after the first.
        """
        if not len(arrays):
            raise InputError("there are no sequences: expected at least one")
        shapes = {array.shape[1:] for array in arrays}
        if len(shapes) > 1:
            found = " and ".join(map(str, sorted(shapes)))
            raise InputError(f"the sequences differ in shape after the first dimension: {found}")
        offsets = np.zeros(len(arrays) + 1, np.int64)
        np.cumsum([len(array) for array in arrays], out=offsets[1:])
        return cls(np.concatenate(arrays), offsets)

    @property
    def digest(self) -> str:
        """SHA-256 of what it holds; of a mapped file the one that it was written with."""
        if self._digest is None:
            self._digest = digest(self.values, self.offsets)
        return self._digest

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """T_k of each sequence, (N,)."""
        lengths: npt.NDArray[np.int64] = np.diff(self.offsets)
        return lengths

    def select(self, rows: Sequence[int] | np.ndarray) -> "Ragged":
        """The sequences with these numbers, in that order, in memory."""
        if not len(rows):
            return Ragged(self.values[:0], np.zeros(1, np.int64))
        return Ragged.of([self[row] for row in rows])

    def __len__(self) -> int:
        """N, the number of sequences."""
        return len(self.offsets) - 1

    def __getitem__(self, row: Any) -> Any:
        """Sequence `row`, a view of the values."""
        if not -len(self) <= row < len(self):
            raise IndexError(f"there is no sequence {row}: there are {len(self)}")
        row = row % len(self)
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def __iter__(self) -> Iterator[np.ndarray]:
        """Over the sequences."""
        return (self[row] for row in range(len(self)))


def digest(*arrays: np.ndarray) -> str:
    """SHA-256 of the types, shapes and values of arrays."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).data if array.size else b"")
    return found.hexdigest()
