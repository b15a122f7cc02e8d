"""Frames of sound with bands and moments blotted out, so that a network learns to do without any one of them."""

import torch
from torch import Tensor


def spec_augment(
    inputs: Tensor,
    lengths: Tensor,
    bins: int,
    *,
    frequency_masks: int,
    frequency_width: int,
    time_masks: int,
    time_width: float,
) -> Tensor:
    """Zero, which is the mean of scaled frames, in bands of channels and in stretches of steps; others in each row.

    Where a mask lies and how wide it is, is drawn by torch's generator of random numbers. Steps of several frames side
    by side have the same bands in all of them. Frames are not warped in time, which the authors found to matter least.

    Shape:
        inputs (B, T, k * bins), lengths (B,) -> (B, T, k * bins)

    Args:
        inputs: scaled log-mel frames.
        lengths: of each row.
        bins: channels of a frame.
        frequency_masks: bands of each row.
        frequency_width: channels of a band at most.
        time_masks: stretches of each row.
        time_width: part of a row's length that a stretch has at most.

    Source: Park et al., SpecAugment: A Simple Data Augmentation Method for Automatic Speech Recognition (2019); widths
        relative to the length: SpecAugment on Large Scale Datasets (2020).
    """
    _B, T, size = inputs.shape
    lengths = lengths.to(inputs.device)
    widest = torch.full_like(lengths, min(frequency_width, bins))
    bands = _covered(frequency_masks, widest, torch.full_like(lengths, bins), bins)  # (B, bins)
    stretches = _covered(time_masks, (lengths * time_width).long(), lengths, T)  # (B, T)
    blotted = bands.repeat(1, size // bins).unsqueeze(1) | stretches.unsqueeze(2)
    return inputs.masked_fill(blotted, 0.0)


def _covered(masks: int, widest: Tensor, sizes: Tensor, places: int) -> Tensor:
    """Which of the places are under one of the masks, (B, places).

    Shape:
        widest (B,): the largest width of a mask; sizes (B,): of how many of the places
    """
    drawn = torch.rand(2, len(sizes), masks, device=sizes.device)
    widths = (drawn[0] * (widest + 1).unsqueeze(1)).long()
    starts = (drawn[1] * (sizes.unsqueeze(1) - widths + 1)).long()
    place = torch.arange(places, device=sizes.device)
    under = (place >= starts.unsqueeze(2)) & (place < (starts + widths).unsqueeze(2))  # (B, masks, places)
    return under.any(1)
