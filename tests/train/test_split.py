"""The validation split: groups stay whole, classes keep their share."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import InputError
from elman.train import split

FRACTIONS = st.floats(0.01, 0.99)


@given(
    rows=st.lists(st.tuples(st.integers(0, 20), st.sampled_from("abc")), min_size=2, max_size=150),
    fraction=FRACTIONS,
    seed=st.integers(0, 2**40),
)
def test_every_row_on_one_side_and_no_group_parted(rows, fraction, seed):
    groups, labels = zip(*rows, strict=True)
    if len(set(groups)) < 2:
        with pytest.raises(InputError, match="at least 2"):
            split(len(rows), fraction, seed, groups=groups, labels=labels)
        return
    training, validation = split(len(rows), fraction, seed, groups=groups, labels=labels)
    assert sorted([*training, *validation]) == list(range(len(rows)))
    assert len(training)
    assert len(validation)
    assert not {groups[i] for i in training} & {groups[i] for i in validation}
    again = split(len(rows), fraction, seed, groups=groups, labels=labels)
    assert all(map(np.array_equal, (training, validation), again))


@given(
    labels=st.lists(st.sampled_from("aaab"), min_size=20, max_size=200),
    fraction=st.floats(0.05, 0.5),
    seed=st.integers(0, 2**40),
)
def test_classes_keep_their_share(labels, fraction, seed):
    training, validation = split(len(labels), fraction, seed, labels=labels)
    assert abs(len(validation) - fraction * len(labels)) <= 1
    held_out = Counter(labels[i] for i in validation)
    for label, count in Counter(labels).items():
        assert abs(held_out[label] - fraction * count) < 2  # what is owed, from -1 to 1, goes on from class to class
        assert any(labels[i] == label for i in training)


def test_the_rows_taken_are_random_and_follow_from_the_seed():
    taken = [tuple(split(100, 0.1, seed)[1]) for seed in range(50)]
    assert all(len(rows) == 10 for rows in taken)
    assert len(set(taken)) == 50
    # each row is taken with probability 1/10; 500 draws over 100 rows leave few untouched (expected 0.5)
    assert len({row for rows in taken for row in rows}) > 90


def test_many_classes_of_two_rows_still_give_the_fraction():
    training, validation = split(200, 0.1, 0, labels=[i // 2 for i in range(200)])
    assert abs(len(validation) - 20) <= 1
    assert len({i // 2 for i in training}) == 100


@pytest.mark.parametrize("rows", [0, 1])
def test_too_little_data_says_how_much_there_is(rows):
    with pytest.raises(InputError, match=f"{['0 rows', '1 row'][rows]}, at least 2"):
        split(rows, 0.1, 0)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, float("nan")])
def test_a_fraction_out_of_range_is_refused(fraction):
    with pytest.raises(InputError, match="validation_fraction is"):
        split(10, fraction, 0)
