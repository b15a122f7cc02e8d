"""Series in time through the codecs: what the network reads at each step, and what it is to give for those ahead."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from elman.codecs import Ragged, digest
from elman.codecs.padding import pad_slices
from elman.state import State
from elman.tasks.coded import Batch, Coded
from elman.train import Examples, Lanes


@dataclass(frozen=True)
class Series:
    """One series as numbers.

    Shape:
        times (T,); y (T,), NaN is a missing value; past (T, P); future (T + ahead, F), `ahead` steps more than y

    Args:
        unique_id: its name.
        times: when.
        y: what is to be forecast.
        past: covariates that are known up to now.
        future: covariates that are known ahead, and those that never change.
    """

    unique_id: Hashable
    times: pd.Index
    y: np.ndarray
    past: np.ndarray
    future: np.ndarray

    def until(self, end: int) -> "Series":
        """Its beginning; what is known ahead remains."""
        return Series(self.unique_id, self.times[:end], self.y[:end], self.past[:end], self.future)


def carried_on(y: np.ndarray) -> np.ndarray:
    """A series in which the last known value stands in place of missing ones; before the first one the first.

    Shape:
        y (T,) -> (T,)
    """
    known = ~np.isnan(y)
    place = np.maximum.accumulate(np.where(known, np.arange(len(y)), -1))
    found: np.ndarray = y[np.where(place < 0, int(np.argmax(known)), place)]
    return found


def relations(values: np.ndarray, seasons: tuple[int, ...]) -> np.ndarray:
    """How each value lies to those before it: to the last one, to that of each season ago and to each season's mean.

    The level itself is not among them, so that what is learned at one level holds at every other.

    Shape:
        values (..., T) -> (..., T, 1 + 3 * seasons)
    """

    def apart(steps: int) -> np.ndarray:
        found = np.zeros_like(values)
        found[..., steps:] = values[..., steps:] - values[..., : max(values.shape[-1] - steps, 0)]
        return found

    def mean(of: np.ndarray, steps: int) -> np.ndarray:
        sums = of.cumsum(-1)
        sums[..., steps:] -= sums[..., :-steps].copy() if steps < of.shape[-1] else 0
        return np.asarray(sums / np.minimum(np.arange(1, of.shape[-1] + 1), steps))

    columns = [apart(1)]
    for season in seasons:
        change = apart(season)
        columns += [change, values - mean(values, season), np.log1p(mean(np.abs(change), season))]
    return np.stack(columns, -1)


def seasonal_places(steps: np.ndarray, ahead: np.ndarray, season: int) -> np.ndarray:
    """Which known step has the season's place of a step ahead: t + k - m⌈k / m⌉.

    Shape:
        steps (...), ahead (h,) -> (..., h)
    """
    places: np.ndarray = steps[..., np.newaxis] + ahead - season * -(-ahead // season)
    return places


@dataclass(frozen=True)
class AheadBatch(Batch):
    """A batch of windows of series.

    Shape:
        inputs (B, T, I), lengths (B,); targets (B, T, h), NaN where there is none; ahead (B, T + h - 1, F);
        seasonal (B, T, h, S); reference (B, T, h); scale (B,)
    """

    ahead: Tensor = torch.zeros(0)
    seasonal: Tensor = torch.zeros(0)
    reference: Tensor = torch.zeros(0)
    scale: Tensor = torch.zeros(0)


@dataclass(frozen=True)
class CodedSeries(Coded):
    """Series as arrays.

    Shape:
        inputs: N of (T_i, I); targets: N of (T_i,), scaled, NaN where missing; ahead: N of (T_i + h or more, F);
        scale (N,); scored (N,)

    Args:
        filled: the targets with missing values filled in.
        ahead: what is known of each step, at least h more than there are targets.
        scale: the unit of each series.
        scored: the first target of each series that counts.
        horizon: h.
        seasons: in steps.
        reference: "last", "season" or "drift".
    """

    filled: Ragged = None  # type: ignore[assignment]
    ahead: Ragged = None  # type: ignore[assignment]
    scale: np.ndarray = None  # type: ignore[assignment]
    scored: np.ndarray = None  # type: ignore[assignment]
    horizon: int = 1
    seasons: tuple[int, ...] = (1,)
    reference: str = "last"

    @property
    def digest(self) -> str:
        """SHA-256 of all of it."""
        return f"{super().digest} {self.ahead.digest} {digest(self.scale, self.scored)}"

    def lanes(self, window: int, device: torch.device, *, each: bool = False) -> Lanes[Batch]:
        """What the training loop wants of long series."""
        offsets = self.inputs.offsets
        return Lanes(offsets, window, lambda rows, state: self.batch(rows, device, state), offsets if each else None)

    def examples(self, device: torch.device, lead: int | None = None) -> Examples[Batch]:
        """What the training loop wants of series that are read whole.

        Args:
            device: that of the model.
            lead: read only so many steps before the first one that is scored; None: all.
        """
        starts, stops = self.inputs.offsets[:-1], self.inputs.offsets[1:]
        if lead is not None:
            starts = np.maximum(starts, starts + self.scored - lead)
        rows = np.stack([starts, stops], 1)
        return Examples(stops - starts, lambda indices: self.batch(rows[indices], device))

    def batch(self, rows: np.ndarray, device: torch.device, state: State | None = None) -> AheadBatch:
        """The steps `rows` (B, 2) of the flat arrays."""
        inputs, lengths = pad_slices(self.inputs.values, rows)
        series = np.searchsorted(self.inputs.offsets, rows[:, 0], side="right") - 1
        later = (self.ahead.offsets[series] - self.inputs.offsets[series])[:, np.newaxis]
        known = rows + [[1, self.horizon]] + later
        ahead, _ = pad_slices(self.ahead.values, known)
        steps = np.minimum(rows[:, :1] + np.arange(inputs.shape[1]), rows[:, 1:] - 1)  # (B, T)
        targets = self.future(steps, series)
        targets[steps + 1 < (self.inputs.offsets[series] + self.scored[series])[:, np.newaxis]] = np.nan
        targets[np.arange(inputs.shape[1]) >= (rows[:, 1] - rows[:, 0])[:, np.newaxis]] = np.nan
        reference, seasonal = self.forecasts(steps, series)
        y, simple, base, scale = (
            torch.from_numpy(np.array(one, np.float32)).to(device)
            for one in (targets, seasonal, reference, self.scale[series])
        )
        return AheadBatch(inputs.to(device), lengths, y, None, state, ahead.to(device), simple, base, scale)

    def future(self, steps: np.ndarray, series: np.ndarray) -> np.ndarray:
        """The targets of the h steps after each; NaN beyond the end.

        Shape:
            steps (B, T), places in the flat arrays; series (B,) -> (B, T, h)
        """
        places = steps[..., np.newaxis] + np.arange(1, self.horizon + 1)
        inside = places < self.inputs.offsets[series + 1][:, np.newaxis, np.newaxis]
        values = self.targets.values if isinstance(self.targets, Ragged) else self.targets
        return np.where(inside, values[np.minimum(places, len(values) - 1)], np.nan)

    def forecasts(self, steps: np.ndarray, series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The simple forecasts: the reference, and how far from it each season's and the last value lie.

        Shape:
            steps (B, T), series (B,) -> (B, T, h) and (B, T, h, S)
        """
        first, ahead = self.inputs.offsets[series][:, np.newaxis, np.newaxis], np.arange(1, self.horizon + 1)
        values = self.filled.values
        last = np.broadcast_to(values[steps][..., np.newaxis], (*steps.shape, self.horizon))
        nearest = np.maximum(seasonal_places(steps, ahead, self.seasons[0]), first)  # where a longer season is unknown
        several = []
        for season in self.seasons:
            places = seasonal_places(steps, ahead, season)
            several.append(values[np.where(places < first, nearest, places)])
        reference = {"last": last, "season": several[0]}.get(self.reference)
        if reference is None:
            before = np.maximum(steps - self.seasons[0], first[..., 0])
            slope = (values[steps] - values[before]) / np.maximum(steps - before, 1)
            reference = last + slope[..., np.newaxis] * ahead
        return reference, np.stack([one - reference for one in (*several, last)], -1)


def nearest_reference(coded: CodedSeries) -> str:
    """The reference that is nearest to the targets that are scored, by mean absolute error."""
    errors = {}
    for name in ("last", "season", "drift"):
        one = replace(coded, reference=name)
        errors[name] = float(np.nanmean(np.concatenate([np.abs(part).ravel() for part in residuals(one)])))
    return min(errors, key=lambda name: errors[name])


def residuals(coded: CodedSeries) -> list[np.ndarray]:
    """What the targets are beyond their reference, for each series (T_i, h); NaN before the first that is scored."""
    found: list[Any] = []
    for row in range(len(coded)):
        steps = np.arange(coded.inputs.offsets[row], coded.inputs.offsets[row + 1])[np.newaxis]
        series = np.array([row])
        beyond = (coded.future(steps, series) - coded.forecasts(steps, series)[0])[0]
        beyond[: max(int(coded.scored[row]) - 1, 0)] = np.nan
        found.append(beyond)
    return found
