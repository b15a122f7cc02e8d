"""What goes into a call of the kernels and comes out of it."""

import copy

import pytest
import torch
from cases import randn
from torch.nn.utils.rnn import PackedSequence

import elman


def test_a_large_output_is_a_tensor_like_a_small_one():
    """From some size on its memory is used again."""
    layer = elman.GRU(3, 64)
    for T in (4, 400):
        with torch.no_grad():
            output, _ = layer(randn(T, 16, 3))
            expected = 2 * output.clone()
            output *= 2
            assert torch.equal(output, expected)
            assert output.detach_() is output
        output, _ = layer(randn(T, 16, 3))
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            (output.mul_(2)).sum().backward()  # as torch.nn.LSTM: the output is what backward needs


def test_a_layer_pickled_before_it_had_all_options_runs():
    layer = elman.GRU(3, 4)
    state = {k: v for k, v in layer.__dict__.items() if k not in ("_flat_names", "checkpoint", "memory_budget")}
    older = elman.GRU.__new__(elman.GRU)
    older.__setstate__(copy.deepcopy(state))
    x = randn(5, 2, 3)
    assert torch.equal(older(x)[0], layer(x)[0])


@pytest.mark.parametrize("sizes", [[3, 3], [2, 3], [5, 0], []])
def test_a_packed_sequence_that_does_not_fit_together_is_refused(sizes):
    packed = PackedSequence(torch.ones(5, 3), torch.tensor(sizes, dtype=torch.int64))
    with pytest.raises(elman.InputError, match="never rise and add up to the rows"):
        elman.GRU(3, 4)(packed)
