"""`elman evaluate MODEL FILE`: how good a model is on data that it has not seen."""

import json

import typer

from elman.cli.flags import (
    AudioColumn,
    Beam,
    FileArgument,
    Fill,
    ImageColumn,
    InputColumns,
    Json,
    LanguageModelFile,
    LanguageWeight,
    ModelArgument,
    Strict,
    SymbolBonus,
    TargetColumns,
    TextColumn,
    WordVectors,
)
from elman.cli.predictions import flags_of, prediction_of
from elman.cli.reading import read_for
from elman.cli.shown import show_pairs, tell, telling_warnings
from elman.errors import InputError


def evaluate(
    model: ModelArgument,
    file: FileArgument,
    text: TextColumn = None,
    audio: AudioColumn = None,
    image: ImageColumn = None,
    inputs: InputColumns = None,
    word_vectors: WordVectors = None,
    target: TargetColumns = None,
    beam: Beam = None,
    language_model: LanguageModelFile = None,
    language_weight: LanguageWeight = None,
    symbol_bonus: SymbolBonus = None,
    fill: Fill = None,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Measure a model on a table: accuracy, errors, whatever its task is measured by."""
    from elman.cli.media import with_media
    from elman.cli.models import (
        added_words,
        columns_of,
        open_model,
        read_series_as_told,
        search_as_told,
        unknown_symbols,
    )

    estimator, metadata = open_model(model)
    if target is not None and len(target) > 1 and estimator.task != "regress":
        raise InputError(f"--target is given {len(target)} times, but {model} has one output: name one column")
    if fill is not None and estimator.task != "forecast":
        raise InputError(f"--fill is not for {model}, which was trained to {estimator.task}: leave it out")
    given = {"beam": beam, "language_model": language_model, "language_weight": language_weight}
    given |= {"symbol_bonus": symbol_bonus}
    flags = flags_of(given, prediction_of(estimator.task), f"{model}, which was trained to {estimator.task}")
    read_series_as_told(estimator, strict=strict, fill=fill)
    columns = columns_of(metadata, model, text, inputs, tuple(target or ()), audio=audio, image=image)
    if not columns.targets and estimator.output_codec is not None:
        raise InputError(f"{model} does not say which column is its target: give --target COL")
    table = with_media(
        read_for(estimator, model, file, columns, strict=strict), estimator.codecs_["input"], strict=strict
    )
    added = added_words(estimator, word_vectors, table.X)
    with telling_warnings():
        search_as_told(estimator, flags)
        measured = estimator.evaluate(table.X, table.y or None)
    for note in [*table.notes, *added, *unknown_symbols(estimator, table.X)]:
        tell(note)
    if as_json:
        typer.echo(json.dumps({"sequences": len(table.X), **measured}))
        return
    pairs = [(name.replace("_", " "), f"{value:.4f}") for name, value in measured.items()]
    show_pairs(f"{estimator.task}: {table.columns}", [("sequences", f"{len(table.X):,}"), *pairs])
