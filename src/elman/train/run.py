"""One training, step by step: what changes while it goes on."""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn

from elman.errors import InputError
from elman.state import State
from elman.train.average import Average
from elman.train.batches import Examples, ordered_batches
from elman.train.continuation import Continuation
from elman.train.diagnosis import diagnose
from elman.train.feed import Feed, Step, feed
from elman.train.gradients import Gradients
from elman.train.history import Epoch, History, Point
from elman.train.lanes import Lanes
from elman.train.objective import Loss, Metric
from elman.train.optimizer import make_optimizer, restore, tensors_of
from elman.train.progress import Progress
from elman.train.ranks import Ranks
from elman.train.reproducible import seed_from
from elman.train.schedule import Schedule
from elman.train.settings import Settings
from elman.train.signals import Signals

Batch = TypeVar("Batch")
POINTS = 300  # of the curve, over all epochs


@dataclass
class Sums:
    """What has added up since some step: over an epoch, or a stretch of the curve."""

    loss: float = 0.0
    count: int = 0
    norm: float = 0.0
    largest_norm: float = 0.0
    steps: int = 0
    skipped: int = 0

    def add(self, loss: float, count: int, norm: float) -> None:
        """Take in a step."""
        self.loss += loss
        self.count += count
        self.norm += norm
        self.largest_norm = max(self.largest_norm, norm)
        self.steps += 1


@dataclass
class Position:
    """Where a training is, between two steps; with the seed all random numbers follow from it.

    Args:
        epoch: that goes on, from 1.
        done: sequences, or windows, of it that are done.
        step: steps of gradient descent since the beginning, those that were skipped included.
        skipped_in_a_row: how many of the last ones were.
    """

    epoch: int = 1
    done: int = 0
    step: int = 0
    skipped_in_a_row: int = 0


