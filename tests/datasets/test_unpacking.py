from pathlib import Path

import pytest
from archives import deb, tar

from elman.datasets import unpacking
from elman.datasets.unpacking import unpack
from elman.errors import InputError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "elman" / "unpacked"


def test_files_are_unpacked_once(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = deb(tmp_path / "a.deb", {"usr/b/2.wav": b"two", "usr/b/c/1.wav": b"one", "usr/b/readme": b"text"})
    files = unpack(archive, "*.wav")
    assert {name: path.read_bytes() for name, path in files.items()} == {"usr/b/2.wav": b"two", "usr/b/c/1.wav": b"one"}
    assert all(path.is_absolute() and cache in path.parents for path in files.values())
    with monkeypatch.context() as patched:
        patched.setattr(unpacking, "read_members", None)  # not read again
        assert unpack(archive, "*.wav") == files
    assert [path.read_bytes() for path in unpack(archive, "*readme").values()] == [b"text"]
    deb(archive, {"usr/b/2.wav": b"another version"})
    assert [path.read_bytes() for path in unpack(archive, "*.wav").values()] == [b"another version"]
    assert len(list(cache.iterdir())) == 3


def test_what_fails_leaves_nothing(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"'\.\./b\.wav', which would lie outside"):
        unpack(tar(tmp_path / "a.tgz", {"a.wav": b"one", "../b.wav": b"two"}), "*.wav")
    assert list(cache.iterdir()) == []

    def full(self: Path, content: bytes) -> int:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="cannot be written: no space left"):
        unpack(tmp_path / "a.tgz", "a.wav")
    assert list(cache.iterdir()) == []


def test_another_process_may_be_first(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tar(tmp_path / "a.tgz", {"a.wav": b"one"})

    def beaten(self: Path, target: Path) -> Path:
        target.mkdir()
        (target / "a.wav").write_bytes(b"one")
        raise OSError("not empty")

    monkeypatch.setattr(Path, "rename", beaten)
    assert [path.read_bytes() for path in unpack(archive, "*.wav").values()] == [b"one"]
    assert len(list(cache.iterdir())) == 1
