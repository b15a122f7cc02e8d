"""Every state of every layer at every step, and the gates; in memory, or in a file where they are many."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from elman.equations import Cell
from elman.equations.program import Ref
from elman.errors import InputError
from elman.files import replace_file
from elman.inspection.finding import Finding
from elman.inspection.gates import shown_gates
from elman.inspection.layers import OneLayer, layer_name, layer_number, layers
from elman.inspection.reading import Reading
from elman.inspection.words import counted
from elman.nn import Recurrent
from elman.state import State

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_MOST = 256 << 20  # bytes


@dataclass(frozen=True, eq=False, repr=False)
class States(Finding):
    """What a network's layers hold at every step.

    Shape:
        each array (L*D, T, H), the directions of a layer one after the other

    Args:
        arrays: by name: the states of the cell ("h", "c") and its gates ("gate i"), as the equation has them: after
            their function, sigmoid(i), unless the equation applies none, or what it gives is a state already.
        steps: what each step is called.
        directions: D, 1 or 2.
    """

    arrays: dict[str, np.ndarray]
    steps: tuple[str, ...]
    directions: int = 1

    def sentence(self) -> str:
        """What was read, and how far the hidden units of the last layer are from 0."""
        name, h = next(iter(self.arrays.items()))
        L, T, H = len(h) // self.directions, *h.shape[1:]
        gates = [one.removeprefix("gate ") for one in self.arrays if one.startswith("gate ")]
        shown = ", ".join(one for one in self.arrays if not one.startswith("gate "))
        shown += f" and gate{'s' * (len(gates) > 1)} {', '.join(gates)}" if gates else ""
        mean = np.abs(h[-self.directions :]).mean()
        return (
            f"{shown} of {counted(H, 'unit')} in {counted(L, 'layer')} over {counted(T, 'step')}: a row for each "
            f"unit, a column for each step; the mean of |{name}| in the last layer is {mean:.2f}."
        )

    def to_frame(self) -> "pd.DataFrame":
        """A line for each layer, direction, step and unit, with a column for each array."""
        import pandas as pd

        LD, T, H = next(iter(self.arrays.values())).shape
        number, step, unit = (one.ravel() for one in np.indices((LD, T, H)))
        columns = {
            "layer": number // self.directions,
            "reverse": number % self.directions == 1,
            "step": step,
            "read": np.array(self.steps, object)[step],
            "unit": unit,
        }
        return pd.DataFrame(columns | {name: one.ravel() for name, one in self.arrays.items()})

    def plot(self, layer: int = -1, *, reverse: bool = False) -> "Figure":
        """A map of each array of one layer: a row for each unit, a column for each step.

        Args:
            layer: its number, from 0; -1 is the last.
            reverse: whether it is the one that reads from the end.

        Raises:
            InputError: there is none.
        """
        from elman.reports.heat_map import Map, heat_maps

        L = len(next(iter(self.arrays.values()))) // self.directions
        number = layer_number(L, self.directions, layer, reverse=reverse)
        where = "" if L * self.directions == 1 else f" of {layer_name(layer % L, reverse)}"
        maps = []
        for name, one in self.arrays.items():
            values = one[number].T
            share = 0 <= values.min() <= values.max() <= 1  # such as sigmoid(i)
            maps.append(Map(f"{name}{where}", values, bool(values.min() >= 0), 1.0 if share else None))
        return heat_maps(maps, self.steps, "unit")


def states(
    reading: Reading,
    *,
    gates: bool = True,
    most_bytes: int = _MOST,
    file: str | os.PathLike[str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> States:
    """Every state of every layer at every step, bit for bit those of the layer, and the gates.

    Gates cost two more matrix products for each layer. In memory, what is asked for may take `most_bytes`; into a file
    goes any amount, and no more than about that is in memory at a time.

    Args:
        reading: from `elman.inspect`.
        gates: whether the gates are wanted, too.
        most_bytes: that the arrays may take in memory.
        file: a `.npy` file to write them to: one array (names, L*D, T, H); the result's arrays are read from it.
        progress: called with the share that is done, where there is a file.

    Raises:
        InputError: they take more than `most_bytes` and there is no file, or the file cannot be written.

    Example:
        >>> import elman, torch
        >>> layer = elman.LSTM(3, 5, num_layers=2)
        >>> found = states(elman.inspect(layer, torch.randn(7, 3)))
        >>> list(found.arrays), found.arrays["gate f"].shape
        (['h', 'c', 'gate i', 'gate f', 'gate g', 'gate o'], (2, 7, 5))
    """
    layer = reading.layer
    refs = _gate_refs(layer.cell) if gates else {}
    names = [*layer.cell.state, *refs]
    shape = (len(names), layer.num_layers * layer.num_directions, len(reading.x), layer.hidden_size)
    dtype = np.dtype(str(reading.x.dtype).removeprefix("torch."))
    if isinstance(most_bytes, bool) or not isinstance(most_bytes, int) or most_bytes < 1:
        raise InputError(f"most_bytes is {most_bytes!r}, expected a number of bytes")
    if file is None:
        needs = int(np.prod(shape)) * dtype.itemsize
        if needs > most_bytes:
            raise InputError(
                f"the {', '.join(names)} of {counted(shape[2], 'step')} take {needs:,} bytes, more than "
                f"most_bytes={most_bytes:,}: give file='states.npy', look at fewer steps, or allow more"
            )
        arrays = np.empty(shape, dtype)
        for k, one in enumerate(layers(reading)):
            _fill(arrays[:, k], one, list(refs.values()))
        return States(dict(zip(names, arrays, strict=True)), reading.steps, layer.num_directions)
    if Path(file).suffix != ".npy":
        raise InputError(f"file is {os.fspath(file)!r}, expected the name of a .npy file")
    with replace_file(file) as temporary:
        into = np.lib.format.open_memmap(temporary, mode="w+", dtype=dtype, shape=shape)
        _write(reading, into, list(refs.values()), most_bytes, progress or (lambda share: None))
        into.flush()
        del into  # closes it: what is open cannot be renamed everywhere
    arrays = np.load(file, mmap_mode="r")
    return States(dict(zip(names, arrays, strict=True)), reading.steps, layer.num_directions)


def _gate_refs(cell: Cell) -> dict[str, Ref]:
    """What of the program is shown of each gate; before its function, where that gives a state, as Elman's tanh(z)."""
    return {
        f"gate {gate.name}": gate.argument if gate.ref in cell.program.outputs else gate.ref
        for gate in shown_gates(cell)
    }


