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

import elman
from elman.errors import InputError
from elman.files.replace import remove_unfinished
from elman.state import State
from elman.train import optimizer
from elman.train.checkpoints import Checkpoint, Checkpoints
from elman.train.history import History
from elman.train.progress import Progress
from elman.train.run import Position, Run
from elman.train.sums import Sums

FREE = {"verbose", "num_threads", "checkpoint_seconds", "max_skipped"}  # settings that a resumption may change
VERSIONS = {"elman": elman.__version__, "torch": str(torch.__version__)}


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
        same = {
            **identity,
            **{name: value for name, value in settings.items() if name not in FREE},
            **run.feed.about,
            "metric": [run.history.metric, run.history.higher_is_better],
            "tensors": {
                name: [list(one.shape), str(one.dtype), one.requires_grad]
                for name, one in run.model.state_dict(keep_vars=True).items()
            },
        }
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
        lock = filelock.FileLock(folder / "lock", blocking=False)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except filelock.Timeout:
            raise InputError(f"another training writes to {folder}: wait for its end, or stop it") from None
        except OSError as error:
            raise InputError(f"{folder} cannot be written: {error}") from error
        try:
            yield
        finally:
            lock.release()

    def begin(self, resume: bool, overwrite: bool, progress: Progress) -> None:
        """Go on from the last good checkpoint, or begin anew.

        Raises:
            InputError: it is of another training, or all are damaged; or there is one of a training that has not
                ended, and it is neither to be resumed nor to be overwritten.
        """
        self._progress = progress
        if self._checkpoints is None:
            return
        ranks = self._run.ranks
        if ranks.first:
            self._checkpoints.remove_unfinished()
            if self._log is not None:
                remove_unfinished(self._log)
        if not resume:
            if ranks.sums(ranks.first and not overwrite and self._unended())[0]:
                raise InputError(
                    f"{self._checkpoints.folder} has checkpoints of a training that has not ended: go on with it "
                    "(resume=True in Python, --resume on the command line), or remove it to begin anew (--force)"
                )
            if ranks.first:
                self._checkpoints.clear()
            return
        found, complaints = self._checkpoints.latest()
        for complaint in complaints:
            progress.say(f"{complaint}: going on from the one before")
        try:
            self._go_on(found, progress)
        except (KeyError, TypeError, RuntimeError) as error:  # names or shapes are not those that this version writes
            path = found.path if found else self._checkpoints.folder
            raise InputError(f"{path} was written by another version of elman: train anew, without resume") from error

    def _unended(self) -> bool:
        """Whether there are checkpoints of a training that can go on."""
        checkpoints = cast(Checkpoints, self._checkpoints)
        if not checkpoints:
            return False
        try:
            found, _ = checkpoints.latest()
        except InputError:
            return True
        return found is None or found.metadata["history"]["ended"] in (None, "interrupted")

    def _go_on(self, found: Checkpoint | None, progress: Progress) -> None:
        ranks, folder = self._run.ranks, cast(Checkpoints, self._checkpoints).folder
        step = found.metadata["position"]["step"] if found else -1
        if ranks.sums(step)[0] != step * ranks.size:
            raise InputError(f"the ranks see different checkpoints in {folder}: it must be shared")
        if found is None:
            progress.say(f"no checkpoint in {folder}: beginning at the first step")
            return
        refuse_other(self._identity, found.metadata["identity"], found.path)
        for name, version in found.metadata["versions"].items():
            if version != VERSIONS[name]:
                progress.say(f"{found.path} is of {name} {version}, this is {VERSIONS[name]}: the last bits may differ")
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
        """Write a checkpoint, then the history.

        Raises:
            InputError: one cannot be written.
        """
        run = self._run
        carried = run.ranks.gathered(run.feed.carried) if run.feed.carried is not None else None
        if not run.ranks.first:
            return
        if self._checkpoints is not None:
            self._checkpoints.write(run.at.step, self._tensors(carried), self._metadata())
        if self._log is not None and run.history.epochs:
            run.history.write(self._log)

    def _tensors(self, carried: State | None) -> dict[str, np.ndarray]:
        run = self._run
        groups: dict[str, Mapping[str, Tensor]] = {
            "model": run.model.state_dict(),
            "optimizer": optimizer.tensors_of(run.optimizer),
            "average": run.average.tensors(),
            "best": run.best_weights or {},
            "state": dict(carried) if carried is not None else {},
        }
        return {
            f"{group}/{name}": State(one=one.reshape(1, *one.shape)).to_arrays()["one"][0]
            for group, members in groups.items()
            for name, one in members.items()
        }

    def _metadata(self) -> dict[str, Any]:
        run = self._run
        return {
            "identity": self._identity,
            "versions": VERSIONS,
            "num_threads": torch.get_num_threads(),
            "ranks": run.ranks.size,
            "position": dataclasses.asdict(run.at),
            "learning_rate": run.optimizer.param_groups[0]["lr"],
            "sums": dataclasses.asdict(run.sums),
            "stretch": dataclasses.asdict(run.stretch),
            "seconds": run.seconds,
            "history": dataclasses.asdict(run.history),
        }

    def _restore(self, found: Checkpoint) -> None:
        run, about = self._run, found.metadata
        groups: dict[str, dict[str, Tensor]] = {}
        for key, array in found.tensors.items():
            group, _, name = key.partition("/")
            groups.setdefault(group, {})[name] = torch.from_numpy(np.array(array)).to(run.parameters[0].device)
        run.model.load_state_dict(groups["model"])
        optimizer.restore(run.optimizer, groups.get("optimizer", {}))
        for options in run.optimizer.param_groups:
            options["lr"] = about["learning_rate"]
        run.average.restore(groups.get("average", {}))
        run.best_weights = groups.get("best")
        if "state" in groups:
            state = State(**{name: one.to(run.parameters[0].dtype) for name, one in groups["state"].items()})
            run.feed.carried = state.select(run.ranks.share(state.batch_size))
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
