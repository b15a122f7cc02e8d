"""When each symbol of a text is said: the likeliest way in which the text lies over the steps."""

import numpy as np

from elman.errors import InputError, counted
from elman.models.ctc import BLANK, steps_needed

MOST = 1 << 31  # bytes that the search may note down


def aligned(log_probabilities: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The steps of each symbol in the likeliest path that spells the target: its first, and the one after its last.

    Shape:
        log_probabilities (T, V), target (U,), from 1 -> (U, 2)

    Raises:
        InputError: there are fewer steps than the target needs, or so many that the search does not fit into memory.

    Example:
        >>> p = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
        >>> aligned(np.log(p), np.array([1, 2])).tolist()
        [[1, 3], [3, 4]]
    """
    T, U = len(log_probabilities), len(target)
    if steps_needed(target) > T:
        needed = counted(steps_needed(target), "steps")
        raise InputError(f"a text of {counted(U, 'symbols')} needs at least {needed}, but its sound has {T}")
    S = 2 * U + 1  # a blank, then each symbol and a blank
    if T * S > MOST:
        raise InputError(f"{T} steps by {U} symbols are too many to align at once: cut the sound into pieces")
    if U == 0:
        return np.zeros((0, 2), np.int64)
    states = np.full(S, BLANK)
    states[1::2] = target
    skips = np.zeros(S, bool)  # whether the blank before a symbol may be left out
    skips[3::2] = target[1:] != target[:-1]
    best = np.full(S, -np.inf)
    best[:2] = log_probabilities[0, states[:2]]
    came = np.zeros((T, S), np.int8)  # from how many states before
    candidates = np.full((3, S), -np.inf)
    for t in range(1, T):
        candidates[0] = best
        candidates[1, 1:] = best[:-1]
        candidates[2, 2:] = np.where(skips[2:], best[:-2], -np.inf)
        came[t] = candidates.argmax(0)
        best = candidates.max(0) + log_probabilities[t, states]
    return _steps(came, S - 1 if best[-1] >= best[-2] else S - 2)


def _steps(came: np.ndarray, state: int) -> np.ndarray:
    """The steps of each symbol on the way back from the last state, (U, 2)."""
    T, S = came.shape
    steps = np.zeros((S // 2, 2), np.int64)
    for t in range(T - 1, -1, -1):
        if state % 2:
            symbol = state // 2
            steps[symbol, 0] = t
            steps[symbol, 1] = steps[symbol, 1] or t + 1
        state -= int(came[t, state])
    return steps
