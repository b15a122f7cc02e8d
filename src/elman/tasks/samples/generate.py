"""Samples of what a generator writes, and where it is surprised by what others wrote."""

from itertools import islice
from math import log
from typing import Any

import numpy as np

from elman.codecs import END, START
from elman.reports import Report
from elman.tasks.coded import Coded
from elman.tasks.samples.rows import SHOWN, short
from elman.tasks.scoring import symbol_log_probabilities

SEQUENCES = 200
TEMPERATURES = (0.5, 1.0)
LENGTH = 300  # symbols of a text without an end
PAINTED = 600  # symbols
BITS = 10.0  # of surprise, from which on the shade is full


def add(report: Report, estimator: Any, validation: Coded, rows: np.ndarray) -> None:
    """Texts at two temperatures; and validation data painted by surprise."""
    if estimator.model_config_["kind"] == "InStep":
        _written(report, estimator)
    report.paragraph(
        f"The beginning of the validation data that are shown here. The stronger a symbol's colour, the less the model "
        f"expected it after those before it: none where it was sure, full from {BITS:g} bits on, a probability of "
        "1 in 1,000. The first symbols of a piece that does not begin a text come without anything before them."
    )
    report.painted(painted(estimator, validation, rows))


def _written(report: Report, estimator: Any) -> None:
    if estimator.ends_:
        report.table(
            [f"temperature {one:g}" for one in TEMPERATURES],
            zip(*([short(text) for text in _texts(estimator, one, SHOWN)] for one in TEMPERATURES), strict=True),
            "Texts that the model writes. A low temperature keeps to what is likely, 1 is as the model has learned.",
        )
        return
    for temperature in TEMPERATURES:
        report.paragraph(f"What the model writes at temperature {temperature:g}:")
        report.preformatted(_texts(estimator, temperature, 1)[0])


def _texts(estimator: Any, temperature: float, count: int) -> list[str]:
    return ["".join(islice(estimator.writing(temperature=temperature, seed=k), LENGTH)) for k in range(count)]


def painted(estimator: Any, validation: Coded, rows: np.ndarray) -> list[tuple[str, float]]:
    """Symbols with their share of the colour, of some documents up to a limit; an end is a new line."""
    codec, names = estimator.codecs_["input"], estimator.symbols_
    names[END] = "\n"
    pieces: list[tuple[str, float]] = []
    for row in rows:
        ids = validation.inputs[row][: PAINTED + 1 - len(pieces)].astype(np.int64)
        surprise = [0.0, *(-symbol_log_probabilities(estimator.model_, ids, estimator.device) / log(2))]
        for k, (number, bits) in enumerate(zip(ids.tolist(), surprise, strict=True)):
            if number != START:
                before = " " if codec.level == "words" and k and ids[k - 1] != START and number != END else ""
                pieces.append((before + names[number], bits / BITS))
        if len(pieces) >= PAINTED:
            break
    return pieces
