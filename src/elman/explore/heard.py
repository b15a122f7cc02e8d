"""Warnings of data that a request meets, told to the page that asked."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from elman.errors import DataWarning


class _Heard(threading.local):
    notes: list[str] | None = None


_heard = _Heard()


@contextmanager
def hearing() -> Iterator[None]:
    """While a server runs: warnings of data are kept for the request in whose thread they come; others go their way."""

    def show(message: Warning | str, category: type[Warning], *more: Any, **named: Any) -> None:
        if _heard.notes is None or not issubclass(category, DataWarning):
            otherwise(message, category, *more, **named)
        elif str(message) not in _heard.notes:
            _heard.notes.append(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("always", DataWarning)
        otherwise = warnings.showwarning
        warnings.showwarning = show
        yield


@contextmanager
def heard() -> Iterator[list[str]]:
    """The warnings that come in this thread meanwhile."""
    _heard.notes = []
    try:
        yield _heard.notes
    finally:
        _heard.notes = None
