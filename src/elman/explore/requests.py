"""What the page may ask for, by name."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elman.explore.ask import Ask
    from elman.explore.explored import Explored
    from elman.explore.session import Tab

MODULES = ("views.about", "views.read", "views.over_time", "views.fan", "views.states", "views.inspections")
"""The modules of this package that answer requests: each has a table `REQUESTS`, by name."""


def always(_: "Explored") -> str | None:
    """For a request that every model has."""
    return None


@dataclass(frozen=True)
class Request:
    """How a request is answered.

    Args:
        answer: gives of the tab and the message what the page gets; called in a thread of its own. What it raises as
            `InputError` the page shows; what it warns of as `DataWarning` is added to its `notes`. It calls
            `ask.progress` now and then if it may take longer than a second: there it ends when nobody waits any longer.
        refusal: the sentence why this model has no such view; None: it has one.
        of_reading: whether it is about what the tab has read, and so waits until that is done.
    """

    answer: Callable[["Tab", "Ask"], dict[str, Any]]
    refusal: Callable[["Explored"], str | None] = always
    of_reading: bool = False


@cache
def requests() -> dict[str, Request]:
    """All requests, by name."""
    found: dict[str, Request] = {}
    for module in MODULES:
        found |= importlib.import_module(f"elman.explore.{module}").REQUESTS
    return found
