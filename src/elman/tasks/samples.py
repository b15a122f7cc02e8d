"""Samples of what a model predicts on validation data, beside what is right."""

import math
from collections import Counter
from typing import Any

import numpy as np

from elman.codecs import SeriesCodec, TextCodec
from elman.codecs.text import SHOWN_UNKNOWN
from elman.reports import Report
from elman.reports.charts import Line, agreement, lines
from elman.tasks.coded import Coded
from elman.tasks.estimator import Estimator
from elman.tasks.translator import edit_distance, symbols

SEQUENCES = {"classify": 2000, "regress": 500, "translate": 200}  # predicted at most
STEPS = 20_000  # of all of them together, about
LONGEST = 2000  # steps of a sequence with a value per step: of a longer one its end is read
SHOWN_STEPS = 200
SHOWN = 12  # rows of a table
PICTURES = 3  # of sequences, or of outputs
CLASSES = 20  # of a confusion matrix
POINTS = 400
LONGEST_TEXT = 160
RIGHT, WRONG = "✓", "✗"


def add_samples(report: Report, estimator: Estimator, validation: Coded) -> None:
    """Add tables and pictures of predictions to a report."""
    in_step = estimator.model_config_["kind"] == "InStep" or estimator.model_config_.get("in_step", False)
    rows = _drawn(validation, SEQUENCES[estimator.task], LONGEST if in_step else STEPS)
    few = f", of which {len(rows):,} are predicted here" if len(rows) < len(validation) else ""
    said = f"The validation data has {len(validation):,} sequence{'s' if len(validation) > 1 else ''}{few}."
    if any(isinstance(codec, TextCodec) for codec in estimator.codecs_.values()):
        said += f" {SHOWN_UNKNOWN} stands for a symbol that the model does not know."
    report.paragraph(said)
    if estimator.task == "classify":
        _classes(report, estimator, validation, rows)
    elif estimator.task == "translate":
        _translations(report, estimator, validation, rows)
    elif in_step:
        _steps(report, estimator, validation, rows)
    else:
        _values(report, estimator, validation, rows)


def _drawn(coded: Coded, most: int, longest: int) -> np.ndarray:
    """Rows drawn at random, ever the same, as many as the limits of sequences and steps allow, and at least one."""
    rows = np.random.default_rng(0).permutation(len(coded))[:most]
    steps = np.cumsum([min(len(coded.inputs[row]), longest) for row in rows])
    return rows[: max(int((steps <= STEPS).sum()), 1)]


def _raw(codec: TextCodec | SeriesCodec, inputs: np.ndarray) -> Any:
    """What an encoded sequence was made of: unknown symbols show as �, missing numbers are NaN."""
    if isinstance(codec, TextCodec):
        return codec.decode(inputs)
    values = codec.decode(inputs)
    missing = inputs[:, codec.input_size :] > 0
    values[:, codec.indicators] = np.where(missing, np.nan, values[:, codec.indicators])
    return values


def _classes(report: Report, estimator: Any, validation: Coded, rows: np.ndarray) -> None:
    codec, output = estimator.codecs_["input"], estimator.codecs_["output"]
    inputs = [_raw(codec, validation.inputs[row]) for row in rows]
    truth = np.array([int(validation.targets[row]) for row in rows])
    probabilities = estimator.predict_proba(inputs)
    predicted = probabilities.argmax(1)
    right = predicted == truth
    names = [str(one) for one in output.classes]
    report.paragraph(f"{right.sum():,} of {len(rows):,} are predicted right, {right.mean():.1%}.")
    if isinstance(codec, TextCodec):

        def line(k: int) -> tuple[str, str, str, str, float]:
            mark, one = RIGHT if right[k] else WRONG, names[predicted[k]]
            return mark, _short(inputs[k]), names[truth[k]], one, float(probabilities[k].max())

        header = ("", "input", "expected", "predicted", "probability")
        report.table(header, map(line, range(min(len(rows), SHOWN))), f"Drawn at random: {RIGHT} right, {WRONG} wrong.")
        wrong = np.flatnonzero(~right)
        surest = wrong[np.argsort(-probabilities[wrong].max(1), kind="stable")][:SHOWN]
        if len(surest):
            report.table(header, map(line, surest), "Wrong ones that the model is most sure of.")
    _confusions(report, names, Counter(zip(truth.tolist(), predicted.tolist(), strict=True)))


def _confusions(report: Report, names: list[str], counts: Counter[tuple[int, int]]) -> None:
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


def _translations(report: Report, estimator: Any, validation: Coded, rows: np.ndarray) -> None:
    source, target = estimator.codecs_["input"], estimator.codecs_["output"]
    inputs = [source.decode(validation.inputs[row]) for row in rows]
    expected = [target.decode(validation.targets[row]) for row in rows]
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
        return mark, _short(inputs[k]), _short(expected[k]), _short(predicted[k])

    header = ("errors", "source", "expected", "predicted")
    report.table(header, map(line, range(min(len(rows), SHOWN))), "Drawn at random.")
    worst = sorted((k for k in range(len(rows)) if errors[k]), key=lambda k: (-errors[k] / max(len(cut[k][0]), 1), k))
    if worst:
        report.table(header, map(line, worst[:SHOWN]), "The worst: those with most errors for their length.")


