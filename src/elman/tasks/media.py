"""Media files read before anything is learned from them or said of them: what cannot be read is left out and told."""

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from elman.codecs import (
    KINDS,
    MEDIA,
    AudioCodec,
    ImageCodec,
    Media,
    Picture,
    Sound,
    kind_of,
    listen_to_all,
    look_at_all,
)
from elman.codecs.picture import SIDE
from elman.errors import DataWarning
from elman.tasks.options import Options

LONG = 2.0  # seconds after which it is worth a line that files were read


def media_of(paths: Sequence[Any], codec: Any = None, *, strict: bool = False, verbose: int = 1) -> Media[Any]:
    """Read media files, and show how far it is.

    Args:
        paths: the files, all of one kind.
        codec: which says how, such as the sample rate; None, or one of another kind, which refuses them itself: as
            fits the files.
        strict: refuse a file that cannot be read.
        verbose: 0: nothing is shown.

    Raises:
        InputError: none of them can be read; or with `strict`, one of them.
        MissingExtra: the libraries that read them are not installed.
    """
    console = Console(quiet=not verbose, stderr=True)
    kind = kind_of(paths)
    with _progress(console, KINDS[kind], len(paths)) as told:
        if kind == "image":
            side = codec.side if isinstance(codec, ImageCodec) else SIDE
            return look_at_all(paths, side, strict=strict, told=told)
        if isinstance(codec, AudioCodec):
            return listen_to_all(paths, codec.sample_rate, codec.bins, strict=strict, told=told)
        return listen_to_all(paths, strict=strict, told=told)


def media_codec(options: Options) -> ImageCodec | None:
    """What says how a training reads media, if its options do."""
    side = getattr(options, "image_size", None)
    return None if side is None else ImageCodec(side)


def readable(
    sequences: list[Any], targets: list[Any], codec: Any = None, *, verbose: int = 1
) -> tuple[list[Any], list[Any]]:
    """Of media files those that can be read, and their targets; any other sequences as they are.

    What is odd about the files, and which are left out, is told by a `DataWarning`.

    Args:
        sequences: as `as_sequences` gives them.
        targets: one of each.
        codec: see `media_of`.
        verbose: 0: no progress is shown.
    """
    if not sequences or kind_of(sequences) not in MEDIA or all(isinstance(one, Sound | Picture) for one in sequences):
        return sequences, targets
    media = media_of(sequences, codec, verbose=verbose)
    for note in media.notes():
        warnings.warn(note, DataWarning, stacklevel=4)
    return list(media.items), [targets[row] for row in media.rows]


@contextmanager
def _progress(console: Console, what: str, files: int) -> Iterator[Callable[[int], None]]:
    started = time.perf_counter()
    if console.is_terminal and not console.is_dumb_terminal and not console.is_jupyter:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True, refresh_per_second=5) as progress:
            task = progress.add_task(f"reading {what}", total=files)
            yield lambda done: progress.update(task, completed=done)
    else:
        yield lambda done: None
    seconds = time.perf_counter() - started
    if not console.is_terminal and seconds > LONG:
        console.print(f"elman: read {files:,} {what} in {seconds:.1f} s", highlight=False, soft_wrap=True)
