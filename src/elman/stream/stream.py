"""A trained network that goes on step by step."""

import os
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from elman.equations import Cell
from elman.errors import InputError
from elman.files import write_model
from elman.kernels.stepper import Stepper
from elman.kernels.target import host
from elman.state import State
from elman.stream.model_file import load_parts
from elman.stream.parts import Parts
from elman.stream.torch_module import parts_of


class Stream:
    """A trained stack of recurrent layers that reads one time step at a time, NumPy in and NumPy out, without PyTorch.

    It keeps its hidden state, packed weights and scratch in one piece of memory; a step is one call of compiled code.
    The outputs have the bits that the layer and its `Readout` give for whole sequences. A stream is for one thread:
    for others make more of them, with `copy.copy`.

    Made by `Stream.load` from a model file, or by `Stream.from_torch` from a trained layer.

    Example:
        >>> import elman, numpy as np, torch
        >>> stream = elman.Stream.from_torch(torch.nn.LSTM(3, 8), head=torch.nn.Linear(8, 2))
        >>> stream.step(np.zeros(3)).shape
        (2,)
        >>> stream.step_block(np.zeros((100, 3))).shape
        (100, 2)
    """

    def __init__(self, parts: Parts, batch_size: int = 1) -> None:
        """A stream of these parts; users have `load` and `from_torch`."""
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise InputError(f"batch_size is {batch_size!r}, expected a whole number of at least 1")
        if not host().has_fma:
            raise InputError("this processor has no fused multiply-add, which the compiled kernels need")
        self._parts, self._batch_size = parts, batch_size
        self._stepper = stepper = Stepper(parts.cell, parts.layers, parts.head, batch_size)
        self._x: np.ndarray = stepper.x[0] if batch_size == 1 else stepper.x
        self._y: np.ndarray = stepper.y[0] if batch_size == 1 else stepper.y
        self._run, self._step = stepper.run, stepper.step
        # The kind of numbers that `step` takes as they are; where symbols are looked up first, none.
        self._kind = "f" if parts.embedding is None else None
        self._shape = self._x.shape
        self.reset()

    @classmethod
    def load(cls, path: str | os.PathLike[str], batch_size: int = 1) -> Self:
        """Stream the model of a file: one of an estimator's `save`, or of `Stream.save`.

        The stream reads and gives what the network does, after the input's codec and before the output's: series are
        scaled, texts are numbers of symbols. `codecs` has what the file says of them.

        Args:
            path: a `.safetensors` file.
            batch_size: B, how many streams go on at once.

        Raises:
            InputError: the file is missing or damaged, or its model cannot be streamed (bidirectional, attention, an
                output that is made of all steps).
        """
        return cls(load_parts(path), batch_size)

    @classmethod
    def from_torch(cls, module: Any, head: Any = None, embedding: Any = None, batch_size: int = 1) -> Self:
        """Stream a trained layer, with copies of its weights.

        Args:
            module: a torch.nn.RNN, GRU or LSTM, a layer of elman's, or an `elman.Network`. Dropout is off.
            head: a torch.nn.Linear (or `elman.Readout`) behind its last layer.
            embedding: a torch.nn.Embedding before its first; the stream then reads whole numbers.
            batch_size: B, how many streams go on at once.

        Raises:
            InputError: one of them is something else or cannot be streamed, or they do not fit together.
        """
        return cls(parts_of(module, head, embedding), batch_size)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write the network, without the state, to a `.safetensors` file that `load` reads.

        Raises:
            InputError: the path cannot be written, or a weight is NaN or infinite.
        """
        write_model(path, dict(self._parts.named()), self._parts.described(), overwrite=overwrite)

    def step(self, x: Any) -> np.ndarray:
        """Read one time step of each stream.

        Shape:
            x (I,) or, of B streams, (B, I) -> (O,) or (B, O); symbols () or (B,) -> the same

        Args:
            x: numbers, which are converted to the dtype of the weights; whole numbers where there is an embedding.

        Returns:
            A new array: the output layer's, or the last layer's h where there is none.

        Raises:
            InputError: x has another shape, is of no numbers, or a symbol is out of range.
        """
        if type(x) is np.ndarray and x.shape == self._shape and x.dtype.kind == self._kind:
            self._x[...] = x
        elif type(x) is int and self._is_symbol(x):
            self._x[...] = self._parts.embedding[x]  # type: ignore[index]
        else:
            return self._converted_step(x)
        self._run(self._step)
        return self._y.copy()

    def _is_symbol(self, x: int) -> bool:
        """Whether it is a symbol of the one stream."""
        return self._kind is None and self._batch_size == 1 and 0 <= x < self.input_size

    def _converted_step(self, x: Any) -> np.ndarray:
        found = self._read(x, ())
        self._stepper.x[...] = found
        self._run(self._step)
        y: np.ndarray = self._stepper.y.copy()
        return y[0] if found.ndim == 1 else y

    def step_block(self, x: Any) -> np.ndarray:
        """Read n time steps of each stream, faster than one by one and with the same bits.

        Shape:
            x (n, I) or, of B streams, (B, n, I) -> (n, O) or (B, n, O); symbols (n,) or (B, n) -> the same

        Raises:
            InputError: as `step`.
        """
        found = self._read(x, (None,))
        alone, stepper = found.ndim == 2, self._stepper
        found = found.reshape(self._batch_size, *found.shape[-2:])
        n = found.shape[1]
        y = np.empty((self._batch_size, n, self.output_size), self.dtype)
        for start in range(0, n, stepper.most_steps):
            steps = slice(start, min(start + stepper.most_steps, n))
            stepper.block(found[:, steps], y[:, steps])
        return y[0] if alone else y

    def _read(self, x: Any, steps: tuple[None, ...]) -> np.ndarray:
        """The vectors of one step (`steps` is empty) or of several, in the dtype of the weights."""
        embedding, B = self._parts.embedding, self._batch_size
        features = (self.input_size,) if embedding is None else ()
        try:
            array = np.asarray(x)
        except (TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"x is a {type(x).__name__} that is no array of numbers: {error}") from error
        # The sizes of dimensions; None is any.
        shapes = [(B, *steps, *features)] + ([(*steps, *features)] if B == 1 else [])
        if not any(
            len(shape) == array.ndim and all(a in (None, b) for a, b in zip(shape, array.shape, strict=True))
            for shape in shapes
        ):
            wanted = " or ".join(str(tuple("n" if a is None else a for a in shape)) for shape in reversed(shapes))
            raise InputError(f"x has shape {array.shape}, expected {wanted}".replace("'n'", "n"))
        if embedding is not None:
            return self._embedded(array, embedding)
        if not np.can_cast(array.dtype, self.dtype, "same_kind"):
            raise InputError(f"x is {array.dtype}, expected numbers that can be {self.dtype}: x.astype({self.dtype})")
        return np.ascontiguousarray(array, self.dtype)

    def _embedded(self, symbols: np.ndarray, embedding: np.ndarray) -> np.ndarray:
        if symbols.dtype.kind not in "iu" and symbols.size:
            raise InputError(f"x is {symbols.dtype}, expected whole numbers, the symbols' of the embedding")
        if symbols.size and not 0 <= symbols.min() <= symbols.max() < len(embedding):
            wrong = symbols.min() if symbols.min() < 0 else symbols.max()
            raise InputError(f"x has the symbol {wrong}, expected numbers from 0 to {len(embedding) - 1}")
        found: np.ndarray = embedding[symbols.astype(np.int64, copy=False)]
        return found

    @property
    def state(self) -> State:
        """The hidden state after the last step, a copy; what is assigned is where the next step goes on from.

        Shape:
            each array (B, L, H)

        Raises:
            InputError: it does not fit this stream.
        """
        return State(**{name: array.copy() for name, array in self._stepper.state.items()})

    @state.setter
    def state(self, state: State) -> None:
        own = self._stepper.state
        if not isinstance(state, State):
            raise InputError(f"state is a {type(state).__name__}, expected a State of {', '.join(own)}")
        if set(state) != set(own):
            raise InputError(f"state is a State of {', '.join(state)}, but this stream has {', '.join(own)}")
        given = state.to_arrays()
        for name, array in given.items():
            if array.shape != own[name].shape:
                raise InputError(
                    f"state: {name} has shape {array.shape}, expected {own[name].shape}: batch, layers, hidden_size"
                )
            if not np.can_cast(array.dtype, self.dtype, "same_kind"):
                raise InputError(f"state: {name} is {array.dtype}, expected {self.dtype}")
        for name, array in given.items():
            own[name][...] = array

    def reset(self, rows: Any = None) -> None:
        """Go back to the beginning.

        Args:
            rows: which streams, as for `State.select`; None for all.

        Raises:
            InputError: there are no such rows.
        """
        initial = State(**{name: start[np.newaxis] for name, start in self._parts.initial.items()})
        self.state = self.state.reset(slice(None) if rows is None else rows, initial)

    @property
    def cell(self) -> Cell:
        """The equation of every layer."""
        return self._parts.cell

    @property
    def input_size(self) -> int:
        """I, the number of features of x; of symbols, how many there are."""
        return self._parts.input_size

    @property
    def hidden_size(self) -> int:
        """H."""
        return self._parts.hidden_size

    @property
    def num_layers(self) -> int:
        """L."""
        return len(self._parts.layers)

    @property
    def output_size(self) -> int:
        """O, the numbers that a step gives."""
        return self._parts.output_size

    @property
    def batch_size(self) -> int:
        """B, how many streams go on at once."""
        return self._batch_size

    @property
    def dtype(self) -> np.dtype:
        """Of the weights and of what a step gives."""
        return self._parts.dtype

    @property
    def codecs(self) -> Mapping[str, Any]:
        """How the model's raw data became arrays, by end, as JSON; empty where the file does not say."""
        return self._parts.codecs

    def __copy__(self) -> "Stream":
        """Another stream of the same network and in the same state, with memory of its own."""
        other = type(self)(self._parts, self._batch_size)
        other.state = self.state
        return other

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._restored, (self._parts, self._batch_size, self.state.to_arrays())

    @classmethod
    def _restored(cls, parts: Parts, batch_size: int, state: Mapping[str, np.ndarray]) -> Self:
        stream = cls(parts, batch_size)
        stream.state = State(**state)
        return stream

    def __repr__(self) -> str:
        """The cell and the sizes, from the input to the output."""
        parts = self._parts
        sizes = [f"{self.input_size} symbols"] if parts.embedding is not None else []
        sizes += [str(parts.layers[0].weight_ih.shape[1]), *[str(self.hidden_size)] * self.num_layers]
        sizes += [] if parts.head is None else [str(self.output_size)]
        return f"Stream({self.cell.name}: {' -> '.join(sizes)}; batch_size={self.batch_size}, {self.dtype})"
