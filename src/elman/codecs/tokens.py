"""Sentences as words that are cut already: the number of each word, and of the characters that it is spelt with."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from elman.codecs.ragged import Ragged
from elman.codecs.symbol_counts import SymbolCounts
from elman.codecs.text import END, SHOWN_UNKNOWN, UNKNOWN, TextCodec
from elman.codecs.unicode import normalise
from elman.errors import InputError

Vectors = Callable[[Mapping[str, int]], Mapping[str, np.ndarray]]
LONGEST = 24  # characters of a word that are read: of a longer one the first and the last half
MANY_SENTENCES = 1000  # of so many, words and characters that stand once are left out
MOST_WORDS = 30_000


class TokensCodec:
    """Words to numbers, and their characters beside them, so that a word never seen is read by its spelling.

    A word is whatever a caller gives as one, blanks included. Rare words are left out, so that training meets unknown
    ones as prediction will; of fewer than 1,000 sentences all are needed.

    Example:
        >>> codec = TokensCodec().fit([["turn", "on"], ["turn", "off"]])
        >>> codec.encode(["turn", "on"]).shape, codec.decode(codec.encode(["turn", "up"]))
        ((2, 5), ['turn', 'u�'])

    Args:
        characters: whether words are read by their characters too.
    """

    kind = "tokens"
    symbolic = True

    words: TextCodec
    characters: TextCodec | None
    longest: int

    def __init__(self, characters: bool = True) -> None:
        self._reads_characters = characters
        self.characters = None
        self.longest = 0

    @property
    def size(self) -> int:
        """The number of words, the three special ones included."""
        return self.words.size

    @property
    def num_characters(self) -> int:
        """The number of characters, the three special ones included; 0 where none are read."""
        return 0 if self.characters is None else self.characters.size

    def fit(self, sentences: Sequence[Sequence[str]], vectors: Vectors | None = None) -> Self:
        """Learn which words and characters there are.

        Args:
            sentences: lists of words.
            vectors: gives, of words and how often they stand there, the vectors that others have trained, where there
                are any; see `TextCodec.learn`.

        Raises:
            InputError: there is no word, or something is none.
        """
        words = [word for sentence in sentences for word in sentence]
        if not words:
            raise InputError("there are no words to learn from: expected at least one sentence that is not empty")
        rare = 2 if len(sentences) >= MANY_SENTENCES else 1
        counts = SymbolCounts("words").update_words(words)
        self.words = TextCodec("words", min_count=rare, max_size=MOST_WORDS).learn(
            counts, vectors(counts.words) if vectors else None
        )
        if self._reads_characters:
            self.characters = TextCodec("characters", min_count=rare).fit(words)
            self.longest = min(max(map(len, counts.words)), LONGEST)
        return self

    def encode(self, sentence: Sequence[str]) -> np.ndarray:
        """The number of each word, and with characters those of its characters behind it, filled up with `END`.

        Shape:
            returns (T,), or (T, 1 + C) with characters; int64

        Raises:
            InputError: a word is not valid Unicode.
        """
        encoded: np.ndarray = self.encode_all([sentence]).values
        return encoded

    def encode_all(self, sentences: Sequence[Sequence[str]], name: str = "X") -> Ragged:
        """What `encode` gives of each sentence.

        Raises:
            InputError: a word is not valid Unicode.
        """
        places: dict[str, int] = {}
        rows = [places.setdefault(word, len(places)) for sentence in sentences for word in sentence]
        numbers = self.words.encode_words(list(places))
        if self.characters is not None:
            table = np.full((len(places), 1 + self.longest), END, np.int64)
            table[:, 0] = numbers
            spelt = self.characters.encode_all([self._cut(normalise(word)) for word in places])
            for row, characters in zip(table, spelt, strict=True):
                row[1 : 1 + len(characters)] = characters
            numbers = table
        offsets = np.zeros(len(sentences) + 1, np.int64)
        np.cumsum([len(sentence) for sentence in sentences], out=offsets[1:])
        return Ragged(numbers[np.array(rows, np.int64)], offsets)

    def _cut(self, word: str) -> str:
        """The characters that are read; half of a long word's from each end, where its affixes are."""
        half = self.longest // 2
        return word if len(word) <= self.longest else word[: self.longest - half] + word[len(word) - half :]

    def decode(self, encoded: np.ndarray) -> list[str]:
        """The words of numbers; unknown ones by the characters that were read, without any as �.

        Shape:
            encoded: (T,) or (T, 1 + C)
        """
        return [self._word(row) for row in np.asarray(encoded).reshape(len(encoded), -1)]

    def _word(self, row: np.ndarray) -> str:
        if row[0] != UNKNOWN:
            return self.words.decode(row[:1])
        return SHOWN_UNKNOWN if self.characters is None else self.characters.decode(row[1:])

    def unknown(self, sentence: Sequence[str]) -> list[str]:
        """The words that the codec does not know, in order."""
        numbers = self.words.encode_words(sentence)
        return [word for word, number in zip(sentence, numbers, strict=True) if number == UNKNOWN]

    def unknown_characters(self, sentence: Sequence[str]) -> list[str]:
        """The characters of a sentence that the codec does not know, each as often as it stands there."""
        if self.characters is None:
            return []
        known = set(self.characters.symbols)
        return [one for word in sentence for one in normalise(word) if one not in known]

    def to_config(self) -> dict[str, Any]:
        """What the codec has learned, as JSON."""
        characters = None if self.characters is None else self.characters.to_config()
        return {
            "kind": self.kind,
            "words": self.words.to_config(),
            "characters": characters,
            "longest": self.longest,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The codec that `to_config` described."""
        codec = cls(config["characters"] is not None)
        codec.words = TextCodec.from_config(config["words"])
        codec.longest = config["longest"]
        if codec._reads_characters:
            codec.characters = TextCodec.from_config(config["characters"])
        levels = [one.level for one in (codec.words, codec.characters) if one is not None]
        if levels != ["words", "characters"][: len(levels)] or type(codec.longest) is not int:
            raise ValueError(f"levels {levels}, longest {codec.longest!r}")
        if not 0 <= codec.longest <= LONGEST:
            raise ValueError(f"levels {levels}, longest {codec.longest}")
        return codec
