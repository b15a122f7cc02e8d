"""Likelihoods against scipy's distributions and against what samples say."""

import numpy as np
import pytest
import scipy.stats
import torch

from elman.errors import InputError
from elman.models.likelihoods import LEAST, LEVELS, LIKELIHOODS, likelihood

RANDOM = np.random.default_rng(0)
N = 50


def softplus(x):
    return np.log1p(np.exp(x))


def distribution(name, outputs, reference, scale):
    """scipy's, in units of the scale; of counts in counts."""
    if name == "normal":
        return scipy.stats.norm(reference + outputs[:, 0], softplus(outputs[:, 1]) + LEAST)
    if name == "student_t":
        return scipy.stats.t(2 + softplus(outputs[:, 2]), reference + outputs[:, 0], softplus(outputs[:, 1]) + LEAST)
    mean, dispersion = scale * softplus(reference + outputs[:, 0]) + LEAST, softplus(outputs[:, 1]) + LEAST
    return scipy.stats.nbinom(1 / dispersion, 1 / (1 + dispersion * mean))


@pytest.fixture
def drawn():
    return RANDOM.normal(size=N), RANDOM.uniform(0.5, 4, N)


@pytest.mark.parametrize("name", ["normal", "student_t", "negative_binomial"])
def test_loss_is_minus_the_logarithm_of_scipys_density(name, drawn):
    reference, scale = drawn
    one = likelihood(name)
    outputs = RANDOM.normal(size=(N, one.size))
    known = distribution(name, outputs, reference, scale)
    counts = RANDOM.poisson(3, N)
    values = counts / scale if one.counts else RANDOM.normal(size=N)
    expected = -(known.logpmf(counts) if one.counts else known.logpdf(values))
    found = one.loss(*(torch.tensor(x) for x in (outputs, reference, values, scale)))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("name", ["normal", "student_t", "negative_binomial"])
def test_quantiles_are_scipys(name, drawn):
    reference, scale = drawn
    one = likelihood(name)
    outputs = RANDOM.normal(size=(N, one.size))
    levels = RANDOM.uniform(size=N)
    expected = distribution(name, outputs, reference, scale).ppf(levels)
    found = one.quantile(outputs, reference, scale, levels)
    np.testing.assert_allclose(found * (scale if one.counts else 1), expected, rtol=1e-9)


def test_quantiles_of_the_network_are_sorted_and_joined_by_lines():
    one = likelihood("quantiles")
    outputs = RANDOM.normal(size=(3, len(LEVELS)))
    sorted_ = np.sort(outputs, 1)
    for k, level in enumerate(LEVELS):
        found = one.quantile(outputs, np.full(3, 2.0), np.ones(3), np.array(level))
        np.testing.assert_allclose(found, 2 + sorted_[:, k], rtol=1e-12)
    between = one.quantile(outputs, np.zeros(3), np.ones(3), np.array(0.525))
    k = LEVELS.index(0.5)
    np.testing.assert_allclose(between, (sorted_[:, k] + sorted_[:, k + 1]) / 2)
    np.testing.assert_allclose(one.quantile(outputs, np.zeros(3), np.ones(3), np.array(0.9999)), sorted_[:, -1])


def test_quantile_loss_is_least_at_the_true_quantiles_and_near_the_crps():
    """Of the standard normal distribution, whose CRPS at y is y(2Φ(y) - 1) + 2φ(y) - 1/√π."""
    one = likelihood("quantiles")
    y = RANDOM.normal(size=20_000)
    true = np.tile(scipy.stats.norm.ppf(LEVELS), (len(y), 1))

    def loss(outputs):
        arguments = (outputs, np.zeros(len(y)), y, np.ones(len(y)))
        return float(one.loss(*(torch.tensor(x, dtype=torch.float32) for x in arguments)).mean())

    closed = (y * (2 * scipy.stats.norm.cdf(y) - 1) + 2 * scipy.stats.norm.pdf(y) - 1 / np.sqrt(np.pi)).mean()
    assert loss(true) == pytest.approx(closed, rel=0.02)
    assert loss(true) < min(loss(true * 1.1), loss(true * 0.9), loss(true + 0.1), loss(true - 0.1))


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_locations_move_the_quantiles(name):
    one = likelihood(name)
    outputs = RANDOM.normal(size=(N, one.size)) - 5  # so that counts are not scattered
    moved = outputs.copy()
    moved[:, one.locations] += 3.0
    levels = RANDOM.uniform(0.1, 0.9, N)
    scale = np.full(N, 1000.0)  # so large that counts are nearly continuous, and softplus nearly straight
    before, after = (one.quantile(x, np.full(N, 20.0), scale, levels) for x in (outputs, moved))
    if one.counts:
        assert (after > before).all()
    else:
        np.testing.assert_allclose(after - before, 3.0, atol=1e-9)


def test_an_unknown_likelihood_is_refused():
    with pytest.raises(InputError, match="likelihood is 'poisson', expected one of quantiles, normal"):
        likelihood("poisson")
