"""The hidden states, and what else a layer computes, at every step."""

from typing import Any

from elman.explore.ask import Ask
from elman.explore.explored import Seen
from elman.explore.requests import Request
from elman.explore.session import Tab


def states(tab: Tab, ask: Ask) -> dict[str, Any]:
    """A state of a layer in one direction, at every step, (T, H)."""
    assert tab.seen is not None
    seen = tab.seen
    part = ask.text("part")
    found = seen.unrolled(part).states
    what = ask.choice("what", tuple(found), next(iter(found)))
    return {"what": what, "array": found[what][row(seen, ask), 0].numpy(), "of": seen.number}


def row(seen: Seen, ask: Ask) -> int:
    """The row of a state that a layer has in a direction: `layer`, the last if left out, and `reverse`."""
    layer = seen.reading(ask.text("part")).layer
    number = ask.whole("layer", layer.num_layers, layer.num_layers - 1)
    return number * layer.num_directions + ask.whole("reverse", layer.num_directions, 0)


REQUESTS = {"states": Request(states, of_reading=True)}
