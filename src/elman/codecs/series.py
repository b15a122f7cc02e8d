"""Numeric sequences, scaled so that every channel has mean 0 and standard deviation 1."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from elman.codecs.moments import Moments
from elman.codecs.ragged import Ragged
from elman.errors import InputError


class SeriesCodec:
    """Numeric sequences to float32 of comparable size, and back.

    Each channel is scaled by its mean and standard deviation over all steps of all training sequences; a
    constant channel becomes 0. A missing value (NaN) becomes the mean, which is 0; a channel in which values
    were missing in training gets an indicator channel at the end, 1 where the value is missing.

    Example:
        >>> codec = SeriesCodec().fit([np.array([1.0, 2.0, 3.0]), np.array([2.0])])
        >>> codec.decode(codec.encode(np.array([2.0, 3.0]))).round(3).tolist()
        [[2.0], [3.0]]
    """

    kind = "series"
    symbolic = False

    mean: np.ndarray
    std: np.ndarray
    indicators: list[int]
    names: list[str] | None = None
    """What the channels are called; None: by their numbers from 1."""

    @property
    def input_size(self) -> int:
        """I, the number of channels of the raw sequences."""
        return len(self.mean)

    @property
    def size(self) -> int:
        """The number of channels after encoding, those that mark missing values included."""
        return self.input_size + len(self.indicators)

    def channel(self, number: int) -> str:
        """What a channel is called, by its number from 0."""
        return self.names[number] if self.names else str(number + 1)

    def fit(self, sequences: Sequence[np.ndarray]) -> Self:
        """Learn the scale of each channel.

        Shape:
            sequences: N of (T_i, I) or (T_i,); NaN is a missing value

        Raises:
            InputError: there is no sequence, the numbers of channels differ, or a value is infinite.
        """
        if len(sequences) == 0:
            raise InputError("there are no sequences to learn the scale from: expected at least one")
        arrays = [_as_steps(sequence) for sequence in sequences]
        first = next((index for index, array in enumerate(arrays) if len(array)), 0)
        size = arrays[first].shape[1]
        for index, array in enumerate(arrays):
            if len(array) and array.shape[1] != size:
                raise InputError(f"sequence {index} has {array.shape[1]} features, but sequence {first} has {size}")
            _check_finite(array, f"sequence {index}")
        steps = np.concatenate([array.reshape(len(array), size) for array in arrays])
        missing = np.isnan(steps)
        self.indicators = np.flatnonzero(missing.any(axis=0)).tolist()
        self.mean, self.std = np.zeros(size), np.ones(size)
        for channel in range(size):
            values = steps[~missing[:, channel], channel]
            if values.size:
                self._fit_channel(channel, values)
        return self

    def learn(self, moments: Moments) -> Self:
        """Learn from steps that came block by block: what `fit` learns from all of them, but for rounding.

        Raises:
            InputError: there was no step, or a value is too large to scale.
        """
        if moments.size is None:
            raise InputError("there are no sequences to learn the scale from: expected at least one")
        self.indicators = np.flatnonzero(moments.missing).tolist()
        self.mean, self.std = np.zeros(moments.size), np.ones(moments.size)
        for channel in np.flatnonzero(moments.count).tolist():
            ends = moments.least[channel], moments.greatest[channel]
            self._set_channel(channel, ends, moments.mean[channel], moments.std[channel])
        return self

    def _fit_channel(self, channel: int, values: np.ndarray) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            self._set_channel(channel, (values.min(), values.max()), values.mean(), values.std())

    def _set_channel(self, channel: int, ends: tuple[float, float], mean: float, std: float) -> None:
        if ends[0] == ends[1]:
            self.mean[channel] = ends[0]  # a computed deviation would not be exactly 0
            return
        with np.errstate(over="ignore", invalid="ignore"):
            if not np.isfinite(mean + std):
                raise InputError(f"feature {channel} has values up to {np.abs(ends).max():g}, too large to scale")
        self.mean[channel] = mean
        self.std[channel] = std or 1.0  # differences too small to square

    def encode(self, sequence: np.ndarray, *, name: str = "the sequence") -> np.ndarray:
        """Scale a sequence and mark what is missing.

        Shape:
            sequence: (T, I), or (T,) if I is 1; returns (T, size), float32

        Args:
            sequence: the raw values; NaN is a missing value.
            name: what to call the sequence in messages, such as "sequence 3".

        Raises:
            InputError: another number of channels, or a value that is infinite or far out of the scale.
        """
        array = _as_steps(sequence)
        if len(array) == 0:
            array = array.reshape(0, self.input_size)
        if array.shape[1] != self.input_size:
            raise InputError(
                f"{name} has {array.shape[1]} features, but the codec was fitted on "
                f"{self.input_size}: give those of the training data, in the same order"
            )
        _check_finite(array, name)
        missing = np.isnan(array)
        with np.errstate(over="ignore"):
            scaled = (np.where(missing, self.mean, array) - self.mean) / self.std
            encoded: np.ndarray = np.concatenate([scaled, missing[:, self.indicators]], axis=1, dtype=np.float32)
        _check_finite(encoded, name)
        return encoded

    def encode_all(self, sequences: Sequence[np.ndarray], name: str = "X") -> Ragged:
        """What `encode` gives of each sequence; `name` is what the caller calls them, for messages.

        Raises:
            InputError: there is none, or as `encode`.
        """
        return Ragged.of([self.encode(one, name=f"{name}[{index}]") for index, one in enumerate(sequences)])

    def decode(self, values: np.ndarray) -> np.ndarray:
        """Undo the scaling; what was missing comes back as the mean.

        Shape:
            values: (..., I) or (..., size); returns (..., I), float64
        """
        scaled = np.asarray(values, np.float64)[..., : self.input_size]
        raw: np.ndarray = scaled * self.std + self.mean
        return raw

    def to_config(self) -> dict[str, Any]:
        """What the codec has learned, as JSON."""
        return {
            "kind": self.kind,
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "indicators": self.indicators,
            **({"names": self.names} if self.names else {}),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The codec that `to_config` described."""
        codec = cls()
        codec.mean = np.array(config["mean"], np.float64)
        codec.std = np.array(config["std"], np.float64)
        codec.indicators = [int(channel) for channel in config["indicators"]]
        if codec.mean.ndim != 1 or codec.mean.shape != codec.std.shape:
            raise ValueError(f"mean has shape {codec.mean.shape}, std {codec.std.shape}")
        if not all(0 <= channel < len(codec.mean) for channel in codec.indicators):
            raise ValueError(f"indicators {codec.indicators} of {len(codec.mean)} channels")
        names = config.get("names")
        codec.names = None if names is None else [str(name) for name in names]
        if codec.names is not None and len(codec.names) != len(codec.mean):
            raise ValueError(f"{len(codec.names)} names of {len(codec.mean)} channels")
        return codec


def _as_steps(sequence: np.ndarray) -> np.ndarray:
    array = np.asarray(sequence, np.float64)
    if array.ndim not in (1, 2):
        raise InputError(f"a sequence has shape {array.shape}, expected (T, I) or (T,)")
    return array[:, np.newaxis] if array.ndim == 1 else array


def _check_finite(array: np.ndarray, name: str) -> None:
    infinite = np.argwhere(np.isinf(array))
    if len(infinite):
        step, channel = infinite[0]
        raise InputError(
            f"{name} is infinite or too large at step {step}, feature {channel}: give a number, or NaN if it is missing"
        )
