"""Tables of media files, sounds or images, on the command line."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from elman.cli.columns import Table
from elman.codecs import KINDS, MEDIA, AudioCodec, Kind, kind_of
from elman.codecs.audio import hear
from elman.codecs.sequences import SUFFIXES
from elman.errors import InputError, MissingExtra
from elman.tasks.media import media_of

ONLY_THE_BEGINNING = "only the beginning was heard"


def with_media(table: Table, codec: Any = None, *, strict: bool = False, verbose: int = 1) -> Table:
    """A table whose media files are read; those that cannot be are left out. Any other table as it is.

    Args:
        table: paths of files.
        codec: that of the model which is to read them; None: one is to be learned.
        strict: refuse a file that cannot be read.
        verbose: 0: no progress is shown.

    Raises:
        InputError: no file can be read; or with `strict`, one cannot.
    """
    if not table.X or kind_of(table.X) not in MEDIA:
        return table
    if strict and table.unreadable:
        raise InputError(next(iter(table.unreadable.values()))[1])
    media = media_of(table.X, codec, strict=strict, verbose=verbose)
    named = [row for row in range(len(table.X) + len(table.unreadable)) if row not in table.unreadable]
    unreadable = {named[row]: (table.keys[row], reason) for row, reason in media.unreadable.items()}
    return replace(
        table,
        X=list(media.items),
        y=[table.y[row] for row in media.rows] if table.y else [],
        keys=[table.keys[row] for row in media.rows],
        frame=table.frame.iloc[media.rows],
        notes=[*table.notes, *media.notes()],
        unreadable=table.unreadable | unreadable,
    )


def with_beginnings(table: Table, codec: AudioCodec) -> Table:
    """A table of audio files, of which those that are damaged after their beginning are read up to there.

    Args:
        table: paths of files.
        codec: that of the model which is to read them.
    """
    X: list[Any] = []
    notes = list(table.notes)
    for path in table.X:
        try:
            sound, fault = hear(path, codec.sample_rate, codec.bins)
        except MissingExtra:
            raise
        except InputError:  # which `with_media` will say
            X.append(path)
            continue
        X.append(sound)
        notes += [] if fault is None else [f"{ONLY_THE_BEGINNING}: {fault}"]
    return replace(table, X=X, notes=notes)


def reads(estimator: Any, model: str) -> str:
    """What a model was trained to and what it reads, for a message."""
    return f"{model} was trained to {estimator.task} and reads {KINDS[estimator.codecs_['input'].kind]}"


def fitting_arguments(arguments: Sequence[str], estimator: Any, model: str) -> list[str]:
    """What a model is to read of the command line, with the files of a folder in its place.

    Args:
        arguments: texts, files or folders.
        estimator: the model.
        model: the path of its file.

    Raises:
        InputError: one is a file of another kind than the model reads, or a folder without a file of its kind.
    """
    kind = estimator.codecs_["input"].kind
    found = media_files(arguments, kind) if kind in MEDIA else list(arguments)
    for one in found:
        path = Path(one)
        own = SUFFIXES.get(path.suffix.lower())
        if kind in MEDIA and own is None and not path.exists():
            raise InputError(f"{one!r} is no file, but {reads(estimator, model)}")
        if own != kind and own in MEDIA and (kind in MEDIA or path.is_file()):
            raise InputError(f"{one} is an {KINDS[own].removesuffix('s')}, but {reads(estimator, model)}")
    return found


def media_files(arguments: Sequence[str], kind: Kind) -> list[str]:
    """Files of the command line; of a folder all files of this kind that are in it, by name.

    Raises:
        InputError: a folder has none.
    """
    files: list[str] = []
    for argument in arguments:
        if not Path(argument).is_dir():
            files.append(argument)
            continue
        inside = sorted(path for path in Path(argument).iterdir() if SUFFIXES.get(path.suffix.lower()) == kind)
        if not inside:
            ends = ", ".join(suffix for suffix, of_kind in SUFFIXES.items() if of_kind == kind)
            raise InputError(f"the folder {argument} has no {KINDS[kind]}, whose names end in {ends}")
        files += map(str, inside)
    return files


def with_unreadable(records: list[dict[str, Any]], table: Table) -> list[dict[str, Any]]:
    """The records of a table, and in its place an empty one, with the reason, for each file that could not be read."""
    if not table.unreadable:
        return records
    name, *results = records[0]
    rest = iter(records)
    return [
        {name: table.unreadable[row][0], **dict.fromkeys(results), "error": table.unreadable[row][1]}
        if row in table.unreadable
        else next(rest)
        for row in range(len(records) + len(table.unreadable))
    ]


def frame_with_unreadable(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The same of a table of results, with a row for each file."""
    if not table.unreadable:
        return frame
    reasons = pd.DataFrame(
        [{frame.columns[0]: key, "error": reason} for key, reason in table.unreadable.values()],
        index=list(table.unreadable),
    )
    places = [row for row in range(len(frame) + len(reasons)) if row not in table.unreadable]
    return pd.concat([frame.set_axis(places), reasons]).sort_index()
