"""Frequencies and durations that are multiplied: against NumPy's interpolation, and that draws follow the seed."""

import numpy as np
import torch

from elman.codecs.recording import centres, log_mel
from elman.models.warp import change_tempo, in_steps, stretched, warp_frequencies

BINS = 40
CENTRES = torch.tensor(centres(16_000, BINS), dtype=torch.float32)


def frames(B: int = 3, T: int = 5, k: int = 2) -> torch.Tensor:
    return torch.randn(B, T, k * BINS, generator=torch.Generator().manual_seed(0))


def test_a_tone_goes_to_its_frequency_times_the_factor() -> None:
    def heard(frequency: float) -> torch.Tensor:
        tone = np.sin(2 * np.pi * frequency * np.arange(4000) / 16_000).astype(np.float32)
        return torch.tensor(log_mel(tone, 16_000, BINS)).unsqueeze(0)

    for frequency in (400.0, 1000.0, 2500.0, 5000.0):
        for factor in (0.8, 0.93, 1.15, 1.25):
            found = stretched(heard(frequency), CENTRES, torch.tensor([factor]))
            peaks = CENTRES[found.mean(1).argmax()], CENTRES[heard(factor * frequency).mean(1).argmax()]
            assert abs(int(found.mean(1).argmax()) - int(heard(factor * frequency).mean(1).argmax())) <= 1, peaks


def test_each_frame_is_interpolated_between_its_channels() -> None:
    inputs, factors = frames(), torch.tensor([0.8, 1.0, 1.3])
    found = stretched(inputs, CENTRES, factors).reshape(3, 10, BINS)
    for row, factor in enumerate(factors.tolist()):
        for frame, other in zip(inputs[row].reshape(10, BINS).numpy(), found[row].numpy(), strict=True):
            expected = np.interp(CENTRES.numpy() / factor, CENTRES.numpy(), frame)
            np.testing.assert_allclose(other, expected, atol=1e-5)


def test_a_factor_of_1_changes_nothing_and_padding_stays_zero() -> None:
    inputs = frames()
    assert stretched(inputs, CENTRES, torch.ones(3)).equal(inputs)
    assert warp_frequencies(inputs, CENTRES, 0.0).equal(inputs)
    assert stretched(frames(3, 5, 1)[..., :1], CENTRES[:1], torch.full((3,), 1.2)).equal(frames(3, 5, 1)[..., :1])
    inputs[1, 3:] = 0.0
    found = warp_frequencies(inputs, CENTRES, 0.2)
    assert not found[1, 3:].any()
    assert found[1, :3].all()


def test_each_sound_has_a_factor_of_its_own_that_follows_from_the_seed() -> None:
    inputs = CENTRES.log2().repeat(400, 3, 2)  # so that a channel's number tells the factor

    def octaves() -> torch.Tensor:
        torch.manual_seed(0)
        found = warp_frequencies(inputs, CENTRES, 0.2)
        return CENTRES[20].log2() - found[..., [20, BINS + 20]]

    found = octaves()
    assert found.equal(octaves())
    assert (found == found[:, :1, :1]).all()  # all frames of a sound
    factors = 2 ** found[:, 0, 0]
    assert len(factors.unique()) > 390
    assert 0.8 - 1e-2 < factors.min() < 0.82
    assert 1.18 < factors.max() < 1.2 + 1e-2
    assert not warp_frequencies(inputs, CENTRES, 0.2).equal(warp_frequencies(inputs, CENTRES, 0.2))


def test_frames_are_interpolated_in_time_between_the_first_and_the_last() -> None:
    inputs = frames(4, 6)
    lengths, steps = torch.tensor([6, 3, 5, 1]), torch.tensor([4, 5, 5, 2])
    for row, length in enumerate(lengths):
        inputs[row, length:] = 100.0  # padding is not heard
    found = in_steps(inputs, lengths, steps, BINS)
    assert found.shape == (4, 5, 2 * BINS)
    for row, (length, new) in enumerate(zip(lengths.tolist(), steps.tolist(), strict=True)):
        old = inputs[row, :length].reshape(-1, BINS).numpy()
        places = np.linspace(0, len(old) - 1, 2 * new)
        expected = np.stack([np.interp(places, np.arange(len(old)), channel) for channel in old.T], 1)
        np.testing.assert_allclose(found[row, :new].reshape(-1, BINS), expected, atol=1e-5)
        assert not found[row, new:].any()
    assert found[2].equal(inputs[2, :5])  # as many steps as before


def test_each_sound_is_as_long_as_was_drawn_and_its_text_needs() -> None:
    def lengths(width: float, least: int = 0) -> torch.Tensor:
        torch.manual_seed(0)
        own = torch.full((300,), 50)
        found, steps = change_tempo(torch.ones(300, 50, BINS), own, torch.full((300,), least), BINS, width)
        assert found.shape == (300, int(steps.max()), BINS)
        assert found.sum((1, 2)).equal(steps * float(BINS))
        return steps

    assert (lengths(0.0) == 50).all()
    assert set(range(41, 60)) <= set(lengths(0.2).tolist()) <= set(range(40, 61))
    assert lengths(0.2).equal(lengths(0.2))
    assert lengths(0.2, least=48).equal(lengths(0.2).clamp(min=48))
    assert lengths(0.2, least=70).equal(lengths(0.2).clamp(min=50))  # no longer because of it
