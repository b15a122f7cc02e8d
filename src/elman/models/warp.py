"""Sounds as other vocal tracts would make them, so that a network learns what all voices have in common."""

import torch
from torch import Tensor


def warp_frequencies(inputs: Tensor, centres: Tensor, width: float) -> Tensor:
    """Multiply all frequencies of each sound by a factor that torch's generator draws between 1 - width and 1 + width.

    Shape:
        inputs (B, T, k * bins), centres (bins,) -> (B, T, k * bins)

    Args:
        inputs: log-mel frames.
        centres: the frequency in Hz of each channel, rising.
        width: from 0 to below 1.

    Source: Jaitly and Hinton, Vocal Tract Length Perturbation (VTLP) improves speech recognition (2013).
    """
    drawn = torch.rand(len(inputs), device=inputs.device)
    return stretched(inputs, centres, 1 + width * (2 * drawn - 1))


def stretched(inputs: Tensor, centres: Tensor, factors: Tensor) -> Tensor:
    """What was at f Hz is at factor * f, by linear interpolation between the channels.

    Beyond the first and the last channel is what these hear. Jaitly and Hinton bend the line above 4800 Hz instead, so
    that half of the sample rate stays where it is. Steps of several frames side by side are stretched frame by frame.

    Shape:
        inputs (B, T, k * bins), centres (bins,), factors (B,), above 0 -> (B, T, k * bins)
    """
    bins = len(centres)
    wanted = (centres / factors.unsqueeze(1)).clamp(centres[0], centres[-1])  # (B, bins), where the new ones are heard
    above = torch.searchsorted(centres, wanted).clamp(min=min(1, bins - 1))
    below = (above - 1).clamp(min=0)
    distance = (centres[above] - centres[below]).clamp(min=1e-6)  # 0 between a single channel and itself
    part = ((wanted - centres[below]) / distance).unsqueeze(1)
    mix = inputs.new_zeros(len(inputs), bins, bins)  # from a channel, to a channel
    mix.scatter_add_(1, below.unsqueeze(1), (1 - part).to(mix.dtype))
    mix.scatter_add_(1, above.unsqueeze(1), part.to(mix.dtype))
    return (inputs.reshape(len(inputs), -1, bins) @ mix).reshape(inputs.shape)
