"""From modules of torch to the parts of a stream. torch is not imported: who has its modules has imported it."""

from typing import Any, Final

import numpy as np

from elman.equations import CELLS, Cell
from elman.errors import InputError
from elman.kernels.stepper import HeadWeights, LayerWeights
from elman.stream.parts import DTYPES, Parts

_OF_TORCH: Final = {"RNN_TANH": "elman", "RNN_RELU": "elman_relu", "GRU": "gru", "LSTM": "lstm"}
_LAYERS: Final = ("torch.nn.modules.rnn.RNNBase", "elman.nn.recurrent.Recurrent")
_EXPECTED: Final = "torch.nn.RNN, GRU or LSTM, a layer of elman's or an elman.Network"


def parts_of(module: Any, head: Any, embedding: Any) -> Parts:
    """Copies of the weights of a layer and of what stands before and behind it.

    Raises:
        InputError: one of them is something else, cannot be streamed, or they do not fit together.
    """
    if _is(module, "elman.nn.network.Network"):
        if head is not None:
            raise InputError("head is given with a Network, which has its own output layer: leave it out")
        module, head = module.hidden, module.output
    if not _is(module, *_LAYERS):
        raise InputError(f"module is a {type(module).__name__}, expected {_EXPECTED}")
    if module.bidirectional:
        raise InputError(
            "module is bidirectional: its second direction begins at the end of a sequence, which a stream has not; "
            "expected a layer with bidirectional=False"
        )
    if getattr(module, "proj_size", 0):
        raise InputError(
            f"module has proj_size={module.proj_size}, expected 0: put a torch.nn.Linear behind the layer, as its head"
        )
    cell = module.cell if hasattr(module, "cell") else CELLS[_OF_TORCH[module.mode]]
    layers = tuple(_layer(module, cell, k) for k in range(module.num_layers))
    parts = Parts(cell, layers, _initial(module, cell, layers), _head(head), _embedding(embedding), {}).checked()
    I, H = parts.layers[0].weight_ih.shape[1], parts.hidden_size  # noqa: E741
    if parts.head is not None and parts.head.weight.shape[1] != H:
        raise InputError(f"head reads {parts.head.weight.shape[1]} numbers, but the layer below it gives {H}")
    if parts.embedding is not None and parts.embedding.shape[1] != I:
        raise InputError(f"embedding gives {parts.embedding.shape[1]} numbers, but the layer above it reads {I}")
    return parts


def _is(one: Any, *names: str) -> bool:
    """Whether an object is of a class, by its full name."""
    return any(f"{kind.__module__}.{kind.__qualname__}" in names for kind in type(one).__mro__)


def _layer(module: Any, cell: Cell, k: int) -> LayerWeights:
    def array(name: str) -> np.ndarray:
        return _array(name, getattr(module, name))

    def bias(name: str) -> np.ndarray | None:
        return array(name) if getattr(module, name, None) is not None else None

    values = [_array(name, one) for name, one in module.cell_parameters(k).items()] if cell.parameters else []
    biases = bias(f"bias_ih_l{k}"), bias(f"bias_hh_l{k}")
    return LayerWeights(array(f"weight_ih_l{k}"), array(f"weight_hh_l{k}"), *biases, values)


def _initial(module: Any, cell: Cell, layers: tuple[LayerWeights, ...]) -> dict[str, np.ndarray]:
    if getattr(module, "train_initial_state", False):
        return {name: _array(f"{name}_0", getattr(module, f"{name}_0")) for name in cell.state}
    shape = len(layers), layers[0].weight_hh.shape[1]
    return {name: np.zeros(shape, layers[0].weight_hh.dtype) for name in cell.state}


def _head(head: Any) -> HeadWeights | None:
    if head is None:
        return None
    if not _is(head, "torch.nn.modules.linear.Linear", "elman.models.tied_readout.TiedReadout"):
        raise InputError(f"head is a {type(head).__name__}, expected a torch.nn.Linear or an elman.Readout")
    return HeadWeights(
        _array("head.weight", head.weight), None if head.bias is None else _array("head.bias", head.bias)
    )


def _embedding(embedding: Any) -> np.ndarray | None:
    if embedding is None:
        return None
    if not _is(embedding, "torch.nn.modules.sparse.Embedding"):
        raise InputError(f"embedding is a {type(embedding).__name__}, expected a torch.nn.Embedding")
    if embedding.max_norm is not None:
        raise InputError(
            f"embedding has max_norm={embedding.max_norm}, which changes it as it is read: expected an embedding "
            "without it"
        )
    return _array("embedding", embedding.weight)


def _array(name: str, tensor: Any) -> np.ndarray:
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in DTYPES:
        raise InputError(f"{name} is {dtype}, expected float32 or float64: convert the module with .float()")
    return np.array(tensor.detach().cpu().numpy())
