"""Errors against brute force, BLEU and chrF against their definitions."""

from collections import Counter
from functools import lru_cache
from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.tasks.text_scores import edit_distance, error_rates, nearest_texts, overlaps, symbols

WORDS = st.text("abc", max_size=6)


@lru_cache(None)
def brute_force(a: str, b: str) -> int:
    """The definition: the cheapest of all ways."""
    if not a or not b:
        return len(a) + len(b)
    ways = brute_force(a[1:], b) + 1, brute_force(a, b[1:]) + 1, brute_force(a[1:], b[1:]) + (a[0] != b[0])
    return min(ways)


@given(a=WORDS, b=WORDS)
def test_edit_distance_is_the_cheapest_way(a: str, b: str) -> None:
    assert edit_distance(a, b) == brute_force(a, b)


@given(data=st.lists(st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=3)), max_size=4))
def test_the_nearest_reference_counts(data: list[tuple[str, list[str]]]) -> None:
    found = error_rates([list(one) for one, _ in data], [[list(one) for one in several] for _, several in data])
    nearest = [min(several, key=lambda one: (brute_force(text, one), len(one))) for text, several in data]
    errors = sum(brute_force(text, one) for (text, _), one in zip(data, nearest, strict=True))
    assert found == {
        "exact_match": sum(text in several for text, several in data) / max(len(data), 1),
        "symbol_error_rate": errors / max(sum(map(len, nearest)), 1),
    }


def test_symbols_are_those_of_the_level() -> None:
    assert symbols("AH0 B", "characters") == list("AH0 B")
    assert symbols("AH0  B", "words") == symbols("AH0 B", "subwords") == ["AH0", "B"]
    assert symbols("e\N{COMBINING ACUTE ACCENT}", "characters") == ["é"]  # composed, as predictions are


def ngrams(units: list[str] | str, n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(units[k : k + n]) for k in range(len(units) - n + 1))


PREDICTED = ["the cat sat on a mat by the door", "a dog lay in the warm sun all day"]
RIGHT = [
    ["the cat sat on the mat by a door", "a cat sat on a mat by the fire"],
    ["the dog lay in the sun all of a day"],
]


def test_bleu_is_as_papineni_defines_it() -> None:
    logs = 0.0
    for n in range(1, 5):
        matched = total = 0
        for text, several in zip(PREDICTED, RIGHT, strict=True):
            found, most = ngrams(text.split(), n), Counter[tuple[str, ...]]()
            for one in several:
                most |= ngrams(one.split(), n)
            matched, total = matched + (found & most).total(), total + found.total()
        logs += log(matched / total) / 4
    penalty = min(1.0, exp(1 - (9 + 10) / (9 + 9)))  # of lengths: the nearest references, the predictions
    assert overlaps(PREDICTED, RIGHT)["bleu"] == pytest.approx(100 * penalty * exp(logs), rel=1e-9)


def test_chrf_is_as_popovic_defines_it() -> None:
    predicted, right = (text.replace(" ", "") for text in (PREDICTED[1], RIGHT[1][0]))
    sides = []
    for n in range(1, 7):
        found, wanted = ngrams(predicted, n), ngrams(right, n)
        matched = (found & wanted).total()
        sides.append((matched / found.total(), matched / wanted.total()))
    precision, recall = (sum(side) / 6 for side in zip(*sides, strict=True))
    expected = 100 * 5 * precision * recall / (4 * precision + recall)  # recall counts twice: beta = 2
    assert overlaps(PREDICTED[1:], RIGHT[1:])["chrf"] == pytest.approx(expected, rel=1e-9)


@given(
    words=st.lists(st.text("abcd'", max_size=5), min_size=1, max_size=5),
    among=st.lists(st.text("abcde", max_size=6), min_size=1, max_size=30),
)
def test_the_nearest_text_is_the_first_of_those_with_the_fewest_edits(words: list[str], among: list[str]) -> None:
    expected = [int(np.argmin([brute_force(word, other) for other in among])) for word in words]
    assert nearest_texts(words, among) == expected
