"""The learning rate over a training."""

import math
from dataclasses import dataclass

DECAYS = ("cosine", "linear", "none")


@dataclass(frozen=True)
class Schedule:
    """Linear warm-up, then down to a small part of the peak by half a cosine, in a line, or not at all.

    With p the part of the training that is done after a step, w = warm_up and q = (p - w) / (1 - w):

        p ≤ w:   rate = peak · p / w
        p > w:   rate = peak · (final + (1 - final) · (1 + cos(π q)) / 2)      "cosine"
                 rate = peak · (final + (1 - final) · (1 - q))                 "linear"
                 rate = peak                                                   "none"

    The rate is computed from the position alone, so a resumed training needs no schedule state.

    Args:
        peak: the largest rate.
        warm_up: part of the training that warms up.
        decay: how the rate falls after it.
        final: rate of the last step, as a part of the peak.

    Source: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts (2017), equation 5.

    Example:
        >>> [round(Schedule(1.0, warm_up=0.5, final=0.0)(part), 3) for part in (0.25, 0.5, 0.75, 1.0)]
        [0.5, 1.0, 0.5, 0.0]
    """

    peak: float
    warm_up: float = 0.05
    decay: str = "cosine"
    final: float = 0.01

    def __call__(self, part: float) -> float:
        """The rate of the step after which this part of the training is done, above 0, at most 1."""
        if part <= self.warm_up:
            return self.peak * part / self.warm_up
        if self.decay == "none":
            return self.peak
        done = (part - self.warm_up) / (1 - self.warm_up)
        left = 1 - done if self.decay == "linear" else (1 + math.cos(math.pi * done)) / 2
        return self.peak * (self.final + (1 - self.final) * left)
