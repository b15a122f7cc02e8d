"""The stack as one registered operator, so that torch.compile and torch.export see one node.

Eager calls do not come here: a registered operator costs more per call than the function behind it. The operator's
backward recomputes the forward pass from the operator's inputs.
"""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from elman.equations import Cell
from elman.nn import stack


@lru_cache(maxsize=64)
def _cell(text: str) -> Cell:
    return Cell.from_config(json.loads(text))


def _autograd_inside_an_operator() -> AbstractContextManager[None]:
    """Torch switches autograd off inside an operator, also against `enable_grad`; this switches it on again."""
    guard = torch._C._SetExcludeDispatchKeyGuard
    return guard(torch._C.DispatchKey.AutogradFunctionality, False)


@torch.library.custom_op("elman::unroll", mutates_args=())
def unroll(
    x: Tensor,
    state: Sequence[Tensor],
    weights: Sequence[Tensor],
    masks: Sequence[Tensor],
    dropout_masks: Sequence[Tensor],
    lengths: Tensor | None,
    cell: str,
    num_layers: int,
    num_directions: int,
    return_states: bool,
) -> list[Tensor]:
    """`elman.nn.stack.unroll` with the cell as its JSON text: output, final states and, if asked for, all states."""
    output, final, states = stack.unroll(
        _cell(cell),
        x,
        state,
        weights,
        lengths,
        masks,
        dropout_masks,
        num_layers,
        num_directions,
        return_states,
    )
    given = {id(one) for one in (x, *state)}
    return [one.clone() if id(one) in given else one.contiguous() for one in (output, *final, *states)]


@unroll.register_fake
def _(
    x: Tensor,
    state: Sequence[Tensor],
    weights: Sequence[Tensor],
    masks: Sequence[Tensor],
    dropout_masks: Sequence[Tensor],
    lengths: Tensor | None,
    cell: str,
    num_layers: int,
    num_directions: int,
    return_states: bool,
) -> list[Tensor]:
    T, B = x.shape[:2]
    H = state[0].shape[-1]
    results = [x.new_empty(T, B, num_directions * H), *(one.new_empty(one.shape) for one in state)]
    if return_states:
        results += [x.new_empty(num_layers * num_directions, T, B, H) for _ in state]
    return results


@torch.library.custom_op("elman::unroll_backward", mutates_args=())
def unroll_backward(
    gradients: Sequence[Tensor],
    x: Tensor,
    state: Sequence[Tensor],
    weights: Sequence[Tensor],
    masks: Sequence[Tensor],
    dropout_masks: Sequence[Tensor],
    lengths: Tensor | None,
    cell: str,
    num_layers: int,
    num_directions: int,
    return_states: bool,
    of_masks: bool,
) -> list[Tensor]:
    """The gradients with respect to x, each state, each weight, each mask and each dropout mask, in that order.

    Those of masks are zeros unless `of_masks`: the kernels have none.
    """
    with _autograd_inside_an_operator(), torch.enable_grad():
        kinds = [(x, *state, *weights), masks, dropout_masks]
        inputs = [one.detach().requires_grad_(kind is not masks or of_masks) for kind in kinds for one in kind]
        parts = iter(inputs)
        x = next(parts)
        state, weights, masks, dropout_masks = (
            [next(parts) for _ in group] for group in (state, weights, masks, dropout_masks)
        )
        output, final, states = stack.unroll(
            _cell(cell),
            x,
            state,
            weights,
            lengths,
            masks,
            dropout_masks,
            num_layers,
            num_directions,
            return_states,
        )
        outputs = [output, *final, *states]
        used = [k for k, one in enumerate(outputs) if one.requires_grad]
        wanted = [one for one in inputs if one.requires_grad]
        found = iter(
            torch.autograd.grad([outputs[k] for k in used], wanted, [gradients[k] for k in used], allow_unused=True)
        )
        all_found = [next(found) if one.requires_grad else None for one in inputs]
    # Contiguous, as the compiler was told: one that is laid out otherwise would be read wrongly.
    return [
        one.new_zeros(one.shape) if g is None else g.clone(memory_format=torch.contiguous_format)
        for g, one in zip(all_found, inputs, strict=True)
    ]


@unroll_backward.register_fake
def _(
    gradients: Sequence[Tensor],
    x: Tensor,
    state: Sequence[Tensor],
    weights: Sequence[Tensor],
    masks: Sequence[Tensor],
    dropout_masks: Sequence[Tensor],
    lengths: Tensor | None,
    cell: str,
    num_layers: int,
    num_directions: int,
    return_states: bool,
    of_masks: bool,
) -> list[Tensor]:
    return [one.new_empty(one.shape) for one in (x, *state, *weights, *masks, *dropout_masks)]


def _setup_context(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    x, state, weights, masks, dropout_masks, lengths, *rest = inputs
    ctx.counts = [len(group) for group in (state, weights, masks, dropout_masks)]
    ctx.save_for_backward(x, *state, *weights, *masks, *dropout_masks, *(() if lengths is None else (lengths,)))
    ctx.rest = rest
    ctx.shapes = [(one.shape, one.dtype, one.device) for one in output]


def _backward(ctx: Any, gradients: Sequence[Tensor | None]) -> tuple[Any, ...]:
    saved = iter(ctx.saved_tensors)
    x = next(saved)
    groups = [[next(saved) for _ in range(count)] for count in ctx.counts]
    lengths = next(saved, None)
    whole = [
        torch.zeros(shape, dtype=dtype, device=device) if g is None else g
        for g, (shape, dtype, device) in zip(gradients, ctx.shapes, strict=True)
    ]
    found = iter(unroll_backward(whole, x, *groups, lengths, *ctx.rest, any(ctx.needs_input_grad[3])))
    return (
        next(found),
        *([next(found) for _ in range(count)] for count in ctx.counts),
        None,
        *(None for _ in ctx.rest),
    )


unroll.register_autograd(_backward, setup_context=_setup_context)
