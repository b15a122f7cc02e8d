"""What a training is told, whatever the task."""

import math
from dataclasses import dataclass

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
        verbose: 0 silent, 1 a progress bar, 2 a line for every epoch too.

    Raises:
        InputError: a value is out of range.
    """

    epochs: int = 20
    batch_size: int = 64
    learning_rate: float = 0.002
    clip: float = 1.0
    patience: int = 5
    seed: int = 0
    num_threads: int | None = None
    verbose: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for name in ("epochs", "batch_size", "patience", "num_threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} is {value}; it must be at least 1")
        if not 0 < self.learning_rate < math.inf:
            raise InputError(f"learning_rate is {self.learning_rate}; it must be a number above 0, such as 0.001")
        if not 0 <= self.clip < math.inf:
            raise InputError(
                f"clip is {self.clip}; it must be the largest gradient norm, such as 1.0, or 0 for no clipping"
            )
        if self.seed < 0:
            raise InputError(f"random_state is {self.seed}; it must not be negative")
