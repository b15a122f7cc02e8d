"""From a file to the sequences that a task reads: which function knows the task's forms of files."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elman.cli.columns import Columns, Table

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
