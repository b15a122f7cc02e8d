"""Which implementation a call takes, told to the user."""

from collections.abc import Mapping

from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from elman.kernels.compiled import compiled_cell
from elman.nn.arguments import read_masks
from elman.nn.kernel_call import DTYPES
from elman.nn.network import Network
from elman.nn.path import Path, choose
from elman.nn.recurrent import Recurrent


def explain(
    layer: Recurrent | Network, input: Tensor | PackedSequence, masks: Mapping[str, Tensor] | None = None
) -> Path:
    """Which implementation a call of `layer` with this input takes, and why.

    Args:
        layer: a recurrent layer, or a `Network` for its hidden layer.
        input: what its `forward` takes.
        masks: as for `forward`.

    Raises:
        InputError: the layer does not take this input.

    Example:
        >>> import elman, torch
        >>> print(elman.explain(elman.GRU(3, 5), torch.ones(4, 2, 3)))  # doctest: +ELLIPSIS
        kernel (elman's compiled kernels): torch.float32 on the CPU...
    """
    layer = layer.hidden if isinstance(layer, Network) else layer
    input = pad_packed_sequence(input, layer.batch_first)[0] if isinstance(input, PackedSequence) else input
    x = layer.time_first(input)
    given = read_masks(masks, layer.cell, layer.num_layers * layer.num_directions, layer.hidden_size, x)
    path = choose(layer.cell, [x, *layer.parameters()], given, layer.return_states)
    if path.name != "kernel":
        return path
    return path._replace(source=compiled_cell(layer.cell, DTYPES[x.dtype]).library.source)
