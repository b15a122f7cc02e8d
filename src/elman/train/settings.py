"""What a training is told, whatever the task."""

import math
from dataclasses import dataclass
from numbers import Integral, Real

from elman.errors import InputError


@dataclass(frozen=True)
class Settings:
    """How to train; the words are those of the estimators and of the command line.

    Args:
        epochs: at most so many passes over the training data.
        batch_size: sequences in a batch.
        learning_rate: peak of the schedule (`Schedule`).
        clip: gradients are scaled so that their norm is at most this; 0: never.
        patience: stop after so many epochs without a better validation value.
        seed: not negative; of batches and dropout. Equal seeds give equal weights, bit for bit.
        num_threads: for torch while training; None: as it is.
        weight_decay: how much of each weight is lost a step, in units of the learning rate (AdamW).
        average: decay of the running average of the weights that is measured and kept; 0: the weights themselves.
        verbose: 0 silent, 1 a progress bar, 2 a line for every epoch too.

    Raises:
        InputError: a value is out of range, or no number of its kind.
    """

    epochs: int = 20
    batch_size: int = 64
    learning_rate: float = 0.002
    clip: float = 1.0
    patience: int = 5
    seed: int = 0
    num_threads: int | None = None
    weight_decay: float = 0.0
    average: float = 0.0
    verbose: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for name in ("epochs", "batch_size", "patience", "num_threads"):
            value = getattr(self, name)
            if not (_is(value, Integral) and value >= 1) and not (name == "num_threads" and value is None):
                raise InputError(f"{name} is {value!r}; it must be a whole number, at least 1")
        if not (_is(self.learning_rate, Real) and 0 < self.learning_rate < math.inf):
            raise InputError(f"learning_rate is {self.learning_rate!r}; it must be a number above 0, such as 0.001")
        if not (_is(self.clip, Real) and 0 <= self.clip < math.inf):
            raise InputError(
                f"clip is {self.clip!r}; it must be the largest gradient norm, such as 1.0, or 0 for no clipping"
            )
        if not (_is(self.weight_decay, Real) and 0 <= self.weight_decay < math.inf):
            raise InputError(f"weight_decay is {self.weight_decay!r}; it must be a number from 0, such as 0.1")
        if not (_is(self.average, Real) and 0 <= self.average < 1):
            raise InputError(f"average is {self.average!r}; it must be a decay from 0 to below 1, such as 0.998")
        if not (_is(self.seed, Integral) and self.seed >= 0):
            raise InputError(f"random_state is {self.seed!r}; it must be a whole number, not negative")
        if self.verbose not in (0, 1, 2):
            raise InputError(f"verbose is {self.verbose!r}; it must be 0, 1 or 2")


def _is(value: object, kind: type) -> bool:
    """Whether it is a number of this kind; True and False are none."""
    return isinstance(value, kind) and not isinstance(value, bool)
