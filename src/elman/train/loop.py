"""The training loop. It knows no task: batches, loss and metric are given to it."""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

import torch
from rich.console import Console
from torch import Tensor, nn

from elman.errors import InputError
from elman.train.average import Average
from elman.train.batches import Indices, LengthBatches, Lengths, ordered_batches
from elman.train.history import Epoch, History
from elman.train.interruption import uninterrupted
from elman.train.progress import Progress
from elman.train.reproducible import reproducible, seed_from
from elman.train.schedule import Schedule
from elman.train.settings import Settings

Batch = TypeVar("Batch")
Loss: TypeAlias = Callable[[nn.Module, Batch], tuple[Tensor, int]]


@dataclass(frozen=True)
class Examples(Generic[Batch]):
    """Sequences to learn from, or to validate on.

    Args:
        lengths: of each sequence, or (source, target) of each pair. Shape: (N,) or (N, K).
        collate: makes a batch, on the model's device, of the sequences with these indices.
    """

    lengths: Lengths
    collate: Callable[[Indices], Batch]


@dataclass(frozen=True)
class Metric:
    """What the model is judged by after every epoch, and early stopping goes by.

    Args:
        name: as it is shown.
        measure: gives the value; the model is in evaluation mode and gradients are off.
        higher_is_better: False for errors.
    """

    name: str
    measure: Callable[[nn.Module], float]
    higher_is_better: bool = True


def train(
    model: nn.Module,
    loss: Loss[Batch],
    training: Examples[Batch],
    validation: Examples[Batch] | None,
    settings: Settings,
    *,
    metric: Metric | None = None,
    console: Console | None = None,
) -> History:
    """Fit `model` by gradient descent (AdamW), and leave it with the best weights, in evaluation mode.

    `loss(model, batch)` gives the *sum* of the losses over the valid steps of a batch and their number.
    A step descends the mean over its batch, and the means of an epoch are over all of its valid steps,
    however they fell into batches. A batch without valid steps is passed over.

    After every epoch the metric (without one: the validation loss) is measured; when `patience` epochs
    in a row have brought no better value, the training ends. Ctrl-C ends it too, between two steps.
    Either way, and after an error too, the model has the weights of the best epoch so far; without metric
    and validation data that is the last whole one. If the first epoch had not ended, the weights stay as
    they are.

    The caller's random state and thread count are as before afterwards.

    Args:
        model: on its device.
        loss: sum of the losses, a scalar tensor, and how many steps it is over.
        training: at least one sequence.
        validation: None: no validation loss.
        settings: how long, how fast.
        metric: None: the validation loss decides.
        console: for the progress bar; None: stderr.

    Returns:
        The history; `history.interrupted` tells of a Ctrl-C.

    Raises:
        InputError: there is nothing to train, or nothing to train on; or a loss, a gradient or the metric is no
            finite number.

    Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019); clipping by norm: Pascanu,
    Mikolov and Bengio, On the Difficulty of Training Recurrent Neural Networks (2013).
    """
    if len(training.lengths) == 0:
        raise InputError("there are no sequences to train on: at least one is needed")
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise InputError("the model has no parameters to train: at least one that requires a gradient is needed")
    run = _Run(model, loss, training, validation, settings, metric)
    progress = Progress(settings.epochs, len(run.batches), settings.verbose, console)
    with reproducible(settings.seed, settings.num_threads, run.device):
        try:
            with progress:
                while run.history.ended is None:
                    run.epoch(progress)
        except KeyboardInterrupt:
            run.history.ended = "interrupted"
        finally:
            if run.best_weights is not None:
                model.load_state_dict(run.best_weights)
            model.eval()
    progress.finish(run.history)
    return run.history


