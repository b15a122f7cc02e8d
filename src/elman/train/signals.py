"""Ctrl-C and SIGTERM between steps, never within one."""

import signal
import threading
from types import FrameType
from typing import Any, Self


class Signals:
    """Takes Ctrl-C and SIGTERM down while a block runs, for the loop to ask for between two steps.

    A second Ctrl-C raises KeyboardInterrupt at once. Signals reach Python's main thread only; elsewhere there is
    nothing to take down, and what the caller ignores stays ignored.

    Args:
        terminate: whether SIGTERM is taken down too, since there is something to save.
    """

    def __init__(self, terminate: bool) -> None:
        self.received: int | None = None
        self.at_once = False  # raise KeyboardInterrupt where it comes: nothing is in the middle of a change
        self.at_rest = False  # it was raised so, and all is as it was between two steps
        self._wanted = [signal.SIGINT, *([signal.SIGTERM] if terminate else [])]
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Set the handlers."""
        if threading.current_thread() is threading.main_thread():
            for number in self._wanted:
                if signal.getsignal(number) not in (None, signal.SIG_IGN):
                    self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        """Set the handlers of before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        again = self.received is not None
        self.received = number
        if self.at_once or (again and number == signal.SIGINT):
            self.at_rest, self.at_once = self.at_once and not again, False
            raise KeyboardInterrupt
