"""The hidden state of recurrent layers as one object: named arrays, the batch in the first dimension."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from elman.errors import InputError
from elman.files import read_model, write_model

KIND = "state"
_ARRAYS = {("numpy", "ndarray"), ("numpy", "generic"), ("torch", "Tensor")}


class State(Mapping[str, Any]):
    """What a recurrent network remembers of the steps it has read, for a batch of sequences.

    An Elman network and a GRU remember the hidden state `h`; an LSTM also the cell state `c`. Hand the state
    that comes out of one piece of a sequence to the next piece, and the network goes on where it stopped.
    The arrays are NumPy's or torch's alike, and stay in autograd's graph; a `State` itself never changes:
    what looks like a change returns a new one.

    ```python
    state = State(h=np.zeros((3, 2, 8)), c=np.zeros((3, 2, 8)))  # 3 sequences, 2 layers, 8 units
    state["h"].shape                                             # (3, 2, 8)
    state = state.select([0, 2])                                 # the second sequence has ended
    state.batch_size                                             # 2
    ```

    Shape:
        each array (B, ...); from a layer (B, L*D, H)

    Args:
        arrays: the arrays by name.

    Raises:
        InputError: no array, something that is no array, or arrays of different batch sizes.
    """

    __slots__ = ("_arrays",)

    def __init__(self, /, **arrays: Any) -> None:
        if not arrays:
            raise InputError("a State needs at least one array: State(h=...)")
        sizes = {}
        for name, array in arrays.items():
            if _namespace(array) is None:
                raise InputError(f"state {name} is a {type(array).__name__}: expected a NumPy array or a torch tensor")
            if array.ndim == 0:
                raise InputError(f"state {name} is a single number: its first dimension has to be the batch")
            sizes[name] = array.shape[0]
        first = next(iter(sizes.values()))
        if any(size != first for size in sizes.values()):  # no set: under torch.export a size may be symbolic
            found = ", ".join(f"{name} has {size}" for name, size in sizes.items())
            raise InputError(f"the arrays of a state differ in batch size (first dimension): {found}")
        self._arrays = arrays

    @classmethod
    def zeros(cls, shapes: Mapping[str, Sequence[int]], batch_size: int, *, like: Any = None) -> "State":
        """The state before the first step.

        Args:
            shapes: by name, the shape of one sequence's state, without the batch: `{"h": (L*D, H)}`.
            batch_size: B.
            like: an array or tensor whose kind, dtype and device to take; without it NumPy's float32.
        """
        like = np.zeros(0, np.float32) if like is None else like
        new = like.new_zeros if hasattr(like, "new_zeros") else lambda shape: np.zeros(shape, like.dtype)
        return cls(**{name: new((batch_size, *shape)) for name, shape in shapes.items()})

    @classmethod
    def cat(cls, states: Sequence["State"]) -> "State":
        """One batch from several, in order."""
        if not states:
            raise InputError("cat needs at least one state")
        for index, state in enumerate(states):
            if set(state) != set(states[0]):
                raise InputError(
                    f"state {index} has {', '.join(state)}, but state 0 has {', '.join(states[0])}: "
                    "only states of the same cell can be joined"
                )
        return cls(
            **{name: _namespace(array).concatenate([s[name] for s in states]) for name, array in states[0].items()}
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the arrays, the hidden state first."""
        return tuple(self._arrays)

    @property
    def batch_size(self) -> int:
        """B, the number of sequences."""
        return int(next(iter(self._arrays.values())).shape[0])

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the arrays take."""
        return sum(int(array.nbytes) for array in self._arrays.values())

    def select(self, rows: Any) -> "State":
        """The sequences that `rows` names, in that order; beam search names a row several times.

        Args:
            rows: a list, array or tensor of row numbers or of B booleans, or a slice.
        """
        return self._map(lambda _, array: array[_rows(rows, array)])

    def split(self, sizes: Sequence[int]) -> list["State"]:
        """The reverse of `cat`: consecutive batches of the given sizes."""
        if sum(sizes) != self.batch_size or min(sizes, default=0) < 0:
            raise InputError(f"sizes {list(sizes)} add up to {sum(sizes)}, but the state's batch is {self.batch_size}")
        ends = np.cumsum(sizes).tolist()
        return [self.select(slice(end - size, end)) for size, end in zip(sizes, ends, strict=True)]

    def reset(self, rows: Any, initial: "State | None" = None) -> "State":
        """The state with some sequences back at their beginning while the others go on.

        Args:
            rows: as for `select`.
            initial: the state to start from, one row or as many as `rows` names; without it zeros.

        Raises:
            InputError: `rows` names no rows of this state, or `initial` does not fit.
        """
        if initial is not None:
            self._check_initial(initial, self.select(rows))

        def restart(name: str, array: Any) -> Any:
            fresh = array.clone() if hasattr(array, "clone") else array.copy()
            fresh[_rows(rows, array)] = 0 if initial is None else initial[name]
            return fresh

        return self._map(restart)

    def replace(self, /, **arrays: Any) -> "State":
        """The state with some arrays exchanged."""
        if unknown := arrays.keys() - self._arrays.keys():
            raise InputError(f"the state has no {min(unknown)}: it has {', '.join(self)}")
        return State(**{**self._arrays, **arrays})

    def detach(self) -> "State":
        """The state cut off from autograd's graph: truncated BPTT goes no further back than here."""
        return self._map(lambda _, array: array.detach() if hasattr(array, "detach") else array)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The arrays as NumPy's, by name; bfloat16, which NumPy lacks, as float32 with the same values."""
        return {name: _to_numpy(array) for name, array in self.items()}

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write the state to a `.safetensors` file, whole or not at all; bfloat16 as float32, as in `to_arrays`.

        Raises:
            InputError: the path cannot be written, or an array holds NaN or an infinity.
        """
        write_model(path, self.to_arrays(), {"kind": KIND, "names": list(self)}, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, like: Any = None) -> "State":
        """Read a state that `save` wrote.

        Args:
            path: the file.
            like: a tensor whose dtype and device to take; without it NumPy arrays come back.

        Raises:
            InputError: the file is missing, damaged, or holds something else.
        """
        metadata, tensors = read_model(path)
        if metadata.get("kind") != KIND or sorted(metadata.get("names", ())) != sorted(tensors):
            raise InputError(f"{path} holds no state but another thing of elman's: expected a file of State.save")
        state = cls(**{name: tensors[name] for name in metadata["names"]})
        return state if like is None else state._map(lambda _, array: like.new_tensor(array))

    def _check_initial(self, initial: "State", replaced: "State") -> None:
        for name, array in replaced.items():
            if name not in initial:
                raise InputError(f"initial is a State of {', '.join(initial)}, but this state has {', '.join(self)}")
            count, *shape = initial[name].shape
            if count not in (1, replaced.batch_size) or shape != list(array.shape[1:]):
                raise InputError(
                    f"initial: {name} has shape {(count, *shape)}, expected {tuple(array.shape)}, "
                    "or one row of that for all"
                )

    def _map(self, function: Any) -> "State":
        return State(**{name: function(name, array) for name, array in self.items()})

    def __getitem__(self, name: str) -> Any:
        """The array of that name, (B, ...)."""
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        """Over the names."""
        return iter(self._arrays)

    def __len__(self) -> int:
        """The number of arrays; the number of sequences is `batch_size`."""
        return len(self._arrays)

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        """Only itself: comparing arrays has no one answer (NaN, dtypes, devices)."""
        return self is other

    def __repr__(self) -> str:
        """Names, shapes and dtypes."""
        return f"State({', '.join(f'{name}: {tuple(a.shape)} {a.dtype}' for name, a in self.items())})"


def _namespace(array: Any) -> Any:
    """NumPy or torch, whichever the array or its class's ancestor is of, or None; torch is never imported here."""
    for kind in type(array).__mro__:
        if (kind.__module__, kind.__name__) in _ARRAYS:
            return sys.modules[kind.__module__]
    return None


