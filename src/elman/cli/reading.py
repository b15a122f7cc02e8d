"""From a file or the command line to the sequences that a task reads: which function knows the task's files."""

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elman.cli.shown import one_line
from elman.errors import InputError, MissingColumn

if TYPE_CHECKING:
    from elman.cli.columns import Columns, Table
    from elman.tasks.estimator import Estimator

TITLE = 60  # characters of what an input is called

READERS = {
    "caption": ("elman.cli.captioned_columns", "read_captioned"),
    "classify": ("elman.cli.columns", "read_columns"),
    "generate": ("elman.cli.documents", "read_documents"),
    "forecast": ("elman.cli.series_columns", "read_series"),
    "regress": ("elman.cli.columns", "read_columns"),
    "tag": ("elman.cli.tagged_columns", "read_tagged"),
    "transcribe": ("elman.cli.spoken_columns", "read_spoken"),
    "translate": ("elman.cli.pair_columns", "read_pair_columns"),
}
"""The module and function that reads a task's files: file, columns, task and `strict` to a `Table`."""


def read_data(file: str, columns: "Columns", task: str, *, strict: bool = False) -> "Table":
    """Read the sequences that a file holds.

    Raises:
        InputError: the file, a column or a value is not as it should be.
    """
    module, name = READERS[task]
    table: Table = getattr(importlib.import_module(module), name)(file, columns, task, strict=strict)
    return table


def read_for(estimator: "Estimator", model: str, file: str, columns: "Columns", *, strict: bool = False) -> "Table":
    """Read the sequences that a model is to read; where a file has others, say what the model was trained to.

    Args:
        estimator: the model.
        model: the path of its file.
        file: as `read_data` takes it.
        columns: as `read_data` takes them.
        strict: as `read_data` takes it.

    Raises:
        InputError: the file, a column or a value is not as it should be, or it has what the model does not read.
    """
    from elman.cli.media import reads
    from elman.codecs import KINDS, MEDIA, kind_of

    try:
        table = read_data(file, columns, estimator.task, strict=strict)
    except MissingColumn as error:
        raise InputError(f"{error}; {reads(estimator, model)}") from None
    kind = estimator.codecs_["input"].kind
    if kind in MEDIA and table.X and (found := kind_of(table.X)) != kind:
        raise InputError(f"{file} has {KINDS[found]}, but {reads(estimator, model)}")
    return table


def read_arguments(sequences: list[str], estimator: "Estimator", metadata: dict[str, Any]) -> "Table":
    """The sequences that stand on the command line: texts, media files, or numbers as JSON.

    Raises:
        InputError: one is nothing that the model reads.
    """
    import numpy as np
    import pandas as pd

    from elman.cli.columns import Columns, Table
    from elman.codecs import MEDIA

    if estimator.task == "forecast":
        raise InputError("a forecaster reads series with their times, from a table: give --file FILE")
    kind = estimator.codecs_["input"].kind
    if kind in MEDIA:
        columns = Columns(audio="file") if kind == "audio" else Columns(image="file")
        return Table(columns, list(map(Path, sequences)), [], pd.DataFrame({"file": sequences}), list(sequences))
    if kind in ("text", "tokens"):
        texts: list[Any] = [one.split() for one in sequences] if kind == "tokens" else list(sequences)
        return Table(Columns(text="text"), texts, [], pd.DataFrame({"text": sequences}), [])
    size = estimator.codecs_["input"].input_size
    example = "'[1, 2.5]'" if size == 1 else f"'[[{', '.join('1' * size)}], ...]'"
    X = []
    for given in sequences:
        try:
            array = np.array(json.loads(given), dtype=np.float64)
        except (ValueError, TypeError, RecursionError):
            array = np.zeros(())
        if array.ndim == 0 or array.ndim > 2:
            raise InputError(
                f"{given!r} is not a JSON array of numbers, which this model reads, trained to {estimator.task}: give "
                f"such as {example}, or --file"
            )
        X.append(array)
    kept = metadata.get("columns")
    columns = Columns(ahead=kept.get("ahead", 0) if isinstance(kept, dict) else 0)
    return Table(columns, X, [], pd.DataFrame({"sequence": range(len(X))}), list(range(len(X))))


def is_file_of_rows(input: str, row: int | None, estimator: "Estimator") -> bool:
    """Whether the input is a file of rows; what only looks like one is refused, unless it is a text with spaces.

    Raises:
        InputError: it is to be a file, but there is none.
    """
    from elman.cli.documents import TABLES
    from elman.codecs.sequences import SUFFIXES

    if input == "-":
        return True
    path = Path(input)
    looks_like_table = path.suffix.lower() in (*TABLES, ".txt", ".conll", ".ts", ".gz") and " " not in input
    is_media = path.suffix.lower() in SUFFIXES
    try:
        there = path.is_file()
    except (OSError, ValueError):  # a text that is too long for a path, or has what none may have
        there = False
    if there:
        return not is_media
    if looks_like_table or row is not None or estimator.task == "forecast":
        raise InputError(f"no such file: {input}" + ("" if row is None else ", in which there were rows for --row"))
    return False


def title_of(one: Any, key: Any) -> str:
    """What the input is called: its text, or its name."""
    words = " ".join(one) if isinstance(one, list) else one
    title = one_line(" ".join((words if isinstance(words, str) else str(key)).split()))
    return title if len(title) <= TITLE else f"{title[: TITLE - 1]}…"
