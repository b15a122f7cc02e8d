"""Noise behind sounds: energies add up, the level lies where it was asked for, and draws follow the seed."""

import math

import torch

from elman.models.noise import FAINTEST, NEPERS, SLOPE, SPREAD, add_noise

BINS, T = 20, 30
MEAN, STD = torch.linspace(-7, -5, BINS), torch.linspace(3, 5, BINS)
SILENCE = -30.0


def noisy(energies: torch.Tensor, loudest: float, lengths: torch.Tensor | None = None) -> torch.Tensor:
    """The energies with noise, (B, T, k, bins)."""
    torch.manual_seed(0)
    scaled = ((energies - MEAN) / STD).flatten(2)
    given = torch.full((len(energies),), T) if lengths is None else lengths
    return add_noise(scaled, given, MEAN, STD, loudest).reshape(energies.shape) * STD + MEAN


def silent(B: int, peak: float = 2.0) -> torch.Tensor:
    """Sounds that are silent but for a click, (B, T, 2, bins)."""
    energies = torch.full((B, T, 2, BINS), SILENCE)
    energies[:, 0, 0, 3] = peak
    return energies


def test_in_silence_the_noise_is_as_far_below_the_peak_as_was_drawn() -> None:
    below = (2.0 - noisy(silent(600), 30.0)[:, 1:]) / NEPERS  # decibels
    level = below.mean((1, 2, 3))
    assert 29 < level.min() < 32
    assert FAINTEST - 2 < level.max() < FAINTEST + 1
    assert abs(level.mean() - (30 + FAINTEST) / 2) < 3
    slope = (below.mean((1, 2))[:, -1] - below.mean((1, 2))[:, 0]) / 2
    assert SLOPE - 1 < slope.max() < SLOPE + 1
    assert -SLOPE - 1 < slope.min() < -SLOPE + 1
    flutter = below - below.mean((1, 2), keepdim=True)
    assert math.isclose(flutter.std().item(), SPREAD, rel_tol=0.03)


def test_energies_add_up() -> None:
    energies = torch.rand(50, T, 2, BINS) * 4 - 2
    energies[:, 0, 0, 0] = 2.0
    alone = torch.full_like(energies, -60.0)
    alone[:, 0, 0, 0] = 2.0  # the same peak, and so the same noise
    noise, found = noisy(alone, 5.0)[:, 1:], noisy(energies, 5.0)[:, 1:]
    torch.testing.assert_close(found.exp(), energies[:, 1:].exp() + noise.exp(), rtol=1e-3, atol=1e-5)


def test_padding_stays_and_does_not_count_as_the_peak() -> None:
    energies = silent(4)
    found = noisy(energies, 30.0)
    lengths = torch.tensor([T, 10, 20, 5])
    scaled = ((energies - MEAN) / STD).flatten(2)
    for row, length in enumerate(lengths):
        scaled[row, length:] = 50.0
    torch.manual_seed(0)
    padded = add_noise(scaled, lengths, MEAN, STD, 30.0)
    for row, length in enumerate(lengths):
        assert (padded[row, length:] == 50.0).all()
        torch.testing.assert_close(
            padded[row, :length].reshape(-1, 2, BINS) * STD + MEAN, found[row, :length], rtol=1e-4, atol=1e-4
        )


def test_draws_follow_the_seed() -> None:
    assert noisy(silent(3), 30.0).equal(noisy(silent(3), 30.0))
    ones = torch.ones(3, T, 2 * BINS)
    some = [add_noise(ones, torch.full((3,), T), MEAN, STD, 30.0) for _ in range(2)]
    assert not some[0].equal(some[1])
