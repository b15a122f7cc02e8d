"""How wide intervals ought to be, and which steps err together, against what is known of made-up outcomes."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

import elman
from elman.models.likelihoods import LEVELS
from elman.tasks.calibration import dependence, spread
from elman.tasks.forecast_metrics import coverage
from elman.tasks.rolling import Rolling

RANDOM = np.random.default_rng(0)
GRID = np.array(LEVELS)
NORMAL = scipy.stats.norm.ppf(GRID)


def test_quantiles_that_are_too_narrow_are_spread_by_what_they_lack():
    truth = RANDOM.normal(size=(4000, 3)) * 2
    quantiles = np.broadcast_to(NORMAL, (4000, 3, len(GRID)))  # half as wide as they ought to be
    factors = spread(quantiles, truth, GRID)
    np.testing.assert_allclose(np.delete(factors, len(GRID) // 2), 2.0, rtol=0.06)
    few = spread(quantiles, truth, GRID, horizons=4)  # what four horizons tell is uncertain
    assert (np.delete(few - factors, len(GRID) // 2) > 0).all()


def test_the_dependence_of_the_steps_is_found_again():
    known = np.array([[1.0, 0.8, 0.3], [0.8, 1.0, 0.5], [0.3, 0.5, 1.0]])
    truth = RANDOM.multivariate_normal(np.zeros(3), known, size=4000)
    found = dependence(np.broadcast_to(NORMAL, (4000, 3, len(GRID))), truth, GRID)
    np.testing.assert_allclose(found, 0.95 * known + 0.05 * np.eye(3), atol=0.05)
    np.linalg.cholesky(found)


def test_intervals_that_held_too_little_of_late_are_widened():
    """After training the noise is twice as strong: what came shows it, and only after that are intervals wider."""
    days, rng = pd.date_range("2026-01-01", periods=600), np.random.default_rng(1)
    noise = rng.normal(size=600) * np.where(np.arange(600) < 400, 1.0, 2.0)
    df = pd.DataFrame({"unique_id": "a", "ds": days, "y": 20 * (days.day_of_week == 2) + noise})
    options = {"horizon": 7, "hidden_size": 8, "decoder_size": 8, "epochs": 20, "verbose": 0, "num_threads": 1}
    forecaster = elman.Forecaster(**options).fit(df.head(400))
    coded = forecaster.coded(forecaster._read(df).series)
    rolling = Rolling(forecaster, coded, 7)
    calm, wild = np.arange(200, 380, 7), np.arange(480, 592, 7)
    levels = np.array([0.1, 0.9])
    before, after = (rolling.quantiles(0, origins, levels) for origins in (calm, wild))
    width = [float((found[..., 1] - found[..., 0]).mean()) for found in (before, after)]
    assert width[1] > 1.4 * width[0]
    truth = np.asarray(coded.targets[0])[wild[:, np.newaxis] + np.arange(1, 8)]
    assert 0.65 < coverage(truth, after[..., 0], after[..., 1]) < 0.95
    forecaster.calibrate = False
    plain = rolling.quantiles(0, wild, levels)
    assert coverage(truth, plain[..., 0], plain[..., 1]) < 0.65 < coverage(truth, after[..., 0], after[..., 1])


@pytest.mark.parametrize("N", [0, 3])
def test_too_few_outcomes_change_nothing(N):
    quantiles, truth = np.broadcast_to(NORMAL, (N, 2, len(GRID))), np.ones((N, 2))
    np.testing.assert_array_equal(spread(quantiles, truth, GRID), 1.0)
    np.testing.assert_array_equal(dependence(quantiles, truth, GRID), np.eye(2))
