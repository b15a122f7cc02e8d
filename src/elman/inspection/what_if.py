"""What if an input were other: how far apart the states are that an edit leaves, and when they meet again."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from elman.errors import InputError
from elman.inspection.finding import Finding
from elman.inspection.layers import layer_name, layer_number
from elman.inspection.reading import Reading
from elman.inspection.words import counted, from_to, largest_change, shown_outputs

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_SHOWN = 3  # edited steps that a sentence names one by one


@dataclass(frozen=True, eq=False, repr=False)
class Difference(Finding):
    """Two readings of one network, step beside step, and how far apart its states are.

    Shape:
        first, second (P,); states, each (L*D, P, H); norms (L*D, P); outputs (2, P or 1, O)

    Args:
        first: the steps of the first reading that stand beside those of the second; both begin with the steps that are
            equal, go on with those that were edited, as many as both have, and end with the equal steps at the end.
        second: the steps of the second reading.
        edited: the places of the first and behind the last pair that differ in what is read, or in what they start
            from.
        steps: what the pairs are called: "a", and "a→b" where they differ.
        left_out: what the steps of the first reading are called that stand beside none.
        put_in: what the steps of the second reading are called that stand beside none.
        started_apart: whether the states before the first step differ, as a decoder's do.
        states: of each state of the cell, that of the second reading minus that of the first.
        norms: the length of the difference of all states of a layer, at each pair.
        meet: for each layer and direction the pair, the first in the order in which it reads, from which on the norm
            stays below `fraction` of its largest; None: it does not.
        fraction: what counts as having met again.
        directions: D.
        outputs: of the first and the second reading, probabilities where outputs are scores; None where there are none
            or they are not outputs of the same steps.
        names: of the O outputs.
        probabilities: whether outputs are that.
    """

    first: np.ndarray
    second: np.ndarray
    edited: tuple[int, int]
    steps: tuple[str, ...]
    left_out: tuple[str, ...]
    put_in: tuple[str, ...]
    started_apart: bool
    states: dict[str, np.ndarray]
    norms: np.ndarray
    meet: tuple[int | None, ...]
    fraction: float
    directions: int
    outputs: np.ndarray | None
    names: tuple[str, ...]
    probabilities: bool

    def sentence(self) -> str:
        """Where the input was edited, when the states of the last layer meet again, and what the outputs make of it."""
        start, end = self.edited
        forwards = len(self.norms) - self.directions
        meet, largest = self.meet[forwards], self.norms[forwards].max()
        if not largest:
            return f"The states of {self._name(forwards)} are the same in both readings."
        edits = (("", self.steps[start:end]), ("left out ", self.left_out), ("put in ", self.put_in))
        shown = ", ".join(f"{what}{_few(steps)!r}" for what, steps in edits if steps)
        words = "Started from other states" if self.started_apart else f"Edited at step {start}"
        words += f"{f' ({shown})' if shown else ''}: the states of {self._name(forwards)} differ by up to {largest:.3g}"
        if meet is None:
            words += " and do not meet again"
        elif meet < end:
            words += " and meet again before the last edit"
        else:
            words += f" and meet again (below {self.fraction:.0%} of that) {counted(meet - end + 1, 'step')} after it"
        return f"{words}{self._output_words()}."

    def to_frame(self) -> "pd.DataFrame":
        """A line for each layer, direction and pair of steps: the norm, and the unit whose h differs most."""
        import pandas as pd

        h = next(iter(self.states.values()))
        LD, P = self.norms.shape
        number, pair = (one.ravel() for one in np.indices((LD, P)))
        unit = np.abs(h).argmax(-1)
        columns = {
            "layer": number // self.directions,
            "reverse": number % self.directions == 1,
            "first": self.first[pair],
            "second": self.second[pair],
            "read": np.array(self.steps, object)[pair],
            "norm": self.norms.ravel(),
            "unit": unit.ravel(),
            "difference": np.take_along_axis(h, unit[..., None], -1).ravel(),
        }
        return pd.DataFrame(columns)

    def plot(self, layer: int = -1) -> "Figure":
        """The norm of each layer's difference over the steps, and below it the difference of each unit of one layer."""
        from elman.reports.heat_map import Map, heat_maps

        number = layer_number(len(self.norms) // self.directions, self.directions, layer)
        name, h = next(iter(self.states.items()))
        largest = self.norms.max(-1, keepdims=True)
        shares = np.divide(self.norms, largest, out=np.zeros_like(self.norms), where=largest > 0)
        rows = [self._name(k) for k in range(len(self.norms))]
        size = Map("how far apart the states are, relative to the furthest", shares, True, 1.0, rows)
        unit = Map(f"{name} of {self._name(number)}, second minus first", h[number].T)
        return heat_maps([size, unit], self.steps, "unit", mark=self.edited[0])

    def _name(self, number: int) -> str:
        return layer_name(number // self.directions, number % self.directions == 1)

    def _output_words(self) -> str:
        if self.outputs is None or not self.names:
            return ""
        before, after = self.outputs
        u, o = largest_change(before, after)
        where = "" if len(before) == 1 else f" at step {u}"
        numbers = from_to(before[u, o], after[u, o], self.probabilities)
        return f"; the output {self.names[o]!r}{where} changes most, {numbers}"


def what_if(reading: Reading, other: Reading, *, fraction: float = 0.05) -> Difference:
    """What an edit of the input does to the states, and when they meet again.

    Steps that are equal in both from the front stand beside each other, and so do those that are equal from the back,
    so that a symbol may also be put in or left out.

    Args:
        reading: of the input as it is.
        other: of the edited one, by the same network.
        fraction: of the largest difference, below which the states are said to have met.

    Raises:
        InputError: the readings are of different networks, or `fraction` is no share.

    Example:
        >>> import elman, torch
        >>> layer, x = elman.RNN(2, 3), torch.zeros(6, 2)
        >>> edited = x.clone()
        >>> edited[2] = 1.0
        >>> found = what_if(elman.inspect(layer, x), elman.inspect(layer, edited))
        >>> found.norms[0, :2].tolist(), bool(found.norms[0, 2] > 0)
        ([0.0, 0.0], True)
    """
    if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 < fraction < 1:
        raise InputError(f"fraction is {fraction!r}, expected a number between 0 and 1")
    if reading.layer is not other.layer or reading.part != other.part:
        raise InputError("the readings are of different networks: inspect both with the same model and the same part")
    if not (len(reading.x) and len(other.x)):
        raise InputError("the input has no steps: there is nothing to look at")
    first, second, edited = _beside(reading.x, other.x)
    with torch.no_grad():
        one, two = (each.unroll() for each in (reading, other))
        states = {
            name: (two.states[name][:, 0, second] - one.states[name][:, 0, first]).cpu().numpy()
            for name in reading.layer.cell.state
        }
        outputs = None
        if reading.output is not None and other.output is not None:
            pair = reading.output(one.h, one.last)[0], other.output(two.h, two.last)[0]
            outputs = _outputs(reading, other, pair, (first, second))
    norms = np.sqrt(sum((np.square(each, dtype=np.float64)).sum(-1) for each in states.values()))
    started_apart = any(not torch.equal(start, other.start[name]) for name, start in reading.start.items())
    if started_apart:
        edited = (0, 0 if edited[0] == len(first) else edited[1])
    D = reading.layer.num_directions
    meet = tuple(_meet(norm, edited, fraction, reverse=k % D == 1) for k, norm in enumerate(norms))
    pairs = ((reading.steps[a], other.steps[b]) for a, b in zip(first, second, strict=True))
    steps = tuple(a if a == b else f"{a}→{b}" for a, b in pairs)
    left_out, put_in = (
        tuple(each.steps[k] for k in sorted(set(range(len(each.x))).difference(places.tolist())))
        for each, places in ((reading, first), (other, second))
    )
    return Difference(
        first.numpy(), second.numpy(), edited, steps, left_out, put_in, started_apart, states, norms, meet,
        float(fraction), D, outputs, reading.names, reading.scores,
    )  # fmt: skip


def _beside(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, tuple[int, int]]:
    """The steps of two sequences that stand beside each other, and which pairs were edited."""
    short = min(len(x), len(y))
    front = int((x[:short] == y[:short]).all(-1).cumprod(0).sum())
    back = int((x.flip(0)[:short] == y.flip(0)[:short]).all(-1).cumprod(0).sum())
    back = min(back, short - front)
    middle = short - front - back  # pairs that differ; the longer one has more, which stand beside nothing
    both = torch.arange(front + middle)
    first, second = (torch.cat([both, torch.arange(len(one) - back, len(one))]) for one in (x, y))
    return first, second, (front, front + middle)


def _few(steps: tuple[str, ...]) -> str:
    return " ".join(steps) if len(steps) <= _SHOWN else f"{steps[0]} ... {steps[-1]}"


def _meet(norm: np.ndarray, edited: tuple[int, int], fraction: float, reverse: bool) -> int | None:
    apart = np.flatnonzero(norm > fraction * norm.max())
    if not apart.size:
        return None
    if reverse:
        return int(apart[0]) - 1 if apart[0] > 0 else None
    return int(apart[-1]) + 1 if apart[-1] < len(norm) - 1 else None


def _outputs(
    reading: Reading, other: Reading, pair: tuple[Tensor, Tensor], beside: tuple[Tensor, Tensor]
) -> np.ndarray | None:
    one, two = pair
    if len(one) == len(reading.x) and len(two) == len(other.x):
        one, two = one[beside[0]], two[beside[1]]
    elif reading.asked != other.asked:
        return None  # two translations that differ have no steps in common
    return np.stack([shown_outputs(reading, each) for each in (one, two)])
