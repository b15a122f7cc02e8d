"""Pictures of where a model looked while it wrote, in a report."""

from collections.abc import Sequence
from typing import Any

from elman.reports import Report
from elman.tasks.samples.rows import short
from elman.tasks.text_writer import TextWriter

EXPLAINED = (
    "The pictures show attention: what is read from left to right, what is written from top to bottom, whatever way "
    "their scripts run, and ■ for the step that ends the text. The darker a place, the more that step looked there."
)


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
    report.paragraph(EXPLAINED)
    for one, title, found in zip(X, titles, estimator.hypotheses(X, beam=beam, attention=True), strict=True):
        if not found:  # nothing that it can write is possible
            continue
        report.figure(estimator.picture(found[0], one), short(title), short(found[0].text))
