"""The archives that packages are: wheel, sdist, npm's tar and Debian's .deb, read in one pass."""

import fnmatch
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from pathlib import Path

from elman.errors import InputError

_DEB, _ENTRY = b"!<arch>\n", 60  # an ar archive: this word, then for each file a head of 60 bytes and its bytes
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, gzip.BadGzipFile)


def read_members(archive: Path, pattern: str) -> dict[str, bytes]:
    """Read the files of a package whose path matches, in the archive's order, in one pass.

    Raises:
        InputError: the archive is damaged.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                return {name: zipped.read(name) for name in fnmatch.filter(zipped.namelist(), pattern)}
        # From a stream of xz, going back to a member would decompress all before it anew: "|" never does.
        with archive.open("rb") as file, tarfile.open(fileobj=_tar_within(file), mode="r|*") as tarred:
            return {
                member.name: content.read()
                for member in tarred
                if fnmatch.fnmatchcase(member.name, pattern) and (content := tarred.extractfile(member))
            }
    except _DAMAGED as error:
        raise InputError(f"the archive {archive} is damaged ({error}): remove it and fetch it again") from error


def read_member(archive: Path, pattern: str) -> bytes:
    """Read the one file of a package whose path matches.

    Raises:
        InputError: the archive is damaged, or holds no such file or several.
    """
    members = read_members(archive, pattern)
    if len(members) != 1:
        raise InputError(f"the archive {archive} holds {len(members)} files {pattern}: expected one")
    return next(iter(members.values()))


def _tar_within(file: io.BufferedReader) -> io.BufferedIOBase:
    """Give the tar: the file itself, or of a .deb the member data.tar, whatever it is compressed with."""
    if file.read(len(_DEB)) != _DEB:
        file.seek(0)
        return file
    while head := file.read(_ENTRY):
        name, size = head[:16].decode("latin-1").strip(), head[48:58]
        if not head.endswith(b"`\n") or not size.strip().isdigit():
            raise EOFError("a head of the ar archive is not one")
        content = file.read(int(size))
        if len(content) < int(size):
            raise EOFError(f"its member {name} is cut off")
        if name.removesuffix("/").startswith("data.tar"):
            return io.BytesIO(content)
        file.seek(int(size) % 2, io.SEEK_CUR)  # heads stand at even places
    raise EOFError("it has no member data.tar")
