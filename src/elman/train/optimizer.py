"""The optimiser, and what it remembers as named tensors."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from elman.train.settings import Settings

SEPARATOR = "/"  # between the names of a checkpoint's tensors


def make_optimizer(parameters: Sequence[nn.Parameter], settings: Settings) -> torch.optim.Optimizer:
    """SGD with momentum, Adam or AdamW, torch's own, in one fused pass over the parameters.

    Source: Kingma and Ba, Adam: A Method for Stochastic Optimization (2015); Loshchilov and Hutter, Decoupled Weight
    Decay Regularization (2019).
    """
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=rate, momentum=settings.momentum, weight_decay=decay, fused=True)
    kind = torch.optim.Adam if settings.optimizer == "adam" else torch.optim.AdamW
    return kind(parameters, lr=rate, weight_decay=decay, fused=True)


def tensors_of(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What it remembers of the steps so far: a name with the parameter's number, and a tensor."""
    found: dict[str, Tensor] = {}
    for number, one in optimizer.state_dict()["state"].items():
        found |= {f"{number}{SEPARATOR}{name}": value for name, value in one.items() if value is not None}
    return found


def restore(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Go on from what `tensors_of` gave."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(SEPARATOR)
        state.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
