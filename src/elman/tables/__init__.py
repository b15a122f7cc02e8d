"""Tables in and out: CSV, TSV, JSON lines, Parquet and CoNLL, checked and with errors that name file and line."""

from elman.tables.arrays import numbers_in, sequences
from elman.tables.blocks import next_cut
from elman.tables.conll import Sentence, read_conll
from elman.tables.order import repeated_times, uneven_times
from elman.tables.reading import SUFFIXES, read_table
from elman.tables.rows import blanks_missing, complete_rows, filled_rows, require_columns
from elman.tables.streaming import stream_table, stream_text
from elman.tables.timestamps import SeriesTable, following, kept, series_table
from elman.tables.unquoted import first_line, read_unquoted
from elman.tables.word_vectors import WordVectors, read_word_vectors
from elman.tables.writing import write_table

__all__ = [
    "SUFFIXES",
    "Sentence",
    "WordVectors",
    "SeriesTable",
    "blanks_missing",
    "complete_rows",
    "filled_rows",
    "first_line",
    "following",
    "kept",
    "next_cut",
    "numbers_in",
    "repeated_times",
    "read_conll",
    "read_table",
    "read_unquoted",
    "read_word_vectors",
    "require_columns",
    "sequences",
    "series_table",
    "stream_table",
    "stream_text",
    "uneven_times",
    "write_table",
]
