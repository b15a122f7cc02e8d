"""Trainings in processes of their own, to be killed: forked from this one, or started anew as a person does."""

import collections
import functools
import mmap
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import elman

PLACES = ("start", "step", "save", "validation", "end")
PATIENCE = 60  # seconds in which what is left of a training whose rank died must have ended
_MARK = struct.Struct("qq")  # the number of the place, and the steps that are done


class Job(Protocol):
    """A training that goes on."""

    def place(self, rank: int = 0) -> str:
        """Where a rank is, one of PLACES; after its death where it was."""

    def running(self) -> bool:
        """Whether any process of it runs."""

    def kill(self, rank: int | None = None) -> bool:
        """Send SIGKILL to all processes, or to one rank; whether it died of that."""

    def wait(self) -> int:
        """The exit status of what a person started; for ranks that were forked, that of rank 0.

        Raises:
            TimeoutError: it does not end.
        """

    def said(self) -> str:
        """What stands on stderr."""


class Marks:
    """Where each rank is, in memory that outlives it."""

    def __init__(self, ranks: int) -> None:
        self._memory = mmap.mmap(-1, _MARK.size * ranks)

    def read(self, rank: int) -> tuple[int, int]:
        """The number of the place, and the steps that are done."""
        place, step = _MARK.unpack_from(self._memory, rank * _MARK.size)
        return place, step

    def write(self, rank: int, place: int, step: int) -> None:
        """Be somewhere."""
        _MARK.pack_into(self._memory, rank * _MARK.size, place, step)

    def install(self, rank: int) -> None:
        """Have the training loop of this process say where it is."""
        from elman.train.measures import Measures
        from elman.train.run import Run
        from elman.train.saving import Saving

        step = Run.step

        @functools.wraps(step)
        def marked_step(run: Run, *arguments: Any) -> Any:
            self.write(rank, PLACES.index("step"), run.at.step)
            return step(run, *arguments)

        Run.step = marked_step  # type: ignore[method-assign]
        for owner, name, place, back in (
            (Saving, "write", "save", True),
            (Measures, "__call__", "validation", True),
            (Run, "leave", "end", False),
        ):
            setattr(owner, name, self._marked(getattr(owner, name), rank, PLACES.index(place), back))

    def _marked(self, original: Callable[..., Any], rank: int, place: int, back: bool) -> Callable[..., Any]:
        @functools.wraps(original)
        def marked(*arguments: Any) -> Any:
            before, step = self.read(rank)
            self.write(rank, place, step)
            try:
                return original(*arguments)
            finally:
                if back:
                    self.write(rank, before, step)

        return marked


