"""What can be said of each step of a sequence by what it reads: its kind, quotes and brackets around it, its season."""

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from elman.inspection.reading import Reading

OPENING, CLOSING = "([{", ")]}"
QUOTES = {"“": "”", "„": "“”", "«": "»", "‘": "’", '"': '"', "'": "'"}
LINE_ENDS = "\n\r"
UPRIGHT, APOSTROPHES = "'\"", "'’"
DATE = re.compile(r"\d{4}-\d\d-\d\d")
MOST_VALUES = 12  # numbers of a step that are looked at one by one
HALF_A_YEAR = 183  # days, from which on one looks for the season of the year

KINDS: dict[str, Callable[[str], bool]] = {
    "letter": str.isalpha,
    "capital": lambda one: one[:1].isupper(),
    "digit": str.isdigit,
    "space": str.isspace,
    "punctuation": lambda one: bool(one) and all(not letter.isalnum() and not letter.isspace() for letter in one),
}


def is_text(steps: Sequence[str]) -> bool:
    """Whether steps are called by symbols or words, and not by rising numbers, seconds or dates."""
    if all(DATE.match(one) for one in steps):
        return False
    try:
        numbers = [float(one.removesuffix(" s")) for one in steps]
    except ValueError:
        return True
    return any(a >= b for a, b in itertools.pairwise(numbers))


def of_text(steps: Sequence[str]) -> dict[str, np.ndarray]:
    """Of each symbol or word, once it was read, (T,) each."""
    found = {name: np.array([float(holds(one)) for one in steps]) for name, holds in KINDS.items()}
    found["inside quotes"], found["inside brackets"] = _enclosed(steps)
    found["since the last space"] = _since(steps, str.isspace)
    found["since the line began"] = _since(steps, lambda one: one[-1:] in LINE_ENDS)
    return found


def of_series(reading: Reading, season: int | None) -> dict[str, np.ndarray]:
    """Of each step of numbers: the numbers, and its phases in the seasons, as sine and cosine, (T,) or (T, 2) each."""
    x = reading.x.detach().double().cpu().numpy()
    T, I = x.shape  # noqa: E741
    found = {f"x {k + 1}": x[:, k] for k in range(I)} if I <= MOST_VALUES else {"mean of x": x.mean(1)}
    phases: dict[str, Any] = {} if season is None else {f"season of {season} steps": np.arange(T) / season}
    if T and all(DATE.match(one) for one in reading.steps):
        phases |= _calendar(reading.steps)
    return found | {name: _circle(phase) for name, phase in phases.items()}


def _calendar(steps: Sequence[str]) -> dict[str, Any]:
    import pandas as pd

    times = pd.DatetimeIndex(pd.to_datetime(list(steps), utc=True))
    days = (times.max() - times.min()).days
    phases = {"hour of the day": (times.hour + times.minute / 60) / 24, "day of the week": times.day_of_week / 7}
    return phases | ({"day of the year": times.day_of_year / 365.25} if days >= HALF_A_YEAR else {})


def _circle(phase: Any) -> np.ndarray:
    angle = 2 * np.pi * np.asarray(phase, np.float64)
    return np.stack([np.sin(angle), np.cos(angle)], 1)


def _enclosed(steps: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Whether each step stands in quotes, and in how many brackets."""
    quotes, depths = np.zeros(len(steps)), np.zeros(len(steps))
    are_words = max(map(len, steps), default=1) > 1
    quote, depth = "", 0
    for t, one in enumerate(steps):
        for k, letter in enumerate(one):
            before = one[k - 1 : k] if k or are_words else "".join(steps[max(t - 1, 0) : t])
            after = one[k + 1 : k + 2] if are_words else "".join(steps[t + 1 : t + 2])
            if quote and letter in QUOTES[quote]:
                quote = quote if letter in APOSTROPHES and after.isalnum() else ""
            elif not quote and letter in QUOTES and not (letter in UPRIGHT and before.isalnum()):
                quote = letter
            depth = max(depth + (letter in OPENING) - (letter in CLOSING), 0)
        quotes[t], depths[t] = bool(quote), depth
    return quotes, depths


def _since(steps: Sequence[str], ends: Callable[[str], bool]) -> np.ndarray:
    """How many steps lie between each and the last at which something ended, or the beginning."""
    found, count = np.zeros(len(steps)), 0
    for t, one in enumerate(steps):
        count = 0 if ends(one) else count + 1
        found[t] = count
    return found
