"""A training with truncated backpropagation, killed at random points and resumed until it ends: equal bits, or not."""

import collections
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from elman.train.checkpoints import Checkpoints
from reliability.processes import PLACES, Cold, Forked, Job

MODEL = "m.safetensors"
TASK = ["train", "regress", "b.csv", "--target", "births", "--input", "births", "--ahead", "1", "--window", "32"]
SIZES = ["--batch-size", "8", "--hidden-size", "16", "--num-threads", "1", "--dropout", "0.1", "--average", "0.9"]
# all that a checkpoint has to bring back: lanes, dropout's random numbers, averaged weights, the best ones, patience
POLL = 2e-4  # seconds
NEXT = {"start": 0.15, "step": 0.25, "save": 0.2, "file": 0.25, "validation": 0.15}  # how often one is aimed where
UP_TO = {"save": 0.008, "file": 0.001, "validation": 0.002, "end": 0.04}  # seconds from there
AT_END = 0.5  # how often it is aimed at the end, where that is near
NEAR = 0.75


def words(epochs: int) -> list[str]:
    """The command."""
    more = ["--epochs", str(epochs), "--patience", str(epochs), "--checkpoint-seconds", "0.05"]
    return [*TASK, *SIZES, *more, "-o", MODEL]


@dataclass
class Counts:
    """What came of all kills.

    Args:
        ranks: processes that trained together.
        kills: processes, or groups of them, that SIGKILL ended.
        places: how many of the kills fell where.
        halves: kills that left half a file behind.
        cold: of the kills, those of a newly started command and not of a fork of a process that has torch imported.
        alone: kills of one rank only, after which the others have to end by themselves.
        trainings: that were killed again and again until they ended.
        resumed: how often a training went on from a checkpoint.
        done_again: steps between a checkpoint and a kill.
        steps: of one training.
        differences: what was not as it should be.
    """

    ranks: int
    kills: int = 0
    places: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PLACES, 0))
    halves: int = 0
    cold: int = 0
    alone: int = 0
    trainings: int = 0
    resumed: int = 0
    done_again: int = 0
    steps: int = 0
    differences: list[str] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Undisturbed:
    """The training as it goes when nobody kills it.

    Args:
        content: of the model file.
        steps: of gradient descent.
        start: seconds to the first step, in a fork.
        cold_start: in a newly started command.
        seconds: from then to the end.
    """

    content: bytes
    steps: int
    start: float
    cold_start: float
    seconds: float


def data(folder: Path) -> None:
    """Write the table to train on."""
    from elman import datasets

    folder.mkdir()
    datasets.load("births").to_csv(folder / "b.csv", index=False)


def undisturbed(folder: Path, epochs: int, ranks: int, cold: bool) -> Undisturbed:
    """Train without a kill; if `cold`, in a newly started command too, which must give the same.

    Raises:
        SystemExit: it does not even train.
    """
    contents, times, steps = [], [], 0
    for kind in [Forked, *([Cold] if cold else [])]:
        place = folder / f"undisturbed-{ranks}-{kind.__name__}"
        data(place)
        started = time.perf_counter()
        job = kind(place, words(epochs), ranks)
        begun, ended = _times(job)
        times.append((begun - started, ended - begun))
        if job.wait():
            raise SystemExit(f"the undisturbed training failed: {job.said()}")
        contents.append((place / MODEL).read_bytes())
        latest, _ = Checkpoints(place / "m.checkpoints").latest()
        steps = latest.metadata["position"]["step"] if latest else 0
    if contents[0] != contents[-1]:
        raise SystemExit("two undisturbed trainings differ: nothing can be compared with them")
    return Undisturbed(contents[0], steps, times[0][0], times[-1][0], times[0][1])


def _times(job: Job) -> tuple[float, float]:
    """When the first step began, and when all had ended."""
    begun = None
    while job.running():
        if begun is None and job.place() != "start":
            begun = time.perf_counter()
        time.sleep(0.005)
    now = time.perf_counter()
    return begun or now, now


