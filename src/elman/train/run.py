"""One training, step by step: what changes while it goes on."""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from elman.errors import InputError
from elman.state import State
from elman.train.average import Average
from elman.train.batches import Examples
from elman.train.continuation import Continuation
from elman.train.diagnosis import diagnose
from elman.train.feed import Feed, Step, feed
from elman.train.gradients import Gradients
from elman.train.history import Epoch, History
from elman.train.lanes import Lanes
from elman.train.measures import Measures
from elman.train.objective import Loss, Metric
from elman.train.optimizer import make_optimizer, restore, tensors_of
from elman.train.progress import Progress
from elman.train.ranks import RankLostError, Ranks
from elman.train.reproducible import seed_from
from elman.train.schedule import Schedule
from elman.train.settings import Settings
from elman.train.signals import Signals
from elman.train.sums import Sums

Batch = TypeVar("Batch")
POINTS = 300  # of the curve, over all epochs


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
        self.measures = Measures(loss, validation, metric, settings, ranks)
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
                progress.step(self.at.epoch, self.at.done, self.sums.loss / (self.sums.count or 1))
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
        total, count = 0.0, 0.0
        for number, share in enumerate(step.shares):
            before.append(self.feed.carried)
            self._seed(number)
            found = self.feed.loss(self.model, share)
            if found is not None and found.count:
                torch.autograd.backward(found.total)
                total, count = total + found.total.item(), count + float(found.count)
        all_total, all_count, stopping, saving = self.ranks.sums(total, count, stop, save and self.ranks.first)
        if all_count:
            norm = math.nan
            if math.isfinite(all_total):
                norm = self.gradients.reduce(self.ranks, all_count, self.settings.clip)
            if math.isfinite(norm):
                self._descend(self._part(step), all_total, all_count, norm)
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

    def _descend(self, part: float, total: float, count: float, norm: float) -> None:
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
        found = self.ranks.told_by_first(not finite_here, lambda: self._diagnosis(step, before))
        raise InputError(
            f"training stopped in epoch {self.at.epoch}, {self.feed.place(step.shares[0])}: "
            f"{self.at.skipped_in_a_row} steps in a row gave no finite loss or gradient and were skipped; {found}; "
            f"{self._kept()}"
        )

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
        self.history.curve.append(self.stretch.point(reached, self.optimizer.param_groups[0]["lr"]))
        self.stretch = Sums()

    def judge(self, started: float, signals: Signals) -> None:
        """Measure the model after an epoch, write it into the history, and keep it if it is the best."""
        if not self.sums.steps:
            raise InputError("all sequences to train on are empty: at least one must have a step to learn from")
        self.model.eval()
        with self.average.in_place():
            signals.at_once = self.ranks.size == 1
            try:
                validation_loss, value = self.measures(self.model)
            except RankLostError:
                raise
            except InputError as error:
                raise InputError(f"training stopped: {error}, after epoch {self.at.epoch}; {self._kept()}") from error
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
