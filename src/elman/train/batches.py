"""Which sequences go into a batch together: those of like length, in an order that the seed fixes."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Lengths = Sequence[int] | Sequence[tuple[int, ...]] | npt.NDArray[np.integer[Any]]

# Where lengths must mix, they are sorted with this relative noise, so that a batch meets other
# neighbours in every epoch even when no two sequences are equally long.
LENGTH_NOISE = 0.1


def _columns(lengths: Lengths) -> Indices:
    """Lengths as a table, one row a sequence: (N, 1) for plain lengths, (N, 2) for (source, target)."""
    table = np.asarray(lengths, dtype=np.int64)
    return table.reshape(len(table), -1) if len(table) else table.reshape(0, 1)


class LengthBatches:
    """Length-bucketed batches: every index exactly once an epoch, most batches of one length.

    Sequences of equal length (of equal source length, where lengths are pairs) fill as many whole
    batches as they can; only what is left over is mixed, with neighbours in length. A recurrent layer
    runs a batch of equal lengths several times faster than a ragged one. There are always
    ceil(N / batch_size) batches, and only one of them can be smaller than `batch_size`.

    The batches of an epoch are a function of (lengths, batch_size, seed, epoch) alone: no generator is
    carried, so a position is two numbers, the epoch and the batch in it.

    Args:
        lengths: one length, or one tuple of lengths (source, target), per sequence. Shape: (N,) or (N, K).
        batch_size: sequences in a batch.
        seed: not negative.

    Example:
        >>> [batch.tolist() for batch in LengthBatches([3, 5, 3, 5], batch_size=2, seed=0).epoch(1)]
        [[3, 1], [0, 2]]
    """

    def __init__(self, lengths: Lengths, batch_size: int, seed: int) -> None:
        self._lengths = _columns(lengths)
        self._batch_size = batch_size
        self._seed = seed

    def __len__(self) -> int:
        """How many batches an epoch has."""
        return math.ceil(len(self._lengths) / self._batch_size)

    def epoch(self, number: int, start: int = 0) -> Iterator[Indices]:
        """The batches of one epoch, from batch `start` on.

        Shape: each (B,), indices into `lengths`.
        """
        generator = np.random.default_rng((self._seed, number))
        shuffled = generator.permutation(len(self._lengths))
        first = self._lengths[shuffled, 0]
        by_length = shuffled[np.argsort(first, kind="stable")]
        bounds = np.flatnonzero(np.diff(np.sort(first))) + 1

        equal: list[Indices] = []
        left_over: list[Indices] = []
        for group in np.split(by_length, bounds):
            whole = len(group) - len(group) % self._batch_size
            equal += self._cut(self._sorted(group[:whole], generator))
            left_over.append(group[whole:])
        batches = equal + self._cut(self._sorted(np.concatenate(left_over), generator))
        for position in generator.permutation(len(batches))[start:]:
            yield batches[position]

    def _sorted(self, indices: Indices, generator: np.random.Generator) -> Indices:
        """In order of total length, nearly."""
        totals = self._lengths[indices].sum(axis=1)
        return indices[np.argsort(totals * generator.uniform(1 - LENGTH_NOISE, 1 + LENGTH_NOISE, len(indices)))]

    def _cut(self, indices: Indices) -> list[Indices]:
        return [indices[i : i + self._batch_size] for i in range(0, len(indices), self._batch_size)]


def ordered_batches(lengths: Lengths, batch_size: int) -> list[Indices]:
    """Batches for validation and prediction: by length, nothing random, every index once.

    Shape: each (B,), indices into `lengths`.
    """
    table = _columns(lengths)
    order = np.lexsort(table.T[::-1])
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
