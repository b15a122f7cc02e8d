"""Large arrays in a folder of their own: written whole or not at all, checked and mapped when they are read."""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from elman.errors import InputError

ABOUT = "about.json"
PART = ".part"


class Arrays(NamedTuple):
    """What a folder holds: a description as JSON, arrays mapped from their files, and the SHA-256 of each."""

    about: dict[str, Any]
    arrays: dict[str, np.ndarray]
    digests: dict[str, str]


class ArrayWriter:
    """One array that grows at its end, in a file.

    Args:
        path: the file, which is made.
        dtype: what values become.
        row: the shape of one row.
    """

    def __init__(self, path: Path, dtype: np.dtype[Any], row: tuple[int, ...] = ()) -> None:
        self.rows = 0
        self._dtype, self._row = dtype.newbyteorder("<"), row
        self._digest = hashlib.sha256()
        self._file = path.open("xb")

    def append(self, values: np.ndarray) -> None:
        """Write further rows.

        Shape:
            values (n, *row)
        """
        data = np.ascontiguousarray(values, self._dtype).reshape(len(values), *self._row)
        if len(data):
            view = data.view(np.uint8).data
            self._file.write(view)
            self._digest.update(view)
            self.rows += len(data)

    def finish(self) -> dict[str, Any]:
        """Bring it to the disk; what there is to know of it."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return {"dtype": self._dtype.str, "shape": [self.rows, *self._row], "sha256": self._digest.hexdigest()}

    def close(self) -> None:
        """Leave it unfinished."""
        with contextlib.suppress(OSError):  # what was not written yet has no place on a full disk
            self._file.close()


class FolderWriter:
    """The arrays of a folder that is being written, and its description, `about`."""

    def __init__(self, folder: Path) -> None:
        self.about: dict[str, Any] = {}
        self._folder = folder
        self._writers: dict[str, ArrayWriter] = {}

    def array(self, name: str, dtype: Any, row: tuple[int, ...] = ()) -> ArrayWriter:
        """A new array of this name."""
        self._writers[name] = ArrayWriter(self._folder / f"{name}.bin", np.dtype(dtype), row)
        return self._writers[name]

    def finish(self) -> None:
        """Bring all of it to the disk, the description last."""
        content = {"arrays": {name: one.finish() for name, one in self._writers.items()}, **self.about}
        text = json.dumps(content, ensure_ascii=False)
        with (self._folder / ABOUT).open("x", encoding="utf-8") as file:
            file.write(json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest(), "content": content}))
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """Leave it unfinished."""
        for one in self._writers.values():
            one.close()


@contextlib.contextmanager
def write_arrays(folder: Path) -> Iterator[FolderWriter]:
    """Write a folder of arrays: it appears under its name when all of it is on the disk; what was there is replaced.

    Only one process may write a folder at a time.

    Raises:
        InputError: it cannot be written, as on a full disk; nothing is left of it.
    """
    aside = folder.with_name(folder.name + PART)
    try:
        shutil.rmtree(aside, ignore_errors=True)  # of a process that was killed
        aside.mkdir(parents=True)
        writer = FolderWriter(aside)
        try:
            yield writer
            writer.finish()
        finally:
            writer.close()
        if folder.exists():
            shutil.rmtree(folder)
        aside.replace(folder)
    except BaseException as error:
        shutil.rmtree(aside, ignore_errors=True)
        if isinstance(error, OSError):
            raise InputError(f"{folder} cannot be written: {error.strerror or error}") from error
        raise


def open_arrays(folder: Path) -> Arrays | None:
    """The arrays of a folder, mapped; None where there is none, or it is damaged: sizes and checksums are checked."""
    try:
        stored = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        content = stored["content"]
        if hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest() != stored["sha256"]:
            return None
        arrays, digests = {}, {}
        for name, one in content.pop("arrays").items():
            path, dtype, shape = folder / f"{name}.bin", np.dtype(one["dtype"]), tuple(one["shape"])
            if path.stat().st_size != dtype.itemsize * int(np.prod(shape)) or _sha256(path) != one["sha256"]:
                return None
            empty = path.stat().st_size == 0  # which cannot be mapped
            arrays[name] = np.zeros(shape, dtype) if empty else np.asarray(np.memmap(path, dtype, "r", shape=shape))
            digests[name] = one["sha256"]
        return Arrays(content, arrays, digests)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
