"""The probabilities that symbols are drawn with, against their definitions."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import InputError
from elman.models.sampling import drawn, sampled_from

SCORES = np.array([0.3, -1.2, 2.0, 0.9, -0.1, 0.8])
finite = st.lists(st.floats(-20, 20), min_size=1, max_size=7)


def softmax(scores):
    p = np.exp(np.asarray(scores, float))
    return p / p.sum()


@pytest.mark.parametrize("temperature", [0.25, 1.0, 3.0])
def test_temperature_divides_the_scores(temperature):
    expected = [np.exp(s / temperature) / sum(np.exp(t / temperature) for t in SCORES) for s in SCORES]
    np.testing.assert_allclose(sampled_from(SCORES, temperature=temperature), expected, rtol=1e-12)


def test_temperature_0_is_greedy_and_its_limit():
    assert sampled_from(SCORES, temperature=0).tolist() == [0, 0, 1, 0, 0, 0]
    assert sampled_from([1.0, 1.0, 0.0], temperature=0).tolist() == [1, 0, 0]
    assert sampled_from(SCORES, temperature=1e-320).tolist() == [0, 0, 1, 0, 0, 0]


@given(scores=finite, k=st.integers(1, 9))
def test_top_k_keeps_the_largest_and_their_odds(scores, k):
    found, p = sampled_from(scores, top_k=k), softmax(scores)
    kept = sorted(range(len(scores)), key=lambda one: (-scores[one], one))[:k]
    expected = np.zeros(len(scores))
    expected[kept] = p[kept] / p[kept].sum()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-300)


@given(weights=st.lists(st.integers(1, 50), min_size=1, max_size=7), share=st.integers(1, 100))
def test_top_p_keeps_the_fewest_symbols_that_have_it(weights, share):
    total = sum(weights)
    if any(sum(some) * 100 == share * total for n in range(8) for some in combinations(weights, n)):
        share += 0.5  # rounding decides no tie
    top_p = min(share / 100, 1.0)
    found = sampled_from(np.log(weights), top_p=top_p)
    kept = np.flatnonzero(found)
    by_size = {n: max(map(sum, combinations(weights, n))) for n in range(len(weights) + 1)}
    fewest = next((n for n, most in by_size.items() if most >= top_p * total), len(weights))
    assert len(kept) == fewest
    assert sum(weights[k] for k in kept) == by_size[fewest]
    np.testing.assert_allclose(found[kept], np.array(weights)[kept] / by_size[fewest], rtol=1e-9)


def test_all_together_are_applied_in_order():
    scores = np.log([0.4, 0.3, 0.2, 0.1])
    # squared: 16 9 4 1; the first three: 16/29 9/29 4/29; the fewest with 0.8 of that: 16 + 9
    found = sampled_from(scores, temperature=0.5, top_k=3, top_p=0.8)
    np.testing.assert_allclose(found, [16 / 25, 9 / 25, 0, 0], rtol=1e-12)
    # of what never comes nothing counts: 9 4 1; 9/13 is below 0.7
    found = sampled_from(scores, temperature=0.5, top_k=2, top_p=0.7, never=[0])
    np.testing.assert_allclose(found, [0, 9 / 13, 4 / 13, 0], rtol=1e-12)


def test_rows_are_apart_and_the_scores_stay():
    rows = np.stack([SCORES, -SCORES])
    before = rows.copy()
    found = sampled_from(rows, temperature=0.7, top_p=0.6, never=[2])
    assert found.tolist() == [sampled_from(row, temperature=0.7, top_p=0.6, never=[2]).tolist() for row in rows]
    assert np.array_equal(rows, before)


def test_a_draw_falls_into_each_share_exactly():
    p = np.array([0.25, 0.0, 0.5, 0.25, 0.0])
    below = np.nextafter
    for uniform, symbol in [(0.0, 0), (below(0.25, 0), 0), (0.25, 2), (below(0.75, 0), 2), (0.75, 3), (1 - 2**-53, 3)]:
        assert drawn(p, uniform) == symbol


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"temperature": -0.1}, "temperature is -0.1, expected a number from 0"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"temperature": float("inf")}, "temperature is inf"),
        ({"top_k": 0}, "top_k is 0, expected a whole number of symbols, at least 1"),
        ({"top_k": 2.5}, "top_k is 2.5"),
        ({"top_p": 0.0}, "top_p is 0.0, expected a probability above 0 to 1"),
        ({"top_p": 1.1}, "top_p is 1.1"),
        ({"never": range(6)}, "no symbol has a score"),
    ],
)
def test_what_says_nothing_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        sampled_from(SCORES, **options)
