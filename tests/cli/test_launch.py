"""Several ranks started, watched and ended by the command line."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from elman.cli.launch import resume_command, without_ranks

ELSEWHERE = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals and terminals")
PROGRAM = """
import sys
from elman.cli.launch import launch
assert "torch" not in sys.modules
sys.exit(launch(sys.argv[1:], 2, resume_command="elman train --resume", module="small_training"))
"""
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start two ranks in an empty folder."""
    monkeypatch.chdir(tmp_path)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    paths = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TMPDIR": str(temporary)}
    environment.pop("OMP_NUM_THREADS", None)

    def start(*arguments: str, **streams: int) -> subprocess.Popen[str]:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        command = [sys.executable, "-c", PROGRAM, *arguments]
        process = subprocess.Popen(command, env=environment, text=True, start_new_session=True, **streams)
        started.append(process)
        return process

    started: list[subprocess.Popen[str]] = []
    yield start
    for process in started:
        with process:  # closes its streams
            process.kill()


def begun(process: subprocess.Popen[str]) -> list[int]:
    """Wait until the ranks train, and give their process ids."""
    assert process.stdout
    assert process.stdout.readline() == "rank 0 writes\n"
    assert process.stdout.readline().endswith("begun\n")
    return [json.loads(Path(f"{rank}.json").read_text(encoding="utf-8"))["pid"] for rank in range(2)]


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait, see that no rank is left, and give the exit status and what stands on stderr."""
    _, err = process.communicate(timeout=60)
    wait_for_ranks()
    return process.returncode, err


def wait_for_ranks(seconds: float = 0.5) -> None:
    for path in Path().glob("*.json"):
        pid = json.loads(path.read_text(encoding="utf-8"))["pid"]
        deadline = time.monotonic() + seconds
        while is_running(pid):
            assert time.monotonic() < deadline, f"{path.stem} is left behind"
            time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def read(terminal: int) -> str:
    """What is written to a terminal until everybody has closed it."""
    said = b""
    while True:
        try:
            some = os.read(terminal, 1000)
        except OSError:  # so Linux says that nobody is there
            some = b""
        if not some:
            return said.decode().replace("\r\n", "\n")
        said += some


@ELSEWHERE
def test_rank_0_has_the_terminal(start: Start) -> None:
    ours, theirs = os.openpty()
    arguments = ["ends", "two words", "$$", "${local_rank}", "--"]
    process = start(*arguments, stdout=theirs, stderr=theirs)
    os.close(theirs)
    threads = max(1, len(os.sched_getaffinity(0)) // 2) if sys.platform == "linux" else max(1, os.cpu_count() // 2)
    assert read(ours) == f"rank 0 writes\nterminal True, threads {threads}, begun\n"
    os.close(ours)
    assert ended(process)[0] == 0
    for rank in range(2):
        assert json.loads(Path(f"{rank}.json").read_text(encoding="utf-8"))["arguments"] == arguments
    assert list(Path("tmp").iterdir()) == []


@ELSEWHERE
def test_ctrl_c_reaches_all_ranks(start: Start) -> None:
    ours, theirs = os.openpty()
    process = start("loses", stderr=theirs, stdin=theirs)
    os.close(theirs)
    begun(process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does to the group in its foreground
    assert ended(process)[0] == 130
    assert read(ours) == "stopped: elman train --resume\n"
    os.close(ours)


@ELSEWHERE
def test_a_signal_to_end_is_passed_on_and_waited_for(start: Start) -> None:
    process = start("loses")
    begun(process)
    process.terminate()
    assert ended(process) == (143, "stopped: elman train --resume\n")


@ELSEWHERE
@pytest.mark.parametrize("last", ["0", "1"])
def test_wrong_input_is_told_once(start: Start, last: str) -> None:
    assert ended(start("refuses", last)) == (2, "elman: no such file: x.csv\n")


@ELSEWHERE
@pytest.mark.parametrize(("victim", "others"), [(1, "raises in turn"), (0, "loses")])
def test_a_killed_rank_ends_the_others(start: Start, victim: int, others: str) -> None:
    process = start(others)
    os.kill(begun(process)[victim], signal.SIGKILL)
    killed = time.monotonic()
    assert ended(process) == (
        1,
        f"elman: rank {victim} of 2 died (killed by signal 9, SIGKILL); the other was stopped. "
        "Go on with: elman train --resume\n",
    )
    assert time.monotonic() - killed < 10
    assert list(Path("tmp").iterdir()) == []


@ELSEWHERE
def test_an_exception_in_one_rank_is_told_in_a_line(start: Start) -> None:
    status, err = ended(start("raises"))
    (kept,) = Path("tmp").glob("*/traceback-of-rank-1.txt")
    assert status == 1
    lines = Path(__file__).with_name("small_training.py").read_text(encoding="utf-8").splitlines()
    line = 1 + next(number for number, text in enumerate(lines) if "raise ValueError" in text)
    assert err == (
        f"elman: rank 1 of 2 died (ValueError: no more of this (small_training.py line {line}); "
        f"see {kept.absolute()}); the other was stopped. Go on with: elman train --resume\n"
    )
    assert "Traceback (most recent call last)" in kept.read_text(encoding="utf-8")


@ELSEWHERE
@pytest.mark.long
def test_a_rank_that_hangs_is_killed(start: Start) -> None:
    process = start("loses")
    os.kill(begun(process)[0], signal.SIGSTOP)
    stopped = time.monotonic()
    status, err = ended(process)
    assert status == 1
    assert err == (
        "elman: rank 0 of 2 did not answer and was killed; the other was stopped. Go on with: elman train --resume\n"
    )
    assert time.monotonic() - stopped < 25  # 5 for rank 1 to notice, 10 for rank 0 to end


@ELSEWHERE
@pytest.mark.long
def test_a_second_ctrl_c_kills(start: Start) -> None:
    process = start("loses")
    os.kill(begun(process)[1], signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    assert ended(process)[0] == 130
    assert time.monotonic() - asked < 5


@ELSEWHERE
@pytest.mark.long
def test_no_rank_outlives_the_process_that_started_it(start: Start) -> None:
    process = start("loses")
    begun(process)
    process.kill()
    wait_for_ranks(seconds=10)


def test_the_command_that_resumes() -> None:
    words = ["train", "regress", "it's a file.csv", "-o", "m.safetensors", "--force", "--ranks", "2"]
    assert shlex.split(resume_command(words)) == ["elman", *words[:5], "--ranks", "2", "--resume"]
    assert resume_command(["train", "--resume", "--", "--force"]) == "elman train --resume -- --force"


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["train", "--ranks", "2", "f"], ["train", "f"]),
        (["train", "--ranks=2", "f"], ["train", "f"]),
        (["train", "f", "--", "--ranks", "2"], ["train", "f", "--", "--ranks", "2"]),
    ],
)
def test_ranks_start_without_their_number(words: list[str], kept: list[str]) -> None:
    assert without_ranks(words) == kept
