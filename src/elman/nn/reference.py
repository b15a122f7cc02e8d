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


def _scalar(value: float, like: Tensor) -> Tensor:
    return torch.full((), value, dtype=like.dtype, device=like.device)


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
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b,
}
"""What each operation of an equation does to tensors; but for "where", which needs a dtype for two constants."""


def operations(like: Tensor) -> dict[str, Callable[..., Any]]:
    """What each operation of an equation does to tensors, constants in the dtype and on the device of `like`."""

    def where(condition: Tensor, a: Tensor | float, b: Tensor | float) -> Tensor:
        return torch.where(condition, a if isinstance(a, Tensor) else _scalar(a, like), b)

    return {**ON_TENSORS, "where": where}


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
    values: dict[str, Any] = {}
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
    return equation(cell, values, state[0])


def equation(cell: Cell, values: Mapping[str, Any], like: Tensor) -> list[Tensor]:
    """The new states of a cell, from what its equation reads.

    Args:
        cell: the equation.
        values: gates, states before, parameters and masks by their names; they broadcast to the shape of `like`.
        like: a tensor of the shape, dtype and device of each state.
    """
    constants = {name: _scalar(value, like) for name, value in cell.constants.items()}
    new = cell.program.run({**values, **constants}, operations(like))
    return [_tensor(value, like).expand_as(like) for value in new]


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
        lengths: (B,) int64 on the CPU, or None where all sequences have T steps.
        masks: one (B, H), or (T, B, H) for a mask that differs by step, for each mask of the cell.
        reverse: from each sequence's own end to its start.

    Returns:
        Every state at every step, (T, B, H) each and 0 past a sequence's end; and the final states, (B, H) each.
    """
    T, B = x.shape[:2]
    if lengths is not None:
        # Longest first, so that the active rows are the first n: what stands in the padding, NaN too, is never computed
        # with, and nothing of it reaches a gradient.
        order = lengths.argsort(descending=True, stable=True)
        padding = (torch.arange(T).unsqueeze(1) >= lengths).unsqueeze(2).to(x.device)  # (T, B, 1)
        back, order = order.argsort().to(x.device), order.to(x.device)
        every, final = _unroll_sorted(
            cell,
            x.masked_fill(padding, 0)[:, order],
            [one[order] for one in state],
            weights,
            [int((t < lengths).sum()) for t in range(T)],
            [mask[..., order, :] for mask in masks],
            reverse,
        )
        return [one[:, back] for one in every], [one[back] for one in final]
    return _unroll_sorted(cell, x, list(state), weights, [B] * T, masks, reverse)


def _unroll_sorted(
    cell: Cell,
    x: Tensor,
    state: list[Tensor],
    weights: Weights,
    n_active: Sequence[int],
    masks: Sequence[Tensor],
    reverse: bool,
) -> tuple[list[Tensor], list[Tensor]]:
    """`unroll` with the first `n_active[t]` rows at step t."""
    z = F.linear(x, weights.weight_ih, weights.bias_ih)  # (T, B, G*H)
    if not n_active:
        return [z[..., : one.shape[-1]] for one in state], state  # empty, and in autograd's graph all the same
    z_x = z.unbind()  # the backward of z[t] would write zeros to all T steps, T times
    steps: list[list[Tensor]] = []
    for t, n in list(enumerate(n_active))[:: -1 if reverse else 1]:
        here = [(mask[t] if mask.dim() == 3 else mask)[:n] for mask in masks]
        new = step(cell, z_x[t][:n], [one[:n] for one in state], weights, here)
        rest = x.shape[1] - n
        steps.append([F.pad(after, (0, 0, 0, rest)) for after in new] if rest else new)
        state = [torch.cat([after, before[n:]]) for after, before in zip(new, state, strict=True)] if rest else new
    if reverse:
        steps.reverse()
    return [torch.stack(values) for values in zip(*steps, strict=True)], state
