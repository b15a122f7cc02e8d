"""Many files: each distinct one is read once, what is odd is counted by file, what cannot be read is left out."""

from dataclasses import dataclass
from pathlib import Path, PurePath

import pytest

from elman.codecs.media import read_media
from elman.errors import InputError, MissingExtra

SAID = {"odd": "odd, of length {0.length}"}


@dataclass(frozen=True)
class Name:
    path: PurePath

    @property
    def length(self) -> int:
        return len(self.path.name)

    @property
    def traits(self) -> tuple[str, ...]:
        return ("odd",) if self.length % 2 else ()


def name(path: PurePath) -> Name:
    if path.name.startswith("x"):
        raise InputError(f"{path} begins with x")
    return Name(path)


def test_a_file_of_several_rows_is_read_and_counted_once() -> None:
    read: list[PurePath] = []

    def counted(path: PurePath) -> Name:
        read.append(path)
        return name(path)

    paths = [Path(one) for one in ("abc", "x", "abc", "ab", "x", "d")]
    media = read_media(paths, counted, "names", SAID)
    assert read == [Path(one) for one in ("abc", "x", "ab", "d")]
    assert (media.rows, media.items[0] is media.items[1]) == ([0, 2, 3, 5], True)
    assert media.unreadable == {1: "x begins with x", 4: "x begins with x"}
    assert media.notes() == ["odd, of length 3: 2 of 3 files (abc, ...)", "left out 1 of 4 files: x begins with x"]


def test_strict_refuses_and_nothing_readable_is_an_error() -> None:
    with pytest.raises(InputError, match=r"^x begins with x$"):
        read_media([Path("a"), Path("x")], name, "names", SAID, strict=True)
    with pytest.raises(InputError, match=r"^none of 2 names can be read: x begins with x; xy begins with x$"):
        read_media([Path("x"), Path("xy"), Path("x")], name, "names", SAID)
    with pytest.raises(InputError, match=r"^x begins with x$"):
        read_media([Path("x"), Path("x")], name, "names", SAID)


def test_a_missing_library_ends_it() -> None:
    def without(path: PurePath) -> Name:
        raise MissingExtra("this needs the library z")

    with pytest.raises(MissingExtra):
        read_media([Path("a"), Path("b")], without, "name", SAID)
