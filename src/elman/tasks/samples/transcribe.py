"""Samples of transcripts beside what is right, and pictures of sounds with their text at its time."""

from typing import Any

import numpy as np

from elman.codecs.recording import STEP
from elman.reports import Report
from elman.reports.charts import spectrogram
from elman.tasks.coded import Coded
from elman.tasks.samples.rows import RIGHT, SHOWN, WRONG, short
from elman.tasks.text_scores import edit_distance, symbols

SEQUENCES = 200
PICTURES = 2
LONGEST = 6.0  # seconds of a picture
MANY = 24  # characters, above which a picture has words


def add(report: Report, estimator: Any, validation: Coded, rows: np.ndarray) -> None:
    """Random ones, the worst, and pictures."""
    codec = estimator.codecs_["output"]
    inputs = [validation.inputs[row] for row in rows]
    assert validation.texts is not None
    expected = [validation.texts[row][0] for row in rows]
    predicted = [found[0].text for found in estimator.searched(inputs)]
    cut = [(symbols(a, codec.level), symbols(b, codec.level)) for a, b in zip(expected, predicted, strict=True)]
    errors = [edit_distance(a, b) for a, b in cut]
    exact = errors.count(0)
    report.paragraph(
        f"{exact:,} of {len(rows):,} are transcribed exactly, {exact / len(rows):.1%}. {RIGHT} marks them; {WRONG} "
        f"2 / 7 means two errors, {codec.level} that are missing, too many or wrong, where 7 are expected."
    )

    def line(k: int) -> tuple[str, str, str]:
        mark = f"{WRONG} {errors[k]} / {len(cut[k][0])}" if errors[k] else RIGHT
        return mark, short(expected[k]), short(predicted[k])

    header = ("errors", "expected", "transcribed")
    report.table(header, map(line, range(min(len(rows), SHOWN))), "Drawn at random.")
    worst = sorted((k for k in range(len(rows)) if errors[k]), key=lambda k: (-errors[k] / max(len(cut[k][0]), 1), k))
    if worst:
        report.table(header, map(line, worst[:SHOWN]), "The worst: those with most errors for their length.")
    for k in _pictured(inputs, predicted, estimator.codecs_["input"].step):
        _picture(report, estimator, inputs[k], predicted[k])


def _pictured(inputs: list[np.ndarray], texts: list[str], step: float) -> list[int]:
    """The first sounds that are short enough and have a text."""
    return [k for k, (one, text) in enumerate(zip(inputs, texts, strict=True)) if text and len(one) * step <= LONGEST][
        :PICTURES
    ]


def _picture(report: Report, estimator: Any, frames: np.ndarray, text: str) -> None:
    [found] = estimator.aligned([frames], [text])
    parts = found.symbols if len(found.symbols) <= MANY else found.words
    spoken = [(one.text, one.start, one.end) for one in parts]
    report.figure(
        spectrogram(estimator.codecs_["input"].decode(frames), STEP, spoken),
        f"Where “{short(text)}” lies in its sound.",
        "Energy by time and band, the darker the louder. Coloured is when the network speaks up for each part of the "
        "text, which is often shorter than the sound of it, and after its beginning.",
    )
