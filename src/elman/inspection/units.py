"""Units that do no work: saturated ones, dead ones, and those that say what another one says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from elman.errors import InputError
from elman.inspection.finding import Finding
from elman.inspection.gates import shown_gates
from elman.inspection.layers import layer_name, layer_number, layers
from elman.inspection.reading import Reading
from elman.inspection.words import counted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# Of functions with an end, their slope as a share of the steepest, from their value.
_SLOPES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "tanh": lambda y: 1 - y * y,
    "sigmoid": lambda y: 4 * y * (1 - y),
}
_FEW = 3  # pairs that a sentence names


class Pair(NamedTuple):
    """Two units of one layer, and the correlation of their h."""

    layer: int
    reverse: bool
    first: int
    second: int
    correlation: float


@dataclass(frozen=True, eq=False, repr=False)
class Units(Finding):
    """What the hidden units do over all steps of some readings.

    Shape:
        saturated, each (L*D, H); ranges and dead (L*D, H); correlations (L*D, H, H)

    Args:
        saturated: of each gate with a tanh or a sigmoid the share of steps at which its slope is below `slope` of the
            steepest, where hardly any gradient comes through.
        ranges: how far h of a unit goes, from its smallest to its largest.
        dead: units whose range is below `still` of the largest range of their layer.
        correlations: of h of each two units over the steps; NaN with a unit that stands still.
        redundant: pairs of living units with a correlation, or its negative, above `alike`, the strongest first.
        n_steps: how many steps there were.
        directions: D.
        slope, still, alike: the limits.
    """

    saturated: dict[str, np.ndarray]
    ranges: np.ndarray
    dead: np.ndarray
    correlations: np.ndarray
    redundant: tuple[Pair, ...]
    n_steps: int
    directions: int
    slope: float
    still: float
    alike: float

    def sentence(self) -> str:
        """How many units are saturated, dead and redundant."""
        words = f"Over {counted(self.n_steps, 'step')} of {counted(self.dead.size, 'unit')}: "
        shares = ", ".join(f"{name} {share.mean():.0%}" for name, share in self.saturated.items())
        parts = [f"saturated at the gate{'s' * (len(self.saturated) > 1)} {shares} of the time"] if shares else []
        dead = int(self.dead.sum())
        parts.append(f"{counted(dead, 'unit')} hardly move{'s' * (dead == 1)}")
        n = len(self.redundant)
        pairs = f"{counted(n, 'pair')} {'says' if n == 1 else 'say'} the same"
        if self.redundant:
            shown = ", ".join(f"{one.first} and {one.second}" for one in self.redundant[:_FEW])
            pairs += f" ({shown}{' ...' if len(self.redundant) > _FEW else ''})"
        return f"{words}{'; '.join([*parts, pairs])}."

    def to_frame(self) -> "pd.DataFrame":
        """A line for each unit, with the unit of its layer that it is most like, and its correlation with that one."""
        import pandas as pd

        LD, H = self.dead.shape
        number, unit = (one.ravel() for one in np.indices((LD, H)))
        others = np.nan_to_num(np.abs(self.correlations), nan=-1.0)
        others[:, range(H), range(H)] = -1.0
        like = others.argmax(-1)
        columns = {"layer": number // self.directions, "reverse": number % self.directions == 1, "unit": unit}
        columns |= {f"saturated {name}": share.ravel() for name, share in self.saturated.items()}
        columns |= {"range": self.ranges.ravel(), "dead": self.dead.ravel(), "like": like.ravel()}
        columns["correlation"] = np.take_along_axis(self.correlations, like[..., None], -1).ravel()
        return pd.DataFrame(columns)

    def plot(self, layer: int = -1, *, reverse: bool = False) -> "Figure":
        """Of one layer: how often each unit is saturated, how far it goes, and how alike any two are.

        Args:
            layer: its number, from 0; -1 is the last.
            reverse: whether it is the one that reads from the end.

        Raises:
            InputError: there is none.
        """
        from elman.reports.heat_map import Map, heat_maps

        LD, H = self.dead.shape
        number = layer_number(LD // self.directions, self.directions, layer, reverse=reverse)
        where = layer_name(number // self.directions, reverse)
        shares = [share[number] for share in self.saturated.values()]
        maps = (
            [
                Map(
                    f"share of steps at which a unit of {where} is saturated",
                    np.array(shares),
                    True,
                    1.0,
                    [f"gate {name}" for name in self.saturated],
                )
            ]
            if shares
            else []
        )
        maps.append(Map("how far it goes", self.ranges[[number]], True, None, ["range"]))
        maps.append(Map("correlation of two units", self.correlations[number], False, 1.0))
        return heat_maps(maps, [str(k) for k in range(H)], "unit", x="unit")


def units(
    reading: Reading | Sequence[Reading],
    *,
    slope: float = 0.05,
    still: float = 0.01,
    alike: float = 0.98,
    progress: Callable[[float], None] | None = None,
) -> Units:
    """Which units are saturated, dead or redundant.

    Args:
        reading: from `elman.inspect`; several, of the same network, say more: 1,000 steps are a good number.
        slope: of the steepest slope of a tanh or a sigmoid, below which it counts as saturated: 0.05 is |tanh| > 0.975.
        still: of the largest range in a layer, below which a unit counts as dead.
        alike: the correlation from which two units count as redundant.
        progress: called with the share that is done.

    Raises:
        InputError: there is no reading, they are of different networks, or a limit is no share.

    Example:
        >>> import elman, torch
        >>> net = elman.Network(1, 2, 1)
        >>> with torch.no_grad():
        ...     size = net.W_xh.copy_(torch.tensor([[0.1], [100.0]]))
        >>> units(elman.inspect(net, torch.ones(8, 1))).saturated["z"].tolist()
        [[0.0, 1.0]]
    """
    found = [reading] if isinstance(reading, Reading) else list(reading)
    for name, share in (("slope", slope), ("still", still), ("alike", alike)):
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
            raise InputError(f"{name} is {share!r}, expected a number between 0 and 1")
    if not found:
        raise InputError("there is no reading: give at least one")
    if any(one.layer is not found[0].layer for one in found):
        raise InputError("the readings are of different networks: inspect all with the same model and the same part")
    cell = found[0].layer.cell
    gates = {gate.name: (gate.ref, _SLOPES[gate.function]) for gate in shown_gates(cell) if gate.function in _SLOPES}
    counts: dict[str, list[np.ndarray]] = {name: [] for name in gates}
    hidden: list[np.ndarray] = []
    for number, one in enumerate(found):
        every = layers(one)
        hidden.append(np.stack([each.after[cell.state[0]].double().cpu().numpy() for each in every]))  # (L*D, T, H)
        values = [each.compute([ref for ref, _ in gates.values()]) for each in every] if gates else []
        for k, (name, (_, of)) in enumerate(gates.items()):
            counts[name].append(np.stack([(of(value[k].double()) < slope).sum(0).cpu().numpy() for value in values]))
        if progress is not None:
            progress((number + 1) / len(found))
    h = np.concatenate(hidden, 1)
    D, T = found[0].layer.num_directions, h.shape[1]
    if T < 2:
        raise InputError("there is one step in all: a unit can only be judged over several")
    ranges = np.ptp(h, axis=1)
    dead = ranges <= still * ranges.max(-1, keepdims=True)
    alikes = np.stack([_correlations(one) for one in h])
    return Units(
        {name: np.sum(each, 0) / T for name, each in counts.items()}, ranges, dead, alikes,
        _pairs(alikes, dead, alike, D), T, D, float(slope), float(still), float(alike),
    )  # fmt: skip


def _correlations(h: np.ndarray) -> np.ndarray:
    """Of the columns of h (T, H), (H, H)."""
    away = h - h.mean(0)
    sizes = np.sqrt((away**2).sum(0))
    # What comes of rounding alone is no movement.
    sizes[np.ptp(h, axis=0) <= 1e-12 * np.abs(h).max(initial=0.0)] = np.nan
    away /= sizes
    correlations: np.ndarray = np.clip(away.T @ away, -1, 1)
    return correlations


def _pairs(correlations: np.ndarray, dead: np.ndarray, alike: float, D: int) -> tuple[Pair, ...]:
    found = []
    for number, one in enumerate(correlations):
        strong = np.triu(np.abs(np.nan_to_num(one)) >= alike, 1)
        strong[dead[number]] = strong[:, dead[number]] = False
        places = np.argwhere(strong).tolist()
        found += [Pair(number // D, number % D == 1, a, b, float(one[a, b])) for a, b in places]
    return tuple(sorted(found, key=lambda pair: -abs(pair.correlation)))
