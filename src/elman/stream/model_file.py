"""From a model file that an estimator saved to the parts of a stream."""

import os
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from elman.equations import Cell, Parameter
from elman.errors import EquationError, InputError
from elman.files import Model, check_tensors, read_model
from elman.kernels.stepper import HeadWeights, LayerWeights
from elman.stream.parts import KIND, Parts, read_parts

CAN: Final = "a network in step (a regressor with per='step'), or many to one with pooling='last', in one direction"
_REASONS: Final = {
    "EncoderDecoder": "it reads the whole sequence before it writes, and attends to all of it",
    "Feedforward": "it has no memory and reads whole sequences",
}


def load_parts(path: str | os.PathLike[str]) -> Parts:
    """What a stream is made of, from a file of `Stream.save` or of an estimator's `save`.

    Raises:
        InputError: the file is missing or damaged, or its model cannot be streamed.
    """
    model = read_model(path)
    if model.metadata.get("kind") == KIND:
        return read_parts(model, path)
    if "task" in model.metadata:
        return _of_estimator(model, path)
    raise InputError(
        f"{path} holds a {model.metadata.get('kind', 'thing')!r} and no network: expected a file of an estimator's "
        "save or of Stream.save"
    )


def _of_estimator(model: Model, path: str | os.PathLike[str]) -> Parts:
    try:
        about = dict(model.metadata["model"])
        kind = about["kind"]
        if (reason := _why_not(about)) is not None:
            raise InputError(f"{path} cannot be streamed: {reason}; what can: {CAN}")
        cell = Cell.from_config(about["cell"])
        names = ("input_size", "output_size", "hidden_size", "num_layers", "embedding_size", "frozen")
        sizes = [about[name] for name in names[:-1]] + [about.get(names[-1], 0)]  # without word vectors it has none
        if any(type(one) is not int or one < 0 for one in sizes):
            raise ValueError(f"sizes {sizes}")
        codecs, tied = dict(model.metadata["codecs"]), bool(about.get("tie_embeddings"))
    except EquationError as error:
        raise InputError(f"{path}: {error}") from error
    except InputError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: the description of the model is damaged: {error!r}") from error
    if kind not in ("InStep", "ManyToOne"):
        raise InputError(f"{path}: the model is a {kind!r}, which this elman cannot stream; what can: {CAN}")
    return _assembled(model, path, cell, sizes, codecs, tied)


def _why_not(about: dict[str, Any]) -> str | None:
    """What keeps a model from being streamed; None if nothing does."""
    if about["kind"] in _REASONS:
        return _REASONS[about["kind"]]
    if about.get("crf"):
        return "it has a random field above it (crf), which chooses tags when the whole sequence is read"
    if about.get("num_characters"):
        return "it reads words by their characters, from both ends of each"
    if about.get("bidirectional"):
        return "it is bidirectional: its second direction begins at the end of a sequence, which a stream has not"
    if about.get("pooling", "last") != "last":
        return f"it has pooling={about['pooling']!r}, which is over all steps of a sequence"
    return None


def _assembled(
    model: Model, path: str | os.PathLike[str], cell: Cell, sizes: list[int], codecs: dict[str, Any], tied: bool
) -> Parts:
    input_size, O, H, L, E, frozen = sizes  # noqa: E741
    rows = len(cell.gates) * H
    expected: dict[str, tuple[int, ...]] = {"readout.bias": (O,)}
    if not tied:
        expected["readout.weight"] = (O, H)
    elif E != H:
        expected["readout.projection"] = (E, H)
    symbols = {"input.embedding.weight": (input_size - frozen, E), **({"input.vectors": (frozen, E)} if frozen else {})}
    expected |= symbols if E else {}
    for k in range(L):
        below = H if k else E or input_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, below), "weight_hh": (rows, H)}
        shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        shapes |= {name: (H if one.per == "unit" else 1,) for name, one in cell.parameters.items()}
        expected |= {f"recurrent.{name}_l{k}": shape for name, shape in shapes.items()}
    check_tensors(expected, model, path)
    tensors = model.tensors
    layers = []
    for k in range(L):
        own = [_from_unbounded(one, tensors[f"recurrent.{name}_l{k}"]) for name, one in cell.parameters.items()]
        weights = {name: tensors[f"recurrent.{name}_l{k}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
        layers.append(LayerWeights(**weights, parameters=own))
    initial = {name: np.zeros((L, H), layers[0].weight_ih.dtype) for name in cell.state}
    head = HeadWeights(_head_weight(tensors, tied), tensors["readout.bias"])
    embedding = np.concatenate([tensors[name] for name in symbols]) if E else None
    return Parts(cell, tuple(layers), initial, head, embedding, codecs).checked()


def _head_weight(tensors: Mapping[str, np.ndarray], tied: bool) -> np.ndarray:
    """The output layer's weights, or what `models.tied_readout` makes of the embedding, computed as there."""
    if not tied:
        return tensors["readout.weight"]
    embedding, projection = tensors["input.embedding.weight"], tensors.get("readout.projection")
    if projection is None:
        return embedding
    product: np.ndarray = (embedding.astype(np.float64) @ projection.astype(np.float64)).astype(embedding.dtype)
    return product


def _from_unbounded(parameter: Parameter, number: np.ndarray) -> np.ndarray:
    """A cell's trainable number inside its range, as `nn.initialise.from_unbounded` gives it; computed in float64."""
    low, high = parameter.bounds
    wide = number.astype(np.float64)
    with np.errstate(over="ignore"):
        if np.isfinite(low) and np.isfinite(high):
            wide = low + (high - low) * (1 / (1 + np.exp(-wide)))
        elif np.isfinite(low):
            wide = low + np.exp(wide)
        elif np.isfinite(high):
            wide = high - np.exp(wide)
    inside: np.ndarray = wide.astype(number.dtype)
    return inside
