"""A text that is being written: one symbol at a time, from a hidden state that can be kept and changed."""

import secrets
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from elman.codecs import END, START, UNKNOWN, TextCodec
from elman.errors import InputError
from elman.models.sampling import check_sampling, drawn, sampled_from
from elman.state import State
from elman.stream import Stream

SCORES = "scores"  # of the next symbol; in the state beside what the network remembers
READ = 256  # symbols of a prompt that are read together


class Place(NamedTuple):
    """Where a `Writing` is, to come back to.

    Args:
        state: what the network remembers, and the scores of the next symbol.
        held: symbols that are not whole characters yet.
        begun: whether there was a word.
        ended: whether the document has ended.
    """

    state: State
    held: tuple[int, ...]
    begun: bool
    ended: bool


class Writing(Iterator[str]):
    """An iterator over what a network writes, symbol by symbol; made by `Generator.writing`.

    Each symbol is drawn from the network's distribution and read by it in turn. The iterator ends at the end of a
    document; where documents have no end, never. `state` is all that the network knows of the text so far: keep it,
    give it back later, and the text goes on from there. What is drawn next depends on the generator of random numbers
    too, which goes on.

    Args:
        stream: the network, at its beginning.
        codec: of its symbols.
        ends: whether the end of a document is drawn.
        temperature, top_k, top_p: as for `elman.models.sampling.sampled_from`.
        seed: of the random numbers, as for NumPy's `default_rng`.

    Attributes:
        ended: whether the end of the document was drawn.
        never: numbers of symbols that are never drawn.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(
        self,
        stream: Stream,
        codec: TextCodec,
        *,
        ends: bool,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: Any = None,
    ) -> None:
        self.sample(temperature=temperature, top_k=top_k, top_p=top_p)
        self.ended = False
        self._stream, self._codec = stream, codec
        self.never = never_written(ends)
        self._random = np.random.default_rng(seed)
        self._shown = Decoding(codec)
        self._follow([START])

    _scores: np.ndarray  # of the next symbol, (V,)

    @property
    def state(self) -> State:
        """What the network remembers, and the `scores` of the next symbol; may be assigned.

        Shape:
            each state of the cell (1, L, H); scores (1, V), before the softmax
        """
        return State(**self._stream.state, **{SCORES: self._scores[np.newaxis].copy()})

    @state.setter
    def state(self, state: State) -> None:
        if not isinstance(state, State) or SCORES not in state:
            raise InputError(f"state is {state!r}, expected one that `state` of a Writing gave")
        arrays = state.to_arrays()
        scores = arrays.pop(SCORES)
        if scores.shape != (1, len(self._scores)):
            raise InputError(f"state: scores has shape {scores.shape}, expected {(1, len(self._scores))}")
        self._stream.state = State(**arrays)
        self._scores, self._shown.held, self.ended = scores[0].copy(), [], False

    @property
    def place(self) -> Place:
        """The state, and what else the text goes on from; may be assigned to go back."""
        return Place(self.state, tuple(self._shown.held), self._shown.begun, self.ended)

    @place.setter
    def place(self, place: Place) -> None:
        self.state = place.state
        self._shown.held, self._shown.begun, self.ended = list(place.held), place.begun, place.ended

    def sample(self, *, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None) -> None:
        """Draw all further symbols so.

        Raises:
            InputError: an argument is out of its range.
        """
        check_sampling(temperature, top_k, top_p)
        self._how: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p}

    @property
    def probabilities(self) -> np.ndarray:
        """How likely the network finds each symbol as the next one, by its number; (V,). No temperature is in it."""
        return sampled_from(self._scores)

    def drawn_from(self, scores: np.ndarray) -> np.ndarray:
        """The probabilities that a symbol is drawn with, by its number, of scores as `state` has them.

        Shape:
            scores (V,) -> (V,)
        """
        return sampled_from(scores, never=self.never, **self._how)

    @property
    def held(self) -> str:
        """What was written and not given yet: of a character of several subwords the first."""
        return self._codec.decode(self._shown.held)

    def read(self, text: str) -> None:
        """Go on as if this text had been written; a symbol that the model does not know is read as unknown."""
        ids = self._codec.encode(text).tolist()
        self._shown.begun = self._shown.begun or bool(ids)
        self._follow(ids)

    def reading(self, text: str) -> Iterator[int]:
        """`read`, a symbol at a time: gives the number of each when it was read."""
        for symbol in self._codec.encode(text).tolist():
            self._shown.begun = True
            self._follow([symbol])
            yield symbol

    def __next__(self) -> str:
        """What the next symbol adds to the text; "" for a part of a character, of which the rest is to come."""
        if self.ended:
            raise StopIteration
        added = self.choose(drawn(self.drawn_from(self._scores), self._random.random()))
        if self.ended:
            raise StopIteration
        return added

    def choose(self, symbol: int) -> str:
        """Write a symbol by its number, as if it had been drawn; what it adds to the text, "" for the end.

        Raises:
            InputError: no such symbol is ever written, or the document has ended.
        """
        if self.ended:
            raise InputError("the text has ended: go back, or begin anew")
        if isinstance(symbol, bool) or not isinstance(symbol, int) or not 0 <= symbol < len(self._scores):
            raise InputError(f"symbol is {symbol!r}, expected a number from 0 to {len(self._scores) - 1}")
        if symbol in self.never:
            raise InputError(f"symbol is {symbol}, which is never written: it is the start, the end or the unknown one")
        if symbol == END:
            self.ended = True
            return ""
        self._follow([symbol])
        return self._shown(symbol)

    def _follow(self, ids: list[int]) -> None:
        """Read symbols."""
        if len(ids) == 1:
            self._scores = self._stream.step(ids[0])
            return
        for start in range(0, len(ids), READ):
            self._scores = self._stream.step_block(np.array(ids[start : start + READ]))[-1]


class Decoding:
    """The text of symbols that come one by one.

    Attributes:
        begun: whether there was a word, so that a space comes before the next one.
        held: subwords that are not whole characters yet.
    """

    def __init__(self, codec: TextCodec) -> None:
        self._codec = codec
        self.begun = False
        self.held: list[int] = []

    def __call__(self, symbol: int) -> str:
        """What a symbol adds to the text."""
        if self._codec.level == "words":
            before, self.begun = " " if self.begun else "", True
            return before + self._codec.decode([symbol])
        if self._codec.level == "characters":
            return self._codec.decode([symbol])
        self.held.append(symbol)
        text = self._codec.decode(self.held)
        if text.endswith("\N{REPLACEMENT CHARACTER}") and len(self.held) < 4:  # UTF-8 has four bytes at most
            return ""
        self.held = []
        return text


def never_written(ends: bool) -> tuple[int, ...]:
    """The numbers of symbols that are never drawn.

    Args:
        ends: whether the end of a document is drawn.
    """
    return (START, UNKNOWN) if ends else (START, UNKNOWN, END)


def check_whole(name: str, value: object, least: int) -> None:
    """Refuse what is no whole number from `least` on.

    Raises:
        InputError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name} is {value!r}, expected a whole number, at least {least}")


def fresh_seed() -> int:
    """A seed that nobody had before."""
    return secrets.randbits(32)
