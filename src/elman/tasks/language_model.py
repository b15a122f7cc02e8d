"""A generator as the language model of a search: what it expects next, after many prefixes at once."""

import os
import warnings
from typing import Any

import numpy as np

from elman.codecs import END, NUM_SPECIAL, START, UNKNOWN, TextCodec
from elman.errors import DataWarning, InputError
from elman.models import InStep
from elman.models.ctc import BLANK, log_softmax
from elman.state import State
from elman.stream import Stream
from elman.tasks.generator import Generator
from elman.tasks.loading import load

NAMED = 5


class LanguageModel:
    """What a generator says of the symbols of another model's texts.

    Args:
        generator: a `Generator` that reads the same kind of symbols, or the path of its file.
        codec: of the texts that are searched for. A symbol that the generator does not know is read as its unknown one,
            and there is a `DataWarning`.

    Raises:
        InputError: it is no generator, has no memory, or reads other symbols.
    """

    def __init__(self, generator: Any, codec: TextCodec) -> None:
        if isinstance(generator, str | os.PathLike):
            name, generator = os.fspath(generator), load(generator)
        else:
            name = "it"
        if not isinstance(generator, Generator):
            task = getattr(generator, "task", None)
            what = f"was trained to {task}" if task else f"is a {type(generator).__name__}"
            raise InputError(f"the language model: {name} {what}, expected a Generator or its file")
        generator._check_fitted()
        model, own = generator.model_, generator.codecs_["input"]
        if not isinstance(model, InStep):
            raise InputError("the language model has no memory, expected a recurrent one: the network is a Feedforward")
        if own.level != codec.level:
            raise InputError(
                f"the language model: {name} writes {own.level}, expected {codec.level}, as the texts have"
            )
        known = {symbol: number for number, symbol in enumerate(own.symbols, NUM_SPECIAL)}
        self._numbers = np.array([END, *(known.get(one, UNKNOWN) for one in codec.symbols)])  # of each output, (V,)
        self._warn_of_unknown([codec.symbols[k] for k in np.flatnonzero(self._numbers[1:] == UNKNOWN)], codec, name)
        self._ends = bool(generator.ends_)
        self._network = model.recurrent, model.readout, model.input.whole()
        self._stream: Stream | None = None

    def _warn_of_unknown(self, unknown: list[str], codec: TextCodec, name: str) -> None:
        if not unknown:
            return
        shown = ", ".join(map(repr, unknown[:NAMED])) + (", ..." if len(unknown) > NAMED else "")
        of_all = f"{len(unknown)} of the {len(codec.symbols)} {codec.level} of the texts ({shown})"
        if len(unknown) == len(codec.symbols):
            raise InputError(f"the language model: {name} knows none of {of_all}: train one on such texts")
        warnings.warn(f"the language model does not know {of_all}: they count as unknown", DataWarning, stacklevel=4)

    def before(self, beam: int) -> "PrefixContexts":
        """What it remembers before the first symbol, for a search with this beam."""
        if self._stream is None or self._stream.batch_size != beam:
            self._stream = Stream.from_torch(*self._network, batch_size=beam)
        stream = self._stream
        stream.reset()
        log_probabilities = self.log_probabilities(stream.step(np.full(beam, START)).reshape(beam, -1))[:1]
        return PrefixContexts(self, stream, stream.state.select(np.zeros(1, np.int64)), log_probabilities)

    def log_probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Of the outputs of the other model, and at `BLANK` of the end. Shape: (K, symbols of its own) -> (K, V)."""
        found: np.ndarray = log_softmax(scores)[:, self._numbers]
        if not self._ends:
            found[:, BLANK] = 0.0
        return found

    def after(self, stream: Stream, state: State, symbols: np.ndarray) -> tuple[State, np.ndarray]:
        """The state after a symbol more of each prefix, and the log-probabilities. Shape: (K,) -> (K, V)."""
        K, beam = len(symbols), stream.batch_size
        rows = np.minimum(np.arange(beam), K - 1)
        stream.state = state.select(rows)
        scores = stream.step(self._numbers[symbols[rows]]).reshape(beam, -1)
        return stream.state.select(np.arange(K)), self.log_probabilities(scores[:K])


class PrefixContexts:
    """What a language model remembers of the prefixes of a beam; see `elman.models.ctc_search.Contexts`."""

    def __init__(self, model: LanguageModel, stream: Stream, state: State, log_probabilities: np.ndarray) -> None:
        self._model, self._stream, self._state, self.log_probabilities = model, stream, state, log_probabilities

    def follow(self, parents: np.ndarray, symbols: np.ndarray) -> "PrefixContexts":
        """Those of each parent with a symbol more; with `BLANK`, of the parent itself."""
        state, log_probabilities = self._state.select(parents), self.log_probabilities[parents]
        new = np.flatnonzero(symbols != BLANK)
        if len(new):
            after, log_probabilities[new] = self._model.after(self._stream, state.select(new), symbols[new])
            arrays = state.to_arrays()
            for name, array in after.to_arrays().items():
                arrays[name][new] = array
            state = State(**arrays)
        return PrefixContexts(self._model, self._stream, state, log_probabilities)
