"""Small archives of the forms that packages have, and sounds for them."""

import io
import tarfile
import wave
import zipfile
from collections.abc import Mapping
from pathlib import Path


def zipped(path: Path, members: Mapping[str, bytes]) -> Path:
    """A wheel."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarred(members: Mapping[str, bytes], compression: str) -> bytes:
    """The bytes of a tar."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=f"w:{compression}") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return content.getvalue()


def tar(path: Path, members: Mapping[str, bytes]) -> Path:
    """An sdist, or what npm packs."""
    path.write_bytes(tarred(members, "gz"))
    return path


def deb(path: Path, members: Mapping[str, bytes], compression: str = "xz") -> Path:
    """A Debian package: an ar archive of three members."""
    written = [b"!<arch>\n"]
    control = tarred({"./control": b"Package: data\n"}, "xz")
    data = tarred({f"./{name}": content for name, content in members.items()}, compression)
    for name, content in (("debian-binary", b"2.0\n"), ("control.tar.xz", control), (f"data.tar.{compression}", data)):
        head = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n"
        written += [head.encode(), content, b"\n" * (len(content) % 2)]
    path.write_bytes(b"".join(written))
    return path


def wav(seconds: float, rate: int = 8000) -> bytes:
    """The bytes of a silent WAV file."""
    content = io.BytesIO()
    with wave.open(content, "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", "not compressed"))
        sound.writeframes(bytes(2 * round(seconds * rate)))
    return content.getvalue()
