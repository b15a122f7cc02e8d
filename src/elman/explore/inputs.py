"""What the page gives to read, as the estimator takes it: an example, a text, or numbers."""

from typing import Any

import numpy as np

from elman.codecs import KINDS, MEDIA
from elman.errors import InputError
from elman.explore.ask import Ask
from elman.explore.explored import Example, Explored

MOST_CHARACTERS = 20_000
MOST_STEPS = 5_000
LIMITS = {"characters": MOST_CHARACTERS, "steps": MOST_STEPS}


def given(explored: Explored, ask: Ask) -> Any:
    """The raw input of a request, as `predict` takes one: `example`, `text` or `values`.

    Raises:
        InputError: there is none, it is too long, or of a kind that the model does not read.
    """
    if ask.fields.get("example") is not None:
        return example(explored, ask).raw
    kind = explored.kind
    if kind in ("text", "tokens"):
        text = ask.text("text")
        if text is None:
            raise InputError(f"this model reads {KINDS[kind]}: give a text")  # type: ignore[index]
        if len(text) > MOST_CHARACTERS:
            raise InputError(f"the text has {len(text):,} characters, expected at most {MOST_CHARACTERS:,}: shorten it")
        return text.split() if kind == "tokens" else text
    if kind in MEDIA:
        raise InputError(
            f"this model reads {KINDS[kind]}: choose an example, from a table or folder of them given to elman explore"  # type: ignore[index]
        )
    return numbers(ask.fields.get("values"), explored.estimator.codecs_["input"].input_size)


def example(explored: Explored, ask: Ask) -> Example:
    """The example that a request names by its number."""
    if not explored.examples:
        raise InputError("there are no examples: give a file of inputs, elman explore MODEL INPUT")
    return explored.examples[ask.whole("example", len(explored.examples))]


def numbers(values: Any, size: int) -> np.ndarray:
    """Numbers of the page as a sequence; null is a missing value.

    Shape:
        values T lists of `size` numbers, or T numbers where it is 1; returns (T, size)

    Raises:
        InputError: they are something else.
    """
    if not isinstance(values, list) or not values:
        raise InputError(f"this model reads sequences of numbers, {size} at a time: give some, a line for each step")
    if len(values) > MOST_STEPS:
        raise InputError(f"there are {len(values):,} steps, expected at most {MOST_STEPS:,}: give fewer")
    rows = [one if isinstance(one, list) else [one] for one in values]
    for k, row in enumerate(rows, start=1):
        if len(row) != size:
            raise InputError(f"step {k} has {len(row)} numbers, expected {size}: a line for each step")
        for one in row:
            if one is not None and (isinstance(one, bool) or not isinstance(one, int | float)):
                raise InputError(f"step {k} has {str(one)[:40]!r}, which is no number")
    return np.array(rows, np.float64)
