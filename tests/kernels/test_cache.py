"""Compiled code on disk: found again, never out of date, never damaged; without a folder all works as well."""

import ctypes
import errno
import hashlib
import logging
import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from elman.kernels import cache, cache_folder, notice
from elman.kernels.emitter import Module
from elman.kernels.target import host

POSIX = pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")


def emit(factor=2):
    module = Module("times", "float32", host())
    with module.function("times", "x*", public=True) as body:
        body.x.set_int(0, body.x.int_at(0) * factor)
    return str(module.ir)


def emit_never():
    raise AssertionError("emitted although it was kept")


def times(library):
    """What the loaded function makes of 21."""
    x = ctypes.c_int64(21)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(library.address("times"))(ctypes.addressof(x))
    return x.value


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty cache, and nothing loaded yet."""
    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path / "cache"))
    forget(monkeypatch)
    return tmp_path / "cache"


def forget(monkeypatch):
    """As in a new process."""
    monkeypatch.setattr(cache, "_loaded", {})
    cache._say_once.cache_clear()


def test_is_emitted_once_then_found_in_the_process_then_on_disk(place, monkeypatch):
    first = cache.load("times", ("a",), emit)
    assert times(first) == 42
    assert cache.load("times", ("a",), emit_never) is first
    forget(monkeypatch)
    second = cache.load("times", ("a",), emit_never)
    assert second is not first
    assert times(second) == 42
    assert second.source is not None
    assert second.source.read_text() == emit()
    assert sorted(path.suffix for path in place.iterdir()) == [".ll", ".o"]


def test_other_key_parts_are_other_code(place):
    assert times(cache.load("times", ("a",), emit)) == 42
    assert times(cache.load("times", ("b",), lambda: emit(3))) == 63


@POSIX
def test_only_the_user_can_read_or_write(place):
    cache.load("times", (), emit)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.iterdir()} == {0o600}


@pytest.mark.parametrize("damage", ["truncated", "changed", "empty", "headless"])
def test_damaged_file_is_compiled_anew_and_replaced(place, monkeypatch, damage):
    cache.load("times", (), emit)
    (path,) = place.glob("*.o")
    good = path.read_bytes()
    middle = len(good) // 2
    changed = good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :]
    path.write_bytes({"truncated": good[:-7], "changed": changed, "empty": b"", "headless": good[9:]}[damage])
    forget(monkeypatch)
    assert times(cache.load("times", (), emit)) == 42
    assert path.read_bytes() == good


def test_key_depends_on_sources_and_processor(tmp_path, monkeypatch):
    copies = [tmp_path / path.name for path in cache._source_files()]
    assert {"cache.py", "emitter.py", "product.py", "adjoint.py"} <= {path.name for path in copies}
    for copy, path in zip(copies, cache._source_files(), strict=True):
        copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(cache, "_source_files", lambda: copies)
    monkeypatch.setattr(cache, "_sources", cache._sources.__wrapped__)
    keys = [cache.key("times", ("a",)), cache.key("times", ("b",)), cache.key("time", ("s", "a"))]
    copies[0].write_bytes(copies[0].read_bytes() + b"\n")
    keys.append(cache.key("times", ("a",)))
    monkeypatch.setattr(cache, "host", lambda: host()._replace(features="+nothing"))
    keys.append(cache.key("times", ("a",)))
    assert len(set(keys)) == len(keys)


def test_name_cannot_lead_out_of_the_folder(place):
    library = cache.load("../../a b/é" + 300 * "x", (), emit)
    assert times(library) == 42
    assert library.source is not None
    assert library.source.parent == place


USER = """
import ctypes, sys
sys.path[:0] = [{tests!r}]
from test_cache import cache, emit, times
print(times(cache.load("times", (), emit)))
"""


def test_processes_that_start_at_once(place):
    code = USER.format(tests=str(Path(__file__).parent))
    users = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(8)]
    assert [user.communicate()[0].split() for user in users] == [[b"42"]] * 8
    assert sorted(path.suffix for path in place.iterdir()) == [".ll", ".o"]
    (path,) = place.glob("*.o")
    content = path.read_bytes()
    assert hashlib.sha256(content[:-32]).digest() == content[-32:]


def test_threads_that_ask_at_once_get_one_library(place):
    emitted = []

    def slowly():
        emitted.append(1)
        time.sleep(0.05)
        return emit()

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: cache.load("times", (), slowly), range(8)))
    assert emitted == [1]
    assert set(found) == {found[0]}


def test_found_code_needs_neither_sympy_nor_numpy_nor_torch(place):
    cache.load("times", (), emit)
    code = """