def _fill(into: np.ndarray, one: OneLayer, refs: Sequence[Ref]) -> None:
    """Write the states and gates of one layer in one direction, (names, T, H)."""
    for place, value in zip(into, [*one.after.values(), *(one.compute(refs) if refs else [])], strict=True):
        place[:] = value.cpu().numpy()


def _write(
    reading: Reading, into: np.ndarray, refs: Sequence[Ref], most_bytes: int, progress: Callable[[float], None]
) -> None:
    """All layers, a few steps of one layer in one direction at a time; what lies below is read from the file again."""
    layer = reading.layer
    names, LD, T, H = into.shape
    # What lies there of each step at the same time: what is read, states and gates, and their sums before and after.
    at_a_time = max(1, most_bytes // (into.itemsize * (2 * names + 8 * len(layer.cell.gates)) * H))
    D = layer.num_directions
    for k in range(LD):
        below = into[0, k // D * D - D : k // D * D] if k >= D else None  # h of both directions below, (D, T, H)

        def read(piece: slice, below: np.ndarray | None = below) -> Tensor:
            if below is None:
                return reading.x[piece]
            h = np.concatenate([one[piece] for one in below], -1)
            return torch.from_numpy(h).to(reading.x.device)

        for piece, one in _pieces(reading, k, read, at_a_time):
            _fill(into[:, k, piece], one, refs)
            last = piece.start if one.reverse else piece.stop
            progress((k + (T - last if one.reverse else last) / T) / LD)


def _pieces(
    reading: Reading, k: int, read: Callable[[slice], Tensor], at_a_time: int
) -> Iterator[tuple[slice, OneLayer]]:
    """One layer in one direction, some steps at a time, in the order in which it reads."""
    whole = reading.layer
    reverse = k % whole.num_directions == 1
    alone = _alone(whole, k)
    T = len(reading.x)
    start = State(**{name: one[:, k : k + 1] for name, one in reading.start.items()})
    starts = range(0, T, at_a_time)
    for first in reversed(starts) if reverse else starts:
        piece = slice(first, min(first + at_a_time, T))
        x = read(piece)
        part = Reading(alone, x.flip(0) if reverse else x, reading.steps[piece], start)
        with torch.no_grad():
            unrolled = part.unroll()
        (one,) = layers(part, unrolled)
        start = unrolled.last
        before, after = (
            {name: states.flip(0) if reverse else states for name, states in of.items()}
            for of in (one.before, one.after)
        )
        yield piece, OneLayer(k // whole.num_directions, reverse, one.cell, one.weights, x, before, after)


def _alone(whole: Recurrent, k: int) -> Recurrent:
    """One layer in one direction as a layer of its own, with the same weights."""
    sizes = (whole._input_sizes()[k], whole.hidden_size)
    with torch.device("meta"):
        alone = Recurrent(whole.cell, *sizes, bias=whole.bias, single_bias=whole.single_bias)
    for name in list(alone._parameters):
        alone._parameters[name] = getattr(whole, name.removesuffix("_l0") + whole._suffixes()[k])
    return alone.eval()
