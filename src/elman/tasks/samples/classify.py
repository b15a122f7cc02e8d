"""Samples of what a classifier says: which it takes for what, and where it is wrong but sure."""

from collections import Counter
from typing import Any

import numpy as np

from elman.codecs import TextCodec
from elman.reports import Report
from elman.tasks.coded import Coded
from elman.tasks.samples.rows import RIGHT, SHOWN, WRONG, short

SEQUENCES = 2000
CLASSES = 20  # of a confusion matrix


def add(report: Report, estimator: Any, validation: Coded, rows: np.ndarray) -> None:
    """Right and wrong ones, and a confusion matrix."""
    codec, output = estimator.codecs_["input"], estimator.codecs_["output"]
    inputs = [validation.inputs[row] for row in rows]
    truth = np.array([int(validation.targets[row]) for row in rows])
    probabilities = estimator.scores(inputs)
    predicted = probabilities.argmax(1)
    right = predicted == truth
    names = [str(one) for one in output.classes]
    report.paragraph(f"{right.sum():,} of {len(rows):,} are predicted right, {right.mean():.1%}.")
    if isinstance(codec, TextCodec):
        texts = [codec.decode(one) for one in inputs]

        def line(k: int) -> tuple[str, str, str, str, float]:
            mark, one = RIGHT if right[k] else WRONG, names[predicted[k]]
            return mark, short(texts[k]), names[truth[k]], one, float(probabilities[k].max())

        header = ("", "input", "expected", "predicted", "probability")
        report.table(header, map(line, range(min(len(rows), SHOWN))), f"Drawn at random: {RIGHT} right, {WRONG} wrong.")
        wrong = np.flatnonzero(~right)
        surest = wrong[np.argsort(-probabilities[wrong].max(1), kind="stable")][:SHOWN]
        if len(surest):
            report.table(header, map(line, surest), "Wrong ones that the model is most sure of.")
    confusions(report, names, Counter(zip(truth.tolist(), predicted.tolist(), strict=True)))


def confusions(report: Report, names: list[str], counts: Counter[tuple[int, int]]) -> None:
    """How often each class is taken for each, as a matrix if there are few, and the most frequent mistakes."""
    classes = range(len(names))
    if len(names) <= CLASSES:
        report.paragraph(
            "Which class is taken for which: a row for each expected class, a column for each predicted one. Framed "
            "cells, on the diagonal, are right; the stronger a cell's colour, the larger its share of its row."
        )
        report.matrix(names, [[counts[a, b] for b in classes] for a in classes], rows="expected", columns="predicted")
    wrong = sorted((pair for pair in counts if pair[0] != pair[1]), key=lambda pair: (-counts[pair], pair))
    if wrong:
        mistakes = ((names[a], names[b], counts[a, b]) for a, b in wrong[:SHOWN])
        report.table(("expected", "predicted", "times"), mistakes, "The most frequent mistakes.")