def _values(report: Report, estimator: Any, validation: Coded, rows: np.ndarray) -> None:
    codec, output = estimator.codecs_["input"], estimator.codecs_["output"]
    inputs = [_raw(codec, validation.inputs[row]) for row in rows]
    truth = output.decode(np.stack([validation.targets[row] for row in rows]))  # (N, O)
    predicted = np.asarray(estimator.predict(inputs)).reshape(truth.shape)
    _agreements(report, truth, predicted)
    if isinstance(codec, TextCodec):
        columns = range(min(output.input_size, PICTURES))
        header = [f"{word}{_numbered(k, output)}" for k in columns for word in ("expected", "predicted", "error")]

        def line(row: int) -> list[str | float]:
            values = [(a, b, b - a) for a, b in zip(truth[row].tolist(), predicted[row].tolist(), strict=True)]
            return [_short(inputs[row]), *(value for k in columns for value in values[k])]

        report.table(["input", *header], map(line, range(min(len(rows), SHOWN))), "Drawn at random.")


def _steps(report: Report, estimator: Any, validation: Coded, rows: np.ndarray) -> None:
    codec, output = estimator.codecs_["input"], estimator.codecs_["output"]
    starts, inputs, truth = [], [], []
    for row in rows:
        target = validation.targets[row]
        scored = np.flatnonzero(~np.isnan(target).all(1))
        end = int(scored[-1]) + 1 if len(scored) else len(target)
        start = max(end - LONGEST, 0)
        starts.append(start)
        inputs.append(_raw(codec, validation.inputs[row][start:end]))
        truth.append(output.decode(target[start:end]))
    predicted = [
        np.asarray(one).reshape(true.shape) for one, true in zip(estimator.predict(inputs), truth, strict=True)
    ]
    errors = [_error(true, one, output.std) for true, one in zip(truth, predicted, strict=True)]
    order = [k for k in np.argsort(errors, kind="stable").tolist() if not math.isnan(errors[k])]
    if not order:
        report.paragraph("None of them has a target that is not missing.")
        return
    middle = order[len(order) // 2]
    if output.input_size > 1:
        chosen = [
            (middle, channel, "the middle error" * (len(order) > 1))
            for channel in range(min(output.input_size, PICTURES))
        ]
    else:
        names = {order[0]: "the smallest error", middle: "the middle error", order[-1]: "the largest error"}
        chosen = [(k, 0, name if len(order) > 1 else "") for k, name in names.items()]
    for k, channel, name in chosen:
        _over_time(report, truth[k][:, channel], predicted[k][:, channel], starts[k], name, _numbered(channel, output))
    _agreements(report, np.concatenate([truth[k] for k in order]), np.concatenate([predicted[k] for k in order]))


def _error(truth: np.ndarray, predicted: np.ndarray, scale: np.ndarray) -> float:
    """Root mean squared error in units of the training data's deviation; NaN without truth."""
    squares = ((predicted - truth) / scale)[~np.isnan(truth)] ** 2
    return float(squares.mean()) ** 0.5 if squares.size else math.nan


def _over_time(report: Report, truth: np.ndarray, predicted: np.ndarray, start: int, name: str, number: str) -> None:
    known = np.flatnonzero(~np.isnan(truth))
    if not len(known):
        return
    first = max(int(known[0]), len(truth) - SHOWN_STEPS)
    steps = np.arange(first, len(truth)) + start + 1
    drawn = [Line("truth", steps, truth[first:]), Line("prediction", steps, predicted[first:], second=True)]
    error = float(np.sqrt(np.nanmean((predicted[first:] - truth[first:]) ** 2)))
    which = f"The sequence with {name} of those predicted: its" if name else "The"
    caption = f"{which} steps {steps[0]:,} to {steps[-1]:,}; root of the mean squared error there: {error:.4g}."
    report.figure(lines(drawn, "step", f"target{number}"), f"Truth and prediction{number} over time.", caption)


def _agreements(report: Report, truth: np.ndarray, predicted: np.ndarray) -> None:
    """A picture for each of the first outputs. Shape: truth (N, O), predicted (N, O)."""
    for channel in range(min(truth.shape[1], PICTURES)):
        known = ~np.isnan(truth[:, channel])
        a, b = truth[known, channel], predicted[known, channel]
        if not len(a):
            continue
        error, mean = float(np.abs(b - a).mean()), float(np.abs(a - a.mean()).mean())
        drawn = np.random.default_rng(0).permutation(len(a))[:POINTS]
        caption = (
            f"Each point is one of {len(drawn):,} values: the nearer to the dotted line, the better. The mean absolute "
            f"error is {error:.4g}; always saying the mean of these values would give {mean:.4g}."
        )
        number = f" {channel + 1}" if truth.shape[1] > 1 else ""
        report.figure(agreement(a[drawn], b[drawn]), f"Prediction{number} against truth.", caption)


def _numbered(channel: int, output: SeriesCodec) -> str:
    return f" {channel + 1}" if output.input_size > 1 else ""


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
