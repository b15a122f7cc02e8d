"""Sounds as others would make them, so that a network learns what all voices have in common."""

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


def change_tempo(inputs: Tensor, lengths: Tensor, least: Tensor, bins: int, width: float) -> tuple[Tensor, Tensor]:
    """Make each sound last as many times as long as torch's generator draws between 1 - width and 1 + width.

    Frames are interpolated in time, from the first to the last, so that frequencies stay what they are.

    Shape:
        inputs (B, T, k * bins), lengths (B,), least (B,) -> (B, T', k * bins), (B,)

    Args:
        inputs: log-mel frames.
        lengths: of each row.
        least: steps that a row is not shortened below, such as its text needs.
        bins: channels of a frame.
        width: from 0 to below 1.

    Source: Ko, Povey, Peddinti and Khudanpur, Audio Augmentation for Speech Recognition (2015), on tempo.
    """
    drawn = torch.rand(len(inputs), device=lengths.device)
    wanted = (lengths * (1 + width * (2 * drawn - 1))).round().long()
    steps = torch.maximum(wanted, torch.minimum(least.to(lengths.device), lengths))
    return in_steps(inputs, lengths, steps, bins), steps


def in_steps(inputs: Tensor, lengths: Tensor, steps: Tensor, bins: int) -> Tensor:
    """The same sounds in other numbers of steps, with zeros after them.

    Shape:
        inputs (B, T, k * bins), lengths (B,), steps (B,) -> (B, max(steps), k * bins)
    """
    k = inputs.shape[2] // bins
    frames = inputs.reshape(len(inputs), -1, bins)
    last, new_last = (((each.to(inputs.device) * k) - 1).clamp(min=0).unsqueeze(1) for each in (lengths, steps))
    place = torch.arange(int(steps.max()) * k, device=inputs.device)
    heard = (place * (last / new_last.clamp(min=1))).minimum(last)  # (B, T' k), frames of the sound as it was
    before = heard.long()
    after = (before + 1).minimum(last)
    one, other = (frames.gather(1, at.unsqueeze(2).expand(-1, -1, bins)) for at in (before, after))
    found = torch.lerp(one, other, (heard - before).unsqueeze(2).to(inputs.dtype))
    found = found.masked_fill((place > new_last).unsqueeze(2), 0.0)
    return found.reshape(len(inputs), -1, k * bins)
