"""What a training is told, whatever the task."""

import math
from dataclasses import dataclass
from numbers import Integral, Real

from elman.errors import InputError
from elman.train.schedule import DECAYS

OPTIMIZERS = ("adamw", "adam", "sgd")


@dataclass(frozen=True)
class Settings:
    """How to train; the words are those of the estimators and of the command line.

    Args:
        epochs: at most so many passes over the training data.
        batch_size: sequences in a batch; or lanes, G. Of many ranks each has its share of them.
        batch_steps: time steps in a batch at most, of separate sequences; None: no limit.
        accumulate: batches whose gradients are added up for a step.
        optimizer: "adamw", "adam" or "sgd", torch's.
        momentum: of SGD.
        learning_rate: peak of the schedule (`Schedule`).
        warm_up: part of the training in which the learning rate rises.
        decay: how it falls after that, "cosine", "linear" or "none".
        clip: gradients are scaled so that their norm is at most this; 0: never.
        patience: stop after so many epochs without a better validation value.
        seed: not negative; of batches and dropout. Equal seeds give equal weights, bit for bit.
        num_threads: for torch while training; None: as it is.
        weight_decay: how much of each weight is lost a step, in units of the learning rate (AdamW); of the others,
            how much of the weights is added to the gradient.
        average: decay of the running average of the weights that is measured and kept; 0: the weights themselves.
        max_skipped: training stops after so many steps in a row whose loss or gradient is no finite number.
        checkpoint_seconds: the time between two checkpoints; there is also one after every epoch.
        verbose: 0 silent, 1 a progress bar, 2 a line for every epoch too.

    Raises:
        InputError: a value is out of range, or no number of its kind.
    """

    epochs: int = 20
    batch_size: int = 64
    batch_steps: int | None = None
    accumulate: int = 1
    optimizer: str = "adamw"
    momentum: float = 0.9
    learning_rate: float = 0.002
    warm_up: float = 0.05
    decay: str = "cosine"
    clip: float = 1.0
    patience: int = 5
    seed: int = 0
    num_threads: int | None = None
    weight_decay: float = 0.0
    average: float = 0.0
    max_skipped: int = 10
    checkpoint_seconds: float = 60.0
    verbose: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for name in ("epochs", "batch_size", "batch_steps", "accumulate", "patience", "max_skipped", "num_threads"):
            value = getattr(self, name)
            optional = name in ("batch_steps", "num_threads") and value is None
            if not (_is(value, Integral) and value >= 1) and not optional:
                raise InputError(f"{name} is {value!r}; it must be a whole number, at least 1")
        if not (_is(self.learning_rate, Real) and 0 < self.learning_rate < math.inf):
            raise InputError(f"learning_rate is {self.learning_rate!r}; it must be a number above 0, such as 0.001")
        if not (_is(self.clip, Real) and 0 <= self.clip < math.inf):
            raise InputError(
                f"clip is {self.clip!r}; it must be the largest gradient norm, such as 1.0, or 0 for no clipping"
            )
        if not (_is(self.weight_decay, Real) and 0 <= self.weight_decay < math.inf):
            raise InputError(f"weight_decay is {self.weight_decay!r}; it must be a number from 0, such as 0.1")
        for name, example in (("average", 0.998), ("momentum", 0.9), ("warm_up", 0.05)):
            value = getattr(self, name)
            if not (_is(value, Real) and 0 <= value < 1):
                raise InputError(f"{name} is {value!r}; it must be a number from 0 to below 1, such as {example}")
        if not (_is(self.checkpoint_seconds, Real) and self.checkpoint_seconds >= 0):
            raise InputError(
                f"checkpoint_seconds is {self.checkpoint_seconds!r}; it must be a number from 0, such as 60"
            )
        for name, choices in (("optimizer", OPTIMIZERS), ("decay", DECAYS)):
            if getattr(self, name) not in choices:
                raise InputError(f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(choices)}")
        if not (_is(self.seed, Integral) and self.seed >= 0):
            raise InputError(f"random_state is {self.seed!r}; it must be a whole number, not negative")
        if self.verbose not in (0, 1, 2):
            raise InputError(f"verbose is {self.verbose!r}; it must be 0, 1 or 2")


def _is(value: object, kind: type) -> bool:
    """Whether it is a number of this kind; True and False are none."""
    return isinstance(value, kind) and not isinstance(value, bool)
