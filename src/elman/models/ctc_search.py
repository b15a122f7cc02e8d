"""From a network's outputs at every step to the text: the likeliest path, or a beam of prefixes, as steps come in."""

from typing import Protocol

import numpy as np

from elman.errors import InputError
from elman.models.ctc import BLANK, collapsed
from elman.models.search import Hypothesis


class Contexts(Protocol):
    """What a language model remembers of several prefixes."""

    log_probabilities: np.ndarray
    """Of each next symbol after each prefix, and at `BLANK` of the end; (K, V)."""

    def follow(self, parents: np.ndarray, symbols: np.ndarray) -> "Contexts":
        """Those of each parent with a symbol more; with `BLANK`, of the parent itself. Shape: (K',), (K',)."""
        ...


class Search(Protocol):
    """Reads the outputs of a network step by step."""

    settled: list[int]
    """Symbols that no further step will change."""

    def read(self, log_probabilities: np.ndarray) -> None:
        """Go on with some steps. Shape: (n, V)."""

    def found(self) -> list[Hypothesis]:
        """The texts if the sound ends here, the best first."""


class GreedySearch:
    """The likeliest output of each step, collapsed. The score is the log-probability of that one path."""

    def __init__(self) -> None:
        self.settled: list[int] = []
        self._last, self._score = BLANK, 0.0

    def read(self, log_probabilities: np.ndarray) -> None:
        """Go on with some steps. Shape: (n, V)."""
        path = log_probabilities.argmax(1)
        self._score += float(log_probabilities.max(1).sum())
        new = collapsed(np.concatenate([[self._last], path]))
        self.settled += new[int(self._last != BLANK) :].tolist()
        self._last = int(path[-1]) if len(path) else self._last

    def found(self) -> list[Hypothesis]:
        """The one text."""
        return [Hypothesis(tuple(self.settled), self._score, self._score)]


