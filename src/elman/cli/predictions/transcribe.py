"""What `elman predict` shows of a transcriber: the text, of files while they are read; and when each word is said."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from elman.cli.models import search_as_told
from elman.cli.predictions.prediction import Prediction, named
from elman.cli.shown import GAP, one_line, tell, telling_warnings
from elman.errors import InputError, MissingExtra

if TYPE_CHECKING:
    from elman.cli.columns import Table
    from elman.codecs import Media, Sound
    from elman.tasks import Transcriber


def _records(estimator: "Transcriber", table: "Table", flags: dict[str, Any]) -> list[dict[str, Any]]:
    search_as_told(estimator, flags)
    found = estimator.hypotheses(table.X)
    alignments = estimator.align(table.X, [one[0].text for one in found])
    return [
        {
            **name,
            "text": best.text,
            "score": round(best.score, 6),
            "words": [{"text": one.text, "start": one.start, "end": one.end} for one in alignment.words],
        }
        for name, (best, *_), alignment in zip(named(table), found, alignments, strict=True)
    ]


def _line(record: dict[str, Any]) -> list[str]:
    return [str(next(iter(record.values()))), record["text"]]


def _live(estimator: "Transcriber", names: list[str], flags: dict[str, Any], strict: bool) -> bool:
    """Show the text of each file while it is read; of a damaged one what comes before the damage."""
    from elman.cli.media import ONLY_THE_BEGINNING
    from elman.codecs import Media
    from elman.codecs.audio import SAID

    with telling_warnings():
        search_as_told(estimator, flags)
    heard: Media[Sound] = Media(SAID)
    notes, gap = [], " " * GAP if sys.stdout.isatty() else "\t"
    for row, name in enumerate(names):
        begun = said = False
        try:
            for piece in _heard(estimator, Path(name), heard):
                _write("" if begun else one_line(name) + gap, piece)
                begun, said = True, said or bool(piece)
        except MissingExtra:
            raise
        except InputError as error:
            if begun:
                typer.echo()
            if strict or (len(names) == 1 and not begun):
                raise
            if begun:
                notes.append(f"{ONLY_THE_BEGINNING}: {error}")
            else:
                heard.unreadable[row] = str(error)
                typer.echo(f"{one_line(name)}\t-\t{error}")
        else:
            typer.echo("" if said else one_line(""))
    if len(heard.unreadable) == len(names):
        raise InputError(f"none of {len(names)} audio files can be read")
    for note in [*heard.notes(), *notes]:
        tell(note)
    return True


def _heard(estimator: "Transcriber", path: Path, heard: "Media[Sound]") -> Iterator[str]:
    """The text of a file piece by piece, of a network that hears the future in one; what is odd of it goes to `heard`.

    Raises:
        InputError: the file cannot be read, from its beginning or from some place on.
    """
    from elman.tasks.listener import listened_to

    for piece, sound in listened_to(estimator, path):
        if sound is not None:
            heard.items.append(sound)
        yield piece


def _write(before: str, piece: str) -> None:
    typer.echo(before + (one_line(piece) if piece else ""), nl=False)
    sys.stdout.flush()


PREDICTION = Prediction(
    _records, _line, flags=("beam", "language_model", "language_weight", "symbol_bonus"), live=_live
)
