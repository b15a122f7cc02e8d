"""`elman generate MODEL`: a text is written, and shown symbol by symbol as it comes."""

import json
import sys
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from elman.cli.flags import Json, ModelArgument
from elman.cli.shown import drop_output, tell
from elman.errors import InputError

if TYPE_CHECKING:
    from elman.tasks import Generator


def generate(
    model: ModelArgument,
    prompt: Annotated[str, typer.Option(metavar="TEXT", help="What the text begins with")] = "",
    length: Annotated[int, typer.Option(metavar="N", help="Symbols to write at most; fewer where a text ends")] = 200,
    temperature: Annotated[
        float, typer.Option(metavar="T", help="Below 1 safer, above 1 bolder; 0: always the likeliest symbol")
    ] = 1.0,
    top_k: Annotated[int | None, typer.Option(metavar="K", help="Draw from the K likeliest symbols alone")] = None,
    top_p: Annotated[
        float | None, typer.Option(metavar="P", help="Draw from the likeliest symbols that together have P")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="S", help="Equal seeds give equal texts")] = None,
    count: Annotated[int, typer.Option(metavar="N", help="How many texts")] = 1,
    as_json: Json = False,
) -> None:
    """Write text with a trained generator."""
    from elman.models.sampling import check_sampling
    from elman.tasks.writing import check_whole, fresh_seed

    for name, value, least in (("length", length, 1), ("count", count, 1), ("seed", seed, 0)):
        if value is not None:
            check_whole(name, value, least)
    check_sampling(temperature, top_k, top_p)

    from elman.cli.models import open_model, unknown_symbols

    estimator, _ = open_model(model)
    if estimator.task != "generate":
        raise InputError(f"{model} was trained to {estimator.task}: elman predict is for it; train generate makes one")
    how = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    for note in unknown_symbols(estimator, [prompt]):
        tell(f"--prompt has {note}")
    own = fresh_seed() if seed is None else seed
    try:
        for k in range(count):
            _write(cast("Generator", estimator), prompt, length, how, [k, own], as_json)
    except BrokenPipeError:
        raise typer.Exit(drop_output()) from None


def visible(text: str) -> str:
    """A text without what would command the terminal: a model may have learned that from its texts."""
    return "".join(one if one.isprintable() or one in "\n\t" else repr(one)[1:-1] for one in text)


def _write(
    generator: "Generator", prompt: str, length: int, how: dict[str, Any], seed: list[int], as_json: bool
) -> None:
    writing = generator.writing(prompt, **how, seed=seed)
    pieces = islice(writing, length)
    if as_json:
        text = "".join([prompt, *pieces, writing.held])
        record = {"text": text, "ended": writing.ended, "prompt": prompt, "seed": seed[1], "number": seed[0], **how}
        typer.echo(json.dumps(record, ensure_ascii=False))
        return
    typer.echo(prompt, nl=False)
    shown = visible if sys.stdout.isatty() else str
    try:
        for piece in pieces:
            typer.echo(shown(piece), nl=False)  # which flushes
        typer.echo(writing.held)
    except KeyboardInterrupt:
        typer.echo()  # what was written stands on a line of its own
        raise
