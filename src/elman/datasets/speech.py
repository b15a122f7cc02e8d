"""Speech with transcripts: recordings out of packages of Debian, unpacked into the cache, and what is made there."""

import gzip
import re
import wave
from pathlib import Path

import pandas as pd

from elman.datasets.archives import read_member
from elman.datasets.spoken_commands import made_sounds, utterances
from elman.datasets.unpacking import unpack
from elman.errors import InputError

COLUMNS = ["audio", "text", "seconds"]
PROMPT = re.compile(r"\s*([\w./-]+):\s*(.*)")  # a file's name without its suffix, and what is said in it
GLUED = re.compile(r"\s([\w./-]+):\s")  # two entries in one line
REMARK = re.compile(r"\[[^]]*\]|\([^)]*\)|<[^>]*>")
TONES = {"beep", "beeperr", "confbridge-join", "confbridge-leave"}  # the Italian list has them without brackets
LOST = {" ? ": " è ", "cos? ": "così ", "pi? ": "più ", "pu? ": "può ", "sar? ": "sarà "}  # accents of the Italian list
SENTENCE = re.compile(r"<s>(.*)</s>\s*\((.*)\)")


def read_prompts(sounds: Path, texts: Path) -> pd.DataFrame:
    """Read the prompts of a telephone exchange: recordings in one package, in another the list of what is said.

    The list's remarks are left out, and so are recordings without words; an entry that another one is glued to ends
    where that begins; lost accents are put back.
    """
    files = {_name(path): path for path in map(Path, unpack(sounds, "*/sounds/*.wav").values())}
    listing = gzip.decompress(read_member(texts, "*/core-sounds-*.txt.gz")).decode("utf-8-sig")
    rows = []
    for line in listing.splitlines():
        entry = None if line.startswith(";") else PROMPT.match(line)
        if entry is None:
            continue
        name, text = entry[1].lower(), _words(entry[1], entry[2], files)
        if name in files and name not in TONES and re.search(r"\w", text):
            rows.append((str(files[name]), text, _seconds(files[name])))
    return pd.DataFrame(rows, columns=COLUMNS)


def read_librivox(archive: Path) -> pd.DataFrame:
    """Read the sentences of an audiobook, and names of cards, that pocketsphinx is tested with."""
    rows = []
    for part in ("librivox", "cards"):
        files = {path.stem: path for path in unpack(archive, f"*/{part}/*.wav").values()}
        listing = read_member(archive, f"*/{part}/*transcription").decode("utf-8")
        for words, name in SENTENCE.findall(listing):
            rows.append((str(files[name]), words.strip(), _seconds(files[name]), part))
    return pd.DataFrame(rows, columns=[*COLUMNS, "part"])


def read_spoken_commands() -> pd.DataFrame:
    """Say what programs have spoken into which file; they do so now if they have not yet."""
    folder = made_sounds()
    rows = [(str(folder / f"{row:04}.wav"), one.text, one.voice, one.part) for row, one in enumerate(utterances())]
    return pd.DataFrame(rows, columns=["audio", "text", "voice", "part"])


def _name(path: Path) -> str:
    """The name that the list of prompts has for a file: it stands below the folder of the voice, `digits/h-1`."""
    parts = path.with_suffix("").parts
    return "/".join(parts[parts.index("sounds") + 2 :]).lower()


def _words(name: str, text: str, files: dict[str, Path]) -> str:
    """What is said, of an entry of the list."""
    text = text.removeprefix(f"{name}: ")  # once in the Russian list
    for glued in GLUED.finditer(text):
        if glued[1] in files:
            text = text[: glued.start()]
            break
    for lost, letters in LOST.items():
        text = text.replace(lost, letters)
    return " ".join(REMARK.sub(" ", text).split())


def _seconds(file: Path) -> float:
    try:
        with wave.open(str(file)) as sound:
            return float(sound.getnframes() / sound.getframerate())
    except (OSError, EOFError, wave.Error) as error:
        raise InputError(f"{file} is damaged ({error}): remove its folder, and load the data set again") from error
