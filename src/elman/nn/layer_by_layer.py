"""A stack of layers unrolled one after another, each by PyTorch's operator or by the reference loop."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from elman.equations import Cell
from elman.nn import reference, torch_operator
from elman.nn.weights import read_flat


class Unrolled(NamedTuple):
    """What a stack gives.

    Shape: output (T, B, D*H); final, (L*D, B, H) for each state of the cell; states, (L*D, T, B, H) for each state
    if they were asked for.
    """

    output: Tensor
    final: list[Tensor]
    states: list[Tensor]


def unroll(
    path: str,
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
) -> Unrolled:
    """Unroll a stack; the arguments are those of `elman.nn.stack.unroll`, and the path is "torch" or "reference"."""
    of_layers = list(read_flat(weights, cell, num_layers * num_directions))
    finals: list[list[Tensor]] = []
    states: list[list[Tensor]] = []
    for layer in range(num_layers):
        here = slice(layer * num_directions, (layer + 1) * num_directions)
        if layer and dropout_masks:
            x = x * dropout_masks[layer - 1]
        if path == "torch":
            x, final = torch_operator.unroll(cell, x, [one[here] for one in state], of_layers[here], lengths)
            finals.append(final)
            if return_states:
                states.append([torch.stack(x.chunk(num_directions, -1))])  # (D, T, B, H)
            continue
        results = [
            reference.unroll(
                cell,
                x,
                [one[k] for one in state],
                of_layers[k],
                lengths,
                [mask[k] for mask in masks],
                reverse=k % num_directions == 1,
            )
            for k in range(here.start, here.stop)
        ]
        x = torch.cat([every[0] for every, _ in results], -1)
        finals.append([torch.stack(one) for one in zip(*(final for _, final in results), strict=True)])
        states.append([torch.stack(one) for one in zip(*(every for every, _ in results), strict=True)])
    return Unrolled(
        x,
        [torch.cat(one) for one in zip(*finals, strict=True)],
        [torch.cat(one) for one in zip(*states, strict=True)] if return_states else [],
    )
