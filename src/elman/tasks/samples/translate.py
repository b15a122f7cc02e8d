"""Samples of translations beside what is right."""

import warnings
from typing import Any

import numpy as np

from elman.errors import DataWarning
from elman.reports import Report
from elman.tasks.coded import Coded
from elman.tasks.pictures import add_pictures
from elman.tasks.samples.rows import RIGHT, SHOWN, WRONG, short
from elman.tasks.text_scores import edit_distance, symbols

SEQUENCES = 200
DRAWN = 3  # sources whose attention is shown
FITTING = 30  # symbols of a source that is


def add(report: Report, estimator: Any, validation: Coded, rows: np.ndarray) -> None:
    """Random ones, the worst, and where the network looked."""
    target = estimator.codecs_["output"]
    inputs, expected = map(list, zip(*(_texts(estimator, validation, row) for row in rows), strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # of long sources: these are what is validated with
        predicted = estimator.predict(inputs)
    cut = [(symbols(a, target.level), symbols(b, target.level)) for a, b in zip(expected, predicted, strict=True)]
    errors = [edit_distance(a, b) for a, b in cut]
    exact = errors.count(0)
    report.paragraph(
        f"{exact:,} of {len(rows):,} are predicted exactly, {exact / len(rows):.1%}. {RIGHT} marks them; {WRONG} 2 / 7 "
        "means two errors, symbols that are missing, too many or wrong, where 7 are expected. Of several right targets "
        "of a source, a row knows only its own."
    )

    def line(k: int) -> tuple[str, str, str, str]:
        mark = f"{WRONG} {errors[k]} / {len(cut[k][0])}" if errors[k] else RIGHT
        return mark, short(inputs[k]), short(expected[k]), short(predicted[k])

    header = ("errors", "source", "expected", "predicted")
    report.table(header, map(line, range(min(len(rows), SHOWN))), "Drawn at random.")
    worst = sorted((k for k in range(len(rows)) if errors[k]), key=lambda k: (-errors[k] / max(len(cut[k][0]), 1), k))
    if worst:
        report.table(header, map(line, worst[:SHOWN]), "The worst: those with most errors for their length.")
    fitting = [k for k in range(len(rows)) if 0 < len(validation.inputs[rows[k]]) <= FITTING][:DRAWN]
    if fitting:
        add_pictures(report, estimator, [inputs[k] for k in fitting], [inputs[k] for k in fitting])


def _texts(estimator: Any, validation: Coded, row: int) -> tuple[str, ...]:
    """A source and what is expected; of data that were streamed what their numbers tell."""
    if validation.texts is not None:
        return validation.texts[row]
    source, target = estimator.codecs_["input"], estimator.codecs_["output"]
    return source.decode(validation.inputs[row]), target.decode(estimator.symbols_of(validation.targets[row]))