class Run:
    """One training: model, optimiser, position, history."""

    def __init__(
        self,
        model: nn.Module,
        loss: Loss[Batch],
        training: Examples[Batch] | Lanes[Batch],
        validation: Examples[Batch] | None,
        settings: Settings,
        metric: Metric | None,
        ranks: Ranks,
        continuation: Continuation | None = None,
    ) -> None:
        self.model = model
        self.settings = settings
        self.ranks = ranks
        self.feed: Feed = feed(training, loss, settings, ranks)
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        ranks.from_first([parameter.detach() for parameter in self.parameters])
        self.gradients = Gradients(self.parameters)
        self.optimizer = make_optimizer(self.parameters, settings)
        self.schedule = Schedule(settings.learning_rate, settings.warm_up, settings.decay)
        self.average = Average(self.parameters, settings.average)
        self.history = History(metric.name, metric.higher_is_better) if metric else History()
        self.best_weights: dict[str, Tensor] | None = None
        self.at = Position()
        self.sums, self.stretch = Sums(), Sums()
        self.seconds = 0.0  # of the epoch that goes on, before this process
        self._loss, self._validation, self._metric = loss, validation, metric
        self._device = self.parameters[0].device
        self._continuation = continuation
        if continuation is not None and continuation.weights:
            self._go_on(continuation)

    def go(self, progress: Progress, signals: Signals, save: Callable[[], None]) -> None:
        """Train to the end, or until a signal is received; `save` writes a checkpoint."""
        saved = time.perf_counter()
        while self.history.ended is None:
            started = time.perf_counter() - self.seconds
            self.model.train()
            for step in self.feed.steps(self.at.epoch, self.at.done):
                due = time.perf_counter() - saved >= self.settings.checkpoint_seconds
                stop, due = self.step(step, signals.received is not None, due, progress)
                self.seconds = time.perf_counter() - started
                progress.step(self.at.epoch, self.at.done, self.sums.loss / max(self.sums.count, 1))
                if stop or due:
                    save()
                    saved = time.perf_counter()
                if stop:
                    self.history.ended = "interrupted"
                    return
            if signals.received is not None and self.ranks.size == 1:  # in the last step
                save()
                self.history.ended = "interrupted"
                return
            self.judge(started, signals)
            progress.epoch(self.history)
            save()
            saved = time.perf_counter()

    def step(self, step: Step, stop: bool, save: bool, progress: Progress) -> tuple[bool, bool]:
        """One step of gradient descent; whether any rank wants to stop, and the first one to save, after it."""
        before = []  # of each batch: what the lanes had left
        buffers = [buffer.clone() for buffer in self.model.buffers()]
        self.gradients.zero()
        total, count = 0.0, 0
        for number, share in enumerate(step.shares):
            before.append(self.feed.carried)
            self._seed(number)
            found = self.feed.loss(self.model, share)
            if found is not None and found.count:
                torch.autograd.backward(found.total)
                total, count = total + found.total.item(), count + int(found.count)
        all_total, all_count, stopping, saving = self.ranks.sums(total, count, stop, save and self.ranks.first)
        if all_count:
            norm = math.nan
            if math.isfinite(all_total):
                norm = self.gradients.reduce(self.ranks, round(all_count), self.settings.clip)
            if math.isfinite(norm):
                self._descend(self._part(step), all_total, round(all_count), norm)
            else:
                self._skip(step, all_total / all_count, buffers, progress)
                hopeless = step.done == self.feed.units and not self.sums.steps  # all of the epoch
                if hopeless or self.at.skipped_in_a_row >= self.settings.max_skipped:
                    self._give_up(step, before, math.isfinite(total))
        self.at.done = step.done
        self.at.step += 1
        self._draw()
        return stopping > 0, saving > 0

    def _part(self, step: Step) -> float:
        """The part of the whole training that is done after a step."""
        return (self.at.epoch - 1 + step.done / self.feed.units) / self.settings.epochs

    def _seed(self, number: int) -> None:
        """All random numbers of a batch follow from its position."""
        seed_from((self.settings.seed, self.at.epoch, self.at.done, number, self.ranks.rank), self._device)

    def _descend(self, part: float, total: float, count: int, norm: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule(part)
        self.optimizer.step()
        self.average.update()
        self.at.skipped_in_a_row = 0
        for sums in (self.sums, self.stretch):
            sums.add(total, count, norm)

    def _skip(self, step: Step, loss: float, buffers: list[Tensor], progress: Progress) -> None:
        """Leave the parameters as they are, and buffers as they were."""
        with torch.no_grad():
            for buffer, was in zip(self.model.buffers(), buffers, strict=True):
                buffer.copy_(was)
        self.at.skipped_in_a_row += 1
        for sums in (self.sums, self.stretch):
            sums.skipped += 1
        what = "the gradient's norm is no finite number" if math.isfinite(loss) else f"the loss is {loss}"
        progress.skipped(self.at.epoch, self.feed.place(step.shares[0]), what, self.sums.skipped)

    def _give_up(self, step: Step, before: list[State | None], finite_here: bool) -> None:
        """Say where numbers first went wrong, found by the first rank that has them."""
        found = self._found(finite_here, lambda: self._diagnosis(step, before))
        raise InputError(
            f"training stopped in epoch {self.at.epoch}, {self.feed.place(step.shares[0])}: "
            f"{self.at.skipped_in_a_row} steps in a row gave no finite loss or gradient and were skipped; {found}; "
            f"{self._kept()}"
        )

    def _found(self, finite_here: bool, diagnosis: Callable[[], str]) -> str:
        """The diagnosis of the first rank whose own numbers are not finite."""
        ill = self.ranks.sums(*(not finite_here and rank == self.ranks.rank for rank in range(self.ranks.size)))
        finder = next((rank for rank, one in enumerate(ill) if one), 0)
        return self.ranks.text_from(finder, diagnosis() if finder == self.ranks.rank else "")

    def _kept(self) -> str:
        best = self.history.best_epoch
        return "no epoch was finished" if best is None else f"the model has the weights of epoch {best}"

    def _diagnosis(self, step: Step, before: list[State | None]) -> str:
        found = None
        for number, share in enumerate(step.shares):

            def again(number: int = number, share: Any = share) -> Tensor:
                self.feed.carried = before[number]
                self._seed(number)
                loss = self.feed.loss(self.model, share)
                return torch.zeros((), device=self._device) if loss is None else loss.total

            found = diagnose(self.model, again, self.settings.learning_rate)
            if found.place:
                break
        return str(found)

    def _draw(self) -> None:
        """A point of the curve, where a stretch has ended."""
        reached = self.at.epoch - 1 + self.at.done / self.feed.units
        points = POINTS / self.settings.epochs
        last = self.history.curve[-1].epoch if self.history.curve else 0.0
        if int(reached * points) <= int(last * points) or not self.stretch.steps + self.stretch.skipped:
            return
        mean = (
            (self.stretch.loss / self.stretch.count, self.stretch.norm / self.stretch.steps)
            if self.stretch.steps
            else None
        )
        rate = self.optimizer.param_groups[0]["lr"]
        loss, norm, largest = (*mean, self.stretch.largest_norm) if mean else (None, None, None)
        self.history.curve.append(Point(reached, loss, rate, norm, largest, self.stretch.skipped))
        self.stretch = Sums()

    def judge(self, started: float, signals: Signals) -> None:
        """Measure the model after an epoch, write it into the history, and keep it if it is the best."""
        if not self.sums.steps:
            raise InputError("all sequences to train on are empty: at least one must have a step to learn from")
        self.model.eval()
        with self.average.in_place():
            signals.at_once = self.ranks.size == 1
            validation_loss, value = self.measure()
            signals.at_once = False
            record = Epoch(
                self.at.epoch,
                training_loss=self.sums.loss / self.sums.count,
                validation_loss=validation_loss,
                metric=value,
                learning_rate=self.optimizer.param_groups[0]["lr"],
                gradient_norm=self.sums.norm / self.sums.steps,
                seconds=time.perf_counter() - started,
                skipped=self.sums.skipped,
            )
            self.history.epochs.append(record)
            if self.history.best_epoch == self.at.epoch:
                self.best_weights = copy.deepcopy(self.model.state_dict())
        if self.at.epoch == self.settings.epochs:
            self.history.ended = "epochs"
        elif self.history.epochs_without_gain >= self.settings.patience:
            self.history.ended = "patience"
        self.at = Position(self.at.epoch + 1, 0, self.at.step, self.at.skipped_in_a_row)
        if self._continuation is not None:
            self._continuation.state = self.feed.carried
        self.sums, self.seconds, self.feed.carried = Sums(), 0.0, None

    @torch.no_grad()
    def measure(self) -> tuple[float | None, float | None]:
        """The validation loss and the metric of the model as it is; of the loss every rank measures its share."""
        mean = value = None
        if self._validation is not None:
            data, settings, total, count = self._validation, self.settings, 0.0, 0
            ill: Any = None
            batches = ordered_batches(data.lengths, settings.batch_size, settings.batch_steps)
            for indices in batches[self.ranks.rank :: self.ranks.size]:
                found = self._loss(self.model, data.collate(indices))
                total, count = total + found.total.item(), count + found.count
                ill = indices if ill is None and not math.isfinite(total) else ill
            total, valid = self.ranks.sums(total, count)
            if not valid:
                raise InputError("all sequences to validate on are empty: at least one must have a step")
            mean = total / valid
            if not math.isfinite(mean):
                self._refuse("validation loss", mean, self._found(ill is None, lambda: self._validated(ill)))
        if self._metric is not None:
            value = float(self._metric.measure(self.model))
            if self.ranks.size > 1:
                shared = torch.tensor(value, dtype=torch.float64)
                self.ranks.from_first([shared])
                value = shared.item()
            if not math.isfinite(value):
                rate = self.settings.learning_rate
                self._refuse(
                    self._metric.name, value, f"most likely learning_rate={rate:g} is too high: try {rate / 10:g}"
                )
        return mean, value

    def _validated(self, indices: Any) -> str:
        """The diagnosis of a batch of validation data."""
        data, rate = self._validation, self.settings.learning_rate

        def again() -> Tensor:
            return self._loss(self.model, cast(Any, data).collate(indices)).total

        with torch.enable_grad():
            return str(diagnose(self.model, again, rate))

    def _refuse(self, name: str, value: float, cause: str) -> None:
        raise InputError(f"training stopped: the {name} is {value} in epoch {self.at.epoch}; {cause}; {self._kept()}")

    def _go_on(self, continuation: Continuation) -> None:
        """Go on where an earlier training ended."""
        self.model.load_state_dict(continuation.weights)
        restore(self.optimizer, continuation.optimizer)
        self.average.restore(continuation.average)
        self.feed.carried = continuation.state

    def leave(self) -> None:
        """Give the model its best weights, in evaluation mode, without gradients."""
        self.gradients.release()
        if self._continuation is not None:
            self._continuation.weights = copy.deepcopy(self.model.state_dict())
            self._continuation.optimizer = tensors_of(self.optimizer)
            self._continuation.average = self.average.tensors()
        if self.best_weights is not None:
            self.model.load_state_dict(self.best_weights)
        self.model.eval()
