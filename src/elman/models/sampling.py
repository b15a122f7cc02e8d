"""From the scores of the next symbol to the one that is written: temperature, top-k, top-p."""

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from elman.errors import InputError


def check_sampling(temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None) -> None:
    """Refuse values that say nothing.

    Raises:
        InputError: one is out of its range.
    """
    if not _is(temperature, Real) or not 0 <= temperature < math.inf:
        raise InputError(
            f"temperature is {temperature!r}, expected a number from 0, such as 0.8; 0 always takes the likeliest"
        )
    if top_k is not None and not (_is(top_k, Integral) and top_k >= 1):
        raise InputError(f"top_k is {top_k!r}, expected a whole number of symbols, at least 1")
    if top_p is not None and not (_is(top_p, Real) and 0 < top_p <= 1):
        raise InputError(f"top_p is {top_p!r}, expected a probability above 0 to 1, such as 0.9")


def sampled_from(
    scores: np.ndarray,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    never: Sequence[int] = (),
) -> np.ndarray:
    """The probabilities that the next symbol is drawn with, from the scores that a network gives.

        p = softmax(scores / temperature),

    then 0 for all but the `top_k` likeliest, then 0 for all but the fewest that together have `top_p` of what is left;
    what remains is scaled to the sum 1. Of equals the first counts as the likelier.

    Shape:
        scores (..., V) -> (..., V), float64

    Args:
        scores: before the softmax.
        temperature: below 1 sharper, above 1 flatter; 0: the likeliest alone.
        top_k: None: all.
        top_p: None: all. The likeliest always remains.
        never: symbols with the probability 0 from the beginning.

    Raises:
        InputError: an argument is out of its range, or no symbol is left.

    Source: Holtzman et al., The Curious Case of Neural Text Degeneration (2020), for top-p.

    Example:
        >>> sampled_from(np.log([0.5, 0.3, 0.2]), top_k=2).round(3).tolist()
        [0.625, 0.375, 0.0]
        >>> sampled_from(np.log([0.5, 0.3, 0.2]), temperature=0).tolist()
        [1.0, 0.0, 0.0]
    """
    check_sampling(temperature, top_k, top_p)
    scores = np.array(scores, np.float64)
    scores[..., list(never)] = -np.inf
    highest = scores.max(-1, keepdims=True)
    if not np.isfinite(highest).all():
        raise InputError("no symbol has a score that is a finite number: the model is damaged, or all are left out")
    order = np.argsort(-scores, axis=-1, kind="stable")  # before a subtraction that may round two to one
    scores = scores - highest
    if temperature == 0:
        top_k, temperature = 1, 1.0
    with np.errstate(over="ignore"):  # a tiny temperature makes -inf of all but the likeliest
        p = np.exp(scores / temperature)
    ranked = np.take_along_axis(p, order, -1)
    if top_k is not None:
        ranked[..., top_k:] = 0
    if top_p is not None and top_p < 1:
        ranked /= ranked.sum(-1, keepdims=True)
        before = np.cumsum(ranked, -1) - ranked  # of the likelier ones together
        ranked[before >= top_p] = 0
    np.put_along_axis(p, order, ranked, -1)
    return np.asarray(p / p.sum(-1, keepdims=True))


def drawn(probabilities: np.ndarray, uniform: float) -> int:
    """The symbol whose share of the line from 0 to 1 a number lies in.

    Shape:
        probabilities (V,)

    Args:
        probabilities: those of `sampled_from`.
        uniform: from 0 to below 1.
    """
    shares = np.cumsum(probabilities)
    place = int(np.searchsorted(shares, uniform * shares[-1], side="right"))
    return min(place, int(np.flatnonzero(probabilities)[-1]))


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
