"""Audio files read before anything is learned from them or said of them: what cannot be read is left out and told."""

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from elman.codecs import AudioCodec, Sound, kind_of, listen_to_all
from elman.codecs.audio import Heard
from elman.errors import DataWarning

LONG = 2.0  # seconds after which it is worth a line that files were read


def listened(paths: Sequence[Any], codec: AudioCodec | None, *, strict: bool = False, verbose: int = 1) -> Heard:
    """Read audio files, and show how far it is.

    Args:
        paths: the files.
        codec: of a fitted model, which says the sample rate; None: the commonest one of the files.
        strict: refuse a file that cannot be read.
        verbose: 0: nothing is shown.

    Raises:
        InputError: none of them can be read; or with `strict`, one of them.
        MissingExtra: the libraries that read sound are not installed.
    """
    console = Console(quiet=not verbose, stderr=True)
    with _progress(console, len(paths)) as told:
        if codec is None:
            return listen_to_all(paths, strict=strict, told=told)
        return listen_to_all(paths, codec.sample_rate, codec.bins, strict=strict, told=told)


def readable(
    sequences: list[Any], targets: list[Any], codec: Any = None, *, verbose: int = 1
) -> tuple[list[Any], list[Any]]:
    """Of audio files those that can be read, as sounds, and their targets; any other sequences as they are.

    What is odd about the files, and which are left out, is told by a `DataWarning`.

    Args:
        sequences: as `as_sequences` gives them.
        targets: one of each.
        codec: that of a fitted model.
        verbose: 0: no progress is shown.
    """
    if not sequences or kind_of(sequences) != "audio" or all(isinstance(one, Sound) for one in sequences):
        return sequences, targets
    known = codec if isinstance(codec, AudioCodec) else None  # another one refuses them itself
    heard = listened(sequences, known, verbose=verbose)
    for note in heard.notes():
        warnings.warn(note, DataWarning, stacklevel=4)
    return list(heard.sounds), [targets[row] for row in heard.rows]


@contextmanager
def _progress(console: Console, files: int) -> Iterator[Callable[[int], None]]:
    started = time.perf_counter()
    if console.is_terminal and not console.is_dumb_terminal and not console.is_jupyter:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True, refresh_per_second=5) as progress:
            task = progress.add_task("reading audio files", total=files)
            yield lambda done: progress.update(task, completed=done)
    else:
        yield lambda done: None
    seconds = time.perf_counter() - started
    if not console.is_terminal and seconds > LONG:
        console.print(f"elman: read {files:,} audio files in {seconds:.1f} s", highlight=False, soft_wrap=True)
