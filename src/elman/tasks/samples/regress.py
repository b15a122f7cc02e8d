"""Samples of predicted numbers beside the true ones: over time, and one against the other."""

import math
from typing import Any

import numpy as np

from elman.codecs import SeriesCodec, TextCodec
from elman.reports import Report
from elman.reports.charts import Line, agreement, lines
from elman.tasks.coded import Coded
from elman.tasks.samples.rows import LONGEST, SHOWN, raw, short

SEQUENCES = 500
SHOWN_STEPS = 200
PICTURES = 3  # of sequences, or of outputs
POINTS = 400


def add(report: Report, estimator: Any, validation: Coded, rows: np.ndarray) -> None:
    """Of values per step some sequences over time; of all, prediction against truth."""
    (_steps if estimator.in_step else _values)(report, estimator, validation, rows)


def _values(report: Report, estimator: Any, validation: Coded, rows: np.ndarray) -> None:
    codec, output = estimator.codecs_["input"], estimator.codecs_["output"]
    inputs = [raw(codec, validation.inputs[row]) for row in rows]
    truth = output.decode(np.stack([validation.targets[row] for row in rows]))  # (N, O)
    predicted = np.asarray(estimator.predict(inputs)).reshape(truth.shape)
    _agreements(report, truth, predicted, output)
    if isinstance(codec, TextCodec):
        columns = range(min(output.input_size, PICTURES))
        header = [f"{word}{_numbered(k, output)}" for k in columns for word in ("expected", "predicted", "error")]

        def line(row: int) -> list[str | float]:
            values = [(a, b, b - a) for a, b in zip(truth[row].tolist(), predicted[row].tolist(), strict=True)]
            return [short(inputs[row]), *(value for k in columns for value in values[k])]

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
        inputs.append(raw(codec, validation.inputs[row][start:end]))
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
    _agreements(
        report, np.concatenate([truth[k] for k in order]), np.concatenate([predicted[k] for k in order]), output
    )


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


def _agreements(report: Report, truth: np.ndarray, predicted: np.ndarray, output: SeriesCodec) -> None:
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
        number = _numbered(channel, output)
        report.figure(agreement(a[drawn], b[drawn]), f"Prediction{number} against truth.", caption)


def _numbered(channel: int, output: SeriesCodec) -> str:
    return f" {output.channel(channel)}" if output.input_size > 1 else ""
