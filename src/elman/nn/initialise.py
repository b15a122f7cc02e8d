"""How the weights of a recurrent layer start."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import init

from elman.equations import Cell, Parameter
from elman.errors import InputError
from elman.nn.weights import Weights

METHODS = ("torch", "orthogonal", "identity")


def check_method(method: str, cell: Cell) -> None:
    """Refuse an unknown method, or one that the cell cannot have.

    Raises:
        InputError: naming what there is.
    """
    if method not in METHODS:
        raise InputError(f"init is {method!r}, expected one of {', '.join(METHODS)}")
    if method == "identity" and len(cell.gates) > 1:
        raise InputError(
            f"init='identity' is for cells with one gate, as the ReLU Elman; {cell.name!r} has "
            f"{len(cell.gates)}: use init='orthogonal'"
        )


@torch.no_grad()
def initialise(method: str, layers: Iterable[Weights], hidden_size: int) -> None:
    """Set the weights of all layers and directions, in order.

    "torch": uniform in +-1/sqrt(H), as torch.nn draws it, bit for bit from the same seed. "orthogonal": W_hh of each
    gate orthogonal, W_ih Glorot-uniform for each gate, biases 0 (Saxe et al. 2013, arXiv:1312.6120). "identity": W_hh
    the identity, W_ih normal with deviation 0.001, biases 0 (Le, Jaitly, Hinton 2015, arXiv:1504.00941).
    """
    bound = 1 / math.sqrt(hidden_size) if hidden_size > 0 else 0
    for one in layers:
        biases = [bias for bias in (one.bias_ih, one.bias_hh) if bias is not None]
        if method == "torch":
            for tensor in (one.weight_ih, one.weight_hh, *biases):
                init.uniform_(tensor, -bound, bound)
            continue
        for bias in biases:
            init.zeros_(bias)
        if method == "identity":
            init.normal_(one.weight_ih, std=0.001)
            init.eye_(one.weight_hh)
            continue
        for of_input, of_hidden in zip(
            torch.split(one.weight_ih, hidden_size), torch.split(one.weight_hh, hidden_size), strict=True
        ):
            init.xavier_uniform_(of_input)
            drawn = torch.empty_like(of_hidden, dtype=torch.promote_types(of_hidden.dtype, torch.float32))
            of_hidden.copy_(init.orthogonal_(drawn))  # torch has no QR in half precision


def to_unbounded(parameter: Parameter) -> float:
    """The number that training moves freely, from which `from_unbounded` gives the parameter's initial value."""
    low, high = parameter.bounds
    value = parameter.initial
    if math.isfinite(low) and math.isfinite(high):
        return math.log((value - low) / (high - value))
    if math.isfinite(low):
        return math.log(value - low)
    return math.log(high - value) if math.isfinite(high) else value


def from_unbounded(parameter: Parameter, number: Tensor) -> Tensor:
    """A cell's trainable number inside its range: logistic between two bounds, exponential above or below one."""
    low, high = parameter.bounds
    wide = number.double()  # rounded once at the end, so that NumPy, which a stream has, finds the same bits
    if math.isfinite(low) and math.isfinite(high):
        return (low + (high - low) * torch.sigmoid(wide)).to(number.dtype)
    if math.isfinite(low):
        return (low + torch.exp(wide)).to(number.dtype)
    return (high - torch.exp(wide)).to(number.dtype) if math.isfinite(high) else number
