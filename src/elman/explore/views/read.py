"""An input, read: what each recurrent network calls its steps, and what the model makes of them."""

from typing import Any

import torch

from elman.errors import InputError
from elman.explore.ask import Ask
from elman.explore.explored import Explored, Seen
from elman.explore.inputs import MOST_STEPS, given
from elman.explore.requests import Request
from elman.explore.session import Tab
from elman.explore.views.outputs import output
from elman.explore.views.shown import shown
from elman.tasks.readings import found_by_search, readings
from elman.tasks.text_writer import TextWriter


def read(tab: Tab, ask: Ask) -> dict[str, Any]:
    """Read an input, which the tab's further requests are about."""
    raw, notes = given(tab.explored, ask)
    seen = looked_at(tab.explored, raw, int(ask.fields["id"]))
    ask.check()
    found = output(tab.explored, seen)
    ask.check()
    tab.seen = seen
    return {
        "input": shown(tab.explored, raw),
        "notes": notes,
        "parts": [
            {"part": name, "steps": one.steps, "asked": one.asked, "names": one.names}
            for name, one in seen.readings.items()
        ],
        "output": found,
    }


def looked_at(explored: Explored, raw: Any, number: int) -> Seen:
    """An input as each recurrent network of the model reads it.

    Raises:
        InputError: it cannot be read, is empty, or has too many steps.
    """
    estimator = explored.estimator
    with explored.lock, torch.no_grad():
        if isinstance(estimator, TextWriter):
            written = found_by_search(estimator.hypotheses([raw], attention=True)[0])
            seen = Seen(number, raw, readings(estimator, raw, written=written[0].text), written)
        else:
            seen = Seen(number, raw, readings(estimator, raw))
    T = len(seen.readings[seen.parts[0]].x)
    if not T:
        raise InputError("the input is empty: give at least one step")
    if T > MOST_STEPS + 1:  # a text to go on with has a step before its first symbol
        raise InputError(f"the input has {T:,} steps, expected at most {MOST_STEPS:,}: give a shorter one")
    return seen


REQUESTS = {"read": Request(read)}
