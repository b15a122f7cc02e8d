"""What holds of the targets of sequences however a file is read, in memory or in a stream: which are missing."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from elman.errors import InputError

GROUP, ORDER = "unique_id", "ds"


def ahead_of(values: np.ndarray, steps: int) -> np.ndarray:
    """Each value, or row of values, in the place of the one `steps` before it."""
    return np.concatenate([values[steps:], np.full((min(steps, len(values)), *values.shape[1:]), np.nan)])


def squeezed(values: np.ndarray) -> np.ndarray:
    """One target is a number, several are a vector. Shape: (N, O) -> (N,) or (N, O)."""
    return values[:, 0] if values.shape[1] == 1 else values


def missing_numbers(missing: int, numbers: int) -> list[str]:
    """What to say of numbers that are to be read and are missing."""
    return [f"{missing} of {numbers} numbers are missing: marked for the network"] if missing else []


def missing_at_steps(
    targets: Sequence[str], present: np.ndarray, lengths: np.ndarray, ahead: int, source: str
) -> list[str]:
    """What to say of targets that are missing at some steps; nothing of those that would come after the last step.

    Shape:
        present (O,): how often each target has a value; lengths (N,) of the sequences

    Raises:
        InputError: one is missing at all of them.
    """
    steps = int(lengths.sum())
    due = steps - int(np.minimum(lengths, ahead).sum())
    for name, count in zip(targets, present.tolist(), strict=True):
        if not count:
            remedy = ", or sequences are too short for --ahead" if ahead else ""
            raise InputError(f"column {name!r} in {source} has no value{remedy}")
    missing = due * len(targets) - int(present.sum())
    if not missing:
        return []
    what = f"{missing} of {steps * len(targets)} values of {', '.join(targets)} are missing"
    return [f"{what}: nothing is learned from or measured there"]


def left_out(kept: int, total: int, targets: Sequence[str], where: str = "") -> list[str]:
    """What to say of sequences that have not all targets."""
    if kept == total:
        return []
    return [f"left out {total - kept} of {total} sequences, which have no {' or no '.join(targets)}{where}"]


def refuse_without(present: np.ndarray, targets: Sequence[str], source: str) -> None:
    """Refuse targets that no sequence has, or not all of them.

    Shape:
        present (N, O): whether a sequence has a target

    Raises:
        InputError: there is one that none has.
    """
    for name, of_target in zip(targets, present.T, strict=True):
        if not of_target.any():
            raise InputError(f"column {name!r} in {source} has no value")
    if not present.all(1).any():
        raise InputError(f"no sequence in {source} has a value in each of {', '.join(targets)}")


class Constants:
    """The one value that each target has in each sequence, found row by row; None where it has none.

    Args:
        targets: their columns.
        source: the table's name, for messages.
    """

    def __init__(self, targets: Sequence[str], source: str) -> None:
        self.values: list[list[Any]] = []  # by sequence, then by target
        self._targets, self._source = targets, source

    def see(self, number: int, target: int, value: Any, key: Hashable, place: str = "") -> None:
        """What the target of a number is in a row of sequence `number`, which is called `key`.

        Raises:
            InputError: it has another value there already.
        """
        if number == len(self.values):
            self.values.append([None] * len(self._targets))
        known = self.values[number][target]
        if pd.isna(value) or known == value:
            return
        if known is not None:
            raise InputError(
                f"column {self._targets[target]!r} in {self._source} has several values for {GROUP} {key!r} "
                f"({known!r}, {value!r}{place and f' in {place}'}): expected one for each sequence"
            )
        self.values[number][target] = value
