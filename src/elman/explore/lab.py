"""Networks side by side that learn a small task while one looks on."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman.equations import CELLS
from elman.explore.lab_tasks import NOT_ASKED, TASKS, Batch, Task
from elman.models import Feedforward
from elman.models.feedforward import nearest_size
from elman.nn import Network
from elman.state import State
from elman.train import Settings, reproducible
from elman.train.optimizer import make_optimizer

FEEDFORWARD = "feedforward"
ROWS = 32  # sequences of a batch
MEASURED = 256  # sequences that accuracy is measured on, always the same
FEWEST = 30  # answers of which a share is told
CLIP = 1.0
TRAINING, MEASURING = 0, 1  # of random numbers, beside the seed


@dataclass(frozen=True)
class Experiment:
    """What is to be learned, and by whom.

    Args:
        task: one of `TASKS`.
        cells: names of `CELLS`, each a network of its own.
        hidden_size: H of each.
        length: T, steps of a sequence; None: what the task proposes.
        window: steps that the gradient goes back at most (truncated BPTT); None: all.
        sees: steps that the feedforward network sees; 0: there is none.
        learning_rate: of AdamW.
        seed: of sequences and of first weights.
        steps: batches after which it ends.
        reports: how many times it is measured.
    """

    task: str = "echo"
    cells: Sequence[str] = ("elman", "gru")
    hidden_size: int = 32
    length: int | None = None
    window: int | None = None
    sees: int = 6
    learning_rate: float = 0.005
    seed: int = 0
    steps: int = 1500
    reports: int = 75

    @property
    def of(self) -> Task:
        """The task."""
        return TASKS[self.task]

    @property
    def T(self) -> int:
        """Steps of a sequence."""
        return self.of.length if self.length is None else self.length

    def measures(self, step: int) -> bool:
        """Whether the networks are measured after so many batches."""
        return step % max(self.steps // self.reports, 1) == 0 or step == self.steps

    def batch(self, kind: int, number: int, rows: int) -> Batch:
        """A batch, which follows from the seed, its kind and its number."""
        return self.of.batch(np.random.default_rng([self.seed, kind, number]), self.T, rows)


@dataclass(frozen=True)
class Measured:
    """How well a network does after so many batches.

    Args:
        loss: of the batches since the last time, per answer: cross-entropy in nats, or the squared error.
        accuracy: the share of right answers to sequences it has not learned from.
        by_lag: the same for each lag from 0 on, see `shares`; NaN where none was asked.
    """

    loss: float
    accuracy: float
    by_lag: np.ndarray


class Learner:
    """A network that learns.

    Args:
        name: of its cell, or `FEEDFORWARD`.
        network: gives (B, T, O) of (B, T, I).
        experiment: what it learns.
    """

    def __init__(self, name: str, network: nn.Module, experiment: Experiment) -> None:
        self.name, self.network, self._task = name, network, experiment.of
        self._window = experiment.T if name == FEEDFORWARD else experiment.window or experiment.T
        parameters = list(network.parameters())
        self.parameters = sum(one.numel() for one in parameters)
        self._optimizer = make_optimizer(parameters, Settings(learning_rate=experiment.learning_rate))
        self._lost, self._answers = 0.0, 0

    def learn(self, batch: Batch) -> None:
        """A step of gradient descent for each window of the sequences."""
        x, targets = torch.from_numpy(batch.x), torch.from_numpy(batch.targets)
        asked = torch.from_numpy(batch.asked)
        state: State | None = None
        for start in range(0, x.shape[1], self._window):
            part = slice(start, start + self._window)
            outputs, state = self._run(x[:, part], state)
            state = None if state is None else state.detach()
            count = int(asked[:, part].sum())
            if not count:
                continue
            loss = self._loss(outputs, targets[:, part], asked[:, part])
            self._optimizer.zero_grad()
            (loss / count).backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
            self._optimizer.step()
            self._lost, self._answers = self._lost + loss.item(), self._answers + count

    def _run(self, x: Tensor, state: State | None) -> tuple[Tensor, State | None]:
        if self.name == FEEDFORWARD:
            return self.network(x, torch.full((len(x),), x.shape[1])), None
        outputs, state = self.network(x, state)
        return outputs, state

    def _loss(self, outputs: Tensor, targets: Tensor, asked: Tensor) -> Tensor:
        """The sum over all answers."""
        if not self._task.alternatives:
            return ((outputs - targets)[asked] ** 2).sum()
        scores = outputs.reshape(-1, self._task.alternatives)
        return F.cross_entropy(scores, targets.flatten(), ignore_index=NOT_ASKED, reduction="sum")

    def measure(self, batch: Batch) -> Measured:
        """How well it does, and the loss since the last time."""
        with torch.no_grad():
            outputs = self._run(torch.from_numpy(batch.x), None)[0].numpy()
        asked = batch.asked
        right, lags = self._task.right(outputs, batch)[asked], batch.lags[asked]
        by_lag = shares(np.bincount(lags, right), np.bincount(lags))
        found = Measured(self._lost / max(self._answers, 1), float(right.mean()), by_lag)
        self._lost, self._answers = 0.0, 0
        return found


def shares(right: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The share of right answers at each lag; a lag with few of them is taken together with its nearest ones.

    Shape:
        right (K,), asked (K,) -> (K,), NaN where nothing was asked
    """
    found = np.full(len(asked), np.nan)
    for lag in np.flatnonzero(asked).tolist():
        near, wide = slice(lag, lag + 1), 0
        while asked[near].sum() < FEWEST and wide < len(asked):
            wide += 1
            near = slice(max(lag - wide, 0), lag + wide + 1)
        found[lag] = right[near].sum() / asked[near].sum()
    return found


