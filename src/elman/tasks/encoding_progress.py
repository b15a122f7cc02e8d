"""What a person sees while a large file is read: a bar with bytes and time left, or a line for each pass."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text


class EncodingProgress:
    """The passes over one file, on stderr.

    Args:
        verbose: 0: nothing is shown.
        silent: nothing is shown either: another process does.
        console: where to; None: stderr.
        slow: seconds that a pass takes at least to get a line of its own.
    """

    def __init__(
        self, verbose: int = 1, *, silent: bool = False, console: Console | None = None, slow: float = 0.0
    ) -> None:
        self._slow = slow
        self._console = Console(quiet=True) if silent or not verbose else console or Console(stderr=True)
        self.seconds: dict[str, float] = {}

    @contextmanager
    def reading(self, what: str, size: int) -> Iterator[Callable[[int], None]]:
        """One pass over `size` bytes; gives what is to be told how many of them are done."""
        started = time.perf_counter()
        console = self._console
        if console.is_terminal and not console.is_dumb_terminal and not console.is_jupyter:
            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
            with Progress(*columns, console=console, transient=True, refresh_per_second=5) as progress:
                task = progress.add_task(what, total=size)
                yield lambda done: progress.update(task, completed=done)
        else:
            yield lambda done: None
        self.seconds[what] = time.perf_counter() - started
        if not console.is_terminal and self.seconds[what] >= self._slow:
            self.say(f"{what}: {as_bytes(size)} in {self.seconds[what]:.1f} s")

    def say(self, line: str) -> None:
        """A line of its own."""
        self._console.print(Text(f"elman: {line}"), highlight=False, soft_wrap=True)


def as_bytes(size: float) -> str:
    """A size as people write it."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
