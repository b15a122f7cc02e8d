"""What is lost without some hidden units: the outputs of a network beside those that it has when nothing reads them."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from elman.errors import InputError
from elman.inspection.finding import Finding
from elman.inspection.layers import layer_name, layer_number
from elman.inspection.reading import Output, Reading
from elman.inspection.words import from_to, largest_change, shown_outputs
from elman.state import State

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_FEW = 12  # outputs that are drawn


@dataclass(frozen=True, eq=False, repr=False)
class Ablation(Finding):
    """The outputs of a network with and without some of its hidden units.

    Shape:
        intact, ablated (U, O)

    Args:
        units: that were taken out, by their numbers from 0.
        layer: they are of, from 0.
        reverse: whether it is the one that reads from the end.
        intact: the outputs of the whole network; probabilities where they are scores.
        ablated: the outputs without the units.
        names: of the O outputs.
        asked: what each of the U outputs is for.
        probabilities: whether outputs are that.
    """

    units: tuple[int, ...]
    layer: int
    reverse: bool
    intact: np.ndarray
    ablated: np.ndarray
    names: tuple[str, ...]
    asked: tuple[str, ...]
    probabilities: bool

    @property
    def changes(self) -> np.ndarray:
        """How much each output is larger without the units, (U, O)."""
        changes: np.ndarray = self.ablated - self.intact
        return changes

    def sentence(self) -> str:
        """Which output changes most."""
        u, o = largest_change(self.intact, self.ablated)
        numbers = from_to(self.intact[u, o], self.ablated[u, o], self.probabilities)
        where = "" if len(self.intact) == 1 else f" at step {u} ({self.asked[u]!r})"
        flips = int((self.intact.argmax(-1) != self.ablated.argmax(-1)).sum())
        shown = ", ".join(map(str, self.units[:8])) + (" ..." if len(self.units) > 8 else "")
        words = f"Without unit{'s' * (len(self.units) > 1)} {shown} of {layer_name(self.layer, self.reverse)}"
        words += f" the output {self.names[o]!r}{where} changes most, {numbers}"
        if not self.probabilities:
            return f"{words}."
        return f"{words}; at {flips} of {len(self.intact)} the likeliest output is another."

    def to_frame(self) -> "pd.DataFrame":
        """A line for each output of each step."""
        import pandas as pd

        step, output = (one.ravel() for one in np.indices(self.intact.shape))
        columns = {
            "step": step,
            "asked": np.array(self.asked, object)[step],
            "output": np.array(self.names, object)[output],
            "intact": self.intact.ravel(),
            "ablated": self.ablated.ravel(),
        }
        return pd.DataFrame(columns)

    def plot(self) -> "Figure":
        """The outputs that change most: bars without the units, rings with them; or over the steps the change."""
        largest = np.sort(np.abs(self.changes).max(0).argsort()[::-1][:_FEW], kind="stable")
        if len(self.intact) == 1:
            from elman.reports.bars import Bars, bars

            names = [self.names[k] for k in largest]
            title = "without the units; rings: with them"
            group = Bars(title, names, self.ablated[0, largest].tolist(), self.intact[0, largest].tolist())
            return bars([group], "probability" if self.probabilities else "value")
        from elman.reports.heat_map import Map, heat_maps

        what = "probability" if self.probabilities else "value"
        change = Map(
            f"{what} without the units minus {what} with them",
            self.changes[:, largest].T,
            rows=[self.names[k] for k in largest],
        )
        return heat_maps([change], self.asked, "output")


def ablate(reading: Reading, units: Sequence[int], *, layer: int = -1, reverse: bool = False) -> Ablation:
    """What a network gives without some of its hidden units: their h is 0 at every step and at the start.

    Args:
        reading: from `elman.inspect`.
        units: their numbers, from 0.
        layer: it is of, from 0; -1 is the last.
        reverse: whether it is the one that reads from the end.

    Raises:
        InputError: there is no such unit or layer, or the reading has no output.

    Example:
        >>> import elman, torch
        >>> net = elman.Network(2, 3, 1)
        >>> found = ablate(elman.inspect(net, torch.ones(4, 2)), [0, 1, 2])
        >>> bool((found.ablated == net.b_o.item()).all())
        True
    """
    L, D, H = reading.layer.num_layers, reading.layer.num_directions, reading.layer.hidden_size
    number = layer_number(L, D, layer, reverse=reverse)
    chosen = _units(units, H)
    if reading.output is None:
        raise InputError("a layer alone has no output to lose: inspect a Network, or a trained model")
    with torch.no_grad():
        intact = reading.outputs()[0]
        ablated = _without(reading, reading.output, chosen, number).outputs()[0]
    with_, without = (shown_outputs(reading, one) for one in (intact, ablated))
    return Ablation(chosen, number // D, reverse, with_, without, reading.names, reading.asked, reading.scores)


def _without(reading: Reading, read_out: Output, units: tuple[int, ...], number: int) -> Reading:
    """The reading of a network in which nothing reads these units; what they compute for themselves stays unseen."""
    layer, taken = reading.layer, list(units)
    D, H = layer.num_directions, layer.hidden_size
    suffixes, h = layer._suffixes(), layer.cell.state[0]
    seen = [number % D * H + unit for unit in units]  # where the layer above and the output find them
    last = number >= len(suffixes) - D

    def zeroed(name: str, columns: list[int]) -> Tensor:
        weight: Tensor = getattr(layer, name).detach().clone()
        weight[:, columns] = 0
        return weight

    weights = {f"weight_hh{suffixes[number]}": zeroed(f"weight_hh{suffixes[number]}", taken)}
    if not last:
        above = suffixes[(number // D + 1) * D : (number // D + 2) * D]
        weights |= {f"weight_ih{suffix}": zeroed(f"weight_ih{suffix}", seen) for suffix in above}

    def hidden(state: State) -> State:
        values = state[h].clone()
        values[:, number, taken] = 0
        return state.replace(**{h: values})

    def output(values: Tensor, final: State) -> Tensor:
        values = values.clone()
        if last:
            values[..., seen] = 0
        return read_out(values, hidden(final))

    silent = copy.copy(layer)  # the layer itself stays as it is, whoever else runs it
    silent._parameters = {**layer._parameters, **weights}  # type: ignore[dict-item]
    return replace(reading, layer=silent, start=hidden(reading.start), output=output)


def _units(units: Sequence[int], H: int) -> tuple[int, ...]:
    whole = [one for one in units if isinstance(one, int | np.integer) and not isinstance(one, bool) and 0 <= one < H]
    if not whole or len(whole) < len(units):
        raise InputError(f"units is {units!r}, expected a list of whole numbers from 0 to {H - 1}")
    return tuple(sorted({int(one) for one in whole}))
