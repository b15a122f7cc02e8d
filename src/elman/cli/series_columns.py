"""A table of series in time, as the estimator reads it itself: a table for each series."""

from elman.cli.columns import Columns, Table
from elman.tables import read_table, require_columns
from elman.tables.timestamps import GROUP, ORDER


def read_series(file: str, columns: Columns, task: str, *, strict: bool = False) -> Table:
    """Read the series that a file holds.

    Raises:
        InputError: the file or a column is not as it should be.
    """
    source = "standard input" if file == "-" else file
    frame = read_table(file, text=[GROUP])
    require_columns(frame, [ORDER, *columns.inputs], source)
    if GROUP not in frame:
        return Table(columns, [frame], [], frame, [0])
    groups = dict(list(frame.groupby(GROUP, sort=False, dropna=False)))
    return Table(columns, list(groups.values()), [], frame, list(groups))
