"""The learning rate over a training."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """Linear warm-up, then half a cosine down to a small part of the peak.

    With w = floor(warm_up · steps) warm-up steps and s counted from 0:

        s < w:   rate = peak · (s + 1) / w
        s ≥ w:   rate = peak · (final + (1 - final) · (1 + cos(π (s + 1 - w) / (steps - w))) / 2)

    The rate is computed from the step alone, so a resumed training needs no schedule state.

    Args:
        peak: the largest rate.
        steps: optimiser steps in the whole training.
        warm_up: part of the steps that warm up.
        final: rate of the last step, as a part of the peak.

    Source: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts (2017), equation 5.

    Example:
        >>> [round(Schedule(1.0, 4, warm_up=0.5, final=0.0)(step), 3) for step in range(4)]
        [0.5, 1.0, 0.5, 0.0]
    """

    peak: float
    steps: int
    warm_up: float = 0.05
    final: float = 0.01

    def __call__(self, step: int) -> float:
        """The rate of step `step`, counted from 0."""
        warm_up = int(self.warm_up * self.steps)
        if step < warm_up:
            return self.peak * (step + 1) / warm_up
        done = (step + 1 - warm_up) / (self.steps - warm_up)
        return self.peak * (self.final + (1 - self.final) * (1 + math.cos(math.pi * done)) / 2)
