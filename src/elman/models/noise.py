"""Sounds with noise behind them, so that a network does not take silence for what tells symbols apart."""

import math

import torch
from torch import Tensor

FAINTEST = 90.0  # decibels below the peak, where digital silence of 16 bits is
SLOPE = 10.0  # decibels by which the noise is louder or fainter at either end of the channels, at most
SPREAD = 2.0  # decibels of deviation, from channel to channel and frame to frame
NEPERS = math.log(10) / 10  # of a decibel, where energies are natural logarithms


def add_noise(inputs: Tensor, lengths: Tensor, mean: Tensor, std: Tensor, loudest: float) -> Tensor:
    """Add to the energies of each sound those of a steady noise, whose level torch's generator draws for it.

    The level lies between `loudest` and 90 decibels below the largest energy of the sound, so that some sounds stay as
    they were; the noise is white, or falls or rises evenly over the channels.

    Shape:
        inputs (B, T, k * bins), lengths (B,), mean and std (bins,) -> (B, T, k * bins)

    Args:
        inputs: scaled log-mel frames; steps of padding stay what they are.
        lengths: of each row.
        mean: of each channel, by which frames were scaled.
        std: of each channel.
        loudest: decibels below the peak, up to 90.
    """
    B, T, size = inputs.shape
    bins, device = len(mean), inputs.device
    frames = inputs.reshape(B, T, -1, bins) * std + mean
    there = (torch.arange(T, device=device) < lengths.to(device).unsqueeze(1))[..., None, None]
    peak = frames.masked_fill(~there, -math.inf).amax((1, 2, 3))
    drawn = torch.rand(2, B, device=device)
    level = peak - NEPERS * (loudest + (FAINTEST - loudest) * drawn[0])
    slope = NEPERS * SLOPE * (2 * drawn[1] - 1)
    noise = level.unsqueeze(1) + slope.unsqueeze(1) * torch.linspace(-1, 1, bins, device=device)  # (B, bins)
    flutter = NEPERS * SPREAD * torch.randn_like(frames)
    mixed = (torch.logaddexp(frames, noise[:, None, None] + flutter) - mean) / std
    return torch.where(there, mixed, inputs.reshape(frames.shape)).reshape(B, T, size)
