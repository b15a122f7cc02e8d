"""What `elman predict` shows of a task's results: as JSON, as a line, as a row of a table."""

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elman.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from elman.cli.columns import Table

RESULTS = re.compile(
    r"label|caption|probability|probabilities|prediction(_.+)?|translation|score|hypotheses|text|words|error|"
    r"bits_per_character|next"
)
NESTED = ("probabilities", "hypotheses", "words", "next")  # what has no place in the cell of a table


def as_table(records: list[dict[str, Any]], table: "Table", estimator: Any) -> "pd.DataFrame":
    """One row for each record."""
    import pandas as pd

    return pd.DataFrame([{key: value for key, value in one.items() if key not in NESTED} for one in records])


@dataclass(frozen=True)
class Prediction:
    """How a task's results look.

    Args:
        records: estimator, table and the flags that were given -> for each sequence its name and its results, as JSON.
        line: a record as the cells of a line.
        frame: records, table and estimator -> a table.
        flags: the words of `elman predict` that are this task's alone.
        first: what to try first with a new model.
        aligned: whether lines stand with their cells under each other in a pipe as well.
        live: estimator, paths, flags and whether to be strict -> shows results of files while they are read; None, or
            where it gives False, they are read first.
    """

    records: Callable[[Any, "Table", dict[str, Any]], list[dict[str, Any]]]
    line: Callable[[dict[str, Any]], list[str]]
    frame: Callable[[list[dict[str, Any]], "Table", Any], "pd.DataFrame"] = as_table
    flags: tuple[str, ...] = ()
    first: str = "elman predict {model} {given}"
    aligned: bool = False
    live: Callable[[Any, list[str], dict[str, Any], bool], bool] | None = None


def prediction_of(task: str) -> Prediction:
    """How the results of a task look, by its word on the command line: that of `elman.cli.predictions.TASK`."""
    found: Prediction = importlib.import_module(f"elman.cli.predictions.{task}").PREDICTION
    return found


def flags_of(given: dict[str, Any], prediction: Prediction, model: str) -> dict[str, Any]:
    """Of the flags that not every task has those that were given, which are to be this task's.

    Raises:
        InputError: one is not.
    """
    flags = {name: value for name, value in given.items() if value is not None}
    for name in flags:
        if name not in prediction.flags:
            raise InputError(f"--{name.replace('_', '-')} is not for {model}: leave it out")
    return flags


def named(table: "Table") -> list[dict[str, Any]]:
    """What each record begins with: the text, or the name of the sequence; a result keeps its own name."""
    from elman.cli.targets import GROUP

    if table.columns.text is not None:
        name = table.columns.text
        title = "text" if RESULTS.fullmatch(name) or name.isdecimal() else name
        return [{title: text} for text in table.X]
    if (media := table.columns.media) is not None:
        title = "file" if RESULTS.fullmatch(media) else media
        return [{title: path} for path in table.keys]
    name = GROUP if GROUP in table.frame.columns else "sequence"
    return [{name: key} for key in table.keys]
