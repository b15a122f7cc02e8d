"""The compiled kernels as one differentiable function: a whole stack of layers, forward and backward.

What backward needs goes through `save_for_backward`, and backward changes none of it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from elman.equations import Cell
from elman.kernels.rows import Rows, equal_rows, packed_rows, ragged_rows
from elman.nn import layer_by_layer
from elman.nn.checkpoint import Segments, segment_steps
from elman.nn.kernel_call import Layer, new, together
from elman.nn.layer_by_layer import Unrolled
from elman.nn.path import stands_for_others
from elman.nn.weights import Weights, read_flat


class Stack(NamedTuple):
    """What of a call is no tensor."""

    cell: Cell
    num_layers: int
    num_directions: int
    n_masks: int
    n_dropout_masks: int
    return_states: bool
    rows: Rows
    lengths: Tensor | None
    batch_sizes: Tensor | None
    keeps: bool
    checkpoint: int | bool | None
    memory_budget: int | None


def unroll(
    cell: Cell,
    x: Tensor,
    state: Sequence[Tensor],
    weights: Sequence[Tensor],
    lengths: Tensor | None,
    masks: Sequence[Tensor],
    dropout_masks: Sequence[Tensor],
    num_layers: int,
    num_directions: int,
    return_states: bool,
    checkpoint: int | bool | None = None,
    memory_budget: int | None = None,
    batch_sizes: Tensor | None = None,
) -> Unrolled:
    """Unroll a stack of layers; the arguments are those of `elman.nn.stack.unroll`.

    With `batch_sizes` x and output are (N, ...), the data of a PackedSequence, and the rows of all else are sorted as
    there; states at every step and masks that differ by step there are none.
    """
    if batch_sizes is not None:
        rows = packed_rows(batch_sizes.numpy())
    elif lengths is None:
        rows = equal_rows(*x.shape[:2])
    else:
        lengths = lengths.clone()  # the caller may change them before backward
        rows = ragged_rows(x.shape[0], lengths.numpy())
    tensors = (x, *state, *weights, *masks, *dropout_masks)
    keeps = torch.is_grad_enabled() and any(one.requires_grad for one in tensors)
    sizes = (num_layers, num_directions, len(masks), len(dropout_masks))
    stack = Stack(cell, *sizes, return_states, rows, lengths, batch_sizes, keeps, checkpoint, memory_budget)
    results = _Unroll.apply(stack, *tensors) if keeps else _forward(stack, tensors)[0]  # type: ignore[no-untyped-call]
    n = 1 + len(cell.state)
    return Unrolled(results[0], list(results[1:n]), list(results[n:]))


class _Unroll(torch.autograd.Function):
    """`unroll`, differentiable."""

    @staticmethod
    def forward(ctx: Any, stack: Stack, *tensors: Tensor) -> tuple[Tensor, ...]:
        """The results, what backward needs saved."""
        results, kept = _forward(stack, tensors)
        ctx.stack, ctx.n_tensors = stack, len(tensors)
        ctx.save_for_backward(*tensors, results[0], *kept)
        ctx.set_materialize_grads(False)
        return tuple(results)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> Any:
        """Backpropagation through time; by the reference where its own gradient is wanted."""
        saved, n = ctx.saved_tensors, ctx.n_tensors
        needed = ctx.needs_input_grad[1:]
        # create_graph=True wants gradients of gradients; is_grads_batched=True gives several in one.
        if torch.is_grad_enabled() or any(map(stands_for_others, gradients)):
            return None, *_by_reference(ctx.stack, saved[:n], gradients, needed)
        return None, *_backward(ctx.stack, saved[:n], saved[n:], gradients, needed)


class _Parts(NamedTuple):
    """The tensors of a call, by what they are."""

    x: Tensor
    state: Sequence[Tensor]
    flat: Sequence[Tensor]
    masks: Sequence[Tensor]
    dropout_masks: Sequence[Tensor]

    def layer(self, stack: Stack, number: int, x: Tensor) -> Layer | Segments:
        """One layer, with its input as it came from the layer below, before dropout."""
        cell, D = stack.cell, stack.num_directions
        each = len(self.flat) // (stack.num_layers * D)
        weights = list(read_flat(self.flat[number * D * each : (number + 1) * D * each], stack.cell, D))
        if number and self.dropout_masks:
            x = x * self.dropout_masks[number - 1]
        rest = (D, stack.keeps)
        whole = Layer(cell, stack.rows, x, weights, self.state, self.masks, number, tuple(range(D)), *rest)
        if stack.checkpoint is None and stack.memory_budget is None:
            return whole
        steps = segment_steps(whole, stack.checkpoint, stack.memory_budget)
        if steps is None:
            return whole

        def make(rows: Rows, state: Sequence[Tensor], d: int, keeps: bool) -> Layer:
            of_one = (weights[d : d + 1], state, self.masks, number, (d,), D, keeps)
            return Layer(cell, rows, whole.x, *of_one, own_state=True)

        return Segments(make, whole, number * D, self.state, steps)


def _parts(stack: Stack, tensors: Sequence[Tensor]) -> _Parts:
    start, end = 1 + len(stack.cell.state), len(tensors) - stack.n_dropout_masks
    flat, masks = tensors[start : end - stack.n_masks], tensors[end - stack.n_masks : end]
    return _Parts(tensors[0], tensors[1:start], flat, masks, tensors[end:])


def _forward(stack: Stack, tensors: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """The results; and the outputs of the layers below the last, and what each layer keeps for backward."""
    parts = _parts(stack, tensors)
    x, D, n = parts.x, stack.num_directions, len(stack.cell.state)
    shape = parts.state[0].shape  # (L*D, B, H)
    final = [x.new_empty(shape) for _ in range(n)]
    others = []
    if stack.return_states:
        others = [new(x, shape[0], *x.shape[:-1], shape[-1]) for _ in range(n - 1)]
    outputs: list[Tensor] = []
    kept: list[Tensor] = []
    for number in range(stack.num_layers):
        layer = parts.layer(stack, number, outputs[-1] if outputs else x)
        outputs.append(new(x, *x.shape[:-1], D * shape[-1]))
        kept += layer.forward([outputs[-1], *(one[number * D : (number + 1) * D] for one in others)], final)
    if stack.return_states:
        others = [torch.cat([_by_direction(one, D) for one in outputs]), *others]
    return [outputs[-1], *final, *others], [*outputs[:-1], *kept]


def _by_direction(output: Tensor, D: int) -> Tensor:
    """(..., D*H) as (D, ..., H)."""
    return torch.stack(output.chunk(D, -1))


def _backward(
    stack: Stack,
    tensors: Sequence[Tensor],
    saved: Sequence[Tensor],
    gradients: Sequence[Tensor | None],
    needed: Sequence[bool],
) -> list[Tensor | None]:
    """The gradients of all tensors, from those of the results."""
    parts, n, D, L = _parts(stack, tensors), len(stack.cell.state), stack.num_directions, stack.num_layers
    outputs, kept = [*saved[1:L], saved[0]], saved[L:]
    each = len(kept) // L
    d_output, d_final, d_states = gradients[0], gradients[1 : 1 + n], gradients[1 + n :]
    d_final = [None if one is None else together(one) for one in d_final]
    d_state = [one.new_empty(one.shape) for one in parts.state]
    d_flat: list[Tensor] = []
    d_dropout: list[Tensor | None] = []
    wants_weights = any(needed[1 + n : 1 + n + len(parts.flat)])
    wants_dropout = any(needed[len(tensors) - stack.n_dropout_masks :])
    for number in reversed(range(L)):
        layer = parts.layer(stack, number, outputs[number - 1] if number else parts.x)
        here = slice(number * D, (number + 1) * D)
        d_every = [d_output, *(None if one is None else one[here] for one in d_states[1:])]
        if d_states and d_states[0] is not None:
            beside = torch.cat(d_states[0][here].unbind(), -1)
            d_every[0] = beside if d_output is None else d_output + beside
        d_x = [new(layer.x, *layer.x.shape) for _ in range(D)] if number or needed[0] else []
        d_weights = [_gradients_of(one) for one in layer.weights] if wants_weights else []
        layer.backward(
            [together(outputs[number])],  # as a hook on saved tensors may have laid them out otherwise
            [one.contiguous() for one in kept[number * each : (number + 1) * each]],
            [None if one is None else together(one) for one in d_every],
            d_final,
            d_state,
            d_x,
            d_weights,
        )
        d_flat = [one for of_one in d_weights for one in of_one.flat()] + d_flat
        d_output = None if not d_x else d_x[0] if D == 1 else d_x[0] + d_x[1]
        if number and parts.dropout_masks and d_output is not None:
            d_dropout.insert(0, d_output * outputs[number - 1] if wants_dropout else None)
            d_output = d_output * parts.dropout_masks[number - 1]
    nothing: list[Tensor | None] = [None]
    weights = d_flat if wants_weights else nothing * len(parts.flat)
    return [d_output, *d_state, *weights, *(nothing * len(parts.masks)), *d_dropout]


def _gradients_of(weights: Weights) -> Weights:
    """Memory for the gradients of weights."""
    ih, hh, b_ih, b_hh = (None if one is None else new(one, *one.shape) for one in weights[:4])
    return Weights(ih, hh, b_ih, b_hh, [new(one, *one.shape) for one in weights.parameters])  # type: ignore[arg-type]


def _reference(stack: Stack, parts: _Parts) -> Unrolled:
    """What `unroll` gives, by the reference loop."""
    x, lengths, dropout_masks, sizes = parts.x, stack.lengths, parts.dropout_masks, stack.batch_sizes
    if sizes is not None:
        x, lengths = pad_packed_sequence(PackedSequence(x, sizes))
        dropout_masks = [pad_packed_sequence(PackedSequence(one, sizes))[0] for one in dropout_masks]
    results = layer_by_layer.unroll(
        "reference", stack.cell, x, parts.state, parts.flat, lengths, parts.masks, dropout_masks,
        stack.num_layers, stack.num_directions, stack.return_states,
    )  # fmt: skip
    if sizes is None or lengths is None:
        return results
    return results._replace(output=pack_padded_sequence(results.output, lengths).data)


def _by_reference(
    stack: Stack, tensors: Sequence[Tensor], gradients: Sequence[Tensor | None], needed: Sequence[bool]
) -> list[Tensor | None]:
    """The gradients by autograd, which can go through them again."""
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        # A tensor may be given twice, as tied weights are: each place has a gradient of its own.
        tensors = [one.view_as(one) if wanted else one for one, wanted in zip(tensors, needed, strict=True)]
        output, final, states = _reference(stack, _parts(stack, tensors))
        results = zip((output, *final, *states), gradients, strict=True)
        used = [(one, d) for one, d in results if d is not None and one.requires_grad]
        found = iter(
            torch.autograd.grad(
                [one for one, _ in used],
                [one for one, wanted in zip(tensors, needed, strict=True) if wanted],
                [d for _, d in used],
                create_graph=again,
                allow_unused=True,
            )
        )
    return [next(found) if wanted else None for wanted in needed]
