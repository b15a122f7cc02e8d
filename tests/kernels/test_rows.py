"""The index tables of a batch, against plain loops over its sequences."""

import numpy as np
import pytest

from elman.kernels.rows import equal_rows, packed_rows, ragged_rows

BATCHES = [[3], [0], [4, 4, 4], [2, 5, 0, 5, 1], [0, 0, 3], [1, 7, 7, 2, 3, 3]]


def check(rows, lengths, T):
    """That every valid (step, row) has a number of its own, in order of steps and then of places."""
    order, found = rows.order.tolist(), 0
    assert sorted(order) == list(range(len(lengths)))
    assert rows.lengths.tolist() == [lengths[b] for b in order] == sorted(lengths, reverse=True)
    for t in range(T):
        assert rows.dense[t] - rows.before == found
        found += sum(length > t for length in lengths)
    assert rows.dense[T] - rows.before == found == rows.valid_steps
    assert rows.T == T
    assert len(lengths) == rows.B


@pytest.mark.parametrize("lengths", BATCHES)
@pytest.mark.parametrize("more", [0, 2])
def test_padded(lengths, more):
    T = max(lengths) + more
    rows = ragged_rows(T, np.array(lengths)[::1])
    check(rows, lengths, T)
    assert rows.starts.tolist() == list(range(T))
    assert ragged_rows(T, lengths).order.tolist() == np.argsort([-n for n in lengths], kind="stable").tolist()


@pytest.mark.parametrize(("T", "B"), [(1, 1), (5, 3), (2, 9)])
def test_equal(T, B):
    rows = equal_rows(T, B)
    check(rows, [T] * B, T)
    assert rows is equal_rows(T, B)  # the tables are made once


@pytest.mark.parametrize("lengths", [one for one in BATCHES if min(one) > 0 or max(one) > 0])
def test_packed(lengths):
    lengths = sorted((n for n in lengths if n), reverse=True)
    sizes = [sum(n > t for n in lengths) for t in range(lengths[0])]
    rows = packed_rows(np.array(sizes))
    check(rows, lengths, lengths[0])
    assert rows.starts.tolist() == [sum(sizes[:t]) for t in range(len(sizes))]


@pytest.mark.parametrize("lengths", [[6, 6, 6], [2, 5, 0, 6, 1]])
@pytest.mark.parametrize("steps", [1, 2, 4])
def test_segments_are_the_whole_cut_in_pieces(lengths, steps):
    whole = ragged_rows(6, lengths)
    segments = [whole.segment(begin, min(begin + steps, 6)) for begin in range(0, 6, steps)]
    for k, one in enumerate(segments):
        here = [min(max(n - k * steps, 0), one.T) for n in lengths]
        assert one.order.tolist() == whole.order.tolist()
        assert one.lengths.tolist() == [here[b] for b in one.order]
        assert one.valid_steps == sum(here)
        assert one.starts.tolist() == list(range(k * steps, k * steps + one.T))
    assert [one.before for one in segments] == np.cumsum([0, *(one.valid_steps for one in segments)])[:-1].tolist()