class Trial:
    """So many kills of trainings with so many ranks.

    Args:
        folder: an empty one.
        ranks: processes that train together.
        kills: how many; trainings are begun anew until they are reached.
        epochs: of a training.
        cold: every so-many'th kill is of a newly started command; 0: none.
        seed: of the random points.
        say: told of every kill.
    """

    def __init__(
        self, folder: Path, ranks: int, kills: int, epochs: int, cold: int, seed: int, say: Callable[[str], None]
    ) -> None:
        self._folder, self._ranks, self._kills, self._epochs, self._cold = folder, ranks, kills, epochs, cold
        self._generator = np.random.default_rng((seed, ranks))
        self._say = say
        self.counts = Counts(ranks)

    def run(self) -> Counts:
        """All of it."""
        self._whole = undisturbed(self._folder, self._epochs, self._ranks, self._cold > 0)
        self.counts.steps = self._whole.steps
        # some thirty kills to a training; of few, as much between them as brings them to its end
        self._span = self._whole.seconds * max(0.1, 4 / self._kills)
        self._say(
            f"{self._ranks} rank(s), undisturbed: {self._whole.steps} steps, "
            f"{self._whole.start:.1f} s to the first one, {self._whole.seconds:.1f} s from there"
        )
        while self.counts.kills < self._kills and not self.counts.differences:
            self.counts.trainings += 1
            self._one_training()
        return self.counts

    def _one_training(self) -> None:
        place = self._place()
        data(place)
        checkpoints = Checkpoints(place / "m.checkpoints")
        command = words(self._epochs)
        while True:
            newest, complaints = checkpoints.latest()
            if complaints:
                self._differ(f"a kill left a checkpoint that is damaged: {complaints}")
            step = newest.metadata["position"]["step"] if newest else 0
            self.counts.resumed += newest is not None
            cold = self._cold > 0 and self.counts.kills % self._cold == self._cold - 1
            halves = self._halves()
            job = (Cold if cold else Forked)(place, command, self._ranks)
            struck = self.counts.kills < self._kills and self._strike(job, step, cold, halves)
            if not struck or not job.wait():
                break
            command = [*words(self._epochs), "--resume"]
        self._compare(job, place)

    def _compare(self, job: Job, place: Path) -> None:
        name = f"training {self.counts.trainings} with {self._ranks} rank(s)"
        if job.wait():
            self._differ(f"{name} failed: {job.said()}")
        elif (place / MODEL).read_bytes() != self._whole.content:
            self._differ(f"{name} ended with another model than the undisturbed one")
        else:
            self._say(f"{name}: the same bytes after {self.counts.kills} kills in all")

    def _differ(self, what: str) -> None:
        self.counts.differences.append(what)
        self._say(f"DIFFERENT: {what}")

    def _strike(self, job: Job, step: int, cold: bool, halves: int) -> bool:
        """Kill at a random point; False if it ended before."""
        victim = self._victim(cold)
        watched = victim or 0
        if not self._await(job, watched, self._aim(step, cold, victim), halves):
            return False
        if not job.kill(victim):
            return False
        place = job.place(watched)
        counts = self.counts
        counts.kills += 1
        counts.places[place] += 1
        counts.halves += self._halves() > halves
        counts.cold += cold
        who = "all" if victim is None else f"rank {victim}"
        if isinstance(job, Forked):
            reached = max(job.marks.read(rank)[1] for rank in range(self._ranks))
            counts.done_again += max(reached - step, 0)
        if victim is not None:
            counts.alone += 1
            self._check_the_others(job, victim, cold)
        self._say(f"kill {counts.kills} of {who}{', cold' if cold else ''}: {place}, resumed from step {step}")
        return True

    def _halves(self) -> int:
        """Files that were begun and did not take their place, of checkpoints."""
        folder = self._place() / "m.checkpoints"
        return sum(one.name.startswith(".elman-") for one in os.scandir(folder)) if folder.is_dir() else 0

    def _place(self) -> Path:
        return self._folder / f"killed-{self._ranks}-{self.counts.trainings}"

    def _victim(self, cold: bool) -> int | None:
        """One rank in every third kill of several; else all."""
        if self._ranks == 1 or self._generator.random() > (0.5 if cold else 0.3):
            return None
        return int(self._generator.integers(self._ranks))

    def _aim(self, step: int, cold: bool, victim: int | None) -> Iterator[tuple[str | None, float]]:
        """Places to wait for, and how long to wait from there; None: until training has begun."""
        draw = self._generator.uniform
        target = self._generator.choice(list(NEXT), p=list(NEXT.values()))
        if step > NEAR * self._whole.steps and draw() < AT_END:
            target = "end"
        elif cold and target == "validation":  # which cannot be seen from outside
            target = "step"
        elif not cold and victim is not None and target == "start":
            target = "step"  # what torchrun would see: a rank that waits for another one to begin waits for long
        if target == "start":
            yield "start", draw(0, self._whole.cold_start if cold else self._whole.start)
            return
        if target != "end":
            yield None, draw(0, self._span)
        if target != "step":
            yield target, draw(0, UP_TO[target])

    def _await(self, job: Job, rank: int, aims: Iterator[tuple[str | None, float]], halves: int) -> bool:
        for place, seconds in aims:
            while not self._is_at(job, rank, place, halves):
                if not job.running():
                    return False
                time.sleep(POLL)
            deadline = time.perf_counter() + seconds
            while time.perf_counter() < deadline:
                if not job.running():
                    return False
                time.sleep(POLL)
        return True

    def _is_at(self, job: Job, rank: int, place: str | None, halves: int) -> bool:
        if place is None:
            return job.place(rank) != "start"
        return self._halves() > halves if place == "file" else job.place(rank) == place

    def _check_the_others(self, job: Job, victim: int, cold: bool) -> None:
        """They end by themselves, soon, and one line tells a person what happened and how to go on."""
        killed = time.monotonic()
        status = job.wait()
        if time.monotonic() - killed > 60:
            self._differ(f"after rank {victim} was killed the others needed more than a minute to end")
        if status == 0:  # what rank 0 had left to do needed nobody else
            return
        lines = [line for line in job.said().splitlines() if line.startswith("elman: ")]
        if not cold and victim == 0:
            return  # what rank 0 would say
        expected = (
            rf"elman: rank {victim} of {self._ranks} died \(killed by signal 9, SIGKILL\); the other was stopped\. "
            rf"Go on with: elman {re.escape(' '.join(words(self._epochs)))} --ranks {self._ranks} --resume"
            if cold
            else r"elman: another rank died or does not answer: .*; run the same command with --resume"
        )
        if len(lines) != 1 or not re.fullmatch(expected, lines[0]) or not job.said().endswith(f"{lines[0]}\n"):
            self._differ(f"after rank {victim} was killed{' (cold)' if cold else ''} it was said: {job.said()!r}")


def together(counts: list[Counts]) -> dict[str, int]:
    """Places over several trials."""
    return dict(sum((collections.Counter(one.places) for one in counts), collections.Counter()))
