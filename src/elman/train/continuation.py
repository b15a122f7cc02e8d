"""What goes on from one training to the next, where data arrives in time."""

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from elman.state import State


@dataclass
class Continuation:
    """Filled at the end of a training, and read at the beginning of the next.

    Args:
        weights: those of the last step; the model itself may have their average.
        optimizer: what the optimiser remembers.
        average: the running average of the weights.
        options: whatever has to be the same; the training itself does not look at it.
        state: what the lanes have left; None: the next ones begin anew.
    """

    weights: dict[str, Tensor] = field(default_factory=dict)
    optimizer: dict[str, Tensor] = field(default_factory=dict)
    average: dict[str, Tensor] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    state: State | None = None
