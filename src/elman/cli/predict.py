"""`elman predict MODEL`: what a model gives for sequences from the command line or from a table."""

import dataclasses
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.flags import (
    AudioColumn,
    Beam,
    Fill,
    Force,
    ImageColumn,
    InputColumns,
    Json,
    LanguageModelFile,
    LanguageWeight,
    ModelArgument,
    SymbolBonus,
    TextColumn,
    WordVectors,
)
from elman.cli.pictures import MOST, check_pictures, write_pictures
from elman.cli.predictions import flags_of, prediction_of
from elman.cli.reading import read_arguments, read_for
from elman.cli.shown import show_rows, tell, telling_warnings
from elman.errors import InputError
from elman.files import check_writable, replace_file

if TYPE_CHECKING:
    pass


def predict(
    model: ModelArgument,
    sequences: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SEQUENCE]...",
            help="Texts, audio files or images or folders of them, or numbers as JSON: '[1, 2.5]', '[[1, 2], [3, 4]]'",
        ),
    ] = None,
    file: Annotated[str | None, typer.Option(metavar="FILE", help="A table of sequences; - is standard input")] = None,
    text: TextColumn = None,
    audio: AudioColumn = None,
    image: ImageColumn = None,
    inputs: InputColumns = None,
    word_vectors: WordVectors = None,
    beam: Beam = None,
    language_model: LanguageModelFile = None,
    language_weight: LanguageWeight = None,
    symbol_bonus: SymbolBonus = None,
    horizon: Annotated[
        int | None, typer.Option(min=1, help="Time steps to forecast  [default: as in training]")
    ] = None,
    level: Annotated[
        list[float] | None,
        typer.Option(metavar="PERCENT", help="What an interval around a forecast is to cover, such as 80; repeatable"),
    ] = None,
    ahead: Annotated[
        str | None, typer.Option(metavar="FILE", help="Table of what is known of the time steps to forecast")
    ] = None,
    fill: Fill = None,
    as_json: Json = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write a table: .csv, .tsv, .jsonl or .parquet"),
    ] = None,
    pictures: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help=f"Write a page (.html) of where the model looked while it wrote, at the first {MOST} it can read",
        ),
    ] = None,
    force: Force = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a file or a series that cannot be read; else its result is empty")
    ] = False,
) -> None:
    """Give the label, the numbers, the translation or the future of each sequence."""
    if not sequences and file is None:
        raise InputError(f"nothing to predict: give texts or numbers after {shlex.quote(model)}, or --file FILE")
    if sequences and file is not None:
        raise InputError("there are both sequences and --file: give one of them")
    if output is not None:
        check_writable(output, overwrite=force)
    check_pictures(pictures, output, force=force)

    from elman.cli.media import (
        fitting_arguments,
        frame_with_unreadable,
        with_beginnings,
        with_media,
        with_unreadable,
    )
    from elman.cli.models import added_words, columns_of, open_model, read_series_as_told, unknown_symbols

    estimator, metadata = open_model(model)
    prediction = prediction_of(estimator.task)
    given: dict[str, Any] = {
        "beam": beam,
        "language_model": language_model,
        "language_weight": language_weight,
        "level": level,
    }
    given |= {"symbol_bonus": symbol_bonus, "horizon": horizon, "ahead": ahead, "fill": fill, "pictures": pictures}
    flags = flags_of(given, prediction, f"{model}, which was trained to {estimator.task}")
    read_series_as_told(estimator, strict=strict, fill=fill)
    sequences = fitting_arguments(sequences or [], estimator, model)
    shows_lines = output is None and not as_json
    if file is None and shows_lines and prediction.live and prediction.live(estimator, sequences, flags, strict):
        return
    if file is None:
        table = read_arguments(sequences, estimator, metadata)
        if prediction.live is not None and not strict:
            table = with_beginnings(table, estimator.codecs_["input"])
    else:
        columns = dataclasses.replace(columns_of(metadata, model, text, inputs, audio=audio, image=image), target=None)
        table = read_for(estimator, model, file, columns)
    table = with_media(table, estimator.codecs_["input"], strict=strict)
    added = added_words(estimator, word_vectors, table.X)
    with telling_warnings():
        found = prediction.records(estimator, table, flags)
        if pictures is not None:
            write_pictures(pictures, estimator, table, model, beam=beam, force=force)
    records = with_unreadable(found, table)
    if output is not None and as_json:
        _write_lines(records, output, force)
    elif output is not None:
        from elman.tables import write_table

        frame = frame_with_unreadable(prediction.frame(found, table, estimator), table)
        write_table(frame, output, overwrite=force)
    elif as_json:
        for record in records:
            typer.echo(_json(record))
    else:
        shown = [_unreadable(record) if "error" in record else prediction.line(record) for record in records]
        show_rows(shown, aligned=prediction.aligned)
    for note in [*table.notes, *added, *unknown_symbols(estimator, table.X)]:
        tell(note)


def _unreadable(record: dict[str, Any]) -> list[str]:
    """The line of a file that could not be read: its name and the reason, without a result."""
    return [str(next(iter(record.values()))), "-", str(record["error"])]


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False, default=str)


def _write_lines(records: list[dict[str, Any]], output: str, force: bool) -> None:
    with replace_file(output, overwrite=force) as temporary:
        Path(temporary).write_text("".join(f"{_json(one)}\n" for one in records), encoding="utf-8", newline="\n")
