"""Word vectors that others have trained, out of the text files of word2vec, GloVe and fastText."""

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from elman.errors import InputError
from elman.tables.reading import readable
from elman.tables.streaming import Told, unpacked

SAMPLE = 50  # lines that tell how many numbers a vector has
LONGEST_LINE = 2**20  # bytes; a longer one is no text of vectors
TELL_EVERY = 1000  # lines
NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
FORM = "a word and its numbers on each line, as the text files of word2vec, GloVe and fastText have"


class WordVectors(NamedTuple):
    """What a file knows of the words that were asked for.

    Args:
        size: E, how many numbers a vector has.
        rows: the vector of each word that it knows, (E,), float32.
    """

    size: int
    rows: dict[str, np.ndarray]


def read_word_vectors(
    source: str | os.PathLike[str], words: Iterable[str], *, told: Told = lambda position: None
) -> WordVectors:
    r"""Read the vectors of some words; memory holds these alone, however large the file is.

    A line is a word and its numbers, between blanks. It is read from the right, since a word may hold blanks. A first
    line with two whole numbers, how many words and how many numbers each, may be there or not. A word is sought as it
    is, and if the file has not that, in lower case; of a word that stands on several lines the first one counts.
    Words of the file that are no UTF-8 are passed over, and so are the numbers of words that nobody asked for.

    Args:
        source: a text file in UTF-8, `.gz` or not.
        words: in Unicode's composed form (NFC), as codecs have them.
        told: is told how many bytes of the file have been read.

    Raises:
        InputError: the file is not there or is something else, ends before the number of words that it promises, or a
            line has another number of values or something that is no number; the message names the line.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("vectors.txt").write_text("3 2\nthe 0.5 -1\nNew York 1 2\ncat 0.25 4\n", encoding="utf-8")
        >>> found = read_word_vectors("vectors.txt", ["Cat", "dog", "New York"])
        >>> found.size, {word: row.tolist() for word, row in found.rows.items()}
        (2, {'Cat': [0.25, 4.0], 'New York': [1.0, 2.0]})
    """
    path, name = Path(source), str(source)
    asked = list(dict.fromkeys(words))
    sought = {form for word in asked for form in (word, word.lower())}
    with readable(path, name), path.open("rb") as raw:
        size, found = _scan(unpacked(path, raw), name, sought, lambda: told(raw.tell()))
    pairs = ((word, found.get(word, found.get(word.lower()))) for word in asked)
    return WordVectors(size, {word: row for word, row in pairs if row is not None})


def _scan(file: BinaryIO, name: str, sought: set[str], tell: Callable[[], None]) -> tuple[int, dict[str, np.ndarray]]:
    """How many numbers a vector has, and the vectors of the forms that are sought."""
    lines = enumerate(_lines(file, name), start=1)
    first = list(islice(lines, SAMPLE))
    promised, size = _header(first, name)
    begins = {piece for form in sought for piece in form.encode().split(None, 1)[:1]}
    found: dict[str, np.ndarray] = {}
    count = 0
    for number, line in chain(first if promised is None else first[1:], lines):
        if number % TELL_EVERY == 0:
            tell()
        count += bool(line)
        blanks = line.count(b" ") + line.count(b"\t")
        if not line or (blanks == size and not _may_begin(line.split(None, 1)[0], begins)):
            continue  # nearly every line: its numbers are not looked at
        word, values = _parted(line, size, f"{name} line {number}")
        if word in sought and word not in found:
            found[word] = _vector(values, word, f"{name} line {number}")
    tell()
    if promised is not None and count < promised:
        raise InputError(
            f"{name} ends after {count:,} of the {promised:,} words that its first line promises: get it anew"
        )
    return size, found


def _lines(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The lines without white space at their ends; a byte-order mark is left out."""
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            raise InputError(f"{name} line {number} has more than {LONGEST_LINE:,} bytes: expected {FORM}")
        yield line.removeprefix(b"\xef\xbb\xbf").rstrip() if number == 1 else line.rstrip()


def _header(first: list[tuple[int, bytes]], name: str) -> tuple[int | None, int]:
    """How many words the first line promises, None where it promises nothing; and how many numbers a vector has."""
    filled = [(number, line) for number, line in first if line]
    if not filled:
        raise InputError(f"{name} is empty: expected {FORM}")
    pieces = filled[0][1].split()
    may_be = filled[0][0] == 1 and len(pieces) == 2 and all(piece.isdigit() for piece in pieces)
    rest = filled[1:] if may_be else filled
    sizes = Counter(_numbers_at_end(line) for _, line in rest)
    size = max(sizes, key=lambda size: (sizes[size], -size)) if sizes else 0
    if size == 0:
        number = rest[0][0] if rest else 2
        raise InputError(
            f"{name} line {number} has no numbers after a word: expected {FORM}; their binary files are not read"
        )
    if not may_be:
        return None, size
    promised, told = (int(piece) for piece in pieces)
    if told == size:
        return promised, size
    if size == 1:
        return None, size  # the word is a number
    raise InputError(f"{name} line 1 promises vectors of {told} numbers, but those that follow have {size}")


def _numbers_at_end(line: bytes) -> int:
    """How many numbers a line ends in, after at least one word."""
    pieces = line.split()[1:]
    return next((k for k, piece in enumerate(reversed(pieces)) if not NUMBER.fullmatch(piece)), len(pieces))


def _may_begin(piece: bytes, begins: set[bytes]) -> bool:
    """Whether a word that is sought may begin so; another form of Unicode than the composed one may."""
    if piece.isascii():
        return piece in begins
    return _composed(piece).encode(errors="surrogateescape") in begins


def _parted(line: bytes, size: int, place: str) -> tuple[str, list[bytes]]:
    """The word and its values. A word may hold blanks, and may be none but them."""
    word, *values = line.rsplit(None, size) if line[:1] not in b" \t" else (b"", *line.split(None)[-size:])
    more = word.split()[1:]
    surplus = len(more) if all(NUMBER.fullmatch(one) and b"." in one for one in more) else 0
    if len(values) != size or surplus:
        raise InputError(
            f"{place} has {len(values) + surplus} numbers after its word, expected {size} as other lines have"
        )
    return _composed(word), values


def _composed(word: bytes) -> str:
    """A word in NFC; bytes that are no UTF-8 become what no text has."""
    return unicodedata.normalize("NFC", word.decode(errors="surrogateescape"))


def _vector(values: list[bytes], word: str, place: str) -> np.ndarray:
    for value in values:
        if not NUMBER.fullmatch(value):
            shown = value[:40].decode(errors="replace")
            raise InputError(f"{place} has {shown!r} among the numbers of {word!r}: expected {len(values)} numbers")
    with np.errstate(over="ignore"):
        vector = np.array([float(value) for value in values], np.float32)
    if not np.isfinite(vector).all():
        raise InputError(f"{place} has a number too large for 32 bits in the vector of {word!r}")
    return vector
