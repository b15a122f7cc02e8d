"""An input, read: what each recurrent network calls its steps, and what the model makes of them."""

from typing import Any

import torch

from elman.explore.ask import Ask
from elman.explore.explored import Explored, Seen
from elman.explore.inputs import given
from elman.explore.requests import Request
from elman.explore.session import Tab
from elman.explore.views.outputs import output
from elman.tasks.readings import readings


def read(tab: Tab, ask: Ask) -> dict[str, Any]:
    """Read an input, which the tab's further requests are about."""
    raw = given(tab.explored, ask)
    seen = looked_at(tab.explored, raw, int(ask.fields["id"]))
    ask.check()
    found = output(tab.explored, seen)
    ask.check()
    tab.seen = seen
    return {
        "text": raw if isinstance(raw, str) else " ".join(raw) if tab.explored.kind == "tokens" else None,
        "notes": notes(tab.explored, raw),
        "parts": [
            {"part": name, "steps": one.steps, "asked": one.asked, "names": one.names}
            for name, one in seen.readings.items()
        ],
        "output": found,
    }


def looked_at(explored: Explored, raw: Any, number: int = 0) -> Seen:
    """An input as each recurrent network of the model reads it."""
    with explored.lock, torch.no_grad():
        return Seen(number, raw, readings(explored.estimator, raw))


def notes(explored: Explored, raw: Any) -> list[str]:
    """What a person should know of the input: symbols that were never seen in training."""
    if explored.kind not in ("text", "tokens"):
        return []
    unknown = sorted(set(explored.estimator.codecs_["input"].unknown(raw)))
    shown = ", ".join(map(repr, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
    return [f"not seen in training, and read as unknown: {shown}"] if unknown else []


REQUESTS = {"read": Request(read)}
