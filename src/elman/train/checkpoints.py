"""Checkpoints in a folder: written whole or not at all, checked when they are read, the last two good ones kept."""

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from elman.errors import InputError
from elman.files import read_model, write_model
from elman.files.replace import ASIDE

KIND = "checkpoint"
KEPT = 2
_NAME = re.compile(r"step-(\d{12})\.safetensors")


class Checkpoint(NamedTuple):
    """Where a training was: numbers and names as JSON, tensors, and the file they came from."""

    metadata: dict[str, Any]
    tensors: dict[str, np.ndarray]
    path: Path


class Checkpoints:
    """The folder of one training's checkpoints; each is a `.safetensors` file named after its step.

    Args:
        folder: it is made when the first one is written.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def write(self, step: int, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
        """Write one, and when it is safely there, remove all but the last two.

        Raises:
            InputError: it cannot be written (disk full), or a tensor holds NaN or infinity; those that are there stay.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.folder} cannot be made: {error}") from error
        self.remove_unfinished()
        write_model(self._path(step), tensors, {"kind": KIND, **metadata})
        for old in self._paths()[KEPT:]:
            with contextlib.suppress(OSError):  # the next one tries again
                old.unlink(missing_ok=True)

    def latest(self) -> tuple[Checkpoint | None, list[str]]:
        """The newest good one, and what is wrong with those that are newer.

        Raises:
            InputError: there are some, and none is good.
        """
        complaints: list[str] = []
        for path in self._paths():
            try:
                metadata, tensors = read_model(path)
                if metadata.get("kind") != KIND:
                    raise InputError(f"{path} is no checkpoint")
            except InputError as error:
                complaints.append(str(error))
                continue
            return Checkpoint(metadata, tensors, path), complaints
        if complaints:
            raise InputError(f"no checkpoint in {self.folder} is whole ({complaints[0]}): train anew, without resume")
        return None, []

    def clear(self) -> None:
        """Remove all of them: a new training begins."""
        for path in self._paths():
            path.unlink(missing_ok=True)
        self.remove_unfinished()

    def remove_unfinished(self) -> None:
        """Remove what was being written when a process was killed."""
        for path in self.folder.glob(f"{ASIDE}*.safetensors"):
            path.unlink(missing_ok=True)

    def __bool__(self) -> bool:
        """Whether there is one, good or bad."""
        return bool(self._paths())

    def _path(self, step: int) -> Path:
        return self.folder / f"step-{step:012}.safetensors"

    def _paths(self) -> list[Path]:
        """The newest first."""
        if not self.folder.is_dir():
            return []
        return sorted((path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)), reverse=True)
