"""Kneser-Ney against the formulas of the source written out for one history at a time, in dictionaries."""

import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from quality.kneser_ney import FALLBACK, KneserNey, estimated_discounts

START, SIZE = 1, 6
documents = st.lists(st.lists(st.sampled_from([0, 2, 3, 4]), min_size=1, max_size=12), min_size=1, max_size=5)


def by_hand(texts, order):
    """P(symbol, history) from counts in dictionaries."""
    raw = Counter()
    for text in texts:
        padded = [START] * (order - 1) + text
        raw.update(tuple(padded[k : k + order]) for k in range(len(text)))
    counts = {order: raw}
    for n in range(order - 1, 0, -1):
        before = defaultdict(set)
        for gram in counts[n + 1]:
            before[gram[1:]].add(gram[0])
        counts[n] = Counter({gram: len(symbols) for gram, symbols in before.items()})

    def discount(n, count):
        of = [sum(one == k for one in counts[n].values()) for k in (1, 2, 3, 4)]
        if not all(of):
            return FALLBACK[min(count, 3) - 1]
        y = of[0] / (of[0] + 2 * of[1])
        three = [1 - 2 * y * of[1] / of[0], 2 - 3 * y * of[2] / of[1], 3 - 4 * y * of[3] / of[2]]
        if not all(0 <= one <= k for one, k in zip(three, (1, 2, 3), strict=True)):
            three = FALLBACK
        return three[min(count, 3) - 1]

    def p(symbol, history, n):
        if n == 0:
            return 1 / (SIZE - 1)
        history = history[len(history) - (n - 1) :]
        following = {gram: count for gram, count in counts[n].items() if gram[:-1] == tuple(history)}
        shorter = p(symbol, history[1:], n - 1)
        if not following:
            return shorter
        total = sum(following.values())
        count = counts[n].get((*history, symbol), 0)
        kept = count - discount(n, count) if count else 0
        return kept / total + sum(discount(n, one) for one in following.values()) / total * shorter

    return lambda symbol, history: p(symbol, [START] * (order - 1) + list(history), order)


@given(
    texts=documents, order=st.integers(1, 4), text=st.lists(st.sampled_from([0, 2, 3, 4, 5]), min_size=1, max_size=6)
)
def test_it_is_the_formula(texts, order, text):
    model = KneserNey(order, SIZE, START).fit([np.array(one) for one in texts])
    expected = by_hand(texts, order)
    found = np.exp(model.log_probabilities(np.array(text)))
    np.testing.assert_allclose(found, [expected(one, text[:k]) for k, one in enumerate(text)], rtol=1e-12)
    np.testing.assert_allclose(
        model.distribution(np.array(text))[[0, 2, 3, 4, 5]],
        [expected(one, text) for one in (0, 2, 3, 4, 5)],
        rtol=1e-12,
    )


@given(texts=documents, order=st.integers(1, 5), history=st.lists(st.integers(0, 5), max_size=7))
def test_probabilities_are_above_0_and_sum_to_1(texts, order, history):
    p = KneserNey(order, SIZE, START).fit([np.array(one) for one in texts]).distribution(np.array(history, int))
    assert p[START] == 0
    assert (np.delete(p, START) > 0).all()
    assert p.sum() == pytest.approx(1, abs=1e-12)


def test_discounts_are_those_of_the_source():
    counts = np.repeat([1, 2, 3, 4, 9], [100, 40, 20, 10, 7])
    y = 100 / 180
    assert estimated_discounts(counts) == pytest.approx((1 - 2 * y * 0.4, 2 - 3 * y * 0.5, 3 - 4 * y * 0.5))
    assert estimated_discounts(np.array([1, 1, 2])) == FALLBACK


def test_longer_contexts_know_more_and_too_many_symbols_are_refused():
    text = np.array([2, 3, 2, 4] * 50)
    bits = [-KneserNey(n, SIZE, START).fit([text]).log_probabilities(text).mean() for n in (1, 2, 3)]
    assert bits[0] > bits[1] > bits[2]
    with pytest.raises(ValueError, match="64 bits"):
        KneserNey(6, 2000, START)
