"""Flags made of a task's options, and those that several verbs share."""

import dataclasses
import inspect
from typing import Annotated, Any

import typer

from elman.tasks.options import Options

TRAINING = {
    "epochs",
    "batch_size",
    "batch_steps",
    "accumulate",
    "optimizer",
    "momentum",
    "learning_rate",
    "warm_up",
    "decay",
    "weight_decay",
    "average",
    "clip",
    "window",
    "validation_fraction",
    "patience",
    "random_state",
    "device",
    "num_threads",
    "memory_budget",
    "max_skipped",
    "checkpoint_seconds",
    "verbose",
}

FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="CSV, TSV, JSON lines or Parquet; - is standard input")
]
ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="A .safetensors file that elman train wrote")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON, for programs")]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Refuse a missing value and a file that cannot be read; else it is left out, or a missing number marked",
    ),
]
Fill = Annotated[
    bool | None,
    typer.Option(
        "--fill/--no-fill",
        help="Insert missing time steps of a series to forecast as missing values; of repeated ones keep the last",
        show_default="as in training",
    ),
]
Stream = Annotated[
    bool | None,
    typer.Option(
        "--stream/--no-stream",
        help="Read the file bit by bit and train on a cache of it on the disk, for data larger than memory",
        show_default="for files above 256 MB",
    ),
]
TextColumn = Annotated[
    str | None, typer.Option("--text", "--source", metavar="COL", help="Column of texts, if not that of training")
]
AudioColumn = Annotated[
    str | None, typer.Option("--audio", metavar="COL", help="Column of audio files, if not that of training")
]
ImageColumn = Annotated[
    str | None, typer.Option("--image", metavar="COL", help="Column of images, if not that of training")
]
WordVectors = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="The word vectors of training, for words that only they know"),
]
InputColumns = Annotated[
    list[str] | None,
    typer.Option("--input", metavar="COL", help="Column of numbers, if not those of training; repeatable"),
]
TargetColumns = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        "--label",
        "--tags",
        "--caption",
        metavar="COL",
        help="Column of what is right, if not that of training; repeatable",
    ),
]


Beam = Annotated[
    int | None,
    typer.Option(min=1, help="Hypotheses that the search for a text carries; 1 is greedy", show_default="the model's"),
]
LanguageModelFile = Annotated[
    str | None,
    typer.Option("--language-model", metavar="MODEL", help="A generator of such texts, to search with; for sounds"),
]
LanguageWeight = Annotated[
    float | None,
    typer.Option(min=0, help="How much the language model counts beside the sound", show_default="the model's"),
]
SymbolBonus = Annotated[
    float | None,
    typer.Option(
        help="Added to a text's score for each symbol, since a language model favours short ones",
        show_default="the model's",
    ),
]


def option_flags(options: type[Options]) -> list[inspect.Parameter]:
    """A flag for each field of a task's options."""
    return [_flag(field) for field in dataclasses.fields(options) if field.metadata.get("flag", True)]


def _flag(field: "dataclasses.Field[Any]") -> inspect.Parameter:
    # "what it is  [default: what None stands for]"
    help, _, chosen = field.metadata["help"].partition("  [default: ")
    word = field.name.replace("_", "-")
    about = typer.Option(
        f"--{word}/--no-{word}" if field.type is bool else f"--{word}",
        help=help,
        show_default=chosen.rstrip("]") or True,
        rich_help_panel="Training" if field.name in TRAINING else "Network",
    )
    kind = str if isinstance(field.type, str) else field.type  # a cell is named; its class is not imported here
    return inspect.Parameter(
        field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=Annotated[kind, about]
    )
