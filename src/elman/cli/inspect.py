"""`elman inspect MODEL INPUT`: a page of what a model does inside while it reads one input."""

import dataclasses
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.flags import AudioColumn, Force, ImageColumn, InputColumns, ModelArgument, TextColumn, WordVectors
from elman.cli.reading import is_file_of_rows, read_arguments, read_for, title_of
from elman.cli.shown import tell, telling_warnings
from elman.errors import InputError
from elman.files import check_writable

if TYPE_CHECKING:
    from elman.cli.columns import Table
    from elman.tasks.estimator import Estimator

SUFFIX = ".inspect.html"
OTHERS = 20  # rows of a file, from which it is read what units stand for


def inspect(
    model: ModelArgument,
    input: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="A text, an audio file or an image, numbers as JSON, or a file of rows; - is standard input",
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="The page, .html", show_default="MODEL.inspect.html"),
    ] = None,
    row: Annotated[
        int | None, typer.Option(min=1, metavar="K", help="Which row or series of a file, counted from 1")
    ] = None,
    text: TextColumn = None,
    audio: AudioColumn = None,
    image: ImageColumn = None,
    inputs: InputColumns = None,
    word_vectors: WordVectors = None,
    force: Force = False,
) -> None:
    """Show what a network does inside: states, gradients by lag, memory, dynamics, and what its units stand for."""
    path = _page(model, output)
    check_writable(path, overwrite=force)

    from elman.cli.media import with_media
    from elman.cli.models import added_words, columns_of, open_model, unknown_symbols
    from elman.tasks.inspection_report import inspection_report

    estimator, metadata = open_model(model)
    if is_file_of_rows(input, row, estimator):
        columns = columns_of(metadata, model, text, inputs, audio=audio, image=image)
        table = read_for(estimator, model, input, dataclasses.replace(columns, target=None))
    else:
        table = _alone(input, estimator, metadata, model)
    if not 0 < (row or 1) <= len(table.X):
        raise InputError(f"--row is {row or 1}, but {input} has {len(table.X):,} rows: count from 1")
    chosen = (row or 1) - 1
    first = max(0, min(chosen - OTHERS // 2, len(table.X) - OTHERS - 1))
    near = slice(first, first + OTHERS + 1)
    table = dataclasses.replace(table, X=table.X[near], keys=table.keys[near], y=[])
    chosen -= first
    table = with_media(table, estimator.codecs_["input"], strict=True)
    added = added_words(estimator, word_vectors, table.X)
    one, others = table.X[chosen], [*table.X[:chosen], *table.X[chosen + 1 :]]
    called = title_of(one, table.keys[chosen] if table.keys else input)
    title = f"Inside {Path(model).name}: {called}"
    with telling_warnings(), _progress() as progress:
        report = inspection_report(estimator, one, title=title, others=others, progress=progress)
    report.write(path, overwrite=force)
    typer.echo(path)
    for note in [*table.notes, *added, *unknown_symbols(estimator, [one])]:
        tell(note)


def _page(model: str, output: str | None) -> str:
    """Where the page goes.

    Raises:
        InputError: its name is not that of a page.
    """
    if output is None:
        return str(Path(model).with_suffix(SUFFIX))
    if Path(output).suffix != ".html":
        raise InputError(f"--output is {output}: the name of a page ends in .html")
    return output


def _alone(input: str, estimator: "Estimator", metadata: dict[str, Any], model: str) -> "Table":
    """An input that stands on the command line itself."""
    from elman.cli.media import fitting_arguments

    found = fitting_arguments([input], estimator, model)
    if len(found) > 1:
        raise InputError(
            f"the folder {input} has {len(found)} files: name one of them, such as {shlex.quote(found[0])}"
        )
    return read_arguments(found, estimator, metadata)


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    """A bar on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal or console.is_dumb_terminal:
        yield lambda share: None
        return
    columns = (TextColumn("looking inside"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, refresh_per_second=5) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share: bar.update(task, completed=share)
