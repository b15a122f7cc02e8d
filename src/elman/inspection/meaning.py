"""What a unit stands for: the contexts that excite it, and what of its surroundings it follows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from elman.errors import InputError
from elman.inspection.finding import Finding
from elman.inspection.layers import layer_name, layer_number
from elman.inspection.reading import Reading
from elman.inspection.surroundings import is_text, of_series, of_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MOST_UNITS = 12  # of a picture
FEW_VALUES = 3  # numbers before and after a step of a series


class Context(NamedTuple):
    """A step with what stands around it.

    Args:
        reading: its number.
        step: from 0.
        value: of the unit, after that step.
        before: what was read before.
        read: what the step reads.
        after: what is read next.
    """

    reading: int
    step: int
    value: float
    before: str
    read: str
    after: str


@dataclass(frozen=True, eq=False, repr=False)
class Meaning(Finding):
    """What the units of one layer and direction follow.

    Shape:
        correlations (F, H)

    Args:
        features: what of the surroundings is looked at.
        correlations: of each with each unit, Pearson's; of a season, which has no sign, the multiple one with its sine
            and cosine. NaN for a unit that does not change.
        excited: of each unit the contexts of its largest values.
        inhibited: of its smallest.
        name: of the layer.
        count: how many steps were looked at.
    """

    features: tuple[str, ...]
    correlations: np.ndarray
    excited: tuple[tuple[Context, ...], ...]
    inhibited: tuple[tuple[Context, ...], ...]
    name: str
    count: int

    def best(self) -> list[tuple[int, str, float]]:
        """Unit, feature and correlation, the strongest of each unit, in order of strength."""
        size = np.nan_to_num(np.abs(self.correlations))
        which = size.argmax(0)
        order = np.argsort(-size.max(0), kind="stable")
        return [(int(u), self.features[which[u]], float(self.correlations[which[u], u])) for u in order]

    def sentence(self) -> str:
        """The units that follow something most closely."""
        told = [f"unit {u} follows {name!r} (r = {r:+.2f})" for u, name, r in self.best()[:3] if np.isfinite(r)]
        return f"Over {self.count:,} steps of {self.name}, {', '.join(told) or 'no unit changes'}."

    def to_frame(self) -> "pd.DataFrame":
        """A row for each unit and feature."""
        import pandas as pd

        feature, unit = (one.ravel() for one in np.indices(self.correlations.shape))
        names = np.array(self.features, object)[feature]
        return pd.DataFrame({"unit": unit, "feature": names, "correlation": self.correlations.ravel()})

    def contexts(self) -> "pd.DataFrame":
        """A row for each context: unit, kind and rank before those of `Context`."""
        import pandas as pd

        rows = [
            (unit, kind, rank, *one)
            for kind, of_units in (("excited", self.excited), ("inhibited", self.inhibited))
            for unit, found in enumerate(of_units)
            for rank, one in enumerate(found)
        ]
        return pd.DataFrame(rows, columns=["unit", "kind", "rank", *Context._fields])

    def plot(self) -> "Figure":
        """The correlations of the units that follow something most closely."""
        from elman.reports.heat_map import Map, heat_maps

        units = [unit for unit, _, _ in self.best()[:MOST_UNITS]]
        title = f"correlation with the units of {self.name}"
        one = Map(title, self.correlations[:, units], limit=1.0, rows=self.features)
        names = [str(unit) for unit in units]
        figure = heat_maps([one], names, "", x="unit, the one that follows something most closely first")
        figure.axes[0].set_xticks(range(len(units)), names, size=9)
        return figure


def meaning(
    readings: Reading | Sequence[Reading],
    *,
    layer: int = -1,
    reverse: bool = False,
    state: str | None = None,
    most: int = 5,
    around: int = 12,
    season: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Meaning:
    """What the units of a layer stand for, judged by the sequences that it reads.

    Looked at are the position and the distance to the end; of texts the kinds of symbols, quotes and brackets, and how
    long ago a space or the end of a line was; of series their values, and their phase in the day, the week, the year or
    a season. What does not change is left out. Over few steps a correlation says little: give several readings.

    Args:
        readings: one or more, of one network.
        layer: its number, from 0; -1 is the last.
        reverse: whether it is the one that reads from the end.
        state: which of the cell's states; None: the first, h.
        most: contexts of each unit, at different places and with different surroundings.
        around: steps that are shown before and after.
        season: steps of a season to look for, such as 7.
        progress: is told the share that is done.

    Raises:
        InputError: there is no reading or no step, they are of several networks, or an argument is out of its range.

    Source: Karpathy, Johnson and Fei-Fei, Visualizing and Understanding Recurrent Networks (2015), section 4.2.

    Example:
        >>> import elman
        >>> from elman.inspection import meaning
        >>> model = elman.Generator(hidden_size=8, epochs=1, verbose=0).fit("ab (cd) ef " * 60)
        >>> readings = [elman.inspect(model, text) for text in ("ab (cd) ef ab", "(ab) (ef) cd")]
        >>> found = meaning(readings, most=2)
        >>> len(found.excited), len(found.excited[0]), "inside brackets" in found.features
        (8, 2, True)
    """
    several = [readings] if isinstance(readings, Reading) else list(readings)
    first = _checked(several, {"most": most, "around": around, "season": season})
    number = layer_number(first.layer.num_layers, first.layer.num_directions, layer, reverse=reverse)
    names = first.layer.cell.state
    if state is not None and state not in names:
        raise InputError(f"state is {state!r}, expected one of {', '.join(names)}")
    reads_text = any(is_text(one.steps) for one in several)  # "159" by itself looks like numbers of steps
    values, found = [], []
    for k, one in enumerate(several):
        with torch.no_grad():
            values.append(one.unroll().states[state or names[0]][number, 0].double().cpu().numpy())
        if len(one.x):
            found.append(_surroundings(one, season, reads_text, alone=len(several) == 1))
        if progress is not None:
            progress((k + 1) / len(several))
    shared = [name for name in found[0] if all(name in of for of in found)]
    features = {name: np.concatenate([of[name] for of in found]) for name in shared}
    features = {name: one for name, one in features.items() if np.ptp(one, axis=0).any()}
    whole = np.concatenate(values)
    if not np.isfinite(whole).all():
        raise InputError("the states hold numbers that are not finite: train the network with a lower learning rate")
    rows = [_correlations(one, whole) for one in features.values()]
    places = [(k, t) for k, one in enumerate(several) for t in range(len(one.x))]
    shown = [_shown(one, reads_text) for one in several]

    def contexts(order: np.ndarray, unit: int) -> tuple[Context, ...]:
        ordered = (_context(shown[k], k, t, float(values[k][t, unit]), around) for k, t in (places[n] for n in order))
        return _different(ordered, most, around)

    rising = whole.argsort(0, kind="stable").T
    return Meaning(
        tuple(features),
        np.array(rows).reshape(len(rows), whole.shape[1]),
        tuple(contexts(order[::-1], unit) for unit, order in enumerate(rising)),
        tuple(contexts(order, unit) for unit, order in enumerate(rising)),
        layer_name(number // first.layer.num_directions, reverse),
        len(whole),
    )


def _checked(several: list[Reading], numbers: dict[str, int | None]) -> Reading:
    if not several or not all(isinstance(one, Reading) for one in several):
        raise InputError("there is no reading to look into: give one of elman.inspect, or a list of them")
    if any(one.layer is not several[0].layer for one in several):
        raise InputError("the readings are of several networks: give those of one")
    if not any(len(one.x) for one in several):
        raise InputError("the input is empty: there is no step to look into")
    for name, value in numbers.items():
        least = 2 if name == "season" else 1
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
            raise InputError(f"{name} is {value!r}, expected a whole number of at least {least}")
    return several[0]


def _surroundings(reading: Reading, season: int | None, reads_text: bool, *, alone: bool) -> dict[str, np.ndarray]:
    T = len(reading.x)
    found = {"position": np.arange(float(T))}
    if not alone:  # else it is the position once more
        found["distance to the end"] = T - 1 - np.arange(float(T))
    return found | (of_text(reading.steps) if reads_text else of_series(reading, season))


def _correlations(feature: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Pearson's of a feature (N,), or the multiple one of two (N, 2), with each column of values (N, H)."""
    centred = values - values.mean(0)
    size = np.sqrt((centred**2).sum(0))
    size[size <= 1e-12 * np.sqrt(len(values))] = np.nan
    columns = feature - feature.mean(0)
    if columns.ndim == 1:
        found: np.ndarray = columns @ centred / (np.sqrt((columns**2).sum()) * size)
        return found
    explained = columns @ np.linalg.lstsq(columns, centred, rcond=None)[0]
    multiple: np.ndarray = np.sqrt((explained**2).sum(0)) / size
    return multiple


