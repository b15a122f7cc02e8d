"""What `elman train` learns from: a table in memory, or a large file through the cache of encoded data."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from elman.cli.columns import Columns, Table
from elman.cli.documents import plain_text
from elman.cli.media import with_media
from elman.cli.reading import read_data
from elman.cli.shown import telling_warnings
from elman.cli.streamed_columns import stream_columns
from elman.errors import InputError
from elman.tasks.coded import Coded
from elman.tasks.encoding_progress import EncodingProgress
from elman.tasks.estimator import Estimator
from elman.tasks.loading import estimator_class
from elman.tasks.media import media_codec
from elman.tasks.options import Options, RegressorOptions
from elman.tasks.streamed import LONGEST_EXAMPLE, streamed
from elman.tasks.to_text import ToText
from elman.train.ranks import here

LARGE = 256_000_000  # bytes of text, above which data are streamed
LONGEST_PATH = 120  # of an example
PACKED = 4  # about so much larger a packed file is when it is unpacked


@dataclass
class TrainingData:
    """Encoded data, and what to tell of them.

    Args:
        columns: those that were read.
        training: to learn from.
        validation: for early stopping.
        sequences: how many there are to learn from and to validate with.
        example: a short text of the input.
        notes: what a person should know of missing values.
        table: the raw data, if they are in memory.
    """

    columns: Columns
    training: Coded
    validation: Coded | None
    sequences: int
    example: str | None
    notes: list[str]
    table: Table | None = None


def is_streamed(file: str, stream: bool | None) -> bool:
    """Whether a file is read in a stream: as asked, else by its size.

    Raises:
        InputError: it is asked for and not possible.
    """
    if stream and file == "-":
        raise InputError("--stream reads the data several times, which standard input cannot: give a file")
    if stream is not None or not Path(file).is_file():
        return bool(stream)
    unpacked = PACKED if file.lower().endswith((".gz", ".parquet")) else 1
    return Path(file).stat().st_size * unpacked > LARGE


def training_data(
    task: str, file: str, columns: Columns, options: Options, *, strict: bool, stream: bool
) -> tuple[Estimator, TrainingData]:
    """An estimator that has its codecs, and its data.

    Raises:
        InputError: the file, a column or a value is not as it should be.
    """
    if columns.is_plain_text and file != "-":
        return plain_text_data(task, file, columns, options)
    if stream:
        if columns.media is not None:
            files = "audio files" if columns.audio is not None else "images"
            raise InputError(f"--stream reads texts and numbers, not {files}: leave it out")
        source, columns = stream_columns(file, columns, task, strict=strict)
        estimator = _estimator(task, columns, options)
        progress = EncodingProgress(options.verbose, silent=here() != 0)
        about = {"columns": dataclasses.asdict(columns), "strict": strict}
        found = streamed(estimator, source, file, about, progress)
        _name_outputs(estimator, columns)
        return estimator, TrainingData(columns, *found)
    table = read_data(file, columns, task, strict=strict)
    table = with_media(table, media_codec(options), strict=strict, verbose=options.verbose if here() == 0 else 0)
    estimator = _estimator(task, table.columns, options)
    with telling_warnings(table.notes.append):
        training, validation = estimator.prepared(table.X[0] if columns.is_plain_text else table.X, table.y or None)
    _name_outputs(estimator, table.columns)
    shown = table.X if columns.media is None else [str(one.path) for one in table.X]
    longest = LONGEST_EXAMPLE if columns.media is None else LONGEST_PATH
    if estimator.codecs_["input"].kind == "tokens":
        shown = [" ".join(words) for words in table.X]
    example = next((x for x in shown if isinstance(x, str) and 0 < len(x) <= longest and x.isprintable()), None)
    # of pairs some may not fit each other
    sequences = len(training) + len(validation or ()) if isinstance(estimator, ToText) else len(table.X)
    data = TrainingData(table.columns, training, validation, sequences, example, table.notes, table)
    return estimator, data


def plain_text_data(task: str, file: str, columns: Columns, options: Options) -> tuple[Estimator, TrainingData]:
    """Of a text of any size, which is always encoded in a stream."""
    estimator = _estimator(task, columns, options)
    training, validation = estimator.prepared(Path(file), None)
    table = plain_text(columns, Path(file))
    return estimator, TrainingData(columns, training, validation, 1, None, [], table)


def _name_outputs(estimator: Estimator, columns: Columns) -> None:
    """Let a model know what its several outputs are called."""
    if len(columns.targets) > 1:
        estimator.codecs_["output"].names = list(columns.targets)


def _estimator(task: str, columns: Columns, options: Options) -> Estimator:
    if isinstance(options, RegressorOptions):
        options = dataclasses.replace(options, per=columns.per)
    return estimator_class(task)(**dataclasses.asdict(options))
