"""The reference: a cell's equation unrolled by a plain loop of torch operations.

It runs every cell, on every device and in every dtype, and torch differentiates through it any number of times.
It is slow, and it is the truth that faster paths are tested against.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from elman.equations import Cell
from elman.nn.weights import Weights


def _where(condition: Tensor, a: Tensor | float, b: Tensor | float) -> Tensor:
    return torch.where(condition, a, b)


def _tensor(value: Tensor | float, like: Tensor | float) -> Tensor:
    return value if isinstance(value, Tensor) else torch.full_like(like, value)  # type: ignore[arg-type]


ON_TENSORS: Mapping[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "power": lambda a, b: a**b,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "sin": torch.sin,
    "cos": torch.cos,
    "relu": torch.relu,
    "abs": torch.abs,
    "sign": torch.sign,
    "maximum": lambda a, b: torch.maximum(_tensor(a, b), _tensor(b, a)),
    "minimum": lambda a, b: torch.minimum(_tensor(a, b), _tensor(b, a)),
    "where": _where,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b,
}
"""What each operation of an equation does to tensors."""


def step(cell: Cell, z_x: Tensor, state: Sequence[Tensor], weights: Weights, masks: Sequence[Tensor]) -> list[Tensor]:
    """One step of a cell, from the projected input W_xh x + b_x and the state before it.

    Args:
        cell: the equation.
        z_x: (B, G*H).
        state: one (B, H) for each state of the cell.
        weights: those of this layer and direction.
        masks: one (B, H) for each mask of the cell.

    Returns:
        The new states, (B, H) each.
    """
    z_h = F.linear(state[0], weights.weight_hh, weights.bias_hh)  # (B, G*H)
    values: dict[str, Any] = dict(cell.constants)
    for gate, x_part, h_part in zip(
        cell.gates, z_x.chunk(len(cell.gates), -1), z_h.chunk(len(cell.gates), -1), strict=True
    ):
        if gate in cell.split:
            values[f"{gate}_x"], values[f"{gate}_h"] = x_part, h_part
        else:
            values[gate] = x_part + h_part
    values.update((f"{name}_prev", before) for name, before in zip(cell.state, state, strict=True))
    values.update(zip(cell.parameters, weights.parameters, strict=True))
    values.update(zip(cell.masks, masks, strict=True))
    new = cell.program.run(values, ON_TENSORS)
    return [_tensor(value, state[0]).expand_as(state[0]) for value in new]


def unroll(
    cell: Cell,
    x: Tensor,
    state: Sequence[Tensor],
    weights: Weights,
    lengths: Tensor | None,
    masks: Sequence[Tensor],
    reverse: bool,
) -> tuple[list[Tensor], list[Tensor]]:
    """Unroll a cell over the time steps, in one direction.

    Args:
        cell: the equation.
        x: (T, B, I).
        state: the initial states, (B, H) each.
        weights: those of this layer and direction.
        lengths: (B,) on x's device, or None where all sequences have T steps.
        masks: one (B, H), or (T, B, H) for a mask that differs by step, for each mask of the cell.
        reverse: from each sequence's own end to its start.

    Returns:
        Every state at every step, (T, B, H) each and 0 past a sequence's end; and the final states, (B, H) each.
    """
    T = x.shape[0]
    z_x = F.linear(x, weights.weight_ih, weights.bias_ih)  # (T, B, G*H)
    state = list(state)
    steps: list[list[Tensor]] = []
    for t in reversed(range(T)) if reverse else range(T):
        new = step(cell, z_x[t], state, weights, [mask[t] if mask.dim() == 3 else mask for mask in masks])
        if lengths is None:
            state = new
            steps.append(new)
        else:
            active = (t < lengths).unsqueeze(1)  # (B, 1)
            state = [torch.where(active, after, before) for after, before in zip(new, state, strict=True)]
            steps.append([torch.where(active, value, 0) for value in state])
    if reverse:
        steps.reverse()
    if not steps:
        return [one.new_empty(0, *one.shape) for one in state], state
    return [torch.stack(values) for values in zip(*steps, strict=True)], state
