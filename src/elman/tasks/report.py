"""What a training has been, as a page: losses, learning rate, gradients, samples of predictions, configuration."""

import dataclasses
import platform
from importlib.metadata import version
from typing import Any

from elman import __version__
from elman.equations import Cell
from elman.errors import counted
from elman.reports import Report
from elman.reports.charts import Line, Mark, lines
from elman.tasks.baseline import parameters
from elman.tasks.coded import Coded
from elman.tasks.description import WIRINGS, codec_facts, codec_line, letter, network_equations
from elman.tasks.estimator import Estimator
from elman.tasks.samples import add_samples
from elman.train import Epoch, History, Point

ENDED = {
    "epochs": "It ended after all its epochs.",
    "patience": "It was stopped since further epochs brought nothing better.",
    "interrupted": "It was interrupted.",
}
LOSSES = (
    "The training loss is the mean over an epoch while the network learns, with dropout and the like at work; "
    "validation is measured after it, without them. Where the validation loss rises while the training loss falls, "
    "the network learns its training data by heart."
)
PACKAGES = ("torch", "numpy", "safetensors", "scikit-learn", "matplotlib")


def training_report(estimator: Estimator, validation: Coded | None, *, data: str | None = None) -> Report:
    """A page on a training: how it went, what the model predicts on validation data, and how it was made.

    Predictions are made for some of the validation data, so that the page takes a few seconds at most.

    Args:
        estimator: fitted.
        validation: what `prepared` set aside; None: nothing was.
        data: what the model was trained on, in words, such as "name → language".

    Example:
        >>> import elman
        >>> from elman.tasks.report import training_report
        >>> classifier = elman.Classifier(epochs=2, verbose=0)
        >>> names, languages = ["Rossi", "Bianchi", "Ricci", "Smith", "Jones", "Brown"], ["it"] * 3 + ["en"] * 3
        >>> training, validation = classifier.prepared(names, languages)
        >>> classifier = classifier.fit_coded(training, validation)
        >>> training_report(classifier, validation, data="name → language").write("names.report.html")
    """
    history = estimator.history_
    report = Report(f"Training to {estimator.task}" + (f": {data}" if data else ""))
    report.paragraph(summary(estimator))
    if history.epochs or history.curve:
        report.heading("How it went")
        if any(one.validation_loss is not None for one in history.epochs):
            report.paragraph(LOSSES)
        if history.epochs:
            _epochs(report, history)
        _descent(report, history, estimator.clip)
    report.heading("Samples of predictions")
    if validation is None:
        report.paragraph("No data was set aside for validation, so there is none to show predictions for.")
    else:
        add_samples(report, estimator, validation)
    _network(report, estimator)
    report.heading("Options")
    report.table(("option", "value", "meaning"), _options(estimator))
    report.heading("Versions")
    versions = [("elman", __version__), ("Python", platform.python_version())]
    report.pairs([*versions, *((name, version(name)) for name in PACKAGES)])
    return report


def summary(estimator: Estimator) -> str:
    """The training in one or two sentences."""
    history = estimator.history_
    text = "The training ended before its first epoch did."
    if history.best is not None:
        text = f"A network was trained for {counted(len(history.epochs), 'epochs')}"
        value = history.value(history.best)
        if value is None:
            text += ", without validation data; the model has the weights of the last."
        else:
            text += f". The best was epoch {history.best_epoch}, with {_article(history.watched)} of {value:.4f} on "
            text += "validation data; the model has its weights."
        text += f" {ENDED.get(history.ended or '', '')}"
    skipped = max(sum(one.skipped for one in history.epochs), sum(one.skipped for one in history.curve))
    if skipped:
        were = "steps were" if skipped > 1 else "step was"
        text += f" {skipped:,} {were} skipped: a loss or gradient was no finite number."
    return text.strip()


def _article(name: str | None) -> str:
    return f"{'an' if (name or '')[:1] in 'aeiou' else 'a'} {name}"


def _epochs(report: Report, history: History) -> None:
    epochs, best = history.epochs, history.best or history.epochs[-1]
    numbers = [one.number for one in epochs]
    drawn = [Line("training", numbers, [one.training_loss for one in epochs])]
    caption = f"In training it went from {epochs[0].training_loss:.4g} to {epochs[-1].training_loss:.4g}"
    known = {one.number: one.validation_loss for one in epochs if one.validation_loss is not None}
    if known:
        drawn.append(Line("validation", numbers, [one.validation_loss for one in epochs], second=True))
        lowest = min(known, key=known.__getitem__)
        caption += f"; on validation data it was lowest, {known[lowest]:.4g}, after epoch {lowest}"
    mark = Mark(best.number, known.get(best.number, best.training_loss), f"kept: epoch {best.number}")
    report.figure(lines(drawn, "epoch", "loss", mark=mark, positive=True), "Loss by epoch.", caption + ".")
    if history.metric is not None and best.metric is not None:
        first, last = epochs[0].metric, epochs[-1].metric
        caption = (
            f"On validation data, {'higher' if history.higher_is_better else 'lower'} is better: {first:.4g} after the "
            f"first epoch, {best.metric:.4g} after the best, epoch {best.number}, and {last:.4g} after the last."
        )
        drawn = [Line(history.metric, numbers, [one.metric for one in epochs], second=True)]
        mark = Mark(best.number, best.metric, f"best: epoch {best.number}")
        chart = lines(drawn, "epoch", history.metric, mark=mark)
        report.figure(chart, f"{history.metric[:1].upper()}{history.metric[1:]} by epoch.", caption)


