"""What the page gives to read, as the estimator takes it: an example, a text, or numbers."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from elman.codecs import KINDS, MEDIA
from elman.errors import InputError
from elman.explore.ask import Ask
from elman.explore.explored import Example, Explored
from elman.tables.timestamps import GROUP, ONLY, ORDER, STEPS

MOST_CHARACTERS = 20_000
MOST_STEPS = 5_000
LIMITS = {"characters": MOST_CHARACTERS, "steps": MOST_STEPS}
FIRST_DAY = "2000-01-01"  # of numbers without times


class Given(NamedTuple):
    """An input as the estimator's `predict` takes one, and what a person should know of it."""

    raw: Any
    notes: list[str]


def given(explored: Explored, ask: Ask) -> Given:
    """The input of a request: `text` or `values`, or else `example`; values to forecast have the times of the example.

    Raises:
        InputError: there is none, it is too long, or of a kind that the model does not read.
    """
    kind = explored.kind
    text, values = ask.text("text"), ask.fields.get("values")
    if text is not None and kind in ("text", "tokens"):
        if len(text) > MOST_CHARACTERS:
            raise InputError(f"the text has {len(text):,} characters, expected at most {MOST_CHARACTERS:,}: shorten it")
        raw = text.split() if kind == "tokens" else text
        return Given(raw, unknown(explored, raw))
    if values is not None and kind == "series":
        columns = series_columns(explored)
        array = numbers(values, len(columns))
        return Given(series_of(explored, ask, array), []) if explored.estimator.task == "forecast" else Given(array, [])
    if ask.fields.get("example") is not None:
        return from_example(explored, example(explored, ask))
    if text is not None or values is not None or kind in MEDIA:
        what = "choose an example" if kind in MEDIA else "give one, or choose an example"
        raise InputError(f"this model reads {KINDS[kind]}: {what}")
    raise InputError("there is nothing to read: give an input, or choose an example")


def example(explored: Explored, ask: Ask) -> Example:
    """The example that a request names by its number.

    Raises:
        InputError: there is none of that number.
    """
    if not explored.examples:
        raise InputError("there are no examples: give a file of inputs, elman explore MODEL INPUT")
    return explored.examples[ask.whole("example", len(explored.examples))]


def from_example(explored: Explored, one: Example) -> Given:
    """An example, of a long one a part that can be seen."""
    raw = one.raw
    if isinstance(raw, pd.DataFrame):
        raw = regular(explored, raw)
    if isinstance(raw, str | list):
        most, what, kept = (MOST_CHARACTERS, "characters", raw[:MOST_CHARACTERS])
        if isinstance(raw, list):
            most, what, kept = MOST_STEPS, "words", raw[:MOST_STEPS]
        cut = [f"the first {most:,} of {len(raw):,} {what} are read"] if len(raw) > most else []
        return Given(kept, [*cut, *unknown(explored, kept)])
    if isinstance(raw, pd.DataFrame | np.ndarray) and len(raw) > MOST_STEPS:
        return Given(raw[-MOST_STEPS:], [f"the last {MOST_STEPS:,} of {len(raw):,} steps are read"])
    return Given(raw, [])


def unknown(explored: Explored, raw: Any) -> list[str]:
    """What to say of symbols that were never seen in training."""
    found = sorted(set(explored.estimator.codecs_["input"].unknown(raw)))
    shown = ", ".join(map(repr, found[:5])) + (", ..." if len(found) > 5 else "")
    return [f"not seen in training: {shown}"] if found else []


def series_columns(explored: Explored) -> list[str]:
    """What the numbers of a step are called, in the order in which the page gives them."""
    estimator: Any = explored.estimator
    if estimator.task == "forecast":
        return [estimator.target, *estimator.past, *estimator.future]
    codec = estimator.codecs_["input"]
    kept = explored.metadata.get("columns") or {}
    names = list(kept.get("inputs") or ())
    return names if len(names) == codec.input_size else [codec.channel(k) for k in range(codec.input_size)]


def numbers(values: Any, size: int) -> np.ndarray:
    """Numbers of the page as a sequence; null is a missing value.

    Shape:
        values T lists of `size` numbers, or T numbers where it is 1; returns (T, size)

    Raises:
        InputError: they are something else.
    """
    if not isinstance(values, list) or not values:
        raise InputError("values has no step: give a line of numbers for each")
    if len(values) > MOST_STEPS:
        raise InputError(f"values has {len(values):,} steps, expected at most {MOST_STEPS:,}: give fewer")
    rows = [one if isinstance(one, list) else [one] for one in values]
    for k, row in enumerate(rows, start=1):
        if len(row) != size:
            raise InputError(f"step {k} has {len(row)} numbers, expected {size}: a line for each step")
        for one in row:
            if one is not None and (isinstance(one, bool) or not isinstance(one, int | float)):
                raise InputError(f"step {k} has {str(one)[:40]!r}, which is no number")
    try:
        return np.array(rows, np.float64)
    except OverflowError:
        raise InputError("values has a number that is too large for a computer's") from None


def series_of(explored: Explored, ask: Ask, values: np.ndarray) -> pd.DataFrame:
    """Numbers as one series to forecast from: at the times of the example, or from some day on."""
    estimator: Any = explored.estimator
    T, freq = len(values), estimator.codecs_["calendar"].freq
    base = None if ask.fields.get("example") is None else regular(explored, example(explored, ask).raw)
    if estimator.static and base is None:
        raise InputError(f"this model also reads {', '.join(estimator.static)}, which stays: choose an example to edit")
    first = FIRST_DAY if base is None else base[ORDER].iloc[0]
    times: pd.Index[Any]
    if freq == STEPS:
        times = pd.Index(np.arange(T) + (0 if base is None else int(base[ORDER].iloc[0])))
    else:
        times = pd.date_range(first, periods=T, freq=freq)
    columns = dict(zip(series_columns(explored), values.T, strict=True))
    fixed = {} if base is None else {name: base[name].iloc[0] for name in (GROUP, *estimator.static)}
    return regular(explored, pd.DataFrame({GROUP: ONLY, ORDER: times, **columns, **fixed}))


def regular(explored: Explored, table: pd.DataFrame) -> pd.DataFrame:
    """One series as the forecaster reads it: in order, from its first value on, a row for each step."""
    estimator: Any = explored.estimator
    series = estimator._read(table).series
    if len(series) != 1:
        raise InputError(f"there are {len(series)} series, expected one")
    (one,) = series
    T = len(one.y)
    names = [estimator.target, *estimator.past, *estimator.future, *estimator.static]
    columns = np.column_stack([one.y, one.past, one.future[:T]]).T
    return pd.DataFrame({GROUP: one.unique_id, ORDER: one.times, **dict(zip(names, columns, strict=True))})
