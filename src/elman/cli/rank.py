"""`python -m elman.cli.rank FOLDER MODULE ...`: one of the processes that `--ranks` starts, under torchrun's agent.

It runs MODULE as `python -m` does, and leaves in FOLDER what the process that started it must know.
"""

import contextlib
import os
import runpy
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

PATIENCE = 50  # seconds for a checkpoint after the process that started this one is gone


def main(folder: Path, rank: int, words: list[str]) -> None:
    """Run a module as rank `rank`: the exit status, an exception and, but for rank 0, all output go into `folder`."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    if rank:
        with (folder / f"{rank}.output").open("ab") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
    status = _run(words, folder, rank)
    _leave(folder / f"{rank}.status", str(status))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)  # threads of a process group, of a broken one above all, may abort an orderly end


def _run(words: list[str], folder: Path, rank: int) -> int:
    sys.argv = words
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
            return 1
        return int(ended.code or 0)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as error:
        _leave(folder / f"{rank}.traceback", "".join(traceback.format_exception(error)) + _in_one_line(error))
        return 1
    return 0


def _in_one_line(error: Exception) -> str:
    said = " ".join(str(error).split())
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name} line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}{f': {said[:300]}' if said else ''}{where}\n"


def _leave(path: Path, text: str) -> None:
    with contextlib.suppress(FileNotFoundError):  # the folder went with the process that started this one
        path.write_text(text, encoding="utf-8")


def _end_with(parent: int) -> None:
    """End this process soon after the one that started it, which may have had no chance to."""
    while os.getppid() == parent:
        time.sleep(1)
    signal.raise_signal(signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(os.environ["RANK"]), sys.argv[2:])
