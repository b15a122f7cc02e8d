"""The model file: one `.safetensors` file of tensors and, under one metadata key, all the rest as JSON."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from elman.errors import InputError
from elman.files.replace import replace_file

KEY = "elman"  # exactly one: safetensors writes several in random order
VERSION = 1
RESERVED = {"package", "version", "sha256"}


class Model(NamedTuple):
    """What a model file holds: `metadata`, a JSON object, and `tensors` by name."""

    metadata: dict[str, Any]
    tensors: dict[str, np.ndarray]


def write_model(
    path: str | os.PathLike[str],
    tensors: Mapping[str, np.ndarray],
    metadata: Mapping[str, Any],
    *,
    overwrite: bool = True,
) -> None:
    """Write a model file, whole or not at all. Equal tensors and metadata give equal bytes.

    Args:
        path: the file to write.
        tensors: arrays by name; NaN and infinities are refused.
        metadata: a JSON object. `package`, `version` and `sha256` are added to it.
        overwrite: whether a file that is there may be replaced.

    Raises:
        InputError: the path cannot be written, or a tensor holds NaN or infinity.
        ValueError: the metadata has a reserved key or holds NaN or infinity.
        TypeError: the metadata holds something that JSON has no word for.
    """
    if taken := RESERVED & metadata.keys():
        raise ValueError(f"metadata has the reserved key {min(taken)!r}")
    ordered = {name: np.asarray(tensors[name], order="C") for name in sorted(tensors)}
    _check_finite(ordered, path)
    described = json.loads(_to_json({"package": KEY, "version": VERSION, **metadata}))
    described["sha256"] = _digest(ordered, described)
    content = save(ordered, metadata={KEY: _to_json(described)})
    with replace_file(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(content)


def read_model(path: str | os.PathLike[str]) -> Model:
    """Read a model file and check it before anything is handed out.

    Raises:
        InputError: there is no such file, it is damaged or cut short, not an elman file, from a newer
            elman, or a tensor holds NaN or infinity.
    """
    strings, tensors = _read_safetensors(Path(path))
    if KEY not in strings:
        raise InputError(f"{path} is a safetensors file, but not one of elman's: it has no metadata key {KEY!r}")
    metadata = _parse(strings[KEY], path)
    if metadata.get("package") != KEY:
        raise InputError(f"{path} is not an elman model: its metadata names the package {metadata.get('package')!r}")
    version = metadata.get("version")
    if type(version) is not int or version < 1:
        raise InputError(f"{path} is damaged: its format version is {version!r}, expected a number from 1")
    if version > VERSION:
        raise InputError(
            f"{path} was written by a newer elman (format {version}; this one reads up to {VERSION}): upgrade elman"
        )
    _check_finite(tensors, path)
    expected = metadata.pop("sha256", None)
    if _digest(tensors, metadata) != expected:
        raise InputError(f"{path} is damaged: its content does not match its checksum: copy or train it again")
    return Model({key: metadata[key] for key in metadata.keys() - RESERVED}, tensors)


def check_tensors(expected: Mapping[str, tuple[int, ...]], model: Model, path: str | os.PathLike[str]) -> None:
    """Refuse a model whose tensors are not those that its configuration asks for.

    Args:
        expected: the shape of each tensor, by name.
        model: what `read_model` returned.
        path: where it came from, for the message.

    Raises:
        InputError: a tensor is missing, unexpected or has another shape.
    """
    for name in sorted(expected.keys() | model.tensors.keys()):
        if name not in model.tensors:
            raise InputError(f"{path} has no tensor {name}, which its configuration asks for: train it again")
        found = model.tensors[name].shape
        if name not in expected:
            raise InputError(
                f"{path} has a tensor {name} of shape {found}, which its configuration has no use for: train it again"
            )
        if found != tuple(expected[name]):
            raise InputError(
                f"{path}: tensor {name} has shape {found}, but its configuration asks for "
                f"{tuple(expected[name])}: train it again"
            )


def _read_safetensors(path: Path) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    if path.is_dir():
        raise InputError(f"{path} is a directory, expected a model file (.safetensors)")
    if not path.exists():
        raise InputError(f"{path}: there is no such file, expected a model file (.safetensors)")
    if not path.is_file():
        raise InputError(f"{path} is not a regular file, expected a model file (.safetensors)")
    try:
        with path.open("rb") as file:
            start = file.read(9)
        if not start:
            raise InputError(f"{path} is empty, expected a model file (.safetensors)")
        if start[8:] not in (b"", b"{"):
            raise InputError(f"{path} is not a safetensors file, expected a model that elman wrote")
        with safe_open(path, framework="np") as content:
            return content.metadata() or {}, {name: content.get_tensor(name) for name in sorted(content.keys())}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    except InputError:
        raise
    except (SafetensorError, AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        # besides its own error, safetensors lets numpy's through: a dtype that numpy lacks, an absurd shape
        reason = " ".join(str(error).split())
        raise InputError(f"{path} is damaged, cut short or not a model of elman's: {reason}") from error


def _parse(text: str, path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        metadata = json.loads(text, object_pairs_hook=_object)
        # the writer is stricter than Python's reader: no NaN, no 1e999, no half of a surrogate pair
        _to_json(metadata).encode()
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged: its metadata is not JSON: {error}") from error
    if not isinstance(metadata, dict):
        raise InputError(f"{path} is damaged: its metadata is a JSON {type(metadata).__name__}, expected an object")
    return metadata


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"duplicate key {next(name for name in names if names.count(name) > 1)!r}")
    return members


def _to_json(metadata: Mapping[str, Any]) -> str:
    return json.dumps(metadata, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _digest(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> str:
    """SHA-256 of names, dtypes, shapes, values and metadata: a flipped bit in a weight would go unseen."""
    digest = hashlib.sha256(_to_json(metadata).encode())
    for name in sorted(tensors):
        array = tensors[name].astype(tensors[name].dtype.newbyteorder("<"), order="C", copy=False)
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()


def _check_finite(tensors: Mapping[str, np.ndarray], path: str | os.PathLike[str]) -> None:
    for name, array in tensors.items():
        if array.dtype.kind in "fc" and not np.isfinite(array).all():
            what = "NaN" if np.isnan(array).any() else "an infinity"
            raise InputError(
                f"{path}: tensor {name!r} holds {what}, expected finite numbers: after training, "
                "train again with a lower learning_rate"
            )
