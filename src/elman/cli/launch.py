"""`--ranks N`: torchrun's agent in this process starts the others, waits, and says in one line what ended them."""

import logging
import os
import shlex
import shutil
import signal
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from elman.cli.shown import tell
from elman.errors import InputError

RESUME = "ELMAN_RESUME"  # in the environment of the ranks: the command that goes on with this training
WRONG_INPUT, RANK_LOST = 2, 75  # exit statuses; 75 is what sysexits.h has for failures that are worth another try
STOPPED = (128 + signal.SIGINT, 128 + signal.SIGTERM)
GRACE = 10  # seconds in which a rank must end once another one died, before it is killed
PATIENCE = 50  # seconds that all ranks have for a checkpoint after Ctrl-C or SIGTERM


def launch(arguments: Sequence[str], ranks: int, *, resume_command: str, module: str = "elman") -> int:
    """Run a program as several processes that train together, and wait for them.

    Rank 0 has the terminal; what others write is kept aside. Ctrl-C and SIGTERM are passed on to all ranks; a second
    one kills them. The ranks find `resume_command` in the variable ELMAN_RESUME.

    Args:
        arguments: what stands after `elman`, without `--ranks`.
        ranks: how many processes.
        resume_command: what the user types to go on after a rank died.
        module: what each process runs, as `python -m` does.

    Returns:
        The exit status: 0; 2 after wrong input; 130 and 143 after Ctrl-C and SIGTERM; 1 where a rank died, after one
        line on stderr.

    Raises:
        InputError: this PyTorch has no torch.distributed.
    """
    folder = Path(tempfile.mkdtemp(prefix="elman-ranks-"))
    wanted = {
        RESUME: resume_command,
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(max(1, _cores() // ranks))),
        "TORCH_CPP_LOG_LEVEL": os.environ.get("TORCH_CPP_LOG_LEVEL", "ERROR"),
        "TORCH_ELASTIC_SHUTDOWN_TIMEOUT": str(PATIENCE),
    }
    try:
        with _environment(wanted), _handlers_restored():
            stopped, ended = _run([module, *arguments], ranks, folder)
        if stopped is not None:
            if _status(folder, 0) == RANK_LOST:
                tell(f"the ranks lost each other before a checkpoint was written. Go on with: {resume_command}")
            return 128 + stopped
        return _explain(ended, ranks, folder, resume_command)
    finally:
        if not any(folder.glob("traceback-*")):
            shutil.rmtree(folder, ignore_errors=True)


def rank_here() -> int | None:
    """The number of this process among those that torchrun's agent started; None if it did not start this one."""
    return int(os.environ["RANK"]) if "TORCHELASTIC_RUN_ID" in os.environ else None


def without_ranks(arguments: Sequence[str]) -> list[str]:
    """The arguments without `--ranks N`."""
    words, rest = _before_dashes(arguments)
    kept: list[str] = []
    skip = False
    for word in words:
        if not skip and word != "--ranks" and not word.startswith("--ranks="):
            kept.append(word)
        skip = word == "--ranks" and not skip
    return kept + rest


def resume_command(arguments: Sequence[str]) -> str:
    """The command, quoted for a shell, that goes on with what `elman` was started for with these arguments.

    Example:
        >>> resume_command(["train", "regress", "my data.csv", "-o", "m.safetensors", "--force", "--ranks", "2"])
        "elman train regress 'my data.csv' -o m.safetensors --ranks 2 --resume"
    """
    words, rest = _before_dashes(arguments)
    words = [word for word in words if word not in ("--force", "--resume")]
    return shlex.join(["elman", *words, "--resume", *rest])


def _before_dashes(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    words = list(arguments)
    end = words.index("--") if "--" in words else len(words)
    return words[:end], words[end:]


def _run(words: list[str], ranks: int, folder: Path) -> tuple[int | None, dict[int, tuple[int, bool]]]:
    """Start the ranks and wait.

    Returns:
        The signal that stopped this process, and for each rank that failed its exit status (negative: a signal) and
        whether it had to be killed because it did not end when another one had.
    """
    import torch.distributed

    if not torch.distributed.is_available():
        raise InputError("this PyTorch was built without torch.distributed: leave --ranks out")
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    agent = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=ranks,
        max_restarts=0,
        run_id=str(uuid.uuid4()),
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        local_addr="localhost",  # else the machine's own name, which does not lead back to it everywhere
        logs_specs=DefaultLogsSpecs(log_dir=str(folder)),
        signals_to_handle="SIGTERM,SIGINT",
    )
    command = ["-m", "elman.cli.rank", str(folder), *words]
    escaped = [word.replace("$", "$$") for word in command]  # the agent fills in templates
    logger = logging.getLogger("torch.distributed.elastic")
    logger.propagate, propagated = False, logger.propagate
    logger.addHandler(silence := logging.NullHandler())
    try:
        with _short_grace():
            elastic_launch(agent, sys.executable)(*escaped)
    except SignalException as stopped:
        return int(stopped.sigval), {}
    except ChildFailedError as failed:
        first = min(one.timestamp for one in failed.failures.values())
        return None, {
            rank: (one.exitcode, one.exitcode == -signal.SIGKILL and one.timestamp - first >= GRACE - 1)
            for rank, one in failed.failures.items()
        }
    finally:
        logger.propagate = propagated
        logger.removeHandler(silence)
    return None, {}


@contextmanager
def _short_grace() -> Iterator[None]:
    """Give ranks that outlive another GRACE seconds, not the agent's 30; kill all at a second signal."""
    from torch.distributed.elastic.multiprocessing.api import PContext, SignalException

    original: Callable[..., None] = PContext.close

    def close(self: Any, death_sig: signal.Signals | None = None, timeout: int = GRACE) -> None:
        try:
            original(self, death_sig, timeout)
        except SignalException:
            original(self, signal.SIGKILL, GRACE)
            raise

    PContext.close = close  # type: ignore[method-assign]
    try:
        yield
    finally:
        PContext.close = original  # type: ignore[method-assign]


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _handlers_restored() -> Iterator[None]:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _explain(ended: Mapping[int, tuple[int, bool]], ranks: int, folder: Path, resume_command: str) -> int:
    """Print what ended the training, if rank 0 has not, and give the exit status."""
    statuses = {rank: _own_status(folder, rank, code, late) for rank, (code, late) in ended.items()}
    rank = min(statuses, key=lambda one: (_blame(statuses[one], ended[one][1]), _time(folder, one), one), default=None)
    if rank is None or statuses[rank] == 0:
        return 0
    status, late = statuses[rank], ended[rank][1]
    if status in STOPPED:
        return status
    if status == WRONG_INPUT:
        if _status(folder, 0) != WRONG_INPUT:  # it was ended before it could say so
            sys.stderr.write(f"{_last_line(folder / f'{rank}.output')}\n")
        return WRONG_INPUT
    if late:
        what = f"rank {rank} of {ranks} did not answer and was killed"
    elif status == RANK_LOST:
        what = f"the {ranks} ranks lost each other"
    else:
        what = f"rank {rank} of {ranks} died ({_death(folder, rank, status)})"
    others = {1: "", 2: "; the other was stopped"}.get(ranks, "; the others were stopped")
    tell(f"{what}{others}. Go on with: {resume_command}")
    return 1


def _own_status(folder: Path, rank: int, code: int, late: bool) -> int:
    """The status with which a rank wanted to end, where it was ended on its way out."""
    meant = _status(folder, rank)
    return meant if meant is not None and (late or code == -signal.SIGTERM) else code


def _status(folder: Path, rank: int) -> int | None:
    path = folder / f"{rank}.status"
    return int(path.read_text(encoding="utf-8")) if path.exists() else None


def _time(folder: Path, rank: int) -> int:
    path = folder / f"{rank}.status"
    return path.stat().st_mtime_ns if path.exists() else 0


def _blame(status: int, late: bool) -> int:
    """Order ranks that failed, the likely cause first: what ends one makes others fail, later and in their own ways."""
    if status == 0:
        return 5
    if status == -signal.SIGTERM:
        return 4
    if status == RANK_LOST:
        return 3
    if status > 0:
        return 1
    return 2 if late else 0


def _death(folder: Path, rank: int, status: int) -> str:
    if status < 0:
        try:
            name = f", {signal.Signals(-status).name}"
        except ValueError:
            name = ""
        return f"killed by signal {-status}{name}"
    traceback = folder / f"{rank}.traceback"
    if traceback.exists():
        kept = traceback.rename(folder / f"traceback-of-rank-{rank}.txt")
        return f"{_last_line(kept)}; see {kept}"
    said = _last_line(folder / f"{rank}.output")
    return f"exit status {status}" + (f": {said}" if said else "")


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
