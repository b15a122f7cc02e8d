"""What the page asks: a message's fields, checked as they are taken, and the way to tell of progress."""

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import Any

from elman.errors import InputError

EVERY = 0.05  # seconds between two messages of progress


class Cancelled(Exception):  # noqa: N818 - it is no error
    """The page has asked for something else, or is closed."""


class Ask:
    """One request of the page.

    Args:
        fields: the message.
        send: takes what is told while the work goes on, from any thread.
    """

    def __init__(self, fields: Mapping[str, Any], send: Callable[[dict[str, Any]], None]) -> None:
        self.fields = fields
        self.cancelled = Event()
        self._send = send
        self._told = 0.0

    def progress(self, share: float, **more: Any) -> None:
        """Tell how much is done, from 0 to 1, and what there is of a result; of shares alone not every one is sent.

        Raises:
            Cancelled: nobody waits for it any longer.
        """
        self.check()
        now = time.monotonic()
        if more or now - self._told >= EVERY:
            self._told = now
            self._send({"progress": round(float(share), 4), **more})

    def check(self) -> None:
        """End here if nobody waits for it any longer.

        Raises:
            Cancelled: nobody does.
        """
        if self.cancelled.is_set():
            raise Cancelled

    def text(self, name: str, default: str | None = None) -> str | None:
        """A text, or `default` where there is none."""
        value = self.fields.get(name)
        if value is not None and not isinstance(value, str):
            raise InputError(f"{name} is {_shown(value)}, expected a text")
        return default if value is None else value

    def choice(self, name: str, among: Sequence[str], default: str | None = None) -> str:
        """One of several words."""
        value = self.text(name, default)
        if value is None or value not in among:
            raise InputError(f"{name} is {_shown(value)}, expected one of {', '.join(among)}")
        return value

    def whole(self, name: str, below: int, default: int | None = None) -> int:
        """A whole number from 0 on."""
        value = self.fields.get(name)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < below:
            raise InputError(f"{name} is {_shown(value)}, expected a whole number from 0 to {below - 1}")
        return value

    def number(self, name: str, least: float, most: float, default: float) -> float:
        """A number."""
        value = self.fields.get(name)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise InputError(f"{name} is {_shown(value)}, expected a number from {least:g} to {most:g}")
        return float(value)

    def flag(self, name: str) -> bool:
        """Yes or no; no where it is left out."""
        value = self.fields.get(name)
        if value not in (None, True, False, 0, 1):
            raise InputError(f"{name} is {_shown(value)}, expected true or false")
        return bool(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
