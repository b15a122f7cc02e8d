"""What a user sees of a compilation: nothing if it is quick, one line on the terminal if it takes long."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging import getLogger
from typing import Final

_SECONDS: Final = 2.0


@contextmanager
def compiling(name: str) -> Iterator[None]:
    """Say after two seconds that a module is being compiled, and how long it took; always in the log."""
    began = time.perf_counter()
    later = threading.Timer(_SECONDS, _say, (f"elman: compiling {name} for this processor, which is done once ...",))
    later.daemon = True
    with suppress(RuntimeError):  # there may be no thread to be had, as at the exit of the interpreter
        later.start()
    try:
        yield
    finally:
        later.cancel()
    seconds = time.perf_counter() - began
    getLogger("elman").info("compiled %s in %.1f s", name, seconds)
    if seconds > _SECONDS:
        _say(f"elman: compiled {name} in {seconds:.1f} s")


def _say(line: str) -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        print(line, file=sys.stderr, flush=True)
