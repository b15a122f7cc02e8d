"""`elman predict --pictures`: a page that shows where a model looked."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from elman.errors import InputError, counted
from elman.files import check_writable

if TYPE_CHECKING:
    from elman.cli.columns import Table

MOST = 8  # inputs that are drawn
SUFFIX = ".html"


def check_pictures(pictures: str | None, output: str | None, *, force: bool) -> None:
    """Refuse a page that cannot be written, before anything is predicted.

    Raises:
        InputError: it is not called so, is there already, or is the other output.
    """
    if pictures is None:
        return
    if Path(pictures).suffix != SUFFIX:
        raise InputError(f"--pictures is {pictures}: the name of a page ends in {SUFFIX}")
    if output is not None and Path(output).absolute() == Path(pictures).absolute():
        raise InputError(f"--pictures and --output are both {output}: give two names")
    check_writable(pictures, overwrite=force)


def write_pictures(path: str, estimator: Any, table: "Table", model: str, *, beam: int | None, force: bool) -> None:
    """Write the page, of the first inputs of a table."""
    from elman.cli.predictions.prediction import named
    from elman.reports import Report
    from elman.tasks.pictures import add_pictures

    X = table.X[:MOST]
    titles = [str(next(iter(one.values()))) for one in named(table)[:MOST]]
    report = Report(f"Where {Path(model).name} looked")
    add_pictures(report, estimator, X, titles, beam=beam)
    if len(table.X) > MOST or table.unreadable:
        left_out = f"; {counted(len(table.unreadable), 'others')} could not be read" if table.unreadable else ""
        report.paragraph(f"The first {len(X)} of {len(table.X):,} are shown{left_out}.")
    report.write(path, overwrite=force)
