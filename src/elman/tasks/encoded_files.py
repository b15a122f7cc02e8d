"""The cache of encoded data: a folder for each file's content and what was made of it, in the user's cache."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock

from elman.datasets.packages import cache_folder
from elman.errors import InputError
from elman.files import Arrays, FolderWriter, open_arrays, replace_file, write_arrays
from elman.tasks.encoding_progress import EncodingProgress

FORMAT = 3  # is raised when other arrays would come out of the same file
READ = 2**22
RACY = 2_000_000_000  # nanoseconds: what changes twice in less may have the same time of change


def encoded_folder() -> Path:
    """Where all of it is."""
    return cache_folder() / "encoded"


def encoded_file(
    file: str, key: Mapping[str, Any], write: Callable[[FolderWriter], None], progress: EncodingProgress
) -> tuple[Arrays, Path]:
    """The arrays that were made of a file, and where they are; made now if they are not there, or damaged.

    Args:
        file: its name.
        key: what besides its content decides what is made of it, as JSON.
        write: makes them.
        progress: is told what goes on.

    Raises:
        InputError: the file changes while it is read, or the cache cannot be written.
    """
    before = _stamp(file)
    content = content_digest(file, progress)
    whole = json.dumps([FORMAT, content, key], sort_keys=True)
    folder = encoded_folder() / hashlib.sha256(whole.encode()).hexdigest()[:32]
    _make(folder.parent)
    found = open_arrays(
        folder
    )  # which may be where nothing can be written, and needs no lock: whole folders are renamed
    if found is None:
        with _usable(), _locked(folder, progress):
            found = open_arrays(folder) or _written(folder, file, before, write, progress)
    if found is None:
        raise InputError(f"{folder} cannot be read back as it was written: check the disk")
    return found, folder


def _written(
    folder: Path, file: str, before: list[int], write: Callable[[FolderWriter], None], progress: EncodingProgress
) -> Arrays | None:
    if folder.exists():
        progress.say(f"the encoded data in {folder} are damaged: they are made again")
    remove_unfinished()
    with write_arrays(folder) as writer:
        write(writer)
        if _stamp(file) != before:
            raise InputError(f"{file} changed while it was read: start again when it is complete")
    return open_arrays(folder)


@contextmanager
def _usable() -> Iterator[None]:
    """Say what to do about a cache that cannot be written."""
    remedy = "free space (elman data cache --clear), or name another folder in the environment variable XDG_CACHE_HOME"
    try:
        yield
    except OSError as error:
        raise InputError(f"the cache {encoded_folder()} cannot be written ({error.strerror}): {remedy}") from error
    except InputError as error:
        if isinstance(error.__cause__, OSError):
            raise InputError(f"{error}: {remedy}") from error
        raise


def encoded_folders() -> list[Path]:
    """The folders of the cache, also unfinished ones."""
    place = encoded_folder()
    return sorted(path for path in place.iterdir() if path.is_dir()) if place.is_dir() else []


def folder_size(folder: Path) -> int:
    """The bytes of a folder's files."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def clear_encoded() -> int:
    """Remove all of it but what is being written; how many bytes that were."""
    freed = 0
    with _usable():
        for folder in encoded_folders():
            with suppress(filelock.Timeout), _lock(folder).acquire(blocking=False):
                freed += folder_size(folder)
                shutil.rmtree(folder)
        for path in encoded_folder().glob("*.content"):
            path.unlink(missing_ok=True)
    return freed


def remove_unfinished() -> None:
    """Remove what processes left that were killed."""
    for folder in encoded_folder().glob("*.part"):
        with suppress(filelock.Timeout), _lock(folder).acquire(blocking=False):
            shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path) -> filelock.BaseFileLock:
    name = folder.name.removesuffix(".part")
    return filelock.FileLock(folder.with_name(name + ".lock"), is_singleton=True)


@contextmanager
def _locked(folder: Path, progress: EncodingProgress) -> Iterator[None]:
    lock = _lock(folder)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        progress.say("another process encodes these data: waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the cache folder {folder} cannot be made ({error.strerror}): "
            "name another in the environment variable XDG_CACHE_HOME"
        ) from error


def content_digest(file: str, progress: EncodingProgress) -> str:
    """SHA-256 of a file; remembered for as long as nothing about the file changes."""
    real = os.path.realpath(file)
    _make(encoded_folder())
    place = encoded_folder() / f"{hashlib.sha256(real.encode()).hexdigest()[:32]}.content"
    stamp = _stamp(file)
    with suppress(OSError, ValueError, KeyError, TypeError):
        stored = json.loads(place.read_text(encoding="utf-8"))
        if stored["stamp"] == stamp:
            return str(stored["sha256"])
    started = time.time_ns()
    digest = hashlib.sha256()
    with Path(file).open("rb") as raw, progress.reading(f"hashing {file}", stamp[0]) as told:
        while data := raw.read(READ):
            digest.update(data)
            told(raw.tell())
    # What changed just before or during the reading may change once more and look the same.
    if _stamp(file) == stamp and max(stamp[1:3]) + RACY < started:
        with suppress(InputError), replace_file(place) as temporary:  # a note for the next time, no more
            temporary.write_text(json.dumps({"stamp": stamp, "sha256": digest.hexdigest()}), encoding="utf-8")
    return digest.hexdigest()


def _stamp(file: str) -> list[int]:
    found = Path(file).stat()
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev]
