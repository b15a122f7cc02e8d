"""A training and its checkpoints: what is saved, and how a run goes on from it as if nothing had happened."""

import dataclasses
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import filelock
import numpy as np
import torch
from torch import Tensor

from elman.errors import InputError
from elman.state import State
from elman.train import optimizer
from elman.train.checkpoints import Checkpoint, Checkpoints
from elman.train.history import History
from elman.train.progress import Progress
from elman.train.run import Position, Run, Sums

SEPARATOR = "/"
FREE = {"verbose", "num_threads", "checkpoint_seconds"}  # settings that may change between a run and its resumption


class Saving:
    """Writes the checkpoints and the history of a run, and reads them when it is resumed.

    Args:
        run: the run.
        checkpoints: None: nothing is saved.
        identity: what has to be the same when it is resumed, as JSON.
        log: the file for the history; None: it is not written.
    """

    def __init__(
        self,
        run: Run,
        checkpoints: Checkpoints | None,
        identity: Mapping[str, Any],
        log: str | os.PathLike[str] | None,
    ) -> None:
        self._run, self._checkpoints, self._log = run, checkpoints, log
        settings = dataclasses.asdict(run.settings)
        same = {"settings": {name: settings[name] for name in settings.keys() - FREE}, **identity}
        self._identity = json.loads(json.dumps(same, default=_plain))  # as it comes back from the file
        self._progress: Progress | None = None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Let no other process write the same checkpoints.

        Raises:
            InputError: another one does.
        """
        if self._checkpoints is None or not self._run.ranks.first:
            yield
            return
        folder = self._checkpoints.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(folder / "lock", blocking=False)
            lock.acquire()
        except filelock.Timeout:
            raise InputError(f"another training writes to {folder}: wait for its end, or stop it") from None
        except OSError as error:
            raise InputError(f"{folder} cannot be written: {error}") from error
        with lock:
            yield

    def begin(self, resume: bool, progress: Progress) -> None:
        """Go on from the last good checkpoint, or begin anew.

        Raises:
            InputError: it is of another training, or all are damaged; or there is one, and it is not to be resumed.
        """
        self._progress = progress
        if self._checkpoints is None:
            return
        ranks = self._run.ranks
        if not resume:
            if ranks.sums(ranks.first and bool(self._checkpoints))[0]:
                raise InputError(
                    f"{self._checkpoints.folder} has checkpoints of an earlier training: go on with it (resume=True in "
                    "Python, --resume on the command line), or remove the folder (--force) to begin anew"
                )
            return
        found, complaints = self._checkpoints.latest()
        for complaint in complaints:
            progress.say(f"{complaint}: going on from the one before")
        try:
            self._go_on(found, progress)
        except (KeyError, TypeError, RuntimeError) as error:  # names or shapes are not those that this version writes
            path = found.path if found else self._checkpoints.folder
            raise InputError(f"{path} was written by another version of elman: train anew, without resume") from error

    def _go_on(self, found: Checkpoint | None, progress: Progress) -> None:
        ranks, folder = self._run.ranks, cast(Checkpoints, self._checkpoints).folder
        step = found.metadata["position"]["step"] if found else -1
        if ranks.sums(step)[0] != step * ranks.size:
            raise InputError(f"the ranks see different checkpoints in {folder}: it must be shared")
        if found is None:
            progress.say(f"no checkpoint in {folder}: beginning at the first step")
            return
        refuse_other(self._identity, found.metadata["identity"], found.path)
        self._set_threads(found)
        self._restore(found)
        at = self._run.at
        progress.resume(self._run.history, at.epoch, at.done)

    def _set_threads(self, found: Checkpoint) -> None:
        """As many threads as before: with others, torch's sums would end in other bits."""
        before, wanted = found.metadata["num_threads"], self._run.settings.num_threads
        if found.metadata["ranks"] != self._run.ranks.size:
            return  # which are other bits anyway
        if wanted is not None and wanted != before:
            raise InputError(f"num_threads is {wanted}, but {found.path} was written with {before}: give the same")
        torch.set_num_threads(before)

    def __call__(self) -> None:
        """Write a checkpoint, and the history; if that fails now, it may not the next time: say so and train on."""
        try:
            self.write()
        except InputError as error:
            if self._progress is not None:
                self._progress.say(f"{error}; training goes on, and what was saved before stands")

    def write(self) -> None:
        """Write a checkpoint, and the history.

        Raises:
            InputError: it cannot be written.
        """
        run = self._run
        carried = run.ranks.gathered(run.feed.carried) if run.feed.carried is not None else None
        if not run.ranks.first:
            return
        if self._log is not None and run.history.epochs:
            run.history.write(self._log)
        if self._checkpoints is None:
            return
        groups: dict[str, Mapping[str, Tensor]] = {
            "model": run.model.state_dict(),
            "optimizer": optimizer.memory_of(run.optimizer),
            "average": run.average.memory(),
            "best": run.best_weights or {},
            "state": dict(carried) if carried is not None else {},
        }
        tensors = {
            f"{group}{SEPARATOR}{name}": one.detach().cpu().numpy()
            for group, members in groups.items()
            for name, one in members.items()
        }
        metadata = {
            "identity": self._identity,
            "num_threads": torch.get_num_threads(),
            "ranks": run.ranks.size,
            "position": dataclasses.asdict(run.at),
            "learning_rate": run.optimizer.param_groups[0]["lr"],
            "sums": dataclasses.asdict(run.sums),
            "stretch": dataclasses.asdict(run.stretch),
            "seconds": run.seconds,
            "history": dataclasses.asdict(run.history),
        }
        self._checkpoints.write(run.at.step, tensors, metadata)

    def _restore(self, found: Checkpoint) -> None:
        run, about = self._run, found.metadata
        groups: dict[str, dict[str, Tensor]] = {}
        for key, array in found.tensors.items():
            group, _, name = key.partition(SEPARATOR)
            groups.setdefault(group, {})[name] = torch.from_numpy(np.array(array)).to(run.parameters[0].device)
        run.model.load_state_dict(groups["model"])
        optimizer.remember(run.optimizer, groups.get("optimizer", {}))
        for options in run.optimizer.param_groups:
            options["lr"] = about["learning_rate"]
        run.average.remember(groups.get("average", {}))
        run.best_weights = groups.get("best")
        if "state" in groups:
            lanes = next(iter(groups["state"].values())).shape[0]
            run.feed.carried = State(**groups["state"]).select(run.ranks.share(lanes))
        run.at = Position(**about["position"])
        run.sums, run.stretch = Sums(**about["sums"]), Sums(**about["stretch"])
        run.seconds = about["seconds"]
        run.history = History.from_config(about["history"])
        if run.history.interrupted:
            run.history.ended = None


def refuse_other(expected: Mapping[str, Any], found: Mapping[str, Any], path: Path) -> None:
    """Refuse to resume a training that was not this one.

    Raises:
        InputError: they differ; the message names where.
    """
    for name in {**expected, **found}:
        now, then = expected.get(name), found.get(name)
        if name == "data" and now != then:
            raise InputError(
                f"the data are not those that the training of {path} had: give the same, or train anew, without resume"
            )
        if isinstance(now, Mapping) and isinstance(then, Mapping):
            refuse_other(now, then, path)
        elif now != then:
            raise InputError(
                f"{name} is {_short(now)}, but the training of {path} has {_short(then)}: "
                "give the same, or train anew, without resume"
            )


def _plain(number: Any) -> Any:
    """NumPy's numbers as Python's."""
    return number.item()


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
