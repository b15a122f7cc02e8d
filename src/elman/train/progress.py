"""What a person sees of a training, on stderr: a bar with loss, metric and time left, or plain lines."""

import time
from types import TracebackType

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from elman.errors import counted
from elman.train.history import History

NARROWEST_BAR, WIDEST_BAR = 8, 40
MOST_TOLD = 5  # skipped steps of an epoch that have a line of their own
SPARE = 3  # columns kept free at the right, where a terminal echoes ^C


class Progress:
    """The progress of one training: `with progress:` around the loop, told of every step and epoch.

    A terminal shows one line that renews itself; a file or a notebook gets a plain line per epoch.

    Args:
        epochs: at most so many.
        units: in an epoch: sequences, or windows.
        verbose: 0 nothing, 1 the bar, 2 a plain line for every epoch too.
        console: where to; None: stderr.
        silent: say nothing at all, not even of an interruption: another process does.
    """

    def __init__(
        self, epochs: int, units: int, verbose: int, console: Console | None = None, *, silent: bool = False
    ) -> None:
        self._epochs = epochs
        self._units = units
        self._verbose = verbose
        self._console = Console(quiet=True) if silent else console or Console(stderr=True)
        self._history = History()
        self._epoch = 1
        self._done = 0
        self._before = 0  # units that an earlier process did
        self._skipped = 0
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

    def resume(self, history: History, epoch: int, done: int) -> None:
        """The training goes on from here."""
        self._history, self._epoch = history, epoch
        self._before = self._done = (epoch - 1) * self._units + done
        if self._verbose and history.ended is None:
            part = f", {done / self._units:.0%} of it done" if done else ""
            self.say(f"going on in epoch {epoch} of {self._epochs}{part}")

    def step(self, epoch: int, done: int, loss: float) -> None:
        """A step has been learnt; `loss` is the mean of the epoch up to it, after `done` units of it."""
        self._epoch = epoch
        self._done = (epoch - 1) * self._units + done
        self._loss = loss

    def skipped(self, epoch: int, place: str, what: str, count: int) -> None:
        """A step was skipped; `count` is how many were in this epoch. It is told even when all else is silent."""
        self._skipped = count
        if count <= MOST_TOLD:
            more = "; further ones of this epoch are counted only" if count == MOST_TOLD else ""
            self.say(f"epoch {epoch}, {place}: {what}: step skipped{more}")

    def epoch(self, history: History) -> None:
        """An epoch has ended; its record is the last of `history`."""
        self._history, self._skipped = history, 0
        if self._verbose >= 2 or (self._verbose and not self._live):
            pieces = [self._counter(), f"loss {history.epochs[-1].training_loss:.4f}"]
            skipped = history.epochs[-1].skipped
            pieces += [
                "".join(self._watched()),
                f"{skipped} skipped" if skipped else "",
                f"{_clock(self._left())} left",
            ]
            self.say("  ".join(piece for piece in pieces if piece))

    def finish(self, history: History, how_to_resume: str | None = None) -> None:
        """Say how the training ended. An interruption is told even when all else is silent.

        Args:
            history: all of it.
            how_to_resume: the command that goes on from the last checkpoint; None: there is none.
        """
        best, last = history.best, len(history.epochs)
        if history.interrupted:
            said = f"Interrupted in epoch {self._epoch}"
            if best is not None:
                said += f": the best model so far is kept, that of {self._named(history)}"
            elif how_to_resume is None:
                said = "Interrupted before the end of the first epoch"
            self.say(said + (f". Go on with: {how_to_resume}" if how_to_resume else "."))
        elif best is not None and self._verbose:
            if history.ended == "patience":
                said = f"Stopped after epoch {last}, {history.epochs_without_gain} without gain; best: "
            else:
                said = f"Trained for {counted(last, 'epochs')}; " + ("kept: " if history.watched is None else "best: ")
            self.say(f"{said}{self._named(history)}; {_clock(self._elapsed())}.")

    def _named(self, history: History) -> str:
        """The best epoch and its value."""
        best = history.best
        value = history.value(best) if best else None
        return f"epoch {history.best_epoch}" + ("" if value is None else f" ({history.watched} {value:.4f})")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The line, as much of it as fits: first goes the earlier best value, then the bar."""
        counter, time_left = self._counter(), f"{_clock(self._left())} left" if self._done > self._before else ""
        loss = "" if self._loss is None else f"loss {self._loss:.4f}"
        if loss and self._skipped:
            loss += f", {self._skipped} skipped"
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
            cells.insert(1, ProgressBar(self._epochs * self._units, self._done, width=width))
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
        done = self._done - self._before
        return self._elapsed() * (self._epochs * self._units - self._done) / done if done else 0.0

    def say(self, line: str) -> None:
        """A line of its own, above the bar."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=not self._console.is_terminal)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
