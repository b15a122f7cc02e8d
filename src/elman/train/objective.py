"""What a training is told of its task: the loss that it descends, and the metric by which it is judged."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from torch import Tensor, nn

from elman.state import State

Batch = TypeVar("Batch")


@dataclass(frozen=True)
class BatchLoss:
    """The loss of one batch.

    Args:
        total: the sum of the losses over the valid steps, each times its weight if they have weights; a scalar tensor.
        count: how many steps that is, or the sum of their weights: the mean loss is total over count.
        state: the state of each row after its last step, where the batch is a window of lanes.
    """

    total: Tensor
    count: float
    state: State | None = None


Loss: TypeAlias = Callable[[nn.Module, Batch], BatchLoss]


@dataclass(frozen=True)
class Metric:
    """What the model is judged by after every epoch, and early stopping goes by.

    Args:
        name: as it is shown.
        measure: gives the value; the model is in evaluation mode and gradients are off. None: `of_loss` does.
        higher_is_better: False for errors.
        of_loss: gives the value from the validation loss, where it is that in other units.
    """

    name: str
    measure: Callable[[nn.Module], float] | None
    higher_is_better: bool = True
    of_loss: Callable[[float], float] | None = None
