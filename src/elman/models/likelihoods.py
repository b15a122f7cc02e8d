"""What a forecast's outputs mean: the parameters of a distribution, or its quantiles.

Numbers are in units of a series' scale, and locations are relative to a reference, such as the value a season ago: what
is forecast is how far the future lies from it.
"""

import math
from abc import ABC, abstractmethod
from typing import Final

import numpy as np
import scipy.special
import scipy.stats
import torch
import torch.nn.functional as F
from torch import Tensor

from elman.errors import InputError

LEVELS: Final = (0.005, 0.025, *(round(0.05 * k, 2) for k in range(1, 20)), 0.975, 0.995)
"""The quantiles that the network gives where it gives quantiles."""
LEAST: Final = 1e-3  # of a deviation, in units of the series' scale: no step is ever certain
LEAST_DF: Final = 2.0  # of Student's t: below that it has no variance


class Likelihood(ABC):
    """The meaning of P outputs for each value."""

    size: int
    """P, the outputs for each value."""
    locations: slice
    """Those of them that move with the values."""
    counts: bool = False
    """Whether values are whole numbers from 0."""

    @abstractmethod
    def loss(self, outputs: Tensor, reference: Tensor, values: Tensor, scale: Tensor) -> Tensor:
        """The loss of each value.

        Shape:
            outputs (N, P), reference, values and scale (N,) -> (N,)
        """

    @abstractmethod
    def start(self, residuals: np.ndarray) -> np.ndarray:
        """The outputs that describe how values lie around their reference when nothing else is known of them.

        Shape:
            residuals (N,) -> (P,)
        """

    @abstractmethod
    def quantile(self, outputs: np.ndarray, reference: np.ndarray, scale: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """The quantiles at `levels`, between 0 and 1; at uniform random levels they are samples.

        Shape:
            outputs (..., P); reference, scale and levels broadcast to (...) -> (...)
        """


class Normal(Likelihood):
    """Mean and deviation."""

    size, locations = 2, slice(0, 1)

    def loss(self, outputs: Tensor, reference: Tensor, values: Tensor, scale: Tensor) -> Tensor:
        """Minus the logarithm of the density."""
        deviation = F.softplus(outputs[:, 1]) + LEAST
        return -torch.distributions.Normal(outputs[:, 0], deviation).log_prob(values - reference)  # type: ignore[no-any-return, no-untyped-call]

    def start(self, residuals: np.ndarray) -> np.ndarray:
        """Median and deviation."""
        return np.array([np.median(residuals), _inverse_softplus(residuals.std())])

    def quantile(self, outputs: np.ndarray, reference: np.ndarray, scale: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """By the inverse of the distribution function."""
        found: np.ndarray = (
            reference + outputs[..., 0] + (_softplus(outputs[..., 1]) + LEAST) * scipy.special.ndtri(levels)
        )
        return found


class StudentT(Likelihood):
    """Location, scale and degrees of freedom, which are above 2: heavier tails than the normal distribution's."""

    size, locations = 3, slice(0, 1)

    def loss(self, outputs: Tensor, reference: Tensor, values: Tensor, scale: Tensor) -> Tensor:
        """Minus the logarithm of the density."""
        df, spread = LEAST_DF + F.softplus(outputs[:, 2]), F.softplus(outputs[:, 1]) + LEAST
        return -torch.distributions.StudentT(df, outputs[:, 0], spread).log_prob(values - reference)  # type: ignore[no-any-return, no-untyped-call]

    def start(self, residuals: np.ndarray) -> np.ndarray:
        """The median, a spread by the median deviation from it, and heavy tails."""
        middle = np.median(residuals)
        return np.array([middle, _inverse_softplus(1.3 * np.median(np.abs(residuals - middle))), 1.0])

    def quantile(self, outputs: np.ndarray, reference: np.ndarray, scale: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """By the inverse of the distribution function."""
        df, spread = LEAST_DF + _softplus(outputs[..., 2]), _softplus(outputs[..., 1]) + LEAST
        found: np.ndarray = reference + outputs[..., 0] + spread * scipy.special.stdtrit(df, levels)
        return found


class NegativeBinomial(Likelihood):
    """Mean m and dispersion a of counts; the variance is m + a m²."""

    size, locations, counts = 2, slice(0, 1), True

    def loss(self, outputs: Tensor, reference: Tensor, values: Tensor, scale: Tensor) -> Tensor:
        """Minus the logarithm of the probability."""
        mean = scale * F.softplus(reference + outputs[:, 0]) + LEAST
        number = 1 / (F.softplus(outputs[:, 1]) + LEAST)
        count = torch.round(values * scale)
        distribution = torch.distributions.NegativeBinomial(
            number, logits=torch.log(mean / number), validate_args=False
        )
        return -distribution.log_prob(count)  # type: ignore[no-any-return, no-untyped-call]

    def start(self, residuals: np.ndarray) -> np.ndarray:
        """The reference itself, and as much dispersion as a geometric distribution has."""
        return np.array([0.0, _inverse_softplus(1.0)])

    def quantile(self, outputs: np.ndarray, reference: np.ndarray, scale: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """The least count whose distribution function reaches the level, in units of the scale."""
        mean = scale * _softplus(reference + outputs[..., 0]) + LEAST
        number = 1 / (_softplus(outputs[..., 1]) + LEAST)
        found: np.ndarray = scipy.stats.nbinom.ppf(levels, number, number / (number + mean)) / scale
        return found


class Quantiles(Likelihood):
    """The quantiles at `LEVELS`, of no named distribution; straight lines between them, nothing beyond the outermost.

    The loss is twice the pinball loss integrated over the levels, which estimates the continuous ranked probability
    score (Laio and Tamea 2007).
    """

    size, locations = len(LEVELS), slice(0, None)

    def __init__(self) -> None:
        edges = np.concatenate([[0.0], (np.array(LEVELS[1:]) + np.array(LEVELS[:-1])) / 2, [1.0]])
        self._weights = torch.tensor(np.diff(edges), dtype=torch.float32)
        self._levels = torch.tensor(LEVELS, dtype=torch.float32)

    def loss(self, outputs: Tensor, reference: Tensor, values: Tensor, scale: Tensor) -> Tensor:
        """Twice the pinball loss, each level with its share of the unit interval."""
        levels, weights = self._levels.to(outputs), self._weights.to(outputs)
        error = (values - reference).unsqueeze(1) - outputs  # (N, P)
        return 2 * torch.maximum(levels * error, (levels - 1) * error) @ weights

    def start(self, residuals: np.ndarray) -> np.ndarray:
        """The quantiles."""
        return np.asarray(np.quantile(residuals, LEVELS))

    def quantile(self, outputs: np.ndarray, reference: np.ndarray, scale: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Between the two nearest of the network's, in ascending order."""
        known = np.sort(outputs, axis=-1)
        shape = np.broadcast_shapes(known.shape[:-1], np.shape(levels))
        position = np.interp(np.broadcast_to(levels, shape), LEVELS, np.arange(len(LEVELS)))
        below = np.minimum(position.astype(np.int64), len(LEVELS) - 2)
        known = np.broadcast_to(known, (*shape, len(LEVELS)))
        low, high = (np.take_along_axis(known, (below + k)[..., np.newaxis], -1)[..., 0] for k in (0, 1))
        found: np.ndarray = reference + low + (position - below) * (high - low)
        return found


LIKELIHOODS: dict[str, type[Likelihood]] = {
    "quantiles": Quantiles,
    "normal": Normal,
    "student_t": StudentT,
    "negative_binomial": NegativeBinomial,
}


def likelihood(name: str) -> Likelihood:
    """The likelihood of a name.

    Raises:
        InputError: there is none of that name.

    Example:
        >>> outputs = np.array([0.0, math.log(math.e - 1)])  # mean 0, deviation softplus(...) = 1
        >>> found = likelihood("normal").quantile(outputs, np.array(5.0), np.array(1.0), np.array([0.5, 0.975]))
        >>> found.round(2).tolist()
        [5.0, 6.96]
    """
    if name not in LIKELIHOODS:
        raise InputError(f"likelihood is {name!r}, expected one of {', '.join(LIKELIHOODS)}")
    return LIKELIHOODS[name]()


def _softplus(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.logaddexp(0.0, values))


def _inverse_softplus(value: float) -> float:
    value = max(float(value), 2 * LEAST)
    return value + math.log(-math.expm1(-value))