from elman.kernels import cache
cache.load("times", (), lambda: 1 / 0)
import sys
print({"sympy", "torch", "numpy"} & set(sys.modules))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def loads_in_memory_and_says_so_once(caplog):
    with caplog.at_level(logging.WARNING, "elman"):
        for part in "ab":
            library = cache.load("times", (part,), emit)
            assert times(library) == 42
            assert library.source is None
    (record,) = caplog.records
    return record.getMessage()


def test_folder_that_cannot_be_made(place, tmp_path, monkeypatch, caplog):
    (tmp_path / "file").touch()
    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path / "file" / "cache"))
    assert "cannot be made" in loads_in_memory_and_says_so_once(caplog)


@pytest.mark.parametrize("problem", [errno.EROFS, errno.ENOSPC, errno.EACCES])
def test_folder_that_cannot_be_written(place, monkeypatch, caplog, problem):
    def fail(*arguments, **options):
        raise OSError(problem, os.strerror(problem))

    monkeypatch.setattr(cache_folder.tempfile, "mkstemp", fail)
    assert os.strerror(problem) in loads_in_memory_and_says_so_once(caplog)


def test_folder_that_can_only_be_read_serves(place, monkeypatch):
    cache.load("times", (), emit)
    (path,) = place.glob("*.o")
    os.utime(path, (1e9, 1e9))

    def fail(*arguments, **options):
        raise PermissionError

    monkeypatch.setattr(cache.os, "utime", fail)
    forget(monkeypatch)
    assert times(cache.load("times", (), emit_never)) == 42


@pytest.mark.parametrize("has_name", [True, False])
def test_user_without_home(place, tmp_path, monkeypatch, caplog, has_name):
    def home():
        if has_name:
            return tmp_path / "nobody"
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("ELMAN_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", home)
    assert "home" in loads_in_memory_and_says_so_once(caplog)
    assert not (tmp_path / "nobody").exists()


@pytest.mark.parametrize(
    ("system", "expected"),
    [("linux", ".cache/elman/kernels"), ("darwin", "Library/Caches/elman/kernels"), ("win32", "d/elman/Cache/kernels")],
)
def test_the_platform_s_folder(tmp_path, monkeypatch, system, expected):
    for name in ("ELMAN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cache_folder.sys, "platform", system)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "d"))
    assert cache_folder.folder() == tmp_path / expected
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder.folder() == tmp_path / "x" / "elman" / "kernels"


@POSIX
def test_folder_of_another_user_is_not_used(place, monkeypatch, caplog):
    place.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(place, 12345, -1)
    else:
        monkeypatch.setattr(cache_folder.os, "geteuid", lambda: 12345)
    assert "another user" in loads_in_memory_and_says_so_once(caplog)


@POSIX
def test_folder_that_others_can_write_is_not_used(place, caplog):
    place.mkdir()
    place.chmod(0o770)
    assert "other users" in loads_in_memory_and_says_so_once(caplog)
    assert list(place.iterdir()) == []


def test_what_was_not_used_for_long_is_removed(place, monkeypatch):
    place.mkdir(mode=0o700)
    now = time.time()
    for name, days in [("old", 31), ("new", 1), ("older", 99)]:
        for suffix in (".o", ".ll"):
            path = place / (name + suffix)
            path.touch()
            os.utime(path, (now, now - days * 86400))
    (place / "notes.txt").touch()
    os.utime(place / "notes.txt", (0, 0))
    left = place / "broken.part"
    left.touch()
    os.utime(left, (0, 0))
    cache.load("times", (), emit)
    ours = {path.name for path in place.glob("times-*")}
    assert {path.name for path in place.iterdir()} - ours == {"new.o", "new.ll", "notes.txt"}
    assert len(ours) == 2
    monkeypatch.setattr(cache_folder, "_MOST_FILES", 1)
    cache_folder.prune(place)
    assert {path.name for path in place.glob("*.o")} == {name for name in ours if name.endswith(".o")}
    cache_folder.prune(place / "missing")


def test_use_keeps_a_file_from_removal(place, monkeypatch):
    cache.load("times", (), emit)
    (path,) = place.glob("*.o")
    os.utime(path, (1e9, 1e9))
    forget(monkeypatch)
    cache.load("times", (), emit_never)
    assert path.stat().st_mtime > time.time() - 60


@pytest.mark.parametrize("terminal", [True, False])
def test_a_long_compilation_is_shown_on_a_terminal(monkeypatch, capsys, terminal):
    monkeypatch.setattr(notice, "_SECONDS", 0.02)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with notice.compiling("lstm"):
        time.sleep(0.1)
    shown = capsys.readouterr().err.splitlines()
    assert len(shown) == (2 if terminal else 0)
    assert all("lstm" in line for line in shown)


def test_a_quick_compilation_is_not_shown(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with notice.compiling("lstm"):
        pass
    assert capsys.readouterr().err == ""
