"""Samples of what a model predicts on validation data, for its report."""

import importlib

from elman.codecs import TextCodec, TokensCodec
from elman.codecs.text import SHOWN_UNKNOWN
from elman.reports import Report
from elman.tasks.coded import Coded
from elman.tasks.estimator import Estimator
from elman.tasks.samples.rows import drawn


def add_samples(report: Report, estimator: Estimator, validation: Coded) -> None:
    """Add tables and pictures of predictions to a report: those of `elman.tasks.samples.TASK`.

    Each has SEQUENCES, how many are predicted at most, and `add(report, estimator, validation, rows)`.
    """
    task = importlib.import_module(f"elman.tasks.samples.{estimator.task}")
    rows = drawn(validation, task.SEQUENCES, in_step=estimator.in_step)
    few = f", of which {len(rows):,} are predicted here" if len(rows) < len(validation) else ""
    said = f"The validation data has {len(validation):,} sequence{'s' if len(validation) > 1 else ''}{few}."
    if validation.texts is None and any(isinstance(one, TextCodec | TokensCodec) for one in estimator.codecs_.values()):
        said += f" {SHOWN_UNKNOWN} stands for a symbol that the model does not know."
    report.paragraph(said)
    task.add(report, estimator, validation, rows)
