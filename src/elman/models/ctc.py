"""Connectionist temporal classification: symbols out of more steps than there are symbols, without knowing when."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

BLANK = 0  # the output that says nothing


def ctc_loss(scores: Tensor, lengths: Tensor, targets: Tensor, target_lengths: Tensor) -> Tensor:
    """Minus the log probability of the targets, summed over the batch.

    The probability of a target is that of all ways to spread its symbols over the steps: each for one step or several,
    with blanks in between, which two equal neighbours need.

    Shape:
        scores (B, T, V), before the softmax; lengths (B,); targets (B, U), from 1; target_lengths (B,) -> ()

    Source: Graves, Fernández, Gomez and Schmidhuber, Connectionist Temporal Classification (2006).
    """
    log_probabilities = scores.log_softmax(-1).transpose(0, 1)  # (T, B, V)
    return F.ctc_loss(log_probabilities, targets, lengths, target_lengths, blank=BLANK, reduction="sum")


def steps_needed(target: np.ndarray) -> int:
    """The fewest steps that a target can be spread over: one for each symbol, and one between equal neighbours.

    Shape:
        target (U,)

    Example:
        >>> steps_needed(np.array([3, 1, 1, 2]))
        5
    """
    return len(target) + int((target[1:] == target[:-1]).sum())


def steps_needed_by_each(targets: Tensor, lengths: Tensor) -> Tensor:
    """`steps_needed` of each row. Shape: targets (B, U), lengths (B,) -> (B,)"""
    within = torch.arange(targets.shape[1], device=targets.device)[1:] < lengths.unsqueeze(1)
    return lengths + ((targets[:, 1:] == targets[:, :-1]) & within).sum(1)


def collapsed(path: np.ndarray | Sequence[int]) -> np.ndarray:
    """The symbols of a path: repeated ones once, without blanks.

    Shape:
        path (T,) -> (U,)

    Example:
        >>> collapsed([0, 3, 3, 0, 3, 1]).tolist()
        [3, 3, 1]
    """
    outputs: np.ndarray = np.asarray(path, np.int64)
    new = np.ones(len(outputs), bool)
    new[1:] = outputs[1:] != outputs[:-1]
    found: np.ndarray = outputs[new & (outputs != BLANK)]
    return found


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Log-probabilities, in float64 and of each row alone, so that a search does not depend on how steps come in.

    Shape:
        scores (T, V) -> (T, V)
    """
    wide = scores.astype(np.float64)
    wide -= wide.max(1, keepdims=True, initial=-np.inf)
    found: np.ndarray = wide - np.log(np.exp(wide).sum(1, keepdims=True))
    return found
