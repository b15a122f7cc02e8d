"""Many media files, sounds or images: read one after the other; what cannot be read is left out, named and counted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Generic, Protocol, TypeVar

from elman.errors import InputError, MissingExtra, counted, listed


class Medium(Protocol):
    """What was read out of a file, such as a sound."""

    @property
    def path(self) -> PurePath:
        """The file."""

    @property
    def traits(self) -> tuple[str, ...]:
        """What is odd about it."""


MediumT = TypeVar("MediumT", bound=Medium)


@dataclass
class Media(Generic[MediumT]):
    """Many files that were read, and those that could not be.

    Args:
        said: of each trait a line, in which `{0}` is the first file that has it.
        items: what could be read.
        rows: the place of each among all files.
        unreadable: the place of every other one, and why.
    """

    said: Mapping[str, str]
    items: list[MediumT] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    unreadable: dict[int, str] = field(default_factory=dict)

    def notes(self) -> list[str]:
        """What a person should know of the files: a line for each trait, and one that names those that are left out."""
        notes = []
        distinct = list({id(one): one for one in self.items}.values())  # a file may stand in several rows
        for trait, line in self.said.items():
            found = [one for one in distinct if trait in one.traits]
            if found:
                files = f"{len(found):,} of {len(distinct):,} files ({found[0].path}{', ...' * (len(found) > 1)})"
                notes.append(f"{line.format(found[0])}: {files}")
        if self.unreadable:
            reasons = list(dict.fromkeys(self.unreadable.values()))
            files = f"{len(reasons):,} of {len(reasons) + len(distinct):,} files"
            notes.append(f"left out {files}: {listed(reasons)}")
        return notes


def read_media(
    sources: Sequence[Any],
    read: Callable[[Any], MediumT],
    what: str,
    said: Mapping[str, str],
    *,
    strict: bool = False,
    told: Callable[[int], None] = lambda done: None,
) -> Media[MediumT]:
    """Read many files; one that cannot be read is left out, and one that stands there several times is read once.

    Args:
        sources: the files.
        read: reads one; its errors begin with the path.
        what: files are called, such as "audio files".
        said: see `Media`.
        strict: refuse a file that cannot be read.
        told: hears how many files are done.

    Raises:
        InputError: with `strict` for a file that cannot be read; else if none can.
        MissingExtra: the libraries that read such files are not installed.
    """
    media: Media[MediumT] = Media(said)
    known: dict[Any, MediumT | str] = {}
    for row, source in enumerate(sources):
        key = source if isinstance(source, PurePath) else id(source)
        if key not in known:
            try:
                known[key] = read(source)
            except MissingExtra:
                raise
            except InputError as error:
                if strict:
                    raise
                known[key] = str(error)
        found = known[key]
        if isinstance(found, str):
            media.unreadable[row] = found
        else:
            media.items.append(found)
            media.rows.append(row)
        told(row + 1)
    if not media.items:
        raise none_readable(media.unreadable.values(), what)
    return media


def none_readable(reasons: Iterable[str], what: str) -> InputError:
    """What to say where no file can be read: of one alone why, of several of some of them.

    Args:
        reasons: why each cannot be read; they begin with its path.
        what: see `read_media`.
    """
    found = list(dict.fromkeys(reasons))
    several = f"none of {counted(len(found), what)} can be read: " if len(found) != 1 else ""
    return InputError(several + listed(found))
