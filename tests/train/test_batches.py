"""Batches of like length: properties of every epoch."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from elman.train import LengthBatches, ordered_batches

LENGTHS = st.lists(st.integers(0, 12), min_size=1, max_size=120)
PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), min_size=1, max_size=120)


@given(lengths=LENGTHS | PAIRS, batch_size=st.integers(1, 20), seed=st.integers(0, 2**40), epoch=st.integers(1, 99))
def test_each_index_once_in_the_fewest_batches(lengths, batch_size, seed, epoch):
    sampler = LengthBatches(lengths, batch_size, seed)
    batches = list(sampler.epoch(epoch))
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    assert len(batches) == -(-len(lengths) // batch_size)
    assert sum(len(batch) < batch_size for batch in batches) <= 1


@given(lengths=LENGTHS | PAIRS, batch_size=st.integers(1, 20), seed=st.integers(0, 2**40))
def test_equal_lengths_fill_whole_batches(lengths, batch_size, seed):
    first = np.array([np.atleast_1d(length)[0] for length in lengths])
    batches = LengthBatches(lengths, batch_size, seed).epoch(1)
    uniform = [batch for batch in batches if len(batch) == batch_size and len(set(first[batch])) == 1]
    assert len(uniform) >= sum(np.bincount(first) // batch_size)


@given(
    lengths=LENGTHS | PAIRS, batch_size=st.integers(1, 20), batch_steps=st.integers(1, 60), seed=st.integers(0, 2**40)
)
def test_no_batch_has_more_steps_than_asked_for(lengths, batch_size, batch_steps, seed):
    totals = np.array([np.sum(length) for length in lengths])
    batches = (
        list(LengthBatches(lengths, batch_size, seed, batch_steps).epoch(3)),
        ordered_batches(lengths, batch_size, batch_steps),
    )
    for several in batches:
        assert sorted(np.concatenate(several)) == list(range(len(lengths)))
        for batch in several:
            assert len(batch) == 1 or len(batch) * totals[batch].max() <= batch_steps
            assert len(batch) <= batch_size


@given(lengths=LENGTHS | PAIRS, seed=st.integers(0, 2**40), start=st.integers(0, 40), steps=st.none() | st.just(20))
def test_a_position_is_epoch_and_sequences_done(lengths, seed, start, steps):
    whole = [batch.tolist() for batch in LengthBatches(lengths, 3, seed, steps).epoch(4)]
    done = sum(map(len, whole[:start]))
    np.random.seed(start)
    torch.manual_seed(start)
    rest = [batch.tolist() for batch in LengthBatches(lengths, 3, seed, steps).epoch(4, done)]
    assert rest == whole[start:]


def test_many_sequences_are_shuffled_in_pools_with_the_same_promises(monkeypatch):
    monkeypatch.setattr("elman.train.batches.POOL", 64)
    monkeypatch.setattr("elman.train.batches.BLOCK", 8)
    lengths = np.random.default_rng(0).integers(1, 9, 1003)
    sampler = LengthBatches(lengths, 5, 7)
    whole = [batch.tolist() for batch in sampler.epoch(2)]
    assert sorted(np.concatenate(whole)) == list(range(1003))
    assert whole != [batch.tolist() for batch in sampler.epoch(3)]
    for start in (0, 1, 12, 13, 14, 100, len(whole)):  # 13 batches in a pool
        rest = sampler.epoch(2, sum(map(len, whole[:start])))
        assert [batch.tolist() for batch in rest] == whole[start:]
    first = np.concatenate(whole[:12])
    assert first.max() - first.min() > 500  # a pool holds blocks from all over


def test_epochs_and_seeds_differ_even_if_no_two_lengths_are_equal():
    lengths = list(range(100, 400))

    def composition(seed, epoch):
        return {frozenset(batch.tolist()) for batch in LengthBatches(lengths, 32, seed).epoch(epoch)}

    assert len({frozenset(composition(*position)) for position in ((0, 1), (0, 2), (1, 1))}) == 3


def test_distinct_lengths_are_padded_little():
    lengths = np.random.default_rng(0).permutation(np.arange(100, 1100))
    padded = sum(lengths[batch].max() * len(batch) for batch in LengthBatches(lengths, 10, 0).epoch(1))
    # the noise may put a 1.1 beside a 0.9; at random the padded area is about 1.7 times the sum
    assert padded < 1.2 * lengths.sum()


def test_ordered_batches_are_sorted_by_source_then_target():
    pairs = [(2, 1), (1, 5), (2, 0), (1, 4), (3, 0)]
    assert [batch.tolist() for batch in ordered_batches(pairs, 2)] == [[3, 1], [2, 0], [4]]
    assert ordered_batches([], 2) == []
