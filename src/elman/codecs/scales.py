"""Many series of different size, each in units of its own scale."""

from collections.abc import Hashable, Mapping
from typing import Any, Self

import numpy as np

from elman.errors import InputError


class ScalesCodec:
    """Values of series in units of how much each changes from one season to the next.

    The unit is the mean absolute difference between values one season apart, of neighbours where there are none; the
    origin is the series' mean, or 0 for counts. A series that is not known gets both from its own history. A constant
    series has the unit 0: all of its values are its origin.

    Args:
        season: the steps of a season.
        counts: whether values are counted from 0.

    Attributes:
        scales: origin and unit of each series, by its name as text.
        ends: the last time of each series that was learned from, as text.

    Example:
        >>> codec = ScalesCodec(season=2).fit({"a": np.array([1.0, 10.0, 3.0, 12.0])})
        >>> codec.encode("a", np.array([6.5, 8.5])).tolist()
        [0.0, 1.0]
    """

    kind = "scales"

    def __init__(self, season: int, counts: bool = False) -> None:
        self.season, self.counts = season, counts
        self.scales: dict[str, tuple[float, float]] = {}
        self.ends: dict[str, str] = {}

    @property
    def size(self) -> int:
        """One value at a time."""
        return 1

    def fit(self, series: Mapping[Any, np.ndarray]) -> Self:
        """Learn origin and unit of each series; NaN is a missing value."""
        self.scales = {str(key): self._own(y) for key, y in series.items()}
        return self

    def of(self, key: Hashable, y: np.ndarray) -> tuple[float, float]:
        """Origin and unit of a series; of one that is not known by its history `y`."""
        return self.scales.get(str(key)) or self._own(y)

    def encode(self, key: Hashable, y: np.ndarray, history: np.ndarray | None = None) -> np.ndarray:
        """Values in units of the series; `history` is what a series that is not known has its own from, None: `y`."""
        origin, unit = self.of(key, y if history is None else history)
        encoded: np.ndarray = (y - origin) / (unit or 1.0)
        return encoded

    def decode(self, key: Hashable, values: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Undo `encode`; `y` is the history of the series."""
        origin, unit = self.of(key, y)
        decoded: np.ndarray = origin + values * unit
        return decoded

    def _own(self, y: np.ndarray) -> tuple[float, float]:
        known = y[~np.isnan(y)]
        if not len(known):
            raise InputError("all values are missing: expected at least one")
        origin = 0.0 if self.counts else float(known.mean())
        for apart in (self.season, 1):
            changes = np.abs(y[apart:] - y[:-apart])
            changes = changes[~np.isnan(changes)]
            if len(changes) and changes.mean() > 0:
                return origin, float(changes.mean())
        return (origin, float(np.abs(known).max())) if self.counts else (float(known[0]), float(known.std()))

    def to_config(self) -> dict[str, Any]:
        """What was learned, as JSON."""
        scales = {key: list(pair) for key, pair in self.scales.items()}
        about = {"kind": self.kind, "season": self.season, "counts": self.counts}
        return {**about, "scales": scales, "ends": self.ends}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The codec that `to_config` described."""
        codec = cls(int(config["season"]), bool(config["counts"]))
        codec.scales = {str(key): (float(a), float(b)) for key, (a, b) in config["scales"].items()}
        codec.ends = {str(key): str(end) for key, end in config["ends"].items()}
        ends = np.array([*codec.scales.values()]).reshape(-1, 2)
        if codec.season < 1 or not np.isfinite(ends).all() or (ends[:, 1] < 0).any():
            raise ValueError("a season or a scale is out of range")
        return codec
