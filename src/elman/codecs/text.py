"""Text as a sequence of numbered symbols: characters, words or subwords."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, get_args

import numpy as np

from elman.codecs.ragged import Ragged
from elman.codecs.symbol_counts import Level, SymbolCounts, code_points
from elman.codecs.unicode import normalise
from elman.errors import InputError, require

UNKNOWN, START, END = 0, 1, 2
NUM_SPECIAL = 3
SHOWN_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
NUM_BYTES = 256  # the alphabet of subwords
SUBWORDS_MAX_SIZE = 8000
NO_TEXTS = "there are no texts to learn symbols from: expected at least one"


class TextCodec:
    """Text to numbers and back.

    Text is brought to Unicode's composed form (NFC) first, so that é is one character however it was typed.
    Numbers: 0 an unknown symbol, 1 start, 2 end, then the symbols, the most frequent first, equally frequent
    ones by code point. Encoding adds neither start nor end. Words that others have trained vectors for come after all
    others; `pretrained` is how many they are.

    Subwords are those of byte-pair encoding over UTF-8 bytes: nothing is unknown, and they need the extra
    `elman[text]`.

    Example:
        >>> codec = TextCodec("words").fit(["HH AH L OW", "HH AY"])
        >>> codec.encode("HH OW").tolist(), codec.decode(codec.encode("HH OW")), codec.size
        ([3, 7], 'HH OW', 8)

    Args:
        level: "characters": every code point is a symbol; "words": what stands between white space is one;
            "subwords": frequent pieces of words.
        max_size: the largest number of symbols, the three special ones included; the rarest are left out.
            Without it there is no limit, for subwords 8,000.
        min_count: rarer symbols are left out (for subwords: rarer pairs are not joined), so that training
            meets unknown symbols as prediction will.

    Raises:
        InputError: an option is out of its range.

    Source:
        Sennrich, Haddow and Birch (2016), Neural Machine Translation of Rare Words with Subword Units
    """

    kind = "text"
    symbolic = True

    symbols: list[str]
    pretrained: int
    vectors: np.ndarray | None
    """Those of the last symbols, (pretrained, E), for a training to begin with; a model file has them as weights."""

    def __init__(self, level: Level = "characters", *, max_size: int | None = None, min_count: int = 1) -> None:
        if level not in get_args(Level):
            raise InputError(f"level is {level!r}, expected one of {', '.join(get_args(Level))}")
        least = NUM_SPECIAL + (NUM_BYTES if level == "subwords" else 1)
        if max_size is not None and max_size < least:
            raise InputError(f"max_size is {max_size}, but {level} need at least {least}")
        if min_count < 1:
            raise InputError(f"min_count is {min_count}, expected at least 1")
        self.level = level
        self.max_size = max_size
        self.min_count = min_count
        self.merges: list[list[str]] = []
        self.pretrained, self.vectors = 0, None
        self._subwords: Any = None
        self._table: np.ndarray | None = None

    @property
    def size(self) -> int:
        """The number of symbols, the three special ones included."""
        return NUM_SPECIAL + len(self.symbols)

    def fit(self, texts: Iterable[str]) -> Self:
        """Learn which symbols there are.

        Args:
            texts: a list; for subwords it may be a stream of any length, which is gone over once.

        Raises:
            InputError: there is no text, or one is not valid Unicode.
            MissingExtra: subwords without `elman[text]`.
        """
        if self.level == "subwords":
            return self._fit_subwords(texts)
        return self.learn(SymbolCounts(self.level).update(list(texts)))

    def learn(self, found: SymbolCounts, vectors: Mapping[str, np.ndarray] | None = None) -> Self:
        """Learn from what was counted in texts: characters or words.

        Args:
            found: the counts.
            vectors: of words, (E,) each, that others have trained; such a word is kept however rare it is.

        Raises:
            InputError: there was no text.
        """
        if found.texts == 0:
            raise InputError(NO_TEXTS)
        counts = found.words if self.level == "words" else found.characters
        ordered = sorted(counts, key=lambda symbol: (-counts[symbol], symbol))
        theirs = vectors or {}
        kept = [symbol for symbol in ordered if counts[symbol] >= self.min_count or symbol in theirs]
        kept = kept if self.max_size is None else kept[: self.max_size - NUM_SPECIAL]
        known = [symbol for symbol in kept if symbol in theirs]
        self.pretrained, self.vectors = len(known), np.stack([theirs[symbol] for symbol in known]) if known else None
        return self._set([symbol for symbol in kept if symbol not in theirs] + known)

    def extend(self, words: Sequence[str]) -> None:
        """Have further words, after all others, which others have trained vectors for."""
        self._set([*self.symbols, *words])
        self.pretrained += len(words)

    def encode(self, text: str) -> np.ndarray:
        """The numbers of a text's symbols.

        Shape:
            returns (T,), int64; T is 0 for an empty text

        Raises:
            InputError: the text is not valid Unicode.
        """
        normal = normalise(text)
        if self._subwords is not None:
            ids = [NUM_SPECIAL + number for number in self._subwords.encode(normal).ids]
        else:
            ids = [self._ids.get(symbol, UNKNOWN) for symbol in self._cut(normal)]
        return np.array(ids, np.int64)

    def encode_all(self, texts: Sequence[str], name: str = "X") -> Ragged:
        """The numbers of the symbols of each text: what `encode` gives, quicker for many texts.

        Raises:
            InputError: a text is not valid Unicode.
        """
        if self.level == "words":
            words = [normalise(text).split() for text in texts]
            get = self._ids.get
            values = np.array([get(word, UNKNOWN) for of_text in words for word in of_text], np.int64)
            sizes = [len(of_text) for of_text in words]
        elif self.level == "characters":
            normal = [normalise(text) for text in texts]
            values = self._numbers[code_points("".join(normal))]
            sizes = [len(text) for text in normal]
        else:
            return Ragged.of([self.encode(text) for text in texts])
        offsets = np.zeros(len(texts) + 1, np.int64)
        np.cumsum(sizes, out=offsets[1:])
        return Ragged(values, offsets)

    def encode_words(self, words: Sequence[str]) -> np.ndarray:
        """The numbers of words that are cut already, (T,): each is one, whatever stands in it.

        Raises:
            InputError: a word is not valid Unicode.
        """
        return np.array([self._ids.get(normalise(word), UNKNOWN) for word in words], np.int64)

    @property
    def _numbers(self) -> np.ndarray:
        """The number of every code point; those that have no symbol are unknown."""
        if self._table is None:
            self._table = np.full(sys.maxunicode + 1, UNKNOWN, np.int64)
            self._table[[ord(symbol) for symbol in self.symbols]] = np.arange(NUM_SPECIAL, self.size)
        return self._table

    def decode(self, ids: np.ndarray | Sequence[int]) -> str:
        """The text of numbers, up to the first end; unknown symbols show as �, start is left out.

        Shape:
            ids: (T,)

        Raises:
            InputError: a number is none of the codec's.
        """
        numbers = [int(number) for number in ids]
        if END in numbers:
            numbers = numbers[: numbers.index(END)]
        for number in numbers:
            if not 0 <= number < self.size:
                raise InputError(f"symbol number {number} is out of range: the codec has {self.size}")
        numbers = [number for number in numbers if number != START]
        if self._subwords is not None:
            return self._decode_subwords(numbers)
        shown = [SHOWN_UNKNOWN if n == UNKNOWN else self.symbols[n - NUM_SPECIAL] for n in numbers]
        return (" " if self.level == "words" else "").join(shown)

    def pieces(self, ids: np.ndarray | Sequence[int]) -> list[str]:
        """What each number stands for by itself; a subword that is a part of a character shows as �.

        Example:
            >>> codec = TextCodec("words").fit(["HH AY"])
            >>> codec.pieces(codec.encode("HH OW"))
            ['HH', '�']
        """
        return [self.decode([number]) for number in ids]

    def unknown(self, text: str) -> list[str]:
        """The symbols of a text that the codec does not know, in order; subwords are all known."""
        if self._subwords is not None:
            return []
        return [symbol for symbol in self._cut(normalise(text)) if symbol not in self._ids]

    def to_config(self) -> dict[str, Any]:
        """What the codec has learned, as JSON."""
        config = {
            "kind": self.kind,
            "level": self.level,
            "max_size": self.max_size,
            "min_count": self.min_count,
            "symbols": self.symbols,
        }
        config |= {"pretrained": self.pretrained} if self.pretrained else {}
        return {**config, "merges": self.merges} if self.level == "subwords" else config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The codec that `to_config` described.

        Raises:
            MissingExtra: subwords without `elman[text]`.
        """
        codec = cls(config["level"], max_size=config["max_size"], min_count=config["min_count"])
        symbols = config["symbols"]
        if not all(isinstance(symbol, str) for symbol in symbols) or len(set(symbols)) < len(symbols):
            raise ValueError("the symbols are not distinct texts")
        merges = [[first, second] for first, second in config.get("merges", [])]
        if not {part for first, second in merges for part in (first, second, first + second)} <= set(symbols):
            raise ValueError("merges makes symbols that are not there")
        codec.pretrained = int(config.get("pretrained", 0))
        if not 0 <= codec.pretrained <= len(symbols):
            raise ValueError(f"pretrained is {codec.pretrained} of {len(symbols)} symbols")
        return codec._set(list(symbols), merges)

    def _cut(self, text: str) -> Iterable[str]:
        return text.split() if self.level == "words" else text

    def _set(self, symbols: list[str], merges: list[list[str]] | None = None) -> Self:
        self.symbols = symbols
        self._table = None
        self._ids = {symbol: number for number, symbol in enumerate(symbols, start=NUM_SPECIAL)}
        if self.level == "subwords":
            self.merges = merges or []
            self._subwords = _byte_pair_encoding(symbols, self.merges)
        return self

    def _fit_subwords(self, texts: Iterable[str]) -> Self:
        tokenizers = require("tokenizers", "text")
        learner = _byte_pair_encoding([], [])
        trainer = tokenizers.trainers.BpeTrainer(
            vocab_size=(self.max_size or SUBWORDS_MAX_SIZE) - NUM_SPECIAL,
            min_frequency=self.min_count,
            initial_alphabet=sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        count = 0

        def counted() -> Iterator[str]:
            nonlocal count
            for text in texts:
                count += 1
                yield normalise(text)

        learner.train_from_iterator(counted(), trainer)
        if count == 0:
            raise InputError(NO_TEXTS)
        numbers = learner.get_vocab()
        merges = json.loads(learner.to_str())["model"]["merges"]
        return self._set(sorted(numbers, key=numbers.__getitem__), merges)

    def _decode_subwords(self, numbers: list[int]) -> str:
        """Unknown symbols cannot come out of encoding, but a model may still predict one."""
        parts: list[str] = []
        known: list[int] = []
        for number in [*numbers, UNKNOWN]:
            if number != UNKNOWN:
                known.append(number - NUM_SPECIAL)
                continue
            parts.append(self._subwords.decode(known))
            known = []
        return SHOWN_UNKNOWN.join(parts)


def _byte_pair_encoding(symbols: list[str], merges: list[list[str]]) -> Any:
    tokenizers = require("tokenizers", "text")
    vocabulary = {symbol: number for number, symbol in enumerate(symbols)}
    model = tokenizers.models.BPE(vocab=vocabulary, merges=[tuple(pair) for pair in merges])
    coder = tokenizers.Tokenizer(model)
    coder.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    coder.decoder = tokenizers.decoders.ByteLevel()
    return coder
