"""What a model makes of an input, for each task in the form that its view draws."""

from typing import Any, cast

import numpy as np
import torch

from elman.explore.explored import Explored, Seen
from elman.inspection import Reading
from elman.models import ManyToOne
from elman.state import State

TOP = 8  # alternatives that are told of each step


def output(explored: Explored, seen: Seen) -> dict[str, Any]:
    """What the model makes of what it read."""
    return OUTPUTS[explored.estimator.task](explored, seen)


def top(probabilities: np.ndarray, names: tuple[str, ...], most: int = TOP) -> list[list[tuple[str, float]]]:
    """The likeliest alternatives of each step, with their probabilities.

    Shape:
        probabilities (U, O)
    """
    places = np.argsort(-probabilities, axis=1, kind="stable")[:, :most]
    return [
        [(names[k], round(float(row[k]), 6)) for k in own]
        for row, own in zip(probabilities, places.tolist(), strict=True)
    ]


def probabilities(seen: Seen, reading: Reading) -> np.ndarray:
    """What a softmax makes of a reading's scores, (U, O)."""
    assert reading.output is not None
    h, last, _ = seen.unrolled(reading.part)
    with torch.no_grad():
        found: np.ndarray = reading.output(h, last)[0].softmax(-1).numpy()
    return found


def symbols(explored: Explored, seen: Seen) -> dict[str, Any]:
    """Of a generator: what may come next, after every symbol."""
    reading = seen.reading(None)
    found = probabilities(seen, reading)
    came = explored.estimator._encoded([seen.raw])[0]
    given = found[np.arange(len(came)), came].tolist()  # the probability of each symbol, after those before it
    return {"kind": "symbols", "top": top(found, reading.names), "given": [*given, None]}


def classes(explored: Explored, seen: Seen) -> dict[str, Any]:
    """Of a classifier: the class, and what it would be if the sequence ended earlier."""
    reading = seen.reading(None)
    with torch.no_grad():
        over_time = prefixes(cast(ManyToOne, explored.estimator.model_), seen).softmax(-1).numpy()
    whole = probabilities(seen, reading)
    return {
        "kind": "class",
        "names": reading.names,
        "predicted": reading.names[int(whole[0].argmax())],
        "probabilities": whole[0].tolist(),
        "over_time": over_time,
        "top": top(whole, reading.names),
    }


def prefixes(network: ManyToOne, seen: Seen) -> torch.Tensor:
    """What a network that reads many to one would say if the sequence ended after each of its steps, (T, O)."""
    reading = seen.reading(None)
    T = len(reading.x)
    lengths = torch.arange(1, T + 1)
    if network.recurrent.bidirectional:  # what comes from the end is another one for each
        rows = reading.x.expand(T, *reading.x.shape)
        h, last = reading.layer(rows, reading.start.select([0] * T), lengths)
        return network.answer(h, last, lengths)
    h, _, states = seen.unrolled(None)
    last = State(**{name: one[:, 0].transpose(0, 1) for name, one in states.items()})  # (T, L, H)
    inside = lengths.unsqueeze(1) >= lengths  # (T, T)
    return network.answer(h * inside.unsqueeze(2), last, lengths)


OUTPUTS = {"generate": symbols, "classify": classes}
