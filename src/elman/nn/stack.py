"""A stack of layers, each in one direction or both, unrolled over time: the one function behind every layer."""

from collections.abc import Sequence

from torch import Tensor

from elman.equations import Cell
from elman.nn import kernel, layer_by_layer
from elman.nn.arguments import check_range
from elman.nn.layer_by_layer import Unrolled
from elman.nn.path import choose


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
) -> Unrolled:
    """Unroll a stack of layers on the path that `choose` picks.

    Args:
        cell: the equation of every layer.
        x: (T, B, I).
        state: the initial states, (L*D, B, H) each.
        weights: `Weights.flat()` of each layer and direction, one after another.
        lengths: (B,) integers, or None where all sequences have T steps.
        masks: (L*D, B, H) or (L*D, T, B, H) for each mask of the cell.
        dropout_masks: factors on the input of the second layer and above, (T, B, D*H) each; or none at all.
        num_layers: L.
        num_directions: D, 1 or 2.
        return_states: give every state of every layer at every step.
        checkpoint: the time steps of a segment, or True, where only states at their starts are kept; the kernels do it.
        memory_budget: bytes that what is kept may take in one layer; where it would be more, there are checkpoints.

    Raises:
        InputError: a length is negative or larger than T.
    """
    lengths = None if lengths is None else check_range(lengths, x.shape[0])
    path = choose(cell, [x, *state, *weights], masks, return_states)
    rest = (x, state, weights, lengths, masks, dropout_masks, num_layers, num_directions, return_states)
    if path.name == "kernel":
        return kernel.unroll(cell, *rest, checkpoint, memory_budget)
    return layer_by_layer.unroll(path.name, cell, *rest)
