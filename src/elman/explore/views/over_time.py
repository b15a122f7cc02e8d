"""What a network that reads many to one would say if the sequence ended earlier."""

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from elman.explore.ask import Ask
from elman.explore.explored import Explored, Seen
from elman.explore.requests import Request
from elman.explore.session import Tab
from elman.models import ManyToOne
from elman.state import State

MOST = 400  # beginnings of a long sequence that are asked about
NUMBERS = 1 << 23  # that are pooled at a time
QUICK = 2e9  # operations that nobody waits for


def over_time_view(tab: Tab, ask: Ask) -> dict[str, Any]:
    """What the output would be after each step, or of a long sequence after some of them; `ends` says which."""
    return over_time(tab.explored, tab.looked_at, ask)


def over_time(explored: Explored, seen: Seen, ask: Ask | None = None) -> dict[str, Any]:
    """The probabilities, or the values in their own units, of beginnings of the sequence.

    Shape:
        ends (K,), how many steps each has; array (K, O)
    """
    ends = beginnings(len(seen.reading(None).x))
    network = cast(ManyToOne, explored.estimator.model_)
    found: list[Tensor] = []
    with torch.no_grad():
        for some in torch.split(ends, at_a_time(seen)):
            if ask is not None:
                ask.progress(len(torch.cat(found)) / len(ends) if found else 0)
            found.append(answers(network, seen, some))
    outputs = torch.cat(found)
    if seen.reading(None).scores:
        return {"ends": ends.tolist(), "array": outputs.softmax(-1).numpy()}
    return {"ends": ends.tolist(), "array": explored.estimator.codecs_["output"].decode(outputs.numpy())}


def beginnings(T: int) -> Tensor:
    """How long the beginnings are: all lengths, or of a long sequence as many as one can see."""
    return torch.from_numpy(np.unique(np.linspace(1, T, min(T, MOST)).round().astype(np.int64)))


def at_a_time(seen: Seen) -> int:
    """How many beginnings are looked at together, so that they fit into memory."""
    reading = seen.reading(None)
    return max(1, NUMBERS // (len(reading.x) * reading.layer.hidden_size * reading.layer.num_directions))


def answers(network: ManyToOne, seen: Seen, ends: Tensor) -> Tensor:
    """The outputs for beginnings of the sequence of these lengths, (K, O)."""
    reading = seen.reading(None)
    K, longest = len(ends), int(ends.max())
    if network.recurrent.bidirectional:  # what comes from the end is another one for each
        rows = reading.x[:longest].expand(K, -1, -1)
        h, last = network.recurrent(rows, reading.start.select([0] * K), ends)
        return network.answer(h, last, ends)
    h, _, states = seen.unrolled()
    last = State(**{name: one[:, 0, ends - 1].transpose(0, 1) for name, one in states.items()})  # (K, L, H)
    if network.pooling == "last":
        return network.answer(h, last, ends)
    inside = torch.arange(longest) < ends.unsqueeze(1)  # (K, longest)
    return network.answer(h[:, :longest] * inside.unsqueeze(2), last, ends)


def quick(explored: Explored, seen: Seen) -> bool:
    """Whether it is done before anybody waits; else the page asks for it by itself."""
    layer, ends = seen.reading(None).layer, beginnings(len(seen.reading(None).x))
    if layer.bidirectional:
        return 2 * sum(one.numel() for one in layer.parameters()) * int(ends.sum()) <= QUICK
    if cast(ManyToOne, explored.estimator.model_).pooling == "last":
        return True
    return 4 * layer.hidden_size * int(ends.sum()) <= QUICK


def refusal(explored: Explored) -> str | None:
    """Only of a network that reads many to one."""
    if isinstance(explored.estimator.model_, ManyToOne):
        return None
    return "this model gives an output at every step, or writes a text: its outputs are those over time"


REQUESTS = {"over_time": Request(over_time_view, refusal, of_reading=True)}
