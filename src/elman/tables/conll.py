"""CoNLL files: a word on each line with its tags in columns, a blank line after each sentence."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from elman.errors import InputError
from elman.tables.reading import content, decode

SUFFIXES = (".conll", ".conllu", ".bio", ".iob", ".iob2")
"""What a CoNLL file's name ends in, with `.gz` or without; it may have any other that no table has."""
DOCUMENT = "-DOCSTART-"
_UNIVERSAL = (2, 4)  # words and parts of speech in the format of Universal Dependencies
_NO_WORD = re.compile(r"\d+[-.]\d+")  # there, a token of several words, or a word that is not written


@dataclass(frozen=True)
class Sentence:
    """One sentence.

    Args:
        words: as they stand in the file.
        tags: of each word.
        lines: of the file, from 1, of each word.
        fault: what keeps it from being read, with its line; None if nothing does.
    """

    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    fault: str | None = None


def read_conll(
    path: str | os.PathLike[str], words: int | None = None, tags: int | None = None, *, tagged: bool = True
) -> list[Sentence]:
    r"""Read sentences.

    Columns are parted by tabs, if the first line with a word has one, else by blanks. Comments are lines that begin
    with `#` before the first word of a sentence; of a file of three columns or more such a line is a word if it has as
    many. `-DOCSTART-` begins a document and is no sentence.

    Args:
        path: a file in UTF-8, with `.gz` or without.
        words: the column of the words, counted from 1, or from the end with -1; None: 1, of `.conllu` 2.
        tags: the column of the tags; None: the last, of `.conllu` 4.
        tagged: whether tags are wanted: without them a line may be a word alone.

    Raises:
        InputError: there is no such file, it is empty, is not UTF-8 or has no such columns.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("two.conll").write_text("turn O\nlights B-name\n\nhello O\n")
        >>> [(one.words, one.tags) for one in read_conll("two.conll")]
        [(['turn', 'lights'], ['O', 'B-name']), (['hello'], ['O'])]

    Source: Tjong Kim Sang and De Meulder, Introduction to the CoNLL-2003 Shared Task (2003).
    """
    name, file = os.fspath(path), Path(path)
    universal = ".conllu" in file.suffixes
    own = _UNIVERSAL if universal else (1, -1)
    columns = [one if given is None else given for given, one in zip((words, tags), own, strict=True)]
    rows = decode(content(file, name), name).replace("\r\n", "\n").split("\n")
    found = list(_sentences(rows, columns if tagged else columns[:1], universal, name))
    if not found:
        raise InputError(f"{name} has no sentence: expected a word on each line and a blank line after each sentence")
    return found


def _sentences(rows: list[str], columns: list[int], universal: bool, name: str) -> Iterator[Sentence]:
    tabs: bool | None = None
    width = 0
    sentence = Sentence()
    for line, row in enumerate(rows, start=1):
        if not row.strip() or row.startswith(DOCUMENT):
            if sentence.lines:
                yield sentence
            sentence = Sentence()
            continue
        tabs = "\t" in row if tabs is None and not row.startswith("#") else tabs
        cells = row.split("\t") if tabs else row.split()
        if row.startswith("#") and not sentence.lines and not (width == len(cells) and (tabs or width > 2)):
            continue
        if universal and _NO_WORD.fullmatch(cells[0]):
            continue
        if not width:
            width = _checked(cells, columns, f"{name} line {line}")
        sentence = _with(sentence, cells, columns, width, line)
    if sentence.lines:
        yield sentence


def _checked(cells: list[str], columns: list[int], place: str) -> int:
    for column in columns:
        if not 1 <= abs(column) <= len(cells):
            raise InputError(
                f"{place} has no column {column}: it has {len(cells)}, counted from 1, or from the end by -1"
            )
    places = [column - 1 if column > 0 else len(cells) + column for column in columns]
    if len(set(places)) < len(places):
        raise InputError(
            f"{place} has words and tags in one column ({len(cells)} in all): expected a word and its tag on each line"
        )
    return len(cells)


def _with(sentence: Sentence, cells: list[str], columns: list[int], width: int, line: int) -> Sentence:
    """The sentence and one word more."""
    sentence.lines.append(line)
    chosen = [cells[column - 1 if column > 0 else column] for column in columns] if len(cells) == width else []
    if not chosen or not all(chosen):
        reason = (
            f"has {len(cells)} columns, the first line with a word {width}" if not chosen else "has an empty column"
        )
        return Sentence(sentence.words, sentence.tags, sentence.lines, sentence.fault or f"line {line} {reason}")
    sentence.words.append(chosen[0])
    sentence.tags.extend(chosen[1:])
    return sentence
