"""Pictures of where a model looked while it wrote, in a report."""

from collections.abc import Sequence
from typing import Any

from elman.reports import Report
from elman.tasks.samples.rows import short
from elman.tasks.text_writer import TextWriter


def add_pictures(
    report: Report, estimator: TextWriter, X: Sequence[Any], titles: Sequence[str], *, beam: int | None = None
) -> None:
    """Add a picture of each input's best text.

    Args:
        report: to add to.
        estimator: fitted; it decides what is drawn.
        X: the inputs.
        titles: what to call each.
        beam: as for `TextWriter.hypotheses`.
    """
    report.paragraph(estimator.explained)
    for one, title, found in zip(X, titles, estimator.hypotheses(X, beam=beam, attention=True), strict=True):
        if not found:  # nothing that it can write is possible
            continue
        report.figure(estimator.picture(found[0], one), short(title), short(found[0].text))
