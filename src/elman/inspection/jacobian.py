"""How a step of a layer answers to the state before it: the Jacobian of each step, from elementwise derivatives.

A cell is elementwise in the units but for its products, so that for gates z_g = ... + W_g h_{t-1}

    d s_t / d s'_{t-1} = diag(d s_t / d s'_{t-1}, gates held) + [s' is h] sum over g of diag(d s_t / d z_g) W_g
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from elman.errors import InputError
from elman.inspection.layers import OneLayer, layers
from elman.inspection.reading import Reading
from elman.nn import reference


@dataclass(frozen=True)
class Jacobian:
    """The derivatives of every step of one layer in one direction, at the states that it went through, in float64.

    The S states of the cell, H numbers each, are one vector of S*H; a layer without a second state has S = 1.

    Shape:
        by_gate and by_gate_x (S, G, T, H), by_state (S, S, T, H): [s, s'] is d s_t / d s'_{t-1}; weight_ih (G, H, I),
        weight_hh (G, H, H)

    Args:
        name: of the layer, as a table calls it.
        reverse: whether the layer reads from the end.
        by_gate: the derivatives of the new states by the part of each gate that comes from the state before.
        by_gate_x: by the part that comes from the input; another only for gates that are split.
        by_state: by the states before, with the gates held.
        weight_ih: of each gate.
        weight_hh: of each gate.
    """

    name: str
    reverse: bool
    by_gate: Tensor
    by_gate_x: Tensor
    by_state: Tensor
    weight_ih: Tensor
    weight_hh: Tensor

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """S, G, T and H."""
        S, G, T, H = self.by_gate.shape
        return S, G, T, H

    def matrix(self, t: int) -> np.ndarray:
        """D state_t / d state_{t-1}, (S*H, S*H); of a reverse direction by the state of the step on the right."""
        S, _, _, H = self.shape
        whole = torch.zeros(S, H, S, H, dtype=torch.float64)
        whole[:, :, 0] = torch.einsum("sgh,ghk->shk", self.by_gate[:, :, t], self.weight_hh)
        whole.diagonal(dim1=1, dim2=3).add_(self.by_state[:, :, t])
        return whole.reshape(S * H, S * H).numpy()

    def forward(self, t: int, change: Tensor) -> Tensor:
        """What becomes of small changes of the state before step t: (S, H, N) -> (S, H, N)."""
        gates = self.weight_hh @ change[0]  # (G, H, N)
        return torch.einsum("sgh,ghn->shn", self.by_gate[:, :, t], gates) + torch.einsum(
            "srh,rhn->shn", self.by_state[:, :, t], change
        )

    def backward(self, t: int, gradient: Tensor) -> Tensor:
        """Gradients by the state before step t, from those by the state after it: (N, S, H) -> (N, S, H)."""
        before = torch.einsum("srh,nsh->nrh", self.by_state[:, :, t], gradient)
        gates = torch.einsum("sgh,nsh->ngh", self.by_gate[:, :, t], gradient)
        before[:, 0] += gates.flatten(1) @ self.weight_hh.flatten(0, 1)
        return before

    def to_input(self, t: int, gradient: Tensor) -> Tensor:
        """Gradients by the input of step t, from those by the state after it: (N, S, H) -> (N, I)."""
        gates = torch.einsum("sgh,nsh->ngh", self.by_gate_x[:, :, t], gradient)
        return gates.flatten(1) @ self.weight_ih.flatten(0, 1)


def jacobians(reading: Reading) -> list[Jacobian]:
    """The Jacobians of all layers of a reading, as its states are ordered.

    Raises:
        InputError: there is no step, or a number is not finite.
    """
    if len(reading.x) == 0:
        raise InputError("the input is empty: there is no step to look into")
    found = [jacobian_of(one) for one in layers(reading)]
    for one in found:
        if not all(torch.isfinite(numbers).all() for numbers in (one.by_gate, one.by_state, one.weight_hh)):
            raise InputError(f"{one.name} has numbers that are not finite: train it with a lower learning rate")
    return found


def jacobian_of(layer: OneLayer) -> Jacobian:
    """The Jacobian of every step of one layer."""
    layer = layer.to(torch.float64)
    cell, H = layer.cell, layer.weights.weight_hh.shape[1]
    values = layer.inputs()
    names = [*cell.gate_inputs, *(f"{name}_prev" for name in cell.state)]
    with torch.enable_grad():
        leaves = {name: values[name].detach().requires_grad_() for name in names}
        new = reference.equation(cell, {**values, **leaves}, values[names[0]])
        # Every number of a new state depends on numbers of its own unit and step only, and so its derivatives by them
        # are those of the sum of all.
        slopes = [dict(zip(names, _gradients(one, list(leaves.values())), strict=True)) for one in new]
    ends = {gate: ("_x", "_h") if gate in cell.split else ("", "") for gate in cell.gates}
    return Jacobian(
        layer.name,
        layer.reverse,
        torch.stack([torch.stack([of[gate + ends[gate][1]] for gate in cell.gates]) for of in slopes]),
        torch.stack([torch.stack([of[gate + ends[gate][0]] for gate in cell.gates]) for of in slopes]),
        torch.stack([torch.stack([of[f"{name}_prev"] for name in cell.state]) for of in slopes]),
        layer.weights.weight_ih.view(-1, H, layer.x.shape[1]),
        layer.weights.weight_hh.view(-1, H, H),
    )


def _gradients(result: Tensor, leaves: list[Tensor]) -> list[Tensor]:
    if not result.requires_grad:  # a state that the equation sets to a constant
        return [torch.zeros_like(one) for one in leaves]
    found = torch.autograd.grad(result.sum(), leaves, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(one) if slope is None else slope for one, slope in zip(leaves, found, strict=True)]