class _Run(Generic[Batch]):
    """One training, epoch by epoch: what changes while it goes on."""

    def __init__(
        self,
        model: nn.Module,
        loss: Loss[Batch],
        training: Examples[Batch],
        validation: Examples[Batch] | None,
        settings: Settings,
        metric: Metric | None,
    ) -> None:
        self.model = model
        self.loss = loss
        self.training = training
        self.validation = validation
        self.settings = settings
        self.metric = metric
        self.batches = LengthBatches(training.lengths, settings.batch_size, settings.seed)
        self.schedule = Schedule(settings.learning_rate, settings.epochs * len(self.batches))
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.device = self.parameters[0].device
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self.average = Average(self.parameters, settings.average)
        self.history = History(metric.name, metric.higher_is_better) if metric else History()
        self.best_weights: dict[str, Tensor] | None = None

    def epoch(self, progress: Progress) -> None:
        """Learn every batch once, then measure."""
        started = time.perf_counter()
        number = len(self.history.epochs) + 1
        total, count, norms = 0.0, 0, []
        self.model.train()
        for position, indices in enumerate(self.batches.epoch(number)):
            batch_total, batch_count, norm = self.step(number, position, self.training.collate(indices))
            if batch_count:
                total += batch_total
                count += batch_count
                norms.append(norm)
            progress.step(number, position, total / max(count, 1))
        if not count:
            raise InputError("all sequences to train on are empty: at least one must have a step to learn from")
        self.model.eval()
        with self.average.in_place():
            self.judge(progress, number, total / count, sum(norms) / len(norms), started)
        if number == self.settings.epochs:
            self.history.ended = "epochs"
        elif self.history.epochs_without_gain >= self.settings.patience:
            self.history.ended = "patience"

    def judge(self, progress: Progress, number: int, loss: float, norm: float, started: float) -> None:
        """Measure the model after an epoch, write it into the history, and keep it if it is the best."""
        validation_loss, value = self.measure(number)
        record = Epoch(
            number,
            training_loss=loss,
            validation_loss=validation_loss,
            metric=value,
            learning_rate=self.optimizer.param_groups[0]["lr"],
            gradient_norm=norm,
            seconds=time.perf_counter() - started,
        )
        with uninterrupted():
            self.history.epochs.append(record)
            if self.history.best_epoch == number:
                self.best_weights = copy.deepcopy(self.model.state_dict())
        progress.epoch(self.history)

    def step(self, epoch: int, position: int, batch: Batch) -> tuple[float, int, float]:
        """One step of gradient descent; gives the sum of losses, its count and the gradient norm."""
        seed_from((self.settings.seed, epoch, position), self.device)
        self.optimizer.zero_grad()
        total, count = self.loss(self.model, batch)
        if not count:
            return 0.0, 0, 0.0
        mean = total / count
        value = mean.item()
        self._refuse_non_finite("loss", value, epoch, position)
        torch.autograd.backward(mean)
        clip = self.settings.clip or math.inf
        norm = nn.utils.clip_grad_norm_(self.parameters, clip).item()
        self._refuse_non_finite("gradient norm", norm, epoch, position)
        rate = self.schedule((epoch - 1) * len(self.batches) + position)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with uninterrupted():
            self.optimizer.step()
            self.average.update()
        return value * count, count, norm

    @torch.no_grad()
    def measure(self, epoch: int) -> tuple[float | None, float | None]:
        """The validation loss and the metric of the model as it is."""
        mean = value = None
        if self.validation is not None:
            total, count = 0.0, 0
            for indices in ordered_batches(self.validation.lengths, self.settings.batch_size):
                batch_total, batch_count = self.loss(self.model, self.validation.collate(indices))
                total += batch_total.item()
                count += batch_count
            if not count:
                raise InputError("all sequences to validate on are empty: at least one must have a step")
            mean = total / count
            self._refuse_non_finite("validation loss", mean, epoch)
        if self.metric is not None:
            value = float(self.metric.measure(self.model))
            self._refuse_non_finite(self.metric.name, value, epoch)
        return mean, value

    def _refuse_non_finite(self, name: str, value: float, epoch: int, position: int | None = None) -> None:
        if math.isfinite(value):
            return
        batch = "" if position is None else f", batch {position + 1} of {len(self.batches)}"
        rate = self.settings.learning_rate
        if (epoch, position) == (1, 0):
            cause = "before anything was learnt, so the data hold NaN, infinite or very large values: remove them"
        else:
            cause = (
                f"most likely learning_rate={rate:g} is too high (try {rate / 10:g}), "
                "or the data hold NaN, infinite or very large values"
            )
        best = self.history.best_epoch
        kept = "no epoch was finished" if best is None else f"the model has the weights of epoch {best}"
        raise InputError(f"training stopped: the {name} is {value} in epoch {epoch}{batch}; {cause}; {kept}")
