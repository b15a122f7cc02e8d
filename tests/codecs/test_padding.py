"""Batches of unequal sequences."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from elman.codecs.padding import pad, pad_slices
from elman.errors import InputError


@given(lengths=st.lists(st.integers(0, 5), min_size=1, max_size=5), rest=st.sampled_from([(), (3,), (2, 4)]))
def test_every_value_is_there_and_the_rest_is_zero(lengths, rest):
    arrays = [np.random.default_rng(length).normal(1, 1, (length, *rest)).astype(np.float32) for length in lengths]
    batch, found = pad(arrays)
    assert (found.tolist(), found.dtype) == (lengths, torch.int64)
    assert tuple(batch.shape) == (len(lengths), max(lengths), *rest)
    assert batch.dtype == torch.float32
    for row, array in zip(batch, arrays, strict=True):
        np.testing.assert_array_equal(row[: len(array)], array)
        assert not row[len(array) :].any()


def test_dtype_is_that_of_the_arrays():
    assert pad([np.array([1, 2]), np.array([], np.int64)])[0].tolist() == [[1, 2], [0, 0]]
    assert pad([np.array([1, 2])])[0].dtype == torch.int64


def test_refusals():
    with pytest.raises(InputError, match="no sequences"):
        pad([])
    with pytest.raises(InputError, match=r"differ in shape after the first dimension: \(2,\) and \(3,\)"):
        pad([np.zeros((1, 3)), np.zeros((1, 2))])


def test_whole_numbers_of_any_size_become_what_torch_wants():
    for dtype in (np.uint8, np.uint16, np.uint32, np.int64):
        batch, _ = pad([np.array([250, 3], dtype), np.array([1], dtype)])
        assert (batch.dtype, batch.tolist()) == (torch.int64, [[250, 3], [1, 0]])
    assert pad([np.ones((2, 1), np.float32)])[0].dtype == torch.float32


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("rows", [[[0, 3], [3, 3], [2, 7]], [[4, 8], [6, 10]], [[10, 10]]])
def test_slices_of_one_array_are_padded_as_arrays_are(rows: list[list[int]], dtype: type) -> None:
    values = np.arange(1, 21).reshape(10, 2).astype(dtype)
    found, expected = pad_slices(values, np.array(rows)), pad([values[start:stop] for start, stop in rows])
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        assert torch.equal(one, other)
