"""Blocks of sequences out of a stream, and which of them are for training and which for validation."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol

import numpy as np

from elman.codecs.unicode import normalise
from elman.tables import next_cut

FEW = 10  # with fewer sequences than this, validation is their end and not some of them
LEAD_IN = 2_000  # steps that are read before a piece of a long sequence's end is scored, so that its state is not 0
PIECE = 20_000  # steps of a long sequence's end that are scored together


class Block(NamedTuple):
    """Sequences, or pieces of them, that follow each other in a stream.

    Args:
        keys: what tells on which side of the split a sequence is; all its pieces have one.
        X: texts, or (T_i, I) arrays.
        y: what each is to give; of numbers an array, (T_i, 1) for a target per step or (1, 1) for one per sequence.
        new: whether it begins a sequence, and does not go on with the one before it.
    """

    keys: Sequence[Hashable]
    X: Sequence[Any]
    y: Sequence[Any]
    new: Sequence[bool]

    def select(self, rows: Sequence[int]) -> "Block":
        """The pieces with these numbers."""
        return Block(*([values[row] for row in rows] for values in self))  # type: ignore[arg-type]


class Parts(Protocol):
    """Parts the blocks of one pass over the data; for each pass a new one."""

    def __call__(self, block: Block) -> tuple[Block, Block]:
        """What of a block is for training, and what for validation."""


class ByKey:
    """Whole sequences for validation, drawn by a hash of their key and the seed.

    Texts that are equal to a codec, in whatever form of Unicode, are on the same side.
    """

    def __init__(self, fraction: float, seed: int) -> None:
        self._limit = round(fraction * 2**64)
        self._salt = seed.to_bytes(16, "little")

    def __call__(self, block: Block) -> tuple[Block, Block]:
        """What of a block is for training, and what for validation."""
        if self._limit == 0:
            return block, Block([], [], [], [])
        sides: tuple[list[int], list[int]] = ([], [])
        for row, key in enumerate(block.keys):
            drawn = blake2b(normalise(str(key)).encode(), digest_size=8, salt=self._salt).digest()
            sides[int.from_bytes(drawn, "little") < self._limit].append(row)
        return block.select(sides[0]), block.select(sides[1])


class ByTime:
    """The beginning of each sequence for training and its end for validation, for few sequences of any length.

    The end is scored piece by piece; each piece reads some steps before it without being scored on them.

    Args:
        fraction: of the steps that have a target, for validation.
        scored: how many steps of each sequence have one.
    """

    def __init__(self, fraction: float, scored: Sequence[int]) -> None:
        self._first = [n - max(round(n * fraction), 1) if n > 1 else n for n in scored]
        self._sequence = -1
        self._seen = 0  # steps of it that had a target
        self._room = 0  # steps that the piece of the end may still have
        self._before = np.zeros((0, 1))  # the last steps that were read

    def __call__(self, block: Block) -> tuple[Block, Block]:
        """What of a block is for training, and what for validation."""
        training, validation = Block([], [], [], []), Block([], [], [], [])
        for key, x, y, new in zip(*block, strict=True):
            if new:
                self._sequence, self._seen, self._room, self._before = self._sequence + 1, 0, 0, x[:0]
            seen = self._seen + np.cumsum(~np.isnan(y).all(1))
            end = int(np.searchsorted(seen, self._first[self._sequence], side="right"))
            _add(training, key, x[:end], y[:end], new)
            while end < len(x):
                if self._room == 0:
                    lead_in = np.concatenate([self._before, x[:end]])[-LEAD_IN:]
                    _add(validation, key, lead_in, np.full((len(lead_in), y.shape[1]), np.nan), True)
                    self._room = PIECE
                stop = min(end + self._room, len(x))
                _add(validation, key, x[end:stop], y[end:stop], False)
                self._room -= stop - end
                end = stop
            self._seen = int(seen[-1]) if len(x) else self._seen
            self._before = np.concatenate([self._before, x])[-LEAD_IN:]
        return training, validation


class ByPlace:
    """The beginning of one long text for training and its end for validation.

    It is cut before the first word that begins after the end's share of the characters is left; in a text without
    spaces from there on between two characters. So the place depends on the text alone, not on its blocks.

    Args:
        fraction: of the characters, for validation.
        characters: how many there are.
    """

    def __init__(self, fraction: float, characters: int) -> None:
        self._characters = characters
        self._first = characters - round(characters * fraction)
        self._seen = 0
        self._cut = False

    def __call__(self, block: Block) -> tuple[Block, Block]:
        """What of a block is for training, and what for validation."""
        training, validation = Block([], [], [], []), Block([], [], [], [])
        for key, x, _, new in zip(*block, strict=True):
            end = self._end(x)
            if end:
                _add(training, key, x[:end], x[:end], new)
            if end < len(x):
                _add(validation, key, x[end:], x[end:], not self._cut)
                self._cut = True
        return training, validation

    def _end(self, text: str) -> int:
        """How much of a piece comes before the cut."""
        if self._cut:
            return 0
        place = self._first - self._seen
        self._seen += len(text)
        if place >= len(text):
            return len(text)
        end = next_cut(text, max(place, 0))
        is_last = self._seen == self._characters
        return next_cut(text, max(place, 0), within_words=True) if end == len(text) and is_last else end


def _add(block: Block, *piece: Any) -> None:
    for values, value in zip(block, piece, strict=True):
        values.append(value)  # type: ignore[attr-defined]


class Source(Protocol):
    """A file as a stream of sequences that can be gone over several times.

    Args:
        text: whether the inputs are texts.
        in_step: whether there is a target for each step.
        needs_survey: whether a pass has to come before the others.
        scored: after `survey`, how many steps of each sequence have a target; None where nobody needs to know.
        sequences: how many there were in the last pass.
    """

    text: bool
    in_step: bool
    needs_survey: bool
    scored: Sequence[int] | None
    sequences: int

    def survey(self, told: Callable[[int], None]) -> None:
        """Go over the file once to learn what later passes need to know before."""

    def blocks(self, told: Callable[[int], None]) -> Iterator[Block]:
        """Go over the file; `told` hears how many bytes are done."""

    def add_note(self, note: str) -> None:
        """Have a further note."""

    def notes(self) -> list[str]:
        """What a person should know of the data, such as missing values."""
