"""A text that is written one symbol at a time: paused, changed, and gone on with from the kept state."""

from collections import deque
from typing import Any, NamedTuple, cast

import numpy as np

from elman.codecs import TextCodec
from elman.errors import InputError
from elman.explore.ask import Ask
from elman.explore.explored import Explored
from elman.explore.requests import Request
from elman.explore.session import Tab
from elman.models import InStep
from elman.models.sampling import sampled_from
from elman.tasks.generator import Generator
from elman.tasks.readings import step_names, symbol_names
from elman.tasks.writing import SCORES, Place

KEPT = "write"  # the name of a tab's text
TOP = 20  # symbols of a distribution that are told
MOST_PROMPT = 2_000  # characters
MOST_SYMBOLS = 10_000  # of a text with its prompt
MOST_BYTES = 64 << 20  # of places that are kept to go back to
SEEDS = 1 << 32
HOTTEST = 10.0  # temperature


class Step(NamedTuple):
    """A symbol of a text.

    Args:
        added: what it adds to the text.
        before: where the text was before it.
    """

    added: str
    before: Place


class Text:
    """The text of a tab, with the places in it to which one can go back.

    Args:
        generator: writes it.
        prompt: what it begins with.
        how: `temperature` and `top_k`, as for `Generator.writing`.
        seed: as `Generator.generate` takes one, and gives the same text.

    Attributes:
        steps: its last symbols.
        dropped: how many there were before those.
    """

    def __init__(self, generator: Generator, prompt: str, how: dict[str, Any], seed: int) -> None:
        codec = cast(TextCodec, generator.codecs_["input"])
        self.names = symbol_names(codec)
        self.writing = generator.writing(seed=[0, seed], **how)
        before = self.writing.place
        size = sum(array.nbytes for array in before.state.to_arrays().values())
        self.steps: deque[Step] = deque(maxlen=max(MOST_BYTES // size, 1))
        self.dropped = 0
        shown = step_names(generator, prompt, codec.encode(prompt))
        space = " " if codec.level == "words" else ""
        for k, _ in enumerate(self.writing.reading(prompt)):
            self._add(Step((space if k else "") + shown[k], before))
            before = self.writing.place

    def __len__(self) -> int:
        return self.dropped + len(self.steps)

    def next(self) -> None:
        """Draw a symbol, and read it."""
        self._check_room()
        before, ended = self.writing.place, self.writing.ended
        added = next(self.writing, None)
        if added is not None or not ended:
            self._add(Step(added or "", before))

    def choose(self, symbol: int) -> None:
        """Write this symbol."""
        self._check_room()
        before = self.writing.place
        self._add(Step(self.writing.choose(symbol), before))

    def cut(self, at: int) -> None:
        """Go back to where the text had so many symbols.

        Raises:
            InputError: it is too far back.
        """
        if at < self.dropped:
            raise InputError(f"at is {at}, but the states before symbol {self.dropped} are no longer kept: begin anew")
        if at < len(self):
            self.writing.place = self.steps[at - self.dropped].before
            while len(self) > at:
                self.steps.pop()

    def place(self, at: int) -> Place:
        """Where the text was when it had so many symbols."""
        if at == len(self):
            return self.writing.place
        if at < self.dropped:
            raise InputError(f"at is {at}, but the states before symbol {self.dropped} are no longer kept")
        return self.steps[at - self.dropped].before

    def _check_room(self) -> None:
        if len(self) >= MOST_SYMBOLS:
            raise InputError(f"the text has {MOST_SYMBOLS:,} symbols, more than are written here: begin anew")

    def _add(self, step: Step) -> None:
        self.dropped += len(self.steps) == self.steps.maxlen
        self.steps.append(step)


def write(tab: Tab, ask: Ask) -> dict[str, Any]:
    """Begin a text, or go on with it; whoever is not asked for a next symbol writes none."""
    action = ask.choice("action", ("begin", "next", "choose", "change", "back", "look"))
    how = sampling(ask)
    if action == "begin":
        prompt = ask.text("prompt", "") or ""
        if len(prompt) > MOST_PROMPT:
            raise InputError(f"prompt has {len(prompt):,} characters, expected at most {MOST_PROMPT:,}: shorten it")
        text = Text(cast(Generator, tab.explored.estimator), prompt, how, ask.whole("seed", SEEDS, 0))
        tab.kept[KEPT] = text
        return told(text, text.dropped)
    found = tab.kept.get(KEPT)
    if found is None:
        raise InputError("no text has been begun: begin one first")
    text = cast(Text, found)
    text.writing.sample(**how)
    if action == "look":
        return {"at": (at := ask.whole("at", len(text) + 1, len(text))), "next": following(text, at)}
    back = {"next": len(text), "choose": len(text)}.get(action, max(len(text) - 1, 0))
    at = ask.whole("at", len(text) + 1, back)
    symbol = ask.whole("symbol", len(text.names)) if action in ("choose", "change") else None
    if symbol in text.writing.never:
        raise InputError(f"symbol is {symbol}, which is never written: it is the start, the end or the unknown one")
    text.cut(at)
    if symbol is not None:
        text.choose(symbol)
    elif action == "next":
        text.next()
    return told(text, at)


def sampling(ask: Ask) -> dict[str, Any]:
    """How symbols are drawn."""
    top_k = ask.fields.get("top_k")
    return {
        "temperature": ask.number("temperature", 0, HOTTEST, 1.0),
        "top_k": None if top_k in (None, 0) else ask.whole("top_k", 1_000_000),
    }


def told(text: Text, at: int) -> dict[str, Any]:
    """What has changed: the text was cut to `at` symbols, and these were added."""
    places = [text.place(k + 1).state for k in range(at, len(text))]
    names = [name for name in text.writing.state if name != SCORES]
    return {
        "at": at,
        "kept": text.dropped,
        "added": [text.steps[k - text.dropped].added for k in range(at, len(text))],
        "states": {name: np.concatenate([one[name] for one in places]) for name in names} if places else None,
        "next": following(text, len(text)),
        "ended": text.writing.ended,
    }


def following(text: Text, at: int) -> list[tuple[int, str, float, float]]:
    """What may come next after so many symbols, the likeliest first.

    Returns:
        of each symbol its number, its name, its probability, and the one with which it is drawn, at this temperature
    """
    scores = text.place(at).state[SCORES][0]
    p, drawn = sampled_from(scores), text.writing.drawn_from(scores)
    ranked = [one for one in np.argsort(-p, kind="stable").tolist() if one not in text.writing.never]
    return [(k, text.names[k], float(p[k]), float(drawn[k])) for k in ranked[:TOP]]


def refusal(explored: Explored) -> str | None:
    """For what does not write, or has nothing to go on from."""
    task = explored.estimator.task
    if task != "generate":
        return f"only a generator writes a text symbol by symbol, and this model is one to {task}: elman train generate"
    if not isinstance(explored.estimator.model_, InStep):
        return "a network without memory has no state to write from"
    return None


REQUESTS = {KEPT: Request(write, refusal)}
