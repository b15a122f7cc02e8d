"""What validation data say of a forecaster's intervals: how wide they ought to be, and which steps err together."""

import math
from typing import TYPE_CHECKING, cast

import numpy as np
import scipy.stats
import torch

from elman.models import StepsAhead
from elman.models.likelihoods import LEVELS
from elman.tasks.forecast_series import CodedSeries
from elman.tasks.rolling import Rolling

if TYPE_CHECKING:
    from elman.tasks.forecaster import Forecaster

ORIGINS = 2000  # of all series together, at most
FEWEST = 20  # values by which a quantile is corrected
BOUNDS = (0.2, 5.0)
OWN = 0.05  # part of each step's variance that it shares with no other


def calibrate(forecaster: "Forecaster", validation: CodedSeries) -> None:
    """Set the model's `spread` and `dependence` by its forecasts of validation data.

    For each interval, the distance of an outcome from the median is divided by that of the interval's end on its side;
    the factor for which as many outcomes as ought to would have been inside is kept. The dependence is the
    correlation of the normal scores of the ranks that outcomes have among the quantiles.
    """
    found, truth = _forecasts(forecaster, validation)
    if not len(truth):
        return
    model = cast(StepsAhead, forecaster.model_)
    levels = np.array(LEVELS)
    if forecaster.calibrate:
        held_out = validation.inputs.lengths - validation.scored
        horizons = int((held_out // forecaster.horizon_).sum())
        model.spread.copy_(torch.as_tensor(spread(found, truth, levels, horizons)))
    if forecaster.strategy == "direct":
        model.dependence.copy_(torch.as_tensor(dependence(found, truth, levels)))


def spread(quantiles: np.ndarray, truth: np.ndarray, levels: np.ndarray, horizons: float = math.inf) -> np.ndarray:
    """How much further from the median each quantile ought to lie; the two ends of an interval have one factor.

    The steps of one horizon err together, so what is learned from n horizons is as uncertain as n outcomes: as split
    conformal prediction does, an interval is made so wide that it holds (n + 1) / n times its share of them.

    Shape:
        quantiles (N, h, K), truth (N, h), NaN is a missing value; levels (K,), k and K - 1 - k of which are the ends of
        an interval -> (K,)

    Args:
        quantiles: of forecasts.
        truth: what came.
        levels: of the quantiles.
        horizons: n, how many horizons there are that do not overlap.

    Source: Lei et al., Distribution-Free Predictive Inference for Regression (2018).
    """
    known, K = ~np.isnan(truth), len(levels)
    middle = quantiles[..., K // 2][known]
    apart = truth[known] - middle
    factors = np.ones(K)
    for k in range(K // 2):
        low, high = quantiles[..., k][known], quantiles[..., K - 1 - k][known]
        width = np.where(apart > 0, high - middle, middle - low)
        wide = width > 0
        if wide.sum() >= FEWEST:
            share = min((levels[K - 1 - k] - levels[k]) * (1 + 1 / horizons), 1.0)
            factor = np.quantile(np.abs(apart[wide]) / width[wide], share)
            factors[[k, K - 1 - k]] = np.clip(factor, *BOUNDS)
    return factors


def dependence(quantiles: np.ndarray, truth: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Correlations of the steps ahead, (h, h), by the ranks of the outcomes among the quantiles.

    Shape:
        quantiles (N, h, K), truth (N, h), levels (K,) -> (h, h)
    """
    h = truth.shape[1]
    whole = ~np.isnan(truth).any(1)
    if whole.sum() < FEWEST or h == 1:
        return np.eye(h)
    below = (quantiles[whole] < truth[whole][..., np.newaxis]).sum(-1)  # (N, h)
    edges = np.concatenate([[0.0], levels, [1.0]])
    scores = scipy.stats.norm.ppf((edges[below] + edges[below + 1]) / 2)
    deviation = scores.std(0)
    if not (deviation > 0).all():
        return np.eye(h)
    return np.asarray((1 - OWN) * np.corrcoef(scores.T) + OWN * np.eye(h))


def _forecasts(forecaster: "Forecaster", validation: CodedSeries) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles at `LEVELS` from steps of the validation data whose horizon lies in it, (N, h, K), and the truth."""
    h = forecaster.horizon_
    ends = validation.inputs.lengths
    count = np.maximum(ends - h - validation.scored + 1, 0)
    every = max(-(-int(count.sum()) // ORIGINS), 1)
    rolling = Rolling(forecaster, validation, h)
    found, truth = [np.zeros((0, h, len(LEVELS)))], [np.zeros((0, h))]
    for row in np.flatnonzero(count):
        origins = np.arange(validation.scored[row] - 1, ends[row] - h, every)
        origins = origins[origins >= 0]
        if len(origins):
            found.append(rolling.quantiles(int(row), origins, np.array(LEVELS), calibrated=False))
            truth.append(np.asarray(validation.targets[row])[origins[:, np.newaxis] + np.arange(1, h + 1)])
    return np.concatenate(found), np.concatenate(truth)
