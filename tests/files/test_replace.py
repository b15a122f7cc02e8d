"""A file is replaced whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from elman.errors import InputError
from elman.files import check_writable, replace_file


def test_replaces_and_leaves_nothing_else(tmp_path):
    target = tmp_path / "m.csv"
    with replace_file(str(target)) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".csv"
        assert not target.exists()
        temporary.write_bytes(b"new")
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [tmp_path / "m.csv"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_old_file(tmp_path, error):
    target = tmp_path / "m"
    target.write_bytes(b"old")

    def write():
        with replace_file(target) as temporary:
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        write()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [tmp_path / "m"]


def test_a_full_disk_is_one_line(tmp_path):
    def write():
        with replace_file(tmp_path / "m"):
            raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match=r"m cannot be written: .*No space left"):
        write()
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_permissions_are_ordinary_and_kept(tmp_path):
    target, ordinary = tmp_path / "m", tmp_path / "ordinary"
    ordinary.write_bytes(b"")
    for mode in (stat.S_IMODE(ordinary.stat().st_mode), 0o600):
        if target.exists():
            target.chmod(mode)
        with replace_file(target) as temporary:
            temporary.write_bytes(b"x")
        assert stat.S_IMODE(target.stat().st_mode) == mode


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "m"
    link.symlink_to(tmp_path / "real" / "m")
    with replace_file(link) as temporary:
        temporary.write_bytes(b"x")
    assert link.is_symlink()
    assert (tmp_path / "real" / "m").read_bytes() == b"x"


def test_refusals_come_before_any_work(tmp_path, monkeypatch):
    existing = tmp_path / "m"
    existing.write_bytes(b"old")

    def refused(path, overwrite, message):
        with pytest.raises(InputError, match=message):
            check_writable(path, overwrite)
        with pytest.raises(InputError, match=message), replace_file(path, overwrite=overwrite):
            pytest.fail("the block ran")

    refused(existing, False, r"m exists already: give another name, or overwrite it \(--force")
    refused(tmp_path, True, "is a directory")
    refused(tmp_path / "none" / "m", True, "there is no folder")
    refused(existing / "m", True, "there is no folder")
    if Path("/dev/null").exists():
        refused("/dev/null", True, "not a regular file")
    # the tests may run as root, whom no mode stops
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    refused(tmp_path / "new", True, "folder .* is not writable")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != existing)
    refused(existing, True, "m is not writable")
    check_writable(tmp_path / "new", False)
    assert list(tmp_path.iterdir()) == [tmp_path / "m"]
