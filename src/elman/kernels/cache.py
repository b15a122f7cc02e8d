"""Compiled code, kept from one process to the next: one object file for one module, beside the text it was made from.

A file's name holds a hash of all that its code depends on, so nothing kept is ever out of date. It is written aside and
renamed, and ends with a checksum: processes that start together, a full disk or a power cut leave nothing that would be
run. The checksum stands at the end because readers of object files (objdump) do not look there.
"""

import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache
from logging import getLogger
from pathlib import Path
from typing import Final

import llvmlite
import llvmlite.binding as llvm

import elman
from elman.kernels import notice
from elman.kernels.cache_folder import FolderError, folder, prune, write
from elman.kernels.compilation import Library, compile_object
from elman.kernels.target import host

_CHECKSUM: Final = hashlib.sha256().digest_size
_DAY: Final = 24 * 3600.0

_loaded: dict[tuple[str, tuple[str, ...]], Library] = {}
_lock = threading.RLock()
# A child forked while another thread compiles would wait for LLVM's lock for ever: so the fork waits for that thread.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


def load(name: str, key_parts: Sequence[str], emit: Callable[[], str]) -> Library:
    """The functions of a module: from this process, else from the cache, else compiled now and kept.

    Args:
        name: what the module is called, the first part of the file's name.
        key_parts: what its text depends on besides elman's own sources and this machine: the cell, the dtype, ...
        emit: gives the module as LLVM IR; called only if nothing is kept.

    Returns:
        The loaded functions; `source` is the file with the text, None where nothing could be kept.
    """
    wanted = (name, tuple(key_parts))
    found = _loaded.get(wanted)
    if found is None:
        with _lock:
            found = _loaded.get(wanted)
            if found is None:
                found = _loaded[wanted] = _load(name, key(name, key_parts), emit)
    return found


def key(name: str, key_parts: Sequence[str]) -> str:
    """The hash that stands in a file's name."""
    target = host()
    versions = (llvmlite.__version__, llvm.llvm_version_info)
    parts = (name, *key_parts, target.cpu, target.features, target.triple, versions, _sources())
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _load(name: str, hashed: str, emit: Callable[[], str]) -> Library:
    try:
        # The name may be a cell's from a file that somebody sent: it must not lead out of the folder.
        path = folder() / f"{re.sub('[^A-Za-z0-9_-]', '_', name)[:80]}-{hashed}.o"
    except FolderError as error:
        _say_once(str(error))
        return Library(_compile(name, emit)[1])
    source = path.with_suffix(".ll")
    code = _read(path)
    if code is not None:
        return Library(code, source)
    text, code = _compile(name, emit)
    try:
        write(source, text.encode())
        write(path, code + hashlib.sha256(code).digest())
    except OSError as error:
        _say_once(f"{path.parent} cannot be written ({error.strerror})")
        return Library(code)
    prune(path.parent)
    return Library(code, source)


def _compile(name: str, emit: Callable[[], str]) -> tuple[str, bytes]:
    with notice.compiling(name):
        text = emit()
        return text, compile_object(text, host())


def _read(path: Path) -> bytes | None:
    """The code in a file; None if there is none, or a damaged one."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    code, checksum = content[:-_CHECKSUM], content[-_CHECKSUM:]
    if hashlib.sha256(code).digest() != checksum:
        return None
    try:
        if path.stat().st_mtime < time.time() - _DAY:
            os.utime(path)  # `prune` removes what has not been used for long
    except OSError:
        pass  # a folder that may only be read serves too
    return code


@cache
def _sources() -> str:
    """A hash of the code that emits: the equations' part of it too, since it derives what is emitted."""
    hashed = hashlib.sha256(elman.__version__.encode())
    for path in _source_files():
        content = path.read_bytes()
        hashed.update(f"{path.name} {len(content)} ".encode() + content)
    return hashed.hexdigest()


def _source_files() -> list[Path]:
    """Empty where the package is no folder of sources, as in a frozen program."""
    kernels = Path(__file__).parent
    return [path for one in (kernels, kernels.parent / "equations") for path in sorted(one.glob("*.py"))]


@cache
def _say_once(problem: str) -> None:
    getLogger("elman").warning("compiled kernels are not kept, every process compiles them anew: %s", problem)
