"""From a file to sounds and what is said in them: any table, or the lists of LJSpeech and Common Voice as they are."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath

import pandas as pd

from elman.cli.columns import Columns, Table, check_distinct, read_columns, read_texts
from elman.tables import first_line, read_unquoted

AUDIO, TEXT = "audio", "text"
LJSPEECH = ("id", "text", "spoken")  # the last, if it is there, has numbers and abbreviations in words
COMMON_VOICE = ("path", "sentence")
MARKS_COMMON_VOICE = {"client_id", *COMMON_VOICE}
FOLDERS = {"ljspeech": "wavs", "bars": "wavs", "common voice": "clips"}
SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")  # of the files that LJSpeech's list has the names of


def read_spoken(file: str, columns: Columns, task: str, *, strict: bool = False) -> Table:
    """Read paths of sounds, and what is said in each if a target is named.

    A list of LJSpeech (`id|text|text in words`, without a header or with one that has these columns; sounds in `wavs`)
    and one of Common Voice (tabs between `client_id`, `path`, `sentence` and others; sounds in `clips`) are known by
    their first line.

    Raises:
        InputError: the file or a column is not as it should be.
    """
    form = spoken_form(file, columns)
    if form is None:
        return read_columns(file, columns, task, strict=strict)
    if form == "ljspeech":
        frame = _ljspeech(file)
        columns = replace(columns, audio=AUDIO, target=None if columns.target is None else TEXT)
    elif form == "bars":
        frame = read_unquoted(file, "|")
    else:
        frame = read_unquoted(file, "\t")
        audio, target = (
            usual if own is not None and own not in frame.columns else own
            for own, usual in zip((columns.audio, columns.only_target), COMMON_VOICE, strict=True)
        )
        columns = replace(columns, audio=audio, target=target)
    check_distinct(columns, task)
    assert columns.audio is not None
    table = read_texts(frame, columns, columns.audio, task, strict, file)
    return replace(table, keys=table.X, X=_placed(table.X, Path(file).parent, FOLDERS[form]))


def spoken_form(file: str, columns: Columns) -> str | None:
    """Which list a file is: "ljspeech", "common voice", "bars" as of LJSpeech with a header, or None, another table.

    Raises:
        InputError: there is no such file, or it is not UTF-8.
    """
    suffixes = [one.lower() for one in Path(file).suffixes if one.lower() != ".gz"]
    if file == "-" or suffixes[-1:] not in ([".csv"], [".tsv"], [".txt"]):
        return None
    line = first_line(file)
    if set(line.split("\t")) >= MARKS_COMMON_VOICE:
        return "common voice"
    cells = line.split("|")
    if len(cells) > 1 and {columns.audio, *columns.targets} & set(cells):
        return "bars"
    if 2 <= len(cells) <= len(LJSPEECH) and "\t" not in line:
        return "ljspeech"
    return None


def _ljspeech(file: str) -> pd.DataFrame:
    """The list as a table of `audio`, the name of a sound, and `text`, in words where it has them."""
    frame = read_unquoted(file, "|", LJSPEECH)
    name, text, spoken = (frame[column] for column in LJSPEECH)
    return pd.DataFrame({AUDIO: name, TEXT: spoken.where(spoken.notna(), text)})


def _placed(names: Sequence[str], folder: Path, usual: str) -> list[Path]:
    """Where the sounds are: in the usual folder beside the list, or in the list's own."""
    folders = [one for one in (folder / usual, folder) if one.is_dir()] or [folder]
    listed = {one: {entry.name for entry in one.iterdir()} for one in folders}
    return [_path(name, listed, folders[0]) for name in names]


def _path(name: str, listed: dict[Path, set[str]], first: Path) -> Path:
    known = PurePath(name).suffix.lower() in SUFFIXES
    for folder, there in listed.items():
        for file in (name,) if known else (name + suffix for suffix in SUFFIXES):
            if file in there or ("/" in file and (folder / file).is_file()):
                return folder / file
    return first / (name if known else name + SUFFIXES[0])
