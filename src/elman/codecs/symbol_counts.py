"""How often each character and each word stands in texts that come one after the other."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from elman.codecs.unicode import normalise

Level = Literal["characters", "words", "subwords"]


class SymbolCounts:
    """What a text codec learns from, counted in a stream.

    Args:
        level: "characters" or "words": what to count; None: both; "subwords": only the texts and their words.
        most: different words to remember at most; None: all. Of more, the rarest are forgotten (lossy counting): a
            count can then be too low by `forgotten`, which is at most `num_words` / (`most` + 1), and words that stand
            more often than that keep their place.

    Example:
        >>> counts = SymbolCounts("words").update(["HH AH L OW", "HH AY"])
        >>> counts.texts, counts.num_words, counts.words["HH"]
        (2, 6, 2)

    Source: Manku and Motwani, Approximate Frequency Counts over Data Streams (2002).
    """

    def __init__(self, level: Level | None = None, most: int | None = None) -> None:
        self.texts = 0
        self.num_words = 0
        self.words: Counter[str] = Counter()
        self.forgotten = 0
        self._level = level
        self._most = most
        self._missed: dict[str, int] = {}  # how often each word that is left may have stood before it was remembered
        self._characters = np.zeros(0, np.int64)

    def update(self, texts: Sequence[str]) -> "SymbolCounts":
        """Count further texts.

        Raises:
            InputError: one is not valid Unicode.
        """
        normal = [normalise(text) for text in texts]
        self.texts += len(normal)
        if self._level != "characters":
            for text in normal:
                words = text.split()
                self.num_words += len(words)
                if self._level != "subwords":
                    self.words.update(words)
            if self._most is not None and len(self.words) > self._most:
                self._forget(self._most)
        if self._level in (None, "characters"):
            found = np.bincount(code_points("".join(normal)))
            if len(found) > len(self._characters):
                self._characters = np.pad(self._characters, (0, len(found) - len(self._characters)))
            self._characters[: len(found)] += found
        return self

    def update_words(self, words: Iterable[str]) -> "SymbolCounts":
        """Count words that are cut already: each is one, whatever stands in it.

        Raises:
            InputError: one is not valid Unicode.
        """
        found = Counter(map(normalise, words))
        self.words.update(found)
        self.num_words += found.total()
        self.texts += found.total()
        return self

    def _forget(self, most: int) -> None:
        """Leave the words that may be the most frequent; of those forgotten none stood more than `forgotten` times."""
        missed = {word: self._missed.get(word, self.forgotten) for word in self.words}
        highest = {word: n + missed[word] for word, n in self.words.items()}
        self.forgotten = sorted(highest.values(), reverse=True)[most]
        self.words = Counter({word: n for word, n in self.words.items() if highest[word] > self.forgotten})
        self._missed = {word: missed[word] for word in self.words}

    @property
    def characters(self) -> Mapping[str, int]:
        """How often each character stands in the texts."""
        return {chr(code): int(self._characters[code]) for code in np.flatnonzero(self._characters)}


def code_points(text: str) -> np.ndarray:
    """The numbers of a text's characters, (T,)."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)
