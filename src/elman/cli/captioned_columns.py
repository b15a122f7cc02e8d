"""Tables of images and their captions."""

from dataclasses import replace
from pathlib import Path

from elman.cli.columns import Columns, Table, read_columns

FOLDERS = ("Images", "images", "Flicker8k_Dataset")  # beside the table, as Flickr8k comes


def read_captioned(file: str, columns: Columns, task: str, *, strict: bool = False) -> Table:
    """Read a table of images, whose paths are from its folder or from a folder of images beside it.

    Raises:
        InputError: the file, a column or a value is not as it should be.
    """
    table = read_columns(file, columns, task, strict=strict)
    here = Path(file).parent
    names = [str(key) for key in table.keys]
    for folder in (here, *(here / name for name in FOLDERS)):
        if any((folder / name).is_file() for name in dict.fromkeys(names)):
            return replace(table, X=[folder / name for name in names])
    return table
