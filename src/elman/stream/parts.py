"""What a stream is made of, as arrays: checked, written to a file and read again."""

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from elman.equations import Cell
from elman.errors import EquationError, InputError
from elman.files import Model, check_tensors
from elman.kernels.stepper import HeadWeights, LayerWeights

KIND: Final = "stream"
DTYPES: Final = ("float32", "float64")


class Parts(NamedTuple):
    """A trained network.

    Args:
        cell: the equation of every layer.
        layers: their weights, the lowest first.
        initial: for each state of the cell (L, H), where a stream begins.
        head: the output layer's weights, or None.
        embedding: (V, E), what stands for each symbol; None where the input is vectors.
        codecs: of the model file that it is from, by end, as JSON: how its raw data became arrays.
    """

    cell: Cell
    layers: tuple[LayerWeights, ...]
    initial: Mapping[str, np.ndarray]
    head: HeadWeights | None
    embedding: np.ndarray | None
    codecs: Mapping[str, Any]

    @property
    def dtype(self) -> np.dtype:
        """Of all arrays."""
        return self.layers[0].weight_ih.dtype

    @property
    def hidden_size(self) -> int:
        """H."""
        return int(self.layers[0].weight_hh.shape[1])

    @property
    def input_size(self) -> int:
        """The number of features of x_t, or of symbols."""
        return int(self.layers[0].weight_ih.shape[1] if self.embedding is None else len(self.embedding))

    @property
    def output_size(self) -> int:
        """O, or H without an output layer."""
        return self.hidden_size if self.head is None else len(self.head.weight)

    def named(self) -> Iterator[tuple[str, np.ndarray]]:
        """All arrays, with the names that they have in a file."""
        for k, one in enumerate(self.layers):
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                if getattr(one, name) is not None:
                    yield f"layer_{k}.{name}", getattr(one, name)
            for name, values in zip(self.cell.parameters, one.parameters, strict=True):
                yield f"layer_{k}.{name}", values
        for name, start in self.initial.items():
            yield f"initial.{name}", start
        if self.head is not None:
            yield "head.weight", self.head.weight
            if self.head.bias is not None:
                yield "head.bias", self.head.bias
        if self.embedding is not None:
            yield "embedding", self.embedding

    def checked(self) -> "Parts":
        """The same, its arrays contiguous.

        Raises:
            InputError: the cell has masks, or the arrays are not of one dtype that there are kernels for.
        """
        if self.cell.masks:
            raise InputError(
                f"the cell {self.cell.name!r} has masks ({', '.join(self.cell.masks)}), which a stream has not: "
                "stream a layer of a cell without them"
            )
        for name, array in self.named():
            if array.dtype != self.dtype or array.dtype.name not in DTYPES:
                raise InputError(
                    f"{name} is {array.dtype} and the weights are {self.dtype}, expected all float32 or all float64: "
                    "convert the model with .float() or .double()"
                )
        layers = [
            LayerWeights(
                np.ascontiguousarray(one.weight_ih),
                np.ascontiguousarray(one.weight_hh),
                _contiguous(one.bias_ih),
                _contiguous(one.bias_hh),
                [np.ascontiguousarray(values) for values in one.parameters],
            )
            for one in self.layers
        ]
        head = self.head and HeadWeights(np.ascontiguousarray(self.head.weight), _contiguous(self.head.bias))
        return self._replace(layers=tuple(layers), head=head)

    def described(self) -> dict[str, Any]:
        """All but the numbers, as JSON."""
        first = self.layers[0]
        return {
            "kind": KIND,
            "cell": self.cell.to_config(),
            "input_size": int(first.weight_ih.shape[1]),
            "hidden_size": self.hidden_size,
            "num_layers": len(self.layers),
            "biases": [name for name in ("bias_ih", "bias_hh") if getattr(first, name) is not None],
            "output_size": None if self.head is None else self.output_size,
            "output_bias": self.head is not None and self.head.bias is not None,
            "symbols": None if self.embedding is None else len(self.embedding),
            "codecs": dict(self.codecs),
        }


def _contiguous(array: np.ndarray | None) -> np.ndarray | None:
    return None if array is None else np.ascontiguousarray(array)


def read_parts(model: Model, path: str | os.PathLike[str]) -> Parts:
    """What `Parts.described` and `Parts.named` gave, from a file.

    Raises:
        InputError: something in it is damaged or does not fit together.
    """
    about, tensors = model
    try:
        cell = Cell.from_config(about["cell"])
        I, H, L = (_size(about[name]) for name in ("input_size", "hidden_size", "num_layers"))  # noqa: E741
        O, V = (None if about[name] is None else _size(about[name]) for name in ("output_size", "symbols"))  # noqa: E741
        biases, output_bias, codecs = list(about["biases"]), bool(about["output_bias"]), dict(about["codecs"])
        if biases not in ([], ["bias_ih"], ["bias_ih", "bias_hh"]):
            raise ValueError(f"biases {biases}")
    except EquationError as error:
        raise InputError(f"{path}: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: the description of the stream is damaged: {error!r}") from error
    rows = len(cell.gates) * H
    expected: dict[str, tuple[int, ...]] = {}
    for k in range(L):
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, H if k else I), "weight_hh": (rows, H)}
        shapes |= dict.fromkeys(biases, (rows,))
        shapes |= {name: (H if one.per == "unit" else 1,) for name, one in cell.parameters.items()}
        expected |= {f"layer_{k}.{name}": shape for name, shape in shapes.items()}
    expected |= {f"initial.{name}": (L, H) for name in cell.state}
    expected |= {} if O is None else {"head.weight": (O, H)}
    expected |= {"head.bias": (O,)} if O is not None and output_bias else {}
    expected |= {} if V is None else {"embedding": (V, I)}
    check_tensors(expected, model, path)
    layers = [
        LayerWeights(
            tensors[f"layer_{k}.weight_ih"],
            tensors[f"layer_{k}.weight_hh"],
            tensors.get(f"layer_{k}.bias_ih"),
            tensors.get(f"layer_{k}.bias_hh"),
            [tensors[f"layer_{k}.{name}"] for name in cell.parameters],
        )
        for k in range(L)
    ]
    head = None if O is None else HeadWeights(tensors["head.weight"], tensors.get("head.bias"))
    initial = {name: tensors[f"initial.{name}"] for name in cell.state}
    return Parts(cell, tuple(layers), initial, head, tensors.get("embedding"), codecs).checked()


def _size(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f"{value!r} is no size")
    return value
