"""A file is written aside and put in place when it is whole: readers see the old or the new, never half."""

import contextlib
import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from elman.errors import InputError

ASIDE = ".elman-"  # what the names of files begin with that are not whole yet
LONGEST = 200  # characters of a file's own name in that of the file aside


def check_writable(path: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Refuse a path that `replace_file` could not write, before hours of work go into what it should hold.

    Args:
        path: the file to write.
        overwrite: whether a file that is there may be replaced.

    Raises:
        InputError: the path is a directory, a device or a file that may not be replaced, or its folder does
            not exist or is not writable.
    """
    target = _target(path)
    if target.is_dir():
        raise InputError(f"{path} is a directory: give the name of a file")
    if target.exists():
        if not target.is_file():  # renaming onto /dev/null would destroy it
            raise InputError(f"{path} is not a regular file: give another name")
        if not overwrite:
            raise InputError(
                f"{path} exists already: give another name, or overwrite it "
                "(--force on the command line, overwrite=True in Python)"
            )
        if not os.access(target, os.W_OK):
            raise InputError(f"{path} is not writable: give another name, or change its permissions")
    folder = target.parent
    if not folder.is_dir():
        raise InputError(f"{path} cannot be written: there is no folder {folder}: create it, or give another name")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{path} cannot be written: the folder {folder} is not writable: give another name")


@contextlib.contextmanager
def replace_file(path: str | os.PathLike[str], *, overwrite: bool = True) -> Iterator[Path]:
    """Write a file whole or not at all.

    Example:
        >>> with replace_file("names.txt") as temporary:
        ...     characters = temporary.write_text("Elman", encoding="utf-8")
        >>> Path("names.txt").read_text(encoding="utf-8")
        'Elman'

    Args:
        path: the file to write; a symbolic link stays one, and the file that it points to is replaced.
        overwrite: whether a file that is there may be replaced; it keeps its permissions.

    Yields:
        A new, empty file in the same folder and with the same suffix. When the block ends it takes the place
        of `path`; when the block raises, it is removed and `path` stays as it was.

    Raises:
        InputError: `check_writable` refuses the path, before the block runs; or writing fails (disk full).
    """
    check_writable(path, overwrite)
    target = _target(path)
    temporary = target.parent / f"{ASIDE}{secrets.token_hex(8)}-{target.name[-LONGEST:]}"
    try:
        # not tempfile, whose files have mode 0600; O_EXCL: never into a file or link of somebody else
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        if target.exists():
            shutil.copymode(target, temporary)
        yield temporary
        with temporary.open("r+b") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InputError(f"{path} cannot be written: {error}") from error
        raise
    if os.name == "posix":
        _sync_folder(target.parent)


def remove_unfinished(path: str | os.PathLike[str]) -> None:
    """Remove what processes that were killed while they wrote this file have left beside it; nobody writes it now."""
    target = _target(path)
    for left in target.parent.glob(f"{ASIDE}*-{glob.escape(target.name[-LONGEST:])}"):
        left.unlink(missing_ok=True)


def _target(path: str | os.PathLike[str]) -> Path:
    return Path(os.path.realpath(path))


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself survive a power cut; the file is whole without it."""
    with contextlib.suppress(OSError):  # some network file systems cannot
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