def _different(ordered: Iterable[Context], most: int, around: int) -> tuple[Context, ...]:
    """The first contexts that neither lie beside each other nor read the same."""
    chosen: list[Context] = []
    for one in ordered:
        beside = any(one.reading == other.reading and abs(one.step - other.step) <= around // 2 for other in chosen)
        if not beside and all(one[3:] != other[3:] for other in chosen):
            chosen.append(one)
            if len(chosen) == most:
                break
    return tuple(chosen)


def _shown(reading: Reading, reads_text: bool) -> tuple[Sequence[str], str, bool]:
    """What each step shows, what stands between, and whether that is text."""
    if reads_text:
        return reading.steps, "" if max(map(len, reading.steps), default=1) == 1 else " ", True
    values = reading.x.detach().double().cpu().numpy()
    shown = [f"{name}: {row[0]:.3g}" for name, row in zip(reading.steps, values, strict=True)]
    return shown, ", ", False


def _context(shown: tuple[Sequence[str], str, bool], reading: int, t: int, value: float, around: int) -> Context:
    steps, between, reads_text = shown
    reach = around if reads_text else min(around, FEW_VALUES)
    before, after = steps[max(t - reach, 0) : t], steps[t + 1 : t + 1 + reach]
    return Context(reading, t, value, between.join(before), steps[t], between.join(after))