def _descent(report: Report, history: History, clip: float) -> None:
    points = history.curve or [_as_point(one) for one in history.epochs]
    x = [point.epoch for point in points]
    of, at = ("stretch of steps", "epochs done") if history.curve else ("epoch", "epoch")
    losses = [point.loss for point in points if point.loss is not None]
    if history.curve and losses:
        caption = f"In finer steps than epochs: from {losses[0]:.4g} to {losses[-1]:.4g}."
        if skipped := sum(point.skipped > 0 for point in points):
            caption += f" In {skipped} of {len(points)} stretches steps were skipped."
        chart = lines([Line("loss", x, [point.loss for point in points])], at, "training loss", positive=True)
        report.figure(chart, "Training loss over the run.", caption)
    rates = [point.learning_rate for point in points]
    peak = max(range(len(points)), key=rates.__getitem__)
    when = f"when {x[peak]:.3g} of the epochs were done" if history.curve else f"in epoch {x[peak]:g}"
    caption = f"At the end of each {of}: {rates[peak]:.3g} at most, {when}; {rates[-1]:.3g} at the end."
    report.figure(lines([Line("learning rate", x, rates)], at, "learning rate"), "Learning rate.", caption)
    _gradients(report, points, at, clip)


def _gradients(report: Report, points: list[Point], at: str, clip: float) -> None:
    norms = [point.gradient_norm for point in points if point.gradient_norm is not None]
    if not norms:
        return
    x = [point.epoch for point in points]
    drawn = [Line("mean", x, [point.gradient_norm for point in points])]
    caption = f"Before clipping: the means lie between {min(norms):.3g} and {max(norms):.3g}"
    largest = [point.largest_norm for point in points if point.largest_norm is not None]
    if largest and largest != norms:  # they are equal where each point is one step
        drawn.append(Line("largest", x, [point.largest_norm for point in points], second=True))
        caption += f", the largest of all was {max(largest):.3g}"
    caption += f". Gradients longer than {clip:g} were shortened to it." if clip else ". None was shortened."
    limit = (clip, f"clip {clip:g}") if clip else None
    report.figure(lines(drawn, at, "gradient norm", limit=limit, positive=True), "Gradient norm.", caption)


def _as_point(epoch: Epoch) -> Point:
    return Point(epoch.number, epoch.training_loss, epoch.learning_rate, epoch.gradient_norm, None, epoch.skipped)


def _network(report: Report, estimator: Estimator) -> None:
    config = {name: value for name, value in estimator.model_config_.items() if name not in ("cell", "kind")}
    cell = Cell.from_config(estimator.model_config_["cell"]) if "cell" in estimator.model_config_ else None
    kind = WIRINGS[estimator.model_config_["kind"]]
    report.heading("Network")
    report.preformatted("\n".join(network_equations(cell, {"kind": estimator.model_config_["kind"], **config})))
    codecs = ((f"{end} codec", codec_line(codec_facts(one.to_config()))) for end, one in estimator.codecs_.items())
    report.pairs(
        [
            ("wiring", kind),
            *([("cell", cell.name)] if cell else []),
            *codecs,
            ("parameters", parameters(estimator.model_)),
            *((name.replace("_", " "), _plain(value)) for name, value in config.items() if name != "crf"),
            *(
                [("legal steps between tags", sum(row.count("1") for row in config["crf"]))]
                if config.get("crf")
                else []
            ),
        ]
    )
    rows = [
        (name, " × ".join(map(str, value.shape)), letter(name)) for name, value in estimator.model_.state_dict().items()
    ]
    report.table(("weights", "shape", "in the equations"), rows)


def _options(estimator: Estimator) -> list[tuple[str, str | int | float | None, str]]:
    return [
        (one.name, _plain(getattr(estimator, one.name)), " ".join(one.metadata["help"].split()))
        for one in dataclasses.fields(estimator)
        if "help" in one.metadata and one.metadata.get("flag", True)
    ]


def _plain(value: Any) -> str | None:
    """A value as text, and so set to the left."""
    if value is None:
        return None
    return value.name if isinstance(value, Cell) else str(value)
