"""Tables in and out: CSV, TSV, JSON lines and Parquet, checked and with errors that name file and line."""

from elman.tables.arrays import sequences
from elman.tables.reading import SUFFIXES, read_table
from elman.tables.rows import complete_rows, require_columns
from elman.tables.writing import write_table

__all__ = ["SUFFIXES", "complete_rows", "read_table", "require_columns", "sequences", "write_table"]
