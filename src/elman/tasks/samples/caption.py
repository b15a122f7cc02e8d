"""Samples of captions beside what is right, and where the network looked while it wrote some."""

from typing import Any

import numpy as np

from elman.codecs.image import Images
from elman.reports import Report
from elman.tasks.coded import Coded
from elman.tasks.pictures import add_pictures
from elman.tasks.samples.rows import RIGHT, SHOWN, WRONG, short
from elman.tasks.text_scores import edit_distance, symbols

SEQUENCES = 200
LOOKED_AT = 4  # images that attention is drawn on


def add(report: Report, estimator: Any, validation: Coded, rows: np.ndarray) -> None:
    """Random images and the worst, and attention."""
    source, target = estimator.codecs_["input"], estimator.codecs_["output"]
    inputs = validation.inputs
    assert isinstance(inputs, Images)
    rows = np.array([row for k, row in enumerate(rows) if inputs.rows[row] not in inputs.rows[rows[:k]]])
    several: dict[int, list[str]] = {}  # the captions of each image
    for row in range(len(validation)):
        several.setdefault(int(inputs.rows[row]), []).append(target.decode(validation.targets[row]))
    expected = [several[int(inputs.rows[row])] for row in rows]
    images = [source.decode(inputs[row]) for row in rows]
    found = [each[0].text for each in estimator.hypotheses(images)]
    errors = [_errors(one, right, target.level) for one, right in zip(found, expected, strict=True)]
    exact = sum(wrong == 0 for wrong, _ in errors)
    report.paragraph(
        f"{exact:,} of {len(rows):,} images are described exactly, {exact / len(rows):.1%}. {RIGHT} marks them; "
        f"{WRONG} 2 / 7 means two errors, symbols that are missing, too many or wrong, where 7 are expected; of "
        "several captions the nearest counts."
    )

    def line(k: int) -> tuple[np.ndarray, tuple[str, str, str]]:
        wrong, length = errors[k]
        mark = f"{WRONG} {wrong} / {length}" if wrong else RIGHT
        return images[k], (mark, short(expected[k][0]), short(found[k]))

    header = ("image", "errors", "expected", "predicted")
    report.gallery(header, map(line, range(min(len(rows), SHOWN))), "Drawn at random.")
    worst = sorted((k for k in range(len(rows)) if errors[k][0]), key=lambda k: (-errors[k][0] / errors[k][1], k))
    if worst:
        report.gallery(header, map(line, worst[:SHOWN]), "The worst: those with most errors for their length.")
    add_pictures(report, estimator, images[:LOOKED_AT], [each[0] for each in expected[:LOOKED_AT]])


def _errors(predicted: str, right: list[str], level: str) -> tuple[int, int]:
    """Errors beside the nearest of several captions, and how many symbols that one has."""
    cut = [symbols(text, level) for text in right]
    written = symbols(predicted, level)
    return min((edit_distance(written, each), max(len(each), 1)) for each in cut)