class PrefixSearch:
    """A beam of the likeliest prefixes, each over all paths that spell it; what ends up highest is the text.

    score(y) = log P(y | sound) + weight log P_LM(y) + bonus |y|. With a beam as wide as there are prefixes it is exact;
    with a narrower one the probabilities are of those paths that stayed in it. Of equal scores the earlier one wins.

    Args:
        beam: prefixes that are carried.
        contexts: of a language model before the first symbol; None: there is none.
        weight: of the language model.
        bonus: for each symbol.

    Source: Graves and Jaitly, Towards End-to-End Speech Recognition with Recurrent Neural Networks (2014), algorithm 1;
        Hannun, Maas, Jurafsky and Ng, First-Pass Large Vocabulary Continuous Speech Recognition (2014).
    """

    def __init__(self, beam: int, contexts: Contexts | None = None, weight: float = 0.0, bonus: float = 0.0) -> None:
        if beam < 1:
            raise InputError(f"beam is {beam}; it must be at least 1")
        self.settled: list[int] = []
        self._beam, self._contexts, self._weight, self._bonus = beam, contexts, weight, bonus
        self._nodes = _Prefixes()
        self._node = np.zeros(1, np.int64)  # (K,), the prefixes in the beam
        self._blank = np.zeros(1)  # (K,), log-probability of the paths that end in a blank
        self._symbol = np.full(1, -np.inf)  # (K,), of those that end in the prefix's last symbol
        self._added = np.zeros(1)  # (K,), what language model and bonus add

    def read(self, log_probabilities: np.ndarray) -> None:
        """Go on with some steps. Shape: (n, V)."""
        if np.isnan(log_probabilities).any():
            raise InputError("the probabilities of the network are NaN: its weights or its input are no finite numbers")
        for step in log_probabilities.astype(np.float64):
            self._read(step)
        common, self._nodes, self._node = self._nodes.parted(self._node)
        self.settled += common

    def _read(self, step: np.ndarray) -> None:
        """One step. Shape: (V,)."""
        K, V = len(self._node), len(step)
        last, parent = self._nodes.symbol[self._node], self._nodes.parent[self._node]
        total = np.logaddexp(self._blank, self._symbol)
        blank = total + step[BLANK]
        symbol = np.where(last == BLANK, -np.inf, self._symbol + step[last])  # BLANK is the last of the empty prefix
        longer = total[:, np.newaxis] + step  # (K, V)
        longer[np.arange(K), last] = self._blank + step[last]  # an equal neighbour needs a blank between
        longer[:, BLANK] = -np.inf
        above, below = np.nonzero(self._node[:, np.newaxis] == parent)  # prefixes whose longer one is in the beam too
        symbol[below] = np.logaddexp(symbol[below], longer[above, last[below]])
        longer[above, last[below]] = -np.inf
        gain = self._gain(V)
        scores = np.concatenate(
            [np.logaddexp(blank, symbol) + self._added, (longer + self._added[:, np.newaxis] + gain).ravel()]
        )
        best = np.argsort(-scores, kind="stable")[: self._beam]
        best = best[scores[best] > -np.inf]
        stays = best < K
        rows = np.where(stays, best, (best - K) // V)
        symbols = np.where(stays, BLANK, (best - K) % V)
        self._added = self._added[rows] + np.where(stays, 0.0, gain[rows, symbols])
        self._symbol = np.where(stays, symbol[rows], longer[rows, symbols])
        self._blank = np.where(stays, blank[rows], -np.inf)
        self._node = self._nodes.longer(self._node[rows], symbols)
        if self._contexts is not None:
            self._contexts = self._contexts.follow(rows, symbols)

    def _gain(self, V: int) -> np.ndarray:
        """What a further symbol of each prefix adds to its score, (K, V)."""
        if self._contexts is None:
            return np.full((len(self._node), V), self._bonus)
        return self._weight * self._contexts.log_probabilities + self._bonus

    def found(self) -> list[Hypothesis]:
        """The prefixes of the beam as whole texts, the best first."""
        log_probabilities = np.logaddexp(self._blank, self._symbol)
        scores = log_probabilities + self._added
        if self._contexts is not None:
            scores += self._weight * self._contexts.log_probabilities[:, BLANK]
        return [
            Hypothesis(
                (*self.settled, *self._nodes.path(int(self._node[row]))),
                float(log_probabilities[row]),
                float(scores[row]),
            )
            for row in np.argsort(-scores, kind="stable")
        ]


class _Prefixes:
    """A tree of prefixes: of each the one that is a symbol shorter, and that symbol. The root is number 0.

    Args:
        last: the symbol before the root; `BLANK` where there is none.
    """

    def __init__(self, last: int = BLANK) -> None:
        self.parent, self.symbol = np.full(256, -1, np.int64), np.full(256, last, np.int64)
        self._numbers: dict[tuple[int, int], int] = {}

    def longer(self, nodes: np.ndarray, symbols: np.ndarray) -> np.ndarray:
        """Each with a symbol more; with `BLANK` as it is. Shape: (K,), (K,) -> (K,)."""
        found = nodes.copy()
        for row in np.flatnonzero(symbols != BLANK).tolist():
            found[row] = self._longer(int(nodes[row]), int(symbols[row]))
        return found

    def _longer(self, node: int, symbol: int) -> int:
        number = self._numbers.setdefault((node, symbol), len(self._numbers) + 1)
        if number == len(self.parent):
            self.parent, self.symbol = np.tile(self.parent, 2), np.tile(self.symbol, 2)
        self.parent[number], self.symbol[number] = node, symbol
        return number

    def path(self, node: int) -> list[int]:
        """The symbols from the root to one."""
        symbols = []
        while node > 0:
            symbols.append(int(self.symbol[node]))
            node = int(self.parent[node])
        return symbols[::-1]

    def parted(self, nodes: np.ndarray) -> tuple[list[int], "_Prefixes", np.ndarray]:
        """What these have in common, a tree of what they have not, and their numbers in it, (K,)."""
        paths = [self.path(node) for node in nodes.tolist()]
        shortest = min(paths, key=len)
        differ = (k for k, symbol in enumerate(shortest) if any(path[k] != symbol for path in paths))
        common = shortest[: next(differ, len(shortest))]
        tree, numbers = _Prefixes(common[-1] if common else int(self.symbol[0])), []
        for path in paths:
            node = 0
            for symbol in path[len(common) :]:
                node = tree._longer(node, symbol)
            numbers.append(node)
        return common, tree, np.array(numbers, np.int64)
