"""A fitted forecaster at any step of a series: the distributions of what comes after, and paths drawn from them."""

from typing import TYPE_CHECKING, cast

import numpy as np
import scipy.special
import torch

from elman.errors import InputError
from elman.models import StepsAhead
from elman.models.likelihoods import LEVELS
from elman.tasks.forecast_series import CodedSeries
from elman.tasks.sample_paths import Origin, Paths

if TYPE_CHECKING:
    from elman.tasks.forecaster import Forecaster

MEDIAN = np.array(0.5)
LATEST = 10  # horizons before an origin by which intervals are widened
FEWEST = 4  # of them
DOUBT = 1  # as many horizons speak for the validation data
INTERVAL = 0.8  # that is looked at
WIDEST = 3.0
TINY = 1e-6


class Rolling:
    """Forecasts from several steps of series, each of which the network reads once.

    Args:
        forecaster: fitted.
        coded: series as arrays, with as much known ahead as is to be forecast.
        h: how many steps ahead.
    """

    def __init__(self, forecaster: "Forecaster", coded: CodedSeries, h: int) -> None:
        self._forecaster, self._coded, self._h = forecaster, coded, h
        self._model = cast(StepsAhead, forecaster.model_)
        self._likelihood = forecaster.distribution
        self._device = next(self._model.parameters()).device

    def quantiles(self, row: int, origins: np.ndarray, levels: np.ndarray, *, calibrated: bool = True) -> np.ndarray:
        """The quantiles of the steps after each origin, scaled.

        Shape:
            origins (n,), ascending steps of series `row`; levels (K,) -> (n, h, K)
        """
        every, places = np.unique(np.concatenate([LEVELS, levels]), return_inverse=True)  # 0.5 is among them
        if self._forecaster.strategy == "direct":
            outputs, reference, scale = self._outputs(row, origins)
            found = self._likelihood.quantile(outputs[:, :, np.newaxis], reference[:, :, np.newaxis], scale, every)
        else:
            paths = self._drawn(row, origins, self._forecaster.num_samples, self._generator(row))
            found = np.moveaxis(np.quantile(paths, every, axis=1), 0, -1)
        if calibrated:
            middle = int(np.searchsorted(every, MEDIAN))
            wider = self._recent(row, origins)[:, np.newaxis, np.newaxis]
            found = self._spread(found, found[..., [middle]], every, row, wider)
            found[..., middle:] = np.maximum.accumulate(found[..., middle:], -1)  # wider intervals hold narrower ones
            found[..., middle::-1] = np.minimum.accumulate(found[..., middle::-1], -1)
        return found[..., places[len(LEVELS) :]]

    def paths(self, row: int, origins: np.ndarray, n: int, generator: np.random.Generator) -> np.ndarray:
        """Paths of the steps after each origin, scaled.

        Where all steps are forecast at once, their dependence is that of the validation data's: a Gaussian copula. In
        free running paths are as wide as the intervals of `quantiles`, by the rank of each among many.

        Shape:
            origins (n,) -> (origins, n, h)
        """
        if self._forecaster.strategy != "direct":
            return self._calibrated(row, self._drawn(row, origins, max(n, self._forecaster.num_samples), generator))[
                :, :n
            ]
        outputs, reference, scale = self._outputs(row, origins)
        dependence = self._model.dependence.double().cpu().numpy()[: self._h, : self._h]
        try:
            factor = np.linalg.cholesky(dependence)
        except np.linalg.LinAlgError:
            raise InputError("the model is damaged: its dependence of the steps ahead is no correlation") from None
        normal = generator.standard_normal((len(origins), n, self._h)) @ factor.T
        levels = scipy.special.ndtr(normal)
        outputs, reference = outputs[:, np.newaxis], reference[:, np.newaxis]
        middle = self._likelihood.quantile(outputs, reference, scale, MEDIAN)
        wider = self._recent(row, origins)[:, np.newaxis, np.newaxis]
        return self._spread(self._likelihood.quantile(outputs, reference, scale, levels), middle, levels, row, wider)

    def _calibrated(self, row: int, paths: np.ndarray) -> np.ndarray:
        """Paths (n, N, h) as far from their median as the validation data ask for."""
        ranks = paths.argsort(1).argsort(1)
        return self._spread(paths, np.median(paths, 1, keepdims=True), (ranks + 0.5) / paths.shape[1], row)

    def _recent(self, row: int, origins: np.ndarray) -> np.ndarray:
        """How much wider than in the validation data intervals ought to be, by the latest horizons before each origin.

        What the network learned from looks better than it will; so intervals are never narrowed by it.

        Shape:
            origins (n,) -> (n,), at least 1

        Source: after Gibbs and Candès, Adaptive Conformal Inference Under Distribution Shift (2021).
        """
        factors = np.ones(len(origins))
        part = (origins * self._forecaster.validation_fraction).astype(
            int
        ) // self._h  # of a short history little is late
        back = np.arange(1, LATEST + 1)
        past = np.where(back <= part[:, np.newaxis], origins[:, np.newaxis] - self._h * back, -1)  # (n, LATEST)
        asked = np.unique(past[past >= 0])
        if not self._forecaster.calibrate or self._forecaster.strategy != "direct" or not len(asked):
            return factors
        outputs, reference, scale = self._outputs(row, asked)
        levels = np.array([(1 - INTERVAL) / 2, MEDIAN, (1 + INTERVAL) / 2])
        found = self._likelihood.quantile(outputs[:, :, np.newaxis], reference[:, :, np.newaxis], scale, levels)
        low, middle, high = np.moveaxis(self._spread(found, found[..., [1]], levels, row), -1, 0)
        apart = np.asarray(self._coded.targets[row])[asked[:, np.newaxis] + np.arange(1, self._h + 1)] - middle
        ratios = np.abs(apart) / np.maximum(np.where(apart > 0, high - middle, middle - low), TINY)  # (asked, h)
        for k, steps in enumerate(past):
            own = ratios[np.searchsorted(asked, steps[steps >= 0])]
            known = own[~np.isnan(own)]
            if len(own) >= FEWEST and len(known):
                share = len(own) / (len(own) + DOUBT)
                factors[k] = np.clip(np.quantile(known, INTERVAL), 1.0, WIDEST) ** share
        return factors

    def _spread(
        self, found: np.ndarray, middle: np.ndarray, levels: np.ndarray, row: int, wider: np.ndarray | float = 1.0
    ) -> np.ndarray:
        """Quantiles as far from the median as the validation data ask for; of counts whole numbers from 0."""
        factor = wider * np.interp(levels, LEVELS, self._model.spread.double().cpu().numpy())
        found = middle + factor * (found - middle)
        if self._likelihood.counts:
            unit = self._coded.scale[row]
            return np.asarray(np.maximum(np.round(found * unit), 0) / unit)
        return found

    def _outputs(self, row: int, origins: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The network's outputs (n, h, P), the reference (n, h) and the series' unit."""
        coded, first = self._coded, int(self._coded.inputs.offsets[row])
        with self._running():
            read = torch.from_numpy(coded.inputs[row][: int(origins[-1]) + 1]).to(self._device)
            hidden, _ = self._model.read(read.unsqueeze(0), torch.tensor([len(read)]))
            reference, simple = coded.forecasts(first + origins[:, np.newaxis], np.full(len(origins), row))
            places = origins[:, np.newaxis] + np.arange(1, coded.horizon + 1)
            ahead, seasonal = (
                torch.as_tensor(one, dtype=torch.float32, device=self._device)
                for one in (coded.ahead[row][places], simple)
            )
            outputs = self._model.decode(hidden[0, origins.tolist()].unsqueeze(1), ahead, seasonal)
        scale = np.array(coded.scale[row])
        return outputs[:, 0, : self._h].double().cpu().numpy(), reference[:, 0, : self._h], scale

    def _drawn(self, row: int, origins: np.ndarray, n: int, generator: np.random.Generator) -> np.ndarray:
        """Paths of free running from each origin; the state is carried from one to the next."""
        coded = self._coded
        places: list[Origin] = []
        with self._running():
            state, done = self._model.initial_state(1), 0
            for origin in origins.tolist():
                read = torch.from_numpy(coded.inputs[row][done : origin + 1]).to(self._device)
                hidden, state = self._model.read(read.unsqueeze(0), torch.tensor([len(read)]), state)
                known = coded.ahead[row][origin + 1 : origin + 1 + self._h]
                values = coded.filled[row][: origin + 1]
                places.append(Origin(values, known, hidden[:, -1:], state, float(coded.scale[row])))
                done = origin + 1
            paths = Paths(self._model, self._likelihood, coded.seasons, coded.reference)
            return paths.draw(places, self._h, n, generator)

    def _running(self) -> "torch.inference_mode":
        self._model.eval()
        return torch.inference_mode()

    def _generator(self, row: int) -> np.random.Generator:
        return np.random.default_rng((self._forecaster.random_state, row))
