"""A target for each step: long sequences are learned from window by window, few of them validated on their end."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from elman.codecs import Ragged
from elman.errors import InputError
from elman.state import State
from elman.tasks.coded import Batch, Coded
from elman.tasks.estimator import Estimator
from elman.tasks.parts import FEW
from elman.train import Examples, Lanes

WARM_UP = 0.25  # of a window: steps before a piece, or after it, that are read and not scored
Unscored = Callable[[np.ndarray], np.ndarray]  # targets of steps that are read only


class Windowed(Estimator):
    """An estimator that may have a target for each step of long sequences."""

    window: int  # an option of the task

    @abstractmethod
    def unscored(self, target: np.ndarray) -> np.ndarray:
        """Encoded targets of steps that are read and not learned from."""

    def by_time(self, sequences: Sequence[Any], in_step: bool) -> bool:
        """Whether there are so few sequences that each is validated on its end."""
        return in_step and len(sequences) < FEW and self.validation_fraction > 0

    def pieces(self, training: Coded) -> int:
        """How many sequences there are, or windows where they are longer than one."""
        if not self._is_cut(training):
            return len(training)
        return int((-(-training.inputs.lengths // self.window)).sum())

    def rows(self, training: Coded) -> int:
        """No more lanes than there are windows, or a lane would be shorter than one: the largest power of 2."""
        most = super().rows(training)
        return min(most, 1 << self.pieces(training).bit_length() - 1) if self._is_cut(training) else most

    def most_steps(self, training: Coded) -> int:
        """No more than the window, which long sequences are cut to."""
        longest = super().most_steps(training)
        return min(longest, int(self.window)) if self._is_cut(training) else longest

    def training_data(self, training: Coded, device: torch.device) -> Examples[Batch] | Lanes[Batch]:
        """Lanes where sequences are longer than a window; pieces where the network reads the future or has no state."""
        if not self._is_cut(training):
            return training.examples(device)
        if self.keeps_state:
            return training.lanes(int(self.window), device)
        if training.known_digest is not None:
            raise InputError(
                "a network that reads both ways learns long sequences in pieces, which are made in memory: "
                "give bidirectional=False (--no-bidirectional), or do not stream the file (--no-stream)"
            )
        return cut(training, int(self.window), self.unscored).examples(device)

    def _is_cut(self, training: Coded) -> bool:
        in_step = isinstance(training.targets, Ragged)
        return in_step and 0 < self.window < int(training.inputs.lengths.max())


def outputs_and_state(
    model: nn.Module, inputs: Tensor, lengths: Tensor, state: State | None = None
) -> tuple[Tensor, State | None]:
    """The outputs, and in step the state after them."""
    found: Any = model(inputs, lengths) if state is None else model(inputs, lengths, state)
    return found if isinstance(found, tuple) else (found, None)


def parts_by_time(
    sequences: Sequence[Any],
    targets: Sequence[np.ndarray],
    scored: Sequence[np.ndarray],
    part: float,
    unscored: Unscored,
) -> tuple[list[tuple[Any, np.ndarray]], list[tuple[Any, np.ndarray]]]:
    """Each sequence's beginning to train on, and the whole of it to validate on with only its end scored.

    Args:
        sequences: what is read.
        targets: of each step.
        scored: of each sequence the numbers of the steps that have a target.
        part: of these, for validation.
        unscored: makes of targets such as are not scored.
    """
    training, validation = [], []
    for one, target, steps in zip(sequences, targets, scored, strict=True):
        held_out = max(round(len(steps) * part), 1) if len(steps) > 1 else 0
        end = steps[-held_out] if held_out else len(target)
        training.append((one[:end], target[:end]))
        validation.append((one, np.concatenate([unscored(target[:end]), target[end:]])))
    return training, validation


def cut(coded: Coded, window: int, unscored: Unscored) -> Coded:
    """Sequences longer than `window` in pieces; each reads some steps around it without being scored on them."""
    inputs, targets = [], []
    for one, target in zip(coded.inputs, cast(Ragged, coded.targets), strict=True):
        around = max(round(window * WARM_UP), 1) if len(one) > window else 0
        for start in range(0, max(len(one), 1), window):
            first, stop, last = max(start - around, 0), start + window, start + window + around
            parts = (unscored(target[first:start]), target[start:stop], unscored(target[stop:last]))
            inputs.append(one[first:last])
            targets.append(np.concatenate(parts))
    return Coded(Ragged.of(inputs), Ragged.of(targets))
