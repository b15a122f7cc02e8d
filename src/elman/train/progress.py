"""What a person sees of a training, on stderr: a bar with loss, metric and time left, or plain lines."""

import time
from types import TracebackType

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from elman.train.history import History

NARROWEST_BAR, WIDEST_BAR = 8, 40
SPARE = 3  # columns kept free at the right, where a terminal echoes ^C


class Progress:
    """The progress of one training: `with progress:` around the loop, told of every step and epoch.

    A terminal shows one line that renews itself; a file or a notebook gets a plain line per epoch.

    Args:
        epochs: at most so many.
        batches: in an epoch.
        verbose: 0 nothing, 1 the bar, 2 a plain line for every epoch too.
        console: where to; None: stderr.
    """

    def __init__(self, epochs: int, batches: int, verbose: int, console: Console | None = None) -> None:
        self._epochs = epochs
        self._batches = batches
        self._verbose = verbose
        self._console = console or Console(stderr=True)
        self._history = History()
        self._epoch = 1
        self._done = 0
        self._loss: float | None = None
        self._started = time.perf_counter()
        self._live: Live | None = None
        console = self._console
        if verbose and console.is_terminal and not console.is_dumb_terminal and not console.is_jupyter:
            self._live = Live(self, console=console, transient=True, refresh_per_second=5)

    def __enter__(self) -> "Progress":
        """Start the clock and the bar."""
        self._started = time.perf_counter()
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        if self._live:
            self._live.stop()

    def step(self, epoch: int, batch: int, loss: float) -> None:
        """A batch has been learnt; `loss` is the mean of the epoch up to it, `batch` counts from 0."""
        self._epoch = epoch
        self._done = (epoch - 1) * self._batches + batch + 1
        self._loss = loss

    def epoch(self, history: History) -> None:
        """An epoch has ended; its record is the last of `history`."""
        self._history = history
        if self._verbose >= 2 or (self._verbose and not self._live):
            pieces = [self._counter(), f"loss {history.epochs[-1].training_loss:.4f}"]
            pieces += ["".join(self._watched()), f"{_clock(self._left())} left"]
            self._say("  ".join(piece for piece in pieces if piece))

    def finish(self, history: History) -> None:
        """Say how the training ended. An interruption is told even when all else is silent."""
        best, last = history.best, len(history.epochs)
        if history.interrupted and best is None:
            self._say("Interrupted before the end of the first epoch.")
        elif best and (history.interrupted or self._verbose):
            value = history.value(best)
            kept = f"epoch {best.number}" + ("" if value is None else f" ({history.watched} {value:.4f})")
            if history.interrupted:
                said = f"Interrupted in epoch {self._epoch}: the best model so far is kept, that of {kept}."
            elif history.ended == "patience":
                said = f"Stopped after epoch {last}, {history.epochs_without_gain} without gain; best: {kept}"
            else:
                said = f"Trained for {last} epochs; " + ("kept: " if value is None else "best: ") + kept
            self._say(said + ("" if history.interrupted else f"; {_clock(self._elapsed())}."))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The line, as much of it as fits: first goes the earlier best value, then the bar."""
        counter, time_left = self._counter(), f"{_clock(self._left())} left" if self._done else ""
        loss = "" if self._loss is None else f"loss {self._loss:.4f}"
        value, mark = self._watched()
        bar = 2 + NARROWEST_BAR
        for needed, choice in (
            (bar, (loss, value + mark)),
            (bar, (loss, value)),
            (0, (loss, value)),
            (0, (value,)),
            (0, ()),
        ):
            pieces = [piece for piece in (counter, *choice, time_left) if piece]
            free = options.max_width - SPARE - cell_len("  ".join(pieces))
            if free >= needed:
                break
        cells: list[RenderableType] = [Text(piece, no_wrap=True) for piece in pieces]
        if free >= bar:
            width = min(free - 2, WIDEST_BAR)
            cells.insert(1, ProgressBar(self._epochs * self._batches, self._done, width=width))
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_row(*cells)
        yield line

    def _counter(self) -> str:
        return f"epoch {self._epoch}/{self._epochs}"

    def _watched(self) -> tuple[str, str]:
        """The last watched value, and a mark: that it is the best one, or else what the best one is."""
        best, name = self._history.best, self._history.watched
        if best is None or name is None:
            return "", ""
        last = self._history.value(self._history.epochs[-1])
        mark = f" (best {self._history.value(best):.4f})" if self._history.epochs_without_gain else " (best)"
        return f"{name} {last:.4f}", mark

    def _elapsed(self) -> float:
        return time.perf_counter() - self._started

    def _left(self) -> float:
        """Seconds to the end of the last epoch, at the speed so far, validation included."""
        return self._elapsed() * (self._epochs * self._batches / self._done - 1) if self._done else 0.0

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=not self._console.is_terminal)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
