"""Which implementation runs a call: one rule, in this one place."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd import forward_ad

from elman.equations import Cell
from elman.nn.torch_operator import OPERATORS

_TEXTS = {cell.text for cell in OPERATORS}  # torch.compile, which traces `choose` under autocast, hashes no cell


class Path(NamedTuple):
    """An implementation, "torch" or "reference", and why a call takes it."""

    name: str
    reason: str

    def __str__(self) -> str:
        """As `elman.explain` prints it."""
        runs = {"torch": "PyTorch's own operator", "reference": "the reference loop over time steps"}[self.name]
        return f"{self.name} ({runs}): {self.reason}"


def choose(cell: Cell, tensors: Sequence[Tensor], n_masks: int, return_states: bool) -> Path:
    """The path of a call with these tensors, of which the first is the input, (T, B, I).

    PyTorch's own operator for the cells that it has; the reference loop for the rest, and where the operator cannot
    serve: under functorch transforms and forward-mode differentiation, for states the operator does not give, and
    for empty input.
    """
    if torch._C._are_functorch_transforms_active():
        return Path("reference", "a functorch transform (vmap, grad, jvp, ...) is active")
    if forward_ad._current_level >= 0:
        return Path("reference", "forward-mode differentiation is active")
    if cell.text not in _TEXTS:
        return Path("reference", f"PyTorch has no operator for the cell {cell.name!r}")
    if n_masks:
        return Path("reference", "masks are given")
    if return_states and len(cell.state) > 1:
        return Path("reference", f"return_states: PyTorch's operator gives only {cell.state[0]} at every step")
    T, B = tensors[0].shape[:2]
    if T == 0 or B == 0:
        return Path("reference", "the input is empty")
    return Path("torch", f"PyTorch has an operator for the cell {cell.name!r}")
