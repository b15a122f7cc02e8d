"""Which implementation a call takes, told to the user."""

from collections.abc import Mapping

from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

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
        >>> print(elman.explain(elman.GRU(3, 5), torch.ones(4, 2, 3)))
        torch (PyTorch's own operator): PyTorch has an operator for the cell 'gru'
    """
    layer = layer.hidden if isinstance(layer, Network) else layer
    input = pad_packed_sequence(input, layer.batch_first)[0] if isinstance(input, PackedSequence) else input
    return choose(
        layer.cell, [layer.time_first(input), *layer.parameters()], list((masks or {}).values()), layer.return_states
    )
