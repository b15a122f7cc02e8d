"""The hidden states and gates of a layer at every step."""

from typing import Any

from elman.explore.ask import Ask
from elman.explore.explored import Seen
from elman.explore.requests import Request
from elman.explore.session import Tab


def states(tab: Tab, ask: Ask) -> dict[str, Any]:
    """A state or a gate of a layer in one direction, at every step, (T, H)."""
    seen = tab.looked_at
    name, number = part(seen, ask), row(seen, ask)
    what = ask.text("what")
    found = seen.unrolled(name).states
    if what is None or what in found:
        what = what or next(iter(found))
        return {"what": what, "array": found[what][number, 0].numpy(), "read": seen.number}
    arrays = seen.states(name).arrays
    what = ask.choice("what", tuple(arrays))
    return {"what": what, "array": arrays[what][number], "read": seen.number}


def part(seen: Seen, ask: Ask) -> str:
    """The part of the network that a request is about: `part`, the one that writes if left out."""
    return ask.choice("part", seen.parts, seen.parts[-1])


def row(seen: Seen, ask: Ask) -> int:
    """The row of a state that a layer has in a direction: `layer`, the last if left out, and `reverse`."""
    layer = seen.reading(part(seen, ask)).layer
    number = ask.whole("layer", layer.num_layers, layer.num_layers - 1)
    return number * layer.num_directions + ask.whole("reverse", layer.num_directions, 0)


REQUESTS = {"states": Request(states, of_reading=True)}
