"""Which sequences go into a batch together: those of like length, in an order that the seed fixes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Batch = TypeVar("Batch")
Indices = npt.NDArray[np.int64]

# Where lengths must mix, they are sorted with this relative noise, so that a batch meets other
# neighbours in every epoch even when no two sequences are equally long.
LENGTH_NOISE = 0.1
# Of more sequences than a pool, blocks of neighbours are shuffled, and sequences within a pool of blocks: an epoch's
# order then takes memory for one pool, however many sequences there are.
POOL, BLOCK = 65_536, 1_024


class Lengths(Sequence[npt.NDArray[np.int64]]):
    """The lengths of N sequences, K of each where source and target differ; a table (N, K) that is made slice by slice.

    Args:
        offsets: K arrays (N + 1,): where in a flat array each sequence begins, as `Ragged` has them.
    """

    def __init__(self, *offsets: npt.NDArray[np.int64]) -> None:
        self._offsets = offsets

    @classmethod
    def of(cls, lengths: "Sequence[int] | Sequence[tuple[int, ...]] | npt.NDArray[Any] | Lengths") -> "Lengths":
        """From a length, or a tuple of lengths, for each sequence."""
        if isinstance(lengths, Lengths):
            return lengths
        table = np.asarray(lengths, np.int64)
        table = table.reshape(len(table), -1) if len(table) else table.reshape(0, 1)
        return cls(*np.concatenate([np.zeros_like(table[:1], shape=(1, table.shape[1])), table.cumsum(0)]).T)

    def __len__(self) -> int:
        """N."""
        return len(self._offsets[0]) - 1

    def __getitem__(self, rows: Any) -> Any:
        """The lengths of these sequences, (n, K); `rows` is a slice or an array."""
        rows = np.arange(len(self))[rows] if isinstance(rows, slice) else np.asarray(rows)
        return np.stack([one[rows + 1] - one[rows] for one in self._offsets], 1)


@dataclass(frozen=True)
class Examples(Generic[Batch]):
    """Separate sequences, to learn from or to validate on.

    Args:
        lengths: of each sequence, or (source, target) of each pair. Shape: (N,) or (N, K).
        collate: makes a batch, on the model's device, of the sequences with these indices.
    """

    lengths: Lengths | Sequence[int] | Sequence[tuple[int, ...]] | npt.NDArray[np.integer[Any]]
    collate: Callable[[Indices], Batch]


class LengthBatches:
    """Length-bucketed batches: every index exactly once an epoch, most batches of one length.

    Sequences of equal length (of equal source length, where lengths are pairs) fill as many whole
    batches as they can; only what is left over is mixed, with neighbours in length. A recurrent layer
    runs a batch of equal lengths several times faster than a ragged one. Of up to 65,536 sequences, and
    where no batch is cut short by `batch_steps`, only one batch can be smaller than `batch_size`.

    The batches of an epoch are a function of (lengths, batch_size, batch_steps, seed, epoch) alone: no generator is
    carried, so a position is two numbers, the epoch and how many sequences of it are done.

    Args:
        lengths: one length, or one tuple of lengths (source, target), per sequence. Shape: (N,) or (N, K).
        batch_size: sequences in a batch at most.
        seed: not negative.
        batch_steps: time steps in a batch at most, padding included; a longer sequence is a batch alone.
            None: no limit.

    Example:
        >>> [batch.tolist() for batch in LengthBatches([3, 5, 3, 5], batch_size=2, seed=0).epoch(1)]
        [[3, 1], [0, 2]]
    """

    def __init__(self, lengths: Any, batch_size: int, seed: int, batch_steps: int | None = None) -> None:
        self._lengths = Lengths.of(lengths)
        self._batch_size = batch_size
        self._batch_steps = batch_steps
        self._seed = seed

    def epoch(self, number: int, done: int = 0) -> Iterator[Indices]:
        """The batches of one epoch that come after its first `done` sequences.

        Shape: each (B,), indices into `lengths`.
        """
        generator = np.random.default_rng((self._seed, number))
        N = len(self._lengths)
        if N <= POOL:
            pools = [generator.permutation(N)]
        else:
            blocks = generator.permutation(-(-N // BLOCK)) * BLOCK
            pools = np.split(blocks, range(POOL // BLOCK, len(blocks), POOL // BLOCK))
        for k, pool in enumerate(pools):
            if N > POOL:
                pool = np.concatenate([np.arange(start, min(start + BLOCK, N)) for start in pool])
                generator = np.random.default_rng((self._seed, number, k))
                generator.shuffle(pool)
            if done >= len(pool):
                done -= len(pool)
                continue
            for batch in self._batches(pool, generator):
                if done < len(batch):
                    yield batch
                else:
                    done -= len(batch)

    def _batches(self, shuffled: Indices, generator: np.random.Generator) -> list[Indices]:
        """The sequences of a pool in batches."""
        first = self._lengths[shuffled][:, 0]
        by_length = shuffled[np.argsort(first, kind="stable")]
        bounds = np.flatnonzero(np.diff(np.sort(first))) + 1
        equal: list[Indices] = []
        left_over: list[Indices] = []
        for group in np.split(by_length, bounds):
            size = self._batch_size
            if self._batch_steps is not None:
                longest = self._lengths[group].sum(axis=1).max(initial=1)
                size = min(size, max(self._batch_steps // max(longest, 1), 1))
            whole = len(group) - len(group) % size
            ordered = self._sorted(group[:whole], generator)
            equal += [ordered[i : i + size] for i in range(0, whole, size)]
            left_over.append(group[whole:])
        rest = self._sorted(np.concatenate(left_over), generator)
        batches = equal + cut(rest, self._lengths, self._batch_size, self._batch_steps)
        return [batches[position] for position in generator.permutation(len(batches))]

    def _sorted(self, indices: Indices, generator: np.random.Generator) -> Indices:
        """In order of total length, nearly."""
        totals = self._lengths[indices].sum(axis=1)
        return indices[np.argsort(totals * generator.uniform(1 - LENGTH_NOISE, 1 + LENGTH_NOISE, len(indices)))]


def cut(indices: Indices, lengths: Lengths, batch_size: int, batch_steps: int | None) -> list[Indices]:
    """Consecutive batches, each as large as both limits allow and at least one sequence."""
    if batch_steps is None:
        return [indices[i : i + batch_size] for i in range(0, len(indices), batch_size)]
    batches, start = [], 0
    while start < len(indices):
        longest = np.maximum.accumulate(lengths[indices[start : start + batch_size]].sum(axis=1))
        size = int((longest * np.arange(1, len(longest) + 1) <= batch_steps).sum())  # the area grows with every row
        batches.append(indices[start : start + max(size, 1)])
        start += max(size, 1)
    return batches


def ordered_batches(lengths: Any, batch_size: int, batch_steps: int | None = None) -> list[Indices]:
    """Batches for validation and prediction: by length, nothing random, every index once.

    Shape: each (B,), indices into `lengths`.
    """
    table = Lengths.of(lengths)
    return cut(np.lexsort(table[:].T[::-1]), table, batch_size, batch_steps)
