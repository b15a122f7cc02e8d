"""Scores of forecasts against closed forms and sums by hand."""

import numpy as np
import pytest
import scipy.stats

from elman.tasks.forecast_metrics import SCORED, coverage, crps_of_quantiles, seasonal_error


def closed_form(y):
    """CRPS of the standard normal distribution (Gneiting and Raftery 2007)."""
    return y * (2 * scipy.stats.norm.cdf(y) - 1) + 2 * scipy.stats.norm.pdf(y) - 1 / np.sqrt(np.pi)


def test_crps_of_quantiles_approaches_the_closed_form():
    y = np.linspace(-3, 3, 25)
    many = (np.arange(20_000) + 0.5) / 20_000
    np.testing.assert_allclose(crps_of_quantiles(y, scipy.stats.norm.ppf(many)[None], many), closed_form(y), atol=1e-4)
    few = crps_of_quantiles(y, scipy.stats.norm.ppf(SCORED)[None])
    np.testing.assert_allclose(few, closed_form(y), atol=0.02)  # 20 levels: the tails are cut short


def test_crps_of_one_value_is_the_absolute_error():
    y = np.array([1.0, -2.0])
    np.testing.assert_allclose(crps_of_quantiles(y, np.zeros((2, len(SCORED)))), [1.0, 2.0])


def test_seasonal_error_passes_over_missing_values():
    y = np.array([1.0, 2.0, 4.0, np.nan, 5.0])
    assert seasonal_error(y, 2) == pytest.approx((3 + 1) / 2)  # |4 - 1|, |5 - 4|
    assert np.isnan(seasonal_error(y, 5))


def test_coverage_counts_known_values_only():
    y = np.array([0.0, 1.0, np.nan, 3.0])
    assert coverage(y, np.zeros(4), np.ones(4)) == pytest.approx(2 / 3)
