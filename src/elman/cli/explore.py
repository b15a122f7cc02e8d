"""`elman explore MODEL`: a page on this machine that looks inside a model."""

import dataclasses
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.flags import AudioColumn, ImageColumn, InputColumns, ModelArgument, TextColumn
from elman.cli.reading import is_file_of_rows, read_arguments, read_for, title_of
from elman.cli.shown import tell, telling_warnings
from elman.errors import InputError, require

if TYPE_CHECKING:
    from elman.cli.columns import Table
    from elman.explore.explored import Example
    from elman.tasks.estimator import Estimator

MOST = 100  # examples
PASSAGE = 300  # characters of a passage of a plain text


def explore(
    model: ModelArgument,
    input: Annotated[
        str | None,
        typer.Argument(
            metavar="[INPUT]",
            help="A file of rows or a folder, to choose from on the page; or one input, as of predict",
        ),
    ] = None,
    text: TextColumn = None,
    audio: AudioColumn = None,
    image: ImageColumn = None,
    inputs: InputColumns = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="Port on this machine; 0: a free one")
    ] = 8765,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser")] = True,
) -> None:
    """Look inside a model: its states, gates, gradients and memory, live on a page on this machine."""
    require("fastapi", "serve")
    from elman.cli.models import open_model, read_series_as_told
    from elman.explore.explored import Explored
    from elman.explore.server import serve
    from elman.models import Feedforward

    estimator, metadata = open_model(model)
    if isinstance(estimator.model_, Feedforward) or not getattr(estimator.model_, "recurrent", True):
        raise InputError(f"{model} has no memory, and so no hidden state to look at: train a recurrent network")
    read_series_as_told(estimator, strict=False, fill=None)
    examples = []
    if input is not None:
        flags = {"text": text, "inputs": inputs, "audio": audio, "image": image}
        with telling_warnings():
            table = _table(estimator, metadata, model, input, flags)
        for note in table.notes:
            tell(note)
        examples = _examples(table)

    def ready(address: str) -> None:
        typer.echo(f"{Path(model).name}: {address}")
        tell("Ctrl-C ends it")
        if browser:
            webbrowser.open(address)

    serve(Explored(Path(model).name, estimator, examples, metadata), port, ready)


def _table(estimator: "Estimator", metadata: dict[str, Any], model: str, input: str, flags: dict[str, Any]) -> "Table":
    """The first inputs of a file or of a folder of media files, or the one that stands on the command line."""
    from elman.cli.media import fitting_arguments, with_media
    from elman.cli.models import columns_of
    from elman.codecs import MEDIA

    codec = estimator.codecs_["input"]
    if (codec.kind in MEDIA and Path(input).is_dir()) or not is_file_of_rows(input, None, estimator):
        table = read_arguments(fitting_arguments([input], estimator, model), estimator, metadata)
    else:
        columns = columns_of(metadata, model, **flags)
        table = read_for(estimator, model, input, dataclasses.replace(columns, target=None))
    first = list(table.X[:MOST])
    return with_media(dataclasses.replace(table, X=first, keys=list(table.keys[: len(first)]), y=[]), codec)


def _examples(table: "Table") -> "list[Example]":
    """What the page offers: of one plain text its passages."""
    from elman.explore.explored import Example

    X, keys = table.X, table.keys or list(range(len(table.X)))
    if table.columns.is_plain_text and len(X) == 1 and isinstance(X[0], str):
        X = _passages(X[0])
        keys = list(range(len(X)))
    return [Example(title_of(raw, key), raw) for raw, key in zip(X, keys, strict=True)]


def _passages(text: str) -> list[str]:
    """The first paragraphs of a text, of long ones the beginnings."""
    found = []
    for paragraph in text.replace("\r\n", "\n").split("\n\n"):
        passage = paragraph.strip("\n")
        if len(passage) > PASSAGE:
            passage = passage[:PASSAGE].rpartition(" ")[0] or passage[:PASSAGE]
        found += [passage] if passage.strip() else []
    return found[:MOST]
