import lzma
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from archives import deb, tar, zipped

from elman.datasets.archives import read_member, read_members
from elman.errors import InputError

MEMBERS = {"package/data/a.txt": b"a", "package/b.txt": b"b", "package/data/c.txt": "ü".encode()}
# Enough that cannot be compressed, so that the end of the archive is not all that a cut takes.
LARGE = {"package/data/a.txt": bytes((number * number >> 5) % 251 for number in range(20_000))}


@pytest.mark.parametrize("make", [zipped, tar, deb])
def test_members_of_every_kind_of_archive(make, tmp_path: Path) -> None:
    found = read_members(make(tmp_path / "archive", MEMBERS), "*package/data/*.txt")
    assert [(name.removeprefix("./"), content) for name, content in found.items()] == [
        ("package/data/a.txt", b"a"),
        ("package/data/c.txt", "ü".encode()),
    ]


@pytest.mark.parametrize("compression", ["gz", "bz2", "xz"])
def test_a_deb_of_any_compression(compression: str, tmp_path: Path) -> None:
    assert read_member(deb(tmp_path / "archive", MEMBERS, compression), "*/b.txt") == b"b"


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb writes Debian packages")
def test_a_deb_that_debian_wrote(tmp_path: Path) -> None:
    (tmp_path / "p" / "DEBIAN").mkdir(parents=True)
    control = "Package: data\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b.c>\nDescription: data\n"
    (tmp_path / "p" / "DEBIAN" / "control").write_text(control, encoding="utf-8")
    (tmp_path / "p" / "a.txt").write_bytes(LARGE["package/data/a.txt"])
    subprocess.run(["dpkg-deb", "-Zxz", "--build", "p", "p.deb"], cwd=tmp_path, check=True, capture_output=True)
    assert read_member(tmp_path / "p.deb", "*/a.txt") == LARGE["package/data/a.txt"]


def test_a_deb_is_decompressed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step back in a stream of xz, be it by one byte, begins anew: minutes in a large archive."""
    path = deb(tmp_path / "archive", {f"{number}.bin": bytes(512 * number) for number in range(200)})
    started = []
    original = lzma.LZMADecompressor
    monkeypatch.setattr("lzma.LZMADecompressor", lambda *given: started.append(given) or original(*given))
    assert [len(content) for content in read_members(path, "*.bin").values()] == [512 * each for each in range(200)]
    assert len(started) == 1


@pytest.mark.parametrize("make", [zipped, tar, deb])
@pytest.mark.parametrize("kept", [0, 5, 0.3, 0.7, 0.97])
def test_an_archive_cut_off_is_refused(make, kept: float, tmp_path: Path) -> None:
    path = make(tmp_path / "archive", LARGE)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if kept < 1 else kept])
    with pytest.raises(InputError, match=r"^the archive \S+ is damaged \(.+\): remove it and fetch it again$"):
        read_member(path, "*/a.txt")


@pytest.mark.parametrize("make", [zipped, deb])  # gzip's sum is not looked at: the whole file's SHA-256 was
def test_other_bytes_within_are_refused(make, tmp_path: Path) -> None:
    path = make(tmp_path / "archive", LARGE)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8] = bytes(255 - value for value in content[middle : middle + 8])
    path.write_bytes(content)
    with pytest.raises(InputError, match="is damaged"):
        read_member(path, "*/a.txt")


def test_a_deb_without_its_data(tmp_path: Path) -> None:
    path = deb(tmp_path / "archive", MEMBERS)
    path.write_bytes(path.read_bytes().replace(b"data.tar.xz", b"other.ta.xz"))
    with pytest.raises(InputError, match=r"it has no member data\.tar"):
        read_members(path, "*")
    path.write_bytes(path.read_bytes().replace(b"`\n", b"\n\n"))
    with pytest.raises(InputError, match="a head of the ar archive is not one"):
        read_members(path, "*")


def test_one_member_is_expected(tmp_path: Path) -> None:
    path = tar(tmp_path / "archive", MEMBERS)
    with pytest.raises(InputError, match=r"holds 2 files \*/data/\*: expected one"):
        read_member(path, "*/data/*")


def test_nothing_here_needs_pandas() -> None:
    program = "import sys, elman.datasets.archives; print({'pandas', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "set()"
