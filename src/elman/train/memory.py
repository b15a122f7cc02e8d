"""What goes on from one training to the next, where data arrives in time."""

from dataclasses import dataclass, field

from torch import Tensor

from elman.state import State


@dataclass
class Memory:
    """Filled at the end of a training, and read at the beginning of the next.

    Args:
        weights: those of the last step; the model itself may have their average.
        optimizer: what the optimiser remembers.
        average: the running average of the weights.
        state: what the lanes have left; None: the next ones begin anew.
    """

    weights: dict[str, Tensor] = field(default_factory=dict)
    optimizer: dict[str, Tensor] = field(default_factory=dict)
    average: dict[str, Tensor] = field(default_factory=dict)
    state: State | None = None
