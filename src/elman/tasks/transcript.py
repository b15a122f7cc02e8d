"""What a transcriber gives of a sound: a text with its score, and when each part of it is said."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from elman.codecs import TextCodec
from elman.codecs.recording import FRAME, STEP


@dataclass(frozen=True)
class Transcript:
    """One text of a sound.

    Args:
        text: what is said.
        score: of a greedy text the log-probability of its likeliest path; of a beam's that of the text, with what
            language model and bonus add. Higher is better; of sounds of one length they compare.
    """

    text: str
    score: float


@dataclass(frozen=True)
class Spoken:
    """A part of a text, and when it is said.

    Args:
        text: a symbol or a word.
        start: seconds from the beginning of the sound.
        end: seconds.
    """

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Alignment:
    """When a text is said.

    Args:
        text: the whole of it.
        symbols: each symbol, such as a character.
        words: what stands between white space, from its first symbol's start to its last one's end.
    """

    text: str
    symbols: tuple[Spoken, ...]
    words: tuple[Spoken, ...]


def alignment(codec: TextCodec, numbers: np.ndarray, steps: np.ndarray, stack: int) -> Alignment:
    """When the symbols of a text are said.

    A frame of 25 ms stands for the 10 ms in its middle.

    Shape:
        numbers (U,), of the codec; steps (U, 2), the first one of each symbol and the one after its last

    Args:
        codec: of the text.
        numbers: of the symbols.
        steps: as `elman.models.ctc_alignment.aligned` gives them.
        stack: frames of a step.
    """
    seconds = np.round((FRAME - STEP) / 2 + steps * stack * STEP, 4).tolist()
    texts = [codec.decode([number]) for number in numbers.tolist()]
    symbols = tuple(Spoken(text, *times) for text, times in zip(texts, seconds, strict=True))
    return Alignment(codec.decode(numbers), symbols, tuple(_words(symbols, codec.level)))


def _words(symbols: tuple[Spoken, ...], level: str) -> Iterator[Spoken]:
    """Symbols put together to words; of the white space between them only that it is there counts."""
    word: list[Spoken] = []
    for one in symbols:
        if word and (level == "words" or one.text[:1].isspace()):
            yield _joined(word)
            word = []
        if one.text.strip():
            word.append(one)
        if word and level == "subwords" and one.text[-1:].isspace():
            yield _joined(word)
            word = []
    if word:
        yield _joined(word)


def _joined(word: list[Spoken]) -> Spoken:
    return Spoken("".join(one.text for one in word).strip(), word[0].start, word[-1].end)
