"""The folder of compiled code: where it is, that nobody else may write into it, and what is removed from it."""

import os
import stat
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

_MONTH: Final = 30 * 24 * 3600.0
_MOST_FILES: Final = 400


class FolderError(Exception):
    """There is no folder that compiled code can be kept in; the message says why."""


def folder() -> Path:
    """The user's folder for compiled code, $ELMAN_CACHE if that is set; made if it is missing.

    Raises:
        FolderError: there is none, or another user could put code there.
    """
    path = _place()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.stat()
    except OSError as error:
        raise FolderError(f"{path} cannot be made ({error.strerror}); set ELMAN_CACHE to a folder of yours") from None
    if os.name == "posix":
        # What is kept here is run. Root could change anything anyway.
        if found.st_uid not in (os.geteuid(), 0):
            raise FolderError(f"{path} belongs to another user; set ELMAN_CACHE to a folder of yours")
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise FolderError(f"{path} can be written by other users; chmod go-w, or set ELMAN_CACHE")
    return path


def _place() -> Path:
    chosen = os.environ.get("ELMAN_CACHE")
    return Path(chosen).absolute() if chosen else _user_folder() / "kernels"


def _user_folder() -> Path:
    """The folder that a platform has for what can be made again."""
    named = os.environ.get("XDG_CACHE_HOME")
    if named and Path(named).is_absolute():  # the specification: a relative one is ignored
        return Path(named) / "elman"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or _home() / "AppData" / "Local") / "elman" / "Cache"
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches" / "elman"
    return _home() / ".cache" / "elman"


def _home() -> Path:
    try:
        home = Path.home()
    except RuntimeError:
        raise FolderError("this user has no home; set ELMAN_CACHE to a folder") from None
    if not home.is_dir():
        raise FolderError(f"the home {home} does not exist; set ELMAN_CACHE to a folder")
    return home


def write(path: Path, content: bytes) -> None:
    """Write a file aside and give it its name; what stood there is replaced in one step.

    Raises:
        OSError: it cannot be written.
    """
    descriptor, aside = tempfile.mkstemp(prefix=path.stem + ".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def prune(place: Path) -> None:
    """Remove objects that were not used for 30 days or are too many, the oldest first, and what broken writes left."""
    try:
        files = [(path.stat().st_mtime, path) for path in place.iterdir() if path.suffix in (".o", ".ll", ".part")]
    except OSError:
        return
    now = time.time()
    objects = sorted((file for file in files if file[1].suffix == ".o"), reverse=True)
    kept = {path.stem for used, path in objects[:_MOST_FILES] if used > now - _MONTH}
    for written, path in files:
        # A text without object may be one that another process is just about to complete.
        if path.stem not in kept and (path.suffix == ".o" or written < now - 3600.0):
            _remove(path)


def _remove(path: Path) -> None:
    with suppress(OSError):  # another process was quicker, or has it open
        path.unlink()
