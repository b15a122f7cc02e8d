"""`elman explore MODEL`: a page on this machine that looks inside a model."""

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.flags import AudioColumn, ImageColumn, InputColumns, ModelArgument, TextColumn
from elman.cli.reading import read_for
from elman.cli.shown import tell

if TYPE_CHECKING:
    from elman.explore.explored import Example
    from elman.tasks.estimator import Estimator

MOST = 100  # examples
TITLE = 60  # characters of a title


def explore(
    model: ModelArgument,
    input: Annotated[
        str | None, typer.Argument(metavar="[INPUT]", help="A table or a text of inputs, to choose from on the page")
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
    """Look inside a model, live: states, gates, gradients, memory and outputs on a page on this machine."""
    from elman.errors import require

    require("fastapi", "serve")
    from elman.cli.models import open_model
    from elman.explore.explored import Explored
    from elman.explore.server import serve

    estimator, metadata = open_model(model)
    examples = []
    if input is not None:
        examples = _examples(estimator, metadata, model, input, text, audio, image, inputs)

    def ready(address: str) -> None:
        typer.echo(f"{Path(model).name}: {address}")
        tell("Ctrl-C ends it")
        if browser:
            webbrowser.open(address)

    serve(Explored(Path(model).name, estimator, examples, metadata), port, ready)


def _examples(
    estimator: "Estimator",
    metadata: dict[str, Any],
    model: str,
    file: str,
    text: str | None,
    audio: str | None,
    image: str | None,
    inputs: list[str] | None,
) -> "list[Example]":
    """The first inputs of a file."""
    import dataclasses

    from elman.cli.media import with_media
    from elman.cli.models import columns_of
    from elman.explore.explored import Example

    columns = columns_of(metadata, model, text, inputs, audio=audio, image=image)
    table = read_for(estimator, model, file, dataclasses.replace(columns, target=None))
    table = dataclasses.replace(
        table, X=table.X[:MOST], y=[], keys=table.keys[:MOST] or list(range(len(table.X[:MOST])))
    )
    table = with_media(table, estimator.codecs_["input"])
    return [Example(_title(raw, key), raw) for raw, key in zip(table.X, table.keys, strict=True)]


def _title(raw: Any, key: Any) -> str:
    """What an input is called: its text, or its name."""
    if isinstance(raw, list):
        raw = " ".join(raw)
    title = " ".join(raw.split()) if isinstance(raw, str) else str(key)
    return title if len(title) <= TITLE else f"{title[: TITLE - 1]}…"