def _to_numpy(array: Any) -> np.ndarray:
    if not hasattr(array, "detach"):
        return np.asarray(array)
    array = array.detach().cpu()
    whole: np.ndarray = (array.float() if str(array.dtype) == "torch.bfloat16" else array).numpy()
    return whole


def _rows(rows: Any, array: Any) -> Any:
    """`rows` in a form that indexes `array`, checked."""
    size = array.shape[0]
    if isinstance(rows, slice):
        return rows
    index = np.asarray(rows.cpu() if hasattr(rows, "cpu") else rows)
    if index.size == 0:
        index = index.astype(np.int64)  # [] is float64
    if index.ndim != 1 or index.dtype.kind not in "iub":
        raise InputError(f"rows is {rows!r}: expected a list of row numbers, such as [0], or a slice")
    if index.dtype.kind == "b":
        if len(index) != size:
            raise InputError(f"rows has {len(index)} booleans, but the state's batch is {size}")
        index = np.flatnonzero(index)
    if index.size and not -size <= index.min() <= index.max() < size:
        raise InputError(f"rows goes from {index.min()} to {index.max()}, but the state's batch is {size}")
    index = index.astype(np.int64)
    return index if isinstance(array, np.ndarray) else _namespace(array).as_tensor(index, device=array.device)
