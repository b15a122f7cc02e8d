"""A long file in blocks of whole rows, or of whole words."""

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import BinaryIO

from elman.errors import InputError

LONGEST = 2**28  # bytes of one row, or characters without a space: what memory has to hold at once
SPACES = " \n\t\r"
_BEFORE_WORD = re.compile(f"[{SPACES}](?=[^{SPACES}])")


def row_blocks(file: BinaryIO, size: int, last_end: Callable[[bytes], int], name: str) -> Iterator[bytes]:
    """The bytes of a file, about `size` at a time, cut after rows; a longer row is a block alone.

    Args:
        file: at its beginning.
        size: of a block.
        last_end: tells where the last row ends that is whole; 0 where none is.
        name: the file's name, for messages.

    Raises:
        InputError: a row is too long to be one.
    """
    rest, lines = b"", 0
    while piece := file.read(max(size, len(rest))):
        rest += piece
        end = last_end(rest)
        if end:
            yield rest[:end]
            lines += rest.count(b"\n", 0, end)
            rest = rest[end:]
        elif len(rest) > LONGEST:
            raise InputError(
                f"{name} line {lines + 1} begins a row of more than {LONGEST // 2**20} MB: close its quote, or part it"
            )
    if rest:
        yield rest


def last_line_end(data: bytes) -> int:
    """Where the last line ends that is whole."""
    return data.rfind(b"\n") + 1


def last_row_end(data: bytes, delimiter: str) -> int:
    """Where the last row of CSV or TSV ends that is whole; line breaks in quotes end none."""
    limit = len(data)
    for start, stop in reversed(_quoted(data, delimiter)):
        end = data.rfind(b"\n", stop, limit)
        if end >= 0:
            return end + 1
        limit = start
    return data.rfind(b"\n", 0, limit) + 1


def first_row_end(data: bytes, delimiter: str) -> int:
    """Where the first row ends, as its header; the length where it is the only one."""
    begin = 0
    for start, stop in [*_quoted(data, delimiter), (len(data), len(data))]:
        end = data.find(b"\n", begin, start)
        if end >= 0:
            return end + 1
        begin = stop
    return len(data)


def _quoted(data: bytes, delimiter: str) -> list[tuple[int, int]]:
    """The cells in quotes that hold line breaks; the last one may still be open."""
    if b'"' not in data:
        return []
    spans = (found.span() for found in _cell_in_quotes(delimiter).finditer(data))
    return [(start, stop) for start, stop in spans if data.find(b"\n", start, stop) >= 0]


@cache
def _cell_in_quotes(delimiter: str) -> re.Pattern[bytes]:
    # a quote counts only where a cell begins; doubled quotes do not end it
    begin = rf"(?:\A|(?<=[{re.escape(delimiter)}\r\n]))"
    return re.compile(begin.encode() + rb'"[^"]*+(?:""[^"]*+)*+"?')


def text_blocks(file: BinaryIO, size: int, name: str) -> Iterator[str]:
    """The text of a file in UTF-8, about `size` bytes at a time, cut before a space that a word follows.

    No character is cut, nor what becomes one character in Unicode's composed form, nor a word: what a codec counts and
    encodes is the same for the blocks as for the whole. A byte-order mark is left out.

    Raises:
        InputError: it is not UTF-8; the message names the line.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    rest, lines = "", 0
    while True:
        data = file.read(max(size, len(rest)))
        held = decoder.getstate()[0]
        try:
            piece = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            seen = lines + rest.count("\n") + (held + data).count(b"\n", 0, error.start)
            byte = error.object[error.start]
            raise InputError(
                f"{name} line {seen + 1} is not UTF-8 (byte 0x{byte:02x}): save the file as UTF-8"
            ) from None
        rest += piece
        if not data:
            break
        end = _cut_before(rest)
        if end:
            yield rest[:end]
            lines += rest.count("\n", 0, end)
            rest = rest[end:]
    if rest:
        yield rest


def _cut_before(text: str) -> int:
    """The last place where a text can be cut; 0 where there is none yet."""
    for end in range(len(text) - 2, 0, -1):
        if text[end] in SPACES and text[end + 1] not in SPACES:
            return end
    if len(text) > LONGEST:  # a script without spaces: between characters that do not join
        for end in range(len(text) - 1, 0, -1):
            if not _joins(text[end]):
                return end
    return 0


def next_cut(text: str, place: int, *, within_words: bool = False) -> int:
    """The first place from `place` on where a text can be cut, as `text_blocks` does; its length where there is none.

    Args:
        text: the text.
        place: from 0.
        within_words: whether any place will do where no composition joins two characters.
    """
    if not within_words:
        found = _BEFORE_WORD.search(text, place)
        return found.start() if found else len(text)
    return next((end for end in range(place, len(text)) if not _joins(text[end])), len(text))


def _joins(character: str) -> bool:
    """Whether composition may join a character to the one before it."""
    return unicodedata.category(character).startswith("M") or 0x1160 <= ord(character) <= 0x11FF
