"""Which sequences are shown, and what they were before the codecs."""

from typing import Any

import numpy as np

from elman.codecs import SeriesCodec, TextCodec
from elman.tasks.coded import Coded

STEPS = 20_000  # of all of them together, about
LONGEST = 2000  # steps of a sequence with a value per step: of a longer one its end is read
SHOWN = 12  # rows of a table
LONGEST_TEXT = 160
RIGHT, WRONG = "✓", "✗"


def drawn(coded: Coded, most: int, *, in_step: bool) -> np.ndarray:
    """Rows drawn at random, ever the same, as many as the limits of sequences and steps allow, and at least one."""
    rows = np.random.default_rng(0).permutation(len(coded))[:most]
    steps = np.cumsum([min(len(coded.inputs[row]), LONGEST if in_step else STEPS) for row in rows])
    return rows[: max(int((steps <= STEPS).sum()), 1)]


def raw(codec: TextCodec | SeriesCodec, inputs: np.ndarray) -> Any:
    """What an encoded sequence was made of: unknown symbols show as �, missing numbers are NaN."""
    if isinstance(codec, TextCodec):
        return codec.decode(inputs)
    values = codec.decode(inputs)
    missing = inputs[:, codec.input_size :] > 0
    values[:, codec.indicators] = np.where(missing, np.nan, values[:, codec.indicators])
    return values


def short(text: str) -> str:
    """A text that may be cut at its end."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
