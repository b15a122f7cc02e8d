"""PyTorch's own operators for the cells that it has, one layer at a time, packed where lengths differ."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from elman.equations import CELLS, Cell
from elman.nn.weights import Weights

OPERATORS: Mapping[Cell, Callable[..., Any]] = {
    CELLS["elman"]: torch.rnn_tanh,
    CELLS["elman_relu"]: torch.rnn_relu,
    CELLS["lstm"]: torch.lstm,
    CELLS["gru"]: torch.gru,
}
"""The cells that PyTorch has an operator for."""


def unroll(
    cell: Cell, x: Tensor, state: Sequence[Tensor], weights: Sequence[Weights], lengths: Tensor | None
) -> tuple[Tensor, list[Tensor]]:
    """Unroll one layer, in one direction or both.

    Args:
        cell: one of `OPERATORS`.
        x: (T, B, I), not empty.
        state: the initial states, (D, B, H) each.
        weights: one for each direction.
        lengths: (B,) int64 on the CPU, or None where all sequences have T steps.

    Returns:
        The output, (T, B, D*H) and 0 past a sequence's end; and the final states, (D, B, H) each.
    """
    T, B = x.shape[:2]
    if lengths is None:
        return _call(cell, x, None, state, weights)
    longest, shortest = int(lengths.max()), int(lengths.min())
    if shortest == longest > 0:  # no packing needed, which on a CPU is several times as fast
        output, final = _call(cell, x[:longest], None, state, weights)
        return _padded(output, T), final
    rows = lengths.nonzero().squeeze(1).to(x.device)  # torch packs no empty sequence
    if len(rows) == 0:
        D, _, H = state[0].shape
        return x.new_zeros(T, B, D * H), [one.clone() for one in state]
    if len(rows) < B:
        output, final = unroll(cell, x[:, rows], [one[:, rows] for one in state], weights, lengths[lengths > 0])
        whole = output.new_zeros(T, B, output.shape[-1]).index_copy(1, rows, output)
        return whole, [one.index_copy(1, rows, last) for one, last in zip(state, final, strict=True)]
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    order, back = packed.sorted_indices, packed.unsorted_indices
    data, final = _call(cell, packed.data, packed.batch_sizes, [one[:, order] for one in state], weights)
    output, _ = pad_packed_sequence(PackedSequence(data, packed.batch_sizes, order, back), total_length=T)
    return output, [one[:, back] for one in final]


def _call(
    cell: Cell, x: Tensor, batch_sizes: Tensor | None, state: Sequence[Tensor], weights: Sequence[Weights]
) -> tuple[Tensor, list[Tensor]]:
    flat = [tensor for one in weights for tensor in one.flat()]
    with_bias, bidirectional = weights[0].bias_ih is not None, len(weights) == 2
    hx = [one.contiguous() for one in state]
    arguments: tuple[Any, ...] = (hx if len(hx) > 1 else hx[0], flat, with_bias, 1, 0.0, False, bidirectional)
    if batch_sizes is None:
        output, *final = OPERATORS[cell](x, *arguments, False)
    else:
        output, *final = OPERATORS[cell](x, batch_sizes, *arguments)
    return output, final


def _padded(output: Tensor, T: int) -> Tensor:
    missing = T - output.shape[0]
    return torch.cat([output, output.new_zeros(missing, *output.shape[1:])]) if missing else output