class Forked:
    """A training in forks of this process, which has torch imported; several ranks as torchrun starts them.

    Args:
        folder: where it works.
        words: the command, after `elman`.
        ranks: how many processes.
        before: done in each process first.
        output: the folder for what it says; None: where it works.
    """

    def __init__(
        self,
        folder: Path,
        words: Sequence[str],
        ranks: int = 1,
        before: Callable[[], None] = int,
        output: Path | None = None,
    ) -> None:
        self.marks = Marks(ranks)
        self._folder, self._words, self._before, self._output = folder, words, before, output or folder
        self._torchrun = _torchrun(ranks) if ranks > 1 else {}
        self._status: dict[int, int] = {}
        self._killed: set[int] = set()
        sys.stdout.flush()
        sys.stderr.flush()
        self._pids = [os.fork() or self._child(rank) for rank in range(ranks)]

    def _child(self, rank: int) -> int:
        status = 1
        try:
            os.setsid()
            os.chdir(self._folder)
            for number, name in ((1, "out"), (2, "err")):
                os.dup2(os.open(self._output / f"{rank}.{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), number)
            if self._torchrun:
                os.environ.update(self._torchrun, RANK=str(rank), LOCAL_RANK=str(rank))
            self.marks.install(rank)
            self._before()
            from elman.cli import main

            main(self._words)
        except SystemExit as ended:
            status = int(ended.code or 0)
            sys.stdout.flush()
        finally:
            os._exit(status)

    def place(self, rank: int = 0) -> str:
        """As it marked itself."""
        return PLACES[self.marks.read(rank)[0]]

    def running(self) -> bool:
        """Whether any rank runs."""
        for rank, pid in enumerate(self._pids):
            if rank not in self._status:
                found, status = os.waitpid(pid, os.WNOHANG)
                if found:
                    self._status[rank] = os.waitstatus_to_exitcode(status)
        return len(self._status) < len(self._pids)

    def kill(self, rank: int | None = None) -> bool:
        """Kill all ranks, or one."""
        victims = range(len(self._pids)) if rank is None else [rank]
        self.running()
        for one in victims:
            if one not in self._status:
                os.kill(self._pids[one], signal.SIGKILL)
        for one in victims:
            if one not in self._status:
                self._status[one] = os.waitstatus_to_exitcode(os.waitpid(self._pids[one], 0)[1])
        died = {one for one in victims if self._status[one] == -signal.SIGKILL}  # others had ended before
        self._killed |= died
        return bool(died)

    def wait(self) -> int:
        """The status of rank 0, which writes the model."""
        deadline = time.monotonic() + 10 * PATIENCE
        if self._killed:
            deadline = time.monotonic() + PATIENCE
        while self.running():
            if time.monotonic() > deadline:
                self.kill()
                raise TimeoutError(f"a training in {self._folder} does not end")
            time.sleep(0.01)
        return -signal.SIGKILL if 0 in self._killed else self._status[0]

    def said(self) -> str:
        """What rank 0 wrote; of a rank that is not the first nothing is heard."""
        return (self._output / "0.err").read_text(encoding="utf-8")


def _torchrun(ranks: int) -> dict[str, str]:
    """The environment that torchrun gives, with a port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    size = {"WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks)}
    return {"TORCHELASTIC_RUN_ID": "kills", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), **size}


class Cold:
    """`python -m elman ...` in a new process, with nothing added to it; where it is is told by the files it makes.

    Args:
        folder: where it works.
        words: the command, after `elman`.
        ranks: with several, `--ranks` is added.
    """

    def __init__(self, folder: Path, words: Sequence[str], ranks: int = 1) -> None:
        self._folder = folder
        self._before = self._files()
        command = [sys.executable, "-m", "elman", *words, *(["--ranks", str(ranks)] if ranks > 1 else [])]
        paths = [str(Path(elman.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        with (folder / "0.out").open("w") as out, (folder / "0.err").open("w") as err:
            self._process = subprocess.Popen(
                command, cwd=folder, stdout=out, stderr=err, env=environment, start_new_session=True
            )

    def _files(self) -> set[tuple[str, int]]:
        """Files here and in the folder of checkpoints, the same name anew after every writing."""
        found = set()
        for folder in (self._folder, self._folder / "m.checkpoints"):
            if folder.is_dir():
                found |= {(f"{folder.name}/{one.name}", one.inode()) for one in os.scandir(folder)}
        return found

    def place(self, rank: int = 0) -> str:
        """From files that were not there before; validation cannot be told from steps."""
        new = {name for name, _ in self._files() - self._before if name.endswith(".safetensors")}
        if any(not name.startswith("m.checkpoints/") for name in new):
            return "end"
        if any(name.startswith("m.checkpoints/.elman-") for name in new):
            return "save"
        return "step" if new else "start"

    def running(self) -> bool:
        """Whether the process runs that was started."""
        return self._process.poll() is None

    def kill(self, rank: int | None = None) -> bool:
        """Kill the process and all that it started, or a rank."""
        family = _family(self._process.pid)
        if rank is None:
            victims = family
        else:
            victims = [pid for pid in family if b"elman.cli.rank" in _read(pid, "cmdline") and _rank(pid) == rank]
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if rank is not None:
            return bool(victims)
        return self._process.wait() == -signal.SIGKILL

    def wait(self) -> int:
        """The exit status."""
        try:
            return self._process.wait(10 * PATIENCE)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise TimeoutError(f"a training in {self._folder} does not end") from error

    def said(self) -> str:
        """What stands on stderr."""
        return (self._folder / "0.err").read_text(encoding="utf-8")


def _family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children = collections.defaultdict(list)
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and (stat := _read(int(place.name), "stat")):
            children[int(stat.rpartition(b")")[2].split()[1])].append(int(place.name))
    found = [pid]
    for one in found:
        found += children[one]
    return found


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _rank(pid: int) -> int:
    variables = dict(one.partition(b"=")[::2] for one in _read(pid, "environ").split(b"\0"))
    return int(variables.get(b"RANK", b"-1"))
