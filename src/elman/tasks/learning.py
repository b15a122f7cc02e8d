"""Codecs learned from values that come in any number of parts."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from elman.codecs import KINDS, LabelCodec, Moments, SeriesCodec, SymbolCounts, TextCodec
from elman.errors import InputError
from elman.tasks.word_vectors import VectorFile

MOST_WORDS = 1_000_000  # different words that are counted in a stream
VOCABULARY = 30_000  # of which so many become symbols
MOST_CLASSES = 100_000


class Learner(Protocol):
    """What one end of a model learns its codec with."""

    all_rows: bool
    """Whether validation data are learned from as well."""

    def update(self, values: Sequence[Any]) -> Any:
        """Learn from further values."""

    def codec(self, again: Callable[[], Iterable[str]]) -> TextCodec | SeriesCodec | LabelCodec:
        """The codec that was learned; `again` gives all texts once more."""


class TextLearner:
    """Learns a text codec; without a level, of words where there are several in a text, else of characters.

    Args:
        level: characters, words or subwords.
        most: different words to count at most; None: all.
        vectors: where words have vectors that others have trained; the symbols are words then.
        size: symbols at most; None: as many words as `VOCABULARY`, as many others as a text codec has.
    """

    all_rows = False

    def __init__(
        self, level: str | None, most: int | None = None, vectors: VectorFile | None = None, size: int | None = None
    ) -> None:
        if vectors is not None:
            level = vectors.level(level)
        self._level, self._vectors, self._size = level, vectors, size
        self.counts = SymbolCounts(level, most)  # type: ignore[arg-type]

    def update(self, values: Sequence[str]) -> "TextLearner":
        """Count the symbols of further texts."""
        self.counts.update(values)
        return self

    def codec(self, again: Callable[[], Iterable[str]]) -> TextCodec:
        """The codec; `again` is asked for subwords alone, which cannot be counted before they are learned."""
        counts, level = self.counts, self._level
        if level is None:
            level = "words" if counts.num_words > 2 * counts.texts else "characters"
        # Rare words are left out, so that training meets unknown ones as prediction will; of few texts all are needed.
        rare = 2 if counts.texts >= 1000 else 1
        words = {"min_count": rare, "max_size": VOCABULARY} if level == "words" else {}
        options: dict[str, Any] = words | ({"max_size": self._size} if self._size is not None else {})
        codec = TextCodec(level, **options)  # type: ignore[arg-type]
        if level == "subwords":
            return codec.fit(again())
        return codec.learn(counts, self._vectors.of_training(counts.words) if self._vectors else None)


class SeriesLearner:
    """Learns the scale of sequences of numbers, pieces of (T, I) each."""

    all_rows = False

    def __init__(self) -> None:
        self._moments = Moments()

    def update(self, values: Sequence[np.ndarray]) -> "SeriesLearner":
        """Take in further steps."""
        if len(values):
            self._moments.update(np.concatenate(list(values)))
        return self

    def codec(self, again: Callable[[], Iterable[str]]) -> SeriesCodec:
        """The codec."""
        return SeriesCodec().learn(self._moments)


class LabelLearner:
    """Learns which classes there are."""

    all_rows = True

    def __init__(self) -> None:
        self._classes: set[Hashable] = set()

    def update(self, values: Sequence[Hashable]) -> "LabelLearner":
        """Take in further labels.

        Raises:
            InputError: there are too many different ones to be classes.
        """
        self._classes.update(values)
        if len(self._classes) > MOST_CLASSES:
            raise InputError(f"there are more than {MOST_CLASSES:,} different labels: is it the column of the classes?")
        return self

    def codec(self, again: Callable[[], Iterable[str]]) -> LabelCodec:
        """The codec."""
        return LabelCodec().fit(list(self._classes))


def input_learner(text: bool, level: str | None, vectors: VectorFile | None = None) -> TextLearner | SeriesLearner:
    """For what a model reads out of a file of any size: texts or numbers."""
    if text:
        return TextLearner(level, MOST_WORDS, vectors)
    if vectors is not None:
        vectors.refuse(KINDS["series"])
    return SeriesLearner()
