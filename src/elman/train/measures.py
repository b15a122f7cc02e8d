"""What is measured after an epoch: the validation loss and the metric."""

import math
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from elman.errors import InputError
from elman.train.batches import Examples, Indices, ordered_batches
from elman.train.diagnosis import diagnose, too_fast
from elman.train.objective import Loss, Metric
from elman.train.ranks import Ranks
from elman.train.settings import Settings

Batch = TypeVar("Batch")


class Measures(Generic[Batch]):
    """Measures a model in evaluation mode.

    Args:
        loss: as in training.
        validation: None: there is no validation loss.
        metric: None: there is none.
        settings: those of the training.
        ranks: of the loss every rank measures its share; the metric all measure, and that of the first counts.
    """

    def __init__(
        self,
        loss: Loss[Batch],
        validation: Examples[Batch] | None,
        metric: Metric | None,
        settings: Settings,
        ranks: Ranks,
    ) -> None:
        self._loss, self._validation, self._metric = loss, validation, metric
        self._settings, self._ranks = settings, ranks

    @torch.no_grad()
    def __call__(self, model: nn.Module) -> tuple[float | None, float | None]:
        """The validation loss and the metric.

        Raises:
            InputError: there is no valid step, or a value is not finite.
        """
        loss = None if self._validation is None else self._validation_loss(model, self._validation)
        if self._metric is not None and self._metric.of_loss is not None and loss is not None:
            return loss, self._metric.of_loss(loss)
        value = None if self._metric is None else self._value(model, self._metric)
        return loss, value

    def _validation_loss(self, model: nn.Module, data: Examples[Batch]) -> float:
        total, count = 0.0, 0.0
        ill: Indices | None = None
        batches = ordered_batches(data.lengths, self._settings.batch_size, self._settings.batch_steps)
        for indices in batches[self._ranks.rank :: self._ranks.size]:
            found = self._loss(model, data.collate(indices))
            total, count = total + found.total.item(), count + float(found.count)
            ill = indices if ill is None and not math.isfinite(total) else ill
        total, valid = self._ranks.sums(total, count)
        if not valid:
            raise InputError("all sequences to validate on are empty: at least one must have a step")
        if not math.isfinite(total):
            cause = self._ranks.told_by_first(ill is not None, lambda: self._diagnosis(model, data, ill))
            raise InputError(f"the validation loss is {total / valid}; {cause}")
        return total / valid

    def _diagnosis(self, model: nn.Module, data: Examples[Batch], indices: Any) -> str:
        def again() -> Tensor:
            return self._loss(model, data.collate(indices)).total

        with torch.enable_grad():
            return str(diagnose(model, again, self._settings.learning_rate))

    def _value(self, model: nn.Module, metric: Metric) -> float:
        if metric.measure is None:
            raise TypeError(f"the {metric.name} is made of the validation loss, and there is no validation data")
        value = float(metric.measure(model))
        if self._ranks.size > 1:
            shared = torch.tensor(value, dtype=torch.float64)
            self._ranks.from_first([shared])
            value = shared.item()
        if not math.isfinite(value):
            raise InputError(f"the {metric.name} is {value}; most likely {too_fast(self._settings.learning_rate)}")
        return value