@dataclass(frozen=True)
class Report:
    """Where an experiment is after so many batches; what was measured, by the name of the network."""

    step: int
    measured: dict[str, Measured]


class Lab:
    """An experiment that goes on while one looks on: iterate over it for its reports.

    Equal experiments give equal reports, bit for bit, on the same machine.

    Args:
        experiment: what is to be learned.
        alone: entered where torch's random numbers are drawn, which are one for the whole process.

    Attributes:
        learners: the networks; all learn from the same batches.
        step: batches that were learned from.

    Raises:
        InputError: a number is out of its range.

    Example:
        >>> lab = Lab(Experiment("parity", ["elman"], hidden_size=4, length=5, sees=2, steps=10, reports=2))
        >>> [report.step for report in lab]
        [5, 10]
    """

    def __init__(self, experiment: Experiment, alone: AbstractContextManager[Any] | None = None) -> None:
        self.experiment, self.step = experiment, 0
        task, H = experiment.of, experiment.hidden_size
        with alone or nullcontext():
            self.learners = []
            for name in experiment.cells:
                with reproducible(experiment.seed):
                    network = Network(task.input_size, H, task.output_size, CELLS[name])
                self.learners.append(Learner(name, network, experiment))
            if experiment.sees:
                with reproducible(experiment.seed):
                    self.learners.append(Learner(FEEDFORWARD, self._feedforward(), experiment))
        self._sequences = experiment.batch(MEASURING, 0, MEASURED)

    def _feedforward(self) -> Feedforward:
        """A feedforward network with as many parameters as the largest of the others, as near as its width allows."""
        task = self.experiment.of
        ends = {"input_size": task.input_size, "output_size": task.output_size}
        others: dict[str, Any] = {**ends, "window": min(self.experiment.sees, self.experiment.T), "in_step": True}
        width, _ = nearest_size(Feedforward, max(one.parameters for one in self.learners), **others)
        return Feedforward(hidden_size=width, **others)

    def __iter__(self) -> Iterator[Report]:
        for step in self.steps():
            if self.experiment.measures(step):
                yield self.report()

    def steps(self) -> Iterator[int]:
        """Learn, a batch at a time, and give how many it were."""
        while self.step < self.experiment.steps:
            batch = self.experiment.batch(TRAINING, self.step, ROWS)
            for learner in self.learners:
                learner.learn(batch)
            self.step += 1
            yield self.step

    def report(self) -> Report:
        """How well the networks do now."""
        return Report(self.step, {one.name: one.measure(self._sequences) for one in self.learners})
