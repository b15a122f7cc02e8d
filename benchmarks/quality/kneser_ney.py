"""Interpolated Kneser-Ney: the n-gram model that a recurrent network on text must beat."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
FALLBACK = (0.5, 1.0, 1.5)  # where there are too few n-grams to estimate discounts from, as KenLM has them


class Order(NamedTuple):
    """The n-grams of one order, and what they say.

    Shape:
        grams, weights (M,): the n-grams as numbers, ascending, and c - D(c) of each;
        contexts, totals, left (K,): their first n - 1 symbols, the sum of c over what follows, and the sum of D(c).
    """

    grams: Numbers
    weights: npt.NDArray[np.float64]
    contexts: Numbers
    totals: npt.NDArray[np.float64]
    left: npt.NDArray[np.float64]


class KneserNey:
    """P(w | h) = (c(hw) - D(c(hw))) / c(h·) + (sum of D over what follows h) / c(h·) · P(w | h without its first).

    Modified Kneser-Ney: c is how often an n-gram of the highest order stands in the text, and of a lower order how many
    different symbols stand before it; D(1), D(2) and D(3 and more) of each order are estimated from how many n-grams
    have the counts 1 to 4. Below one symbol stands the uniform distribution, so that none has probability 0.
    After a context that never stood P is that of the shorter one.

    Args:
        order: n, symbols of the longest n-gram, the predicted one included.
        size: symbols are numbers from 0 to below it.
        start: the symbol that stands before a text's first and is never predicted.

    Source: Chen and Goodman, An Empirical Study of Smoothing Techniques for Language Modeling (1999), section 4.
    """

    def __init__(self, order: int, size: int, start: int) -> None:
        if size**order >= 2**63:
            raise ValueError(f"{order} symbols of {size} do not fit into 64 bits")
        self.order, self.size, self.start = order, size, start
        self.discounts: list[tuple[float, ...]] = []
        self._orders: list[Order] = []

    def fit(self, documents: Sequence[Numbers]) -> "KneserNey":
        """Count the n-grams of texts; none goes from one text to the next."""
        self.discounts, self._orders = [], []
        whole = np.concatenate([self._grams(one) for one in documents])  # (S,), the last `order` symbols at each step
        grams, counts = np.unique(whole, return_counts=True)
        for n in range(self.order, 0, -1):
            discounts = estimated_discounts(counts)
            self.discounts.insert(0, discounts)
            self._orders.insert(0, self._order(grams, counts, discounts))
            grams, counts = np.unique(grams % self.size ** (n - 1), return_counts=True)  # different symbols before
        return self

    def log_probabilities(self, document: Numbers) -> npt.NDArray[np.float64]:
        """The natural logarithm of the probability of each symbol of a text, after those before it; (T,)."""
        return np.log(self._probabilities(self._grams(document)))

    def distribution(self, history: Numbers) -> npt.NDArray[np.float64]:
        """The probability of every symbol after some, (size,)."""
        last = self._grams(np.append(history, 0))[-1]
        return self._probabilities(last + np.arange(self.size)) * (np.arange(self.size) != self.start)

    def _grams(self, document: Numbers) -> Numbers:
        """Each symbol with the order - 1 before it, as one number; (T,)."""
        padded = np.concatenate([np.full(self.order - 1, self.start), np.asarray(document, np.int64)])
        grams = np.zeros(len(document), np.int64)
        for k in range(self.order):
            grams = grams * self.size + padded[k : k + len(document)]
        return grams

    def _order(self, grams: Numbers, counts: Numbers, discounts: tuple[float, ...]) -> Order:
        discount = np.array(discounts)[np.minimum(counts, 3) - 1]
        contexts, first = np.unique(grams // self.size, return_index=True)
        totals, left = np.add.reduceat(counts.astype(float), first), np.add.reduceat(discount, first)
        return Order(grams, counts - discount, contexts, totals, left)

    def _probabilities(self, grams: Numbers) -> npt.NDArray[np.float64]:
        found = np.full(len(grams), 1 / (self.size - 1))  # of every symbol but the start
        for n, order in enumerate(self._orders, start=1):
            own = grams % self.size**n
            gram, is_gram = _places(order.grams, own)
            context, is_context = _places(order.contexts, own // self.size)
            weight = np.where(is_gram, order.weights[gram], 0.0)
            longer = (weight + order.left[context] * found) / order.totals[context]
            found = np.where(is_context, longer, found)
        return found


def estimated_discounts(counts: Numbers) -> tuple[float, ...]:
    """D(1), D(2), D(3 and more), from how many n-grams have the counts 1, 2, 3 and 4 (equation 17 of the source)."""
    n = [int((counts == k).sum()) for k in range(1, 5)]
    if not all(n):
        return FALLBACK
    y = n[0] / (n[0] + 2 * n[1])
    found = tuple(k - (k + 1) * y * n[k] / n[k - 1] for k in range(1, 4))
    return found if all(0 <= one <= k for k, one in enumerate(found, start=1)) else FALLBACK


def _places(ascending: Numbers, wanted: Numbers) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """Where numbers stand in an array, and whether they do."""
    places = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    return places, ascending[places] == wanted
