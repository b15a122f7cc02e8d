"""A running average of the weights over the steps of training."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor


class Average:
    """Each weight's exponential average: a <- d a + (1 - d) w after every step.

    The average wanders less than the weights do, and generalises better. The decay d starts low, so that the first
    weights, which are random, are soon forgotten: d = min(decay, (1 + n) / (10 + n)) at step n.

    Args:
        parameters: the weights, which training changes in place.
        decay: d in the long run; 0: the average is the weights themselves.

    Source: Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging (1992).
    """

    def __init__(self, parameters: Sequence[Tensor], decay: float) -> None:
        self._parameters = list(parameters)
        self._decay = decay
        self._averages = [one.detach().clone() for one in parameters] if decay else []
        self._steps = 0

    def update(self) -> None:
        """Take in the weights after a step."""
        if self._averages:
            decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
            with torch.no_grad():
                torch._foreach_lerp_(self._averages, self._parameters, 1 - decay)
            self._steps += 1

    def tensors(self) -> dict[str, Tensor]:
        """The averages and their number of steps, by name, as a checkpoint keeps them."""
        averages = {str(number): one for number, one in enumerate(self._averages)}
        return {**averages, "steps": torch.tensor(self._steps)} if averages else {}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what `tensors` gave."""
        if self._averages:
            self._steps = int(tensors["steps"])
            self._averages = [tensors[str(k)].to(one.dtype) for k, one in enumerate(self._averages)]

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model with the averages in place of its weights, for measuring and keeping; afterwards as it was."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    @torch.no_grad()
    def _exchange(self) -> None:
        for parameter, average in zip(self._parameters, self._averages, strict=bool(self._averages)):
            kept = parameter.clone()
            parameter.copy_(average)
            average.copy_(kept)
