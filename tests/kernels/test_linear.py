"""The output layer's kernel, called with addresses: each number one chain of fma, whatever the blocks and tasks."""

import math

import numpy as np
import pytest

from elman.kernels.compiled import compiled_linear
from elman.kernels.linear import linear_plan
from elman.kernels.linear_gradients import linear_gradients_plan

rng = np.random.default_rng(0)


def linear(x, weight, bias, threads=1, tasks_in=None, out=None):
    """Run the kernel on arrays of x (steps, rows, K), with scratch full of NaN and guards around all it writes."""
    compiled = compiled_linear(x.dtype.name)
    steps, rows, K = x.shape
    N = len(weight)
    plan = linear_plan(x.dtype.name, compiled.lanes, steps, rows, K, N, threads)
    memory = np.full(plan.size // x.itemsize + 64, np.nan, x.dtype)
    start = memory.ctypes.data + -memory.ctypes.data % 64
    out = np.full((steps, rows, N + 3), 7, x.dtype) if out is None else out  # a row ends with what is not its own
    call = plan.call(
        start,
        start + plan.packed_size,
        x=x.ctypes.data,
        x_step=x.strides[0] // x.itemsize,
        x_row=x.strides[1] // x.itemsize,
        out=out.ctypes.data,
        out_step=out.strides[0] // x.itemsize,
        out_row=out.strides[1] // x.itemsize,
        weight=weight.ctypes.data,
        bias=0 if bias is None else bias.ctypes.data,
    )
    arguments = call.buffer_info()[0]
    compiled.pack(arguments)
    compiled.linear_pass(0, arguments, plan.tasks)
    assert (out[..., N:] == 7).all()
    assert np.isnan(memory[(start - memory.ctypes.data + plan.size) // x.itemsize :]).all()
    return out[..., :N], plan


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("K", "N"), [(1, 1), (5, 8), (8, 7), (17, 33), (64, 130)])
def test_values(K, N, dtype):
    weight, bias = rng.normal(size=(N, K)).astype(dtype), rng.normal(size=N).astype(dtype)
    for shape in ((1, 1), (1, 100), (11, 3), (50, 1)):
        x = rng.normal(size=(*shape, K)).astype(dtype)
        for b in (bias, None):
            y, _ = linear(x, weight, b)
            expected = x.astype(np.float64) @ weight.T.astype(np.float64) + (0 if b is None else b)
            tolerance = 4 * K * np.finfo(dtype).eps
            np.testing.assert_allclose(y, expected, rtol=tolerance, atol=tolerance)


def test_the_chain_begins_with_the_bias_and_takes_k_in_order():
    weight, bias, x = rng.normal(size=(1, 20)), rng.normal(size=1), rng.normal(size=(1, 1, 20))
    y, _ = linear(x, weight, bias)
    total = bias[0]
    for k in range(20):
        # fma in double: the product in two parts, summed exactly
        total = math.fsum([*_product(x[0, 0, k], weight[0, k]), total])
    assert y[0, 0, 0] == total


def _product(a, b):
    """Two numbers whose sum is a * b exactly (Dekker)."""
    split = [(one * 134217729.0) - (one * 134217729.0 - one) for one in (a, b)]
    rest = [one - high for one, high in zip((a, b), split, strict=True)]
    p = a * b
    error = rest[0] * rest[1] - (((p - split[0] * split[1]) - rest[0] * split[1]) - split[0] * rest[1])
    return p, error


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bits_do_not_depend_on_blocks_and_tasks(dtype):
    K, N = 40, 67
    weight, bias = rng.normal(size=(N, K)).astype(dtype), rng.normal(size=N).astype(dtype)
    x = rng.normal(size=(150, 4, K)).astype(dtype)
    y, plan = linear(x, weight, bias)
    assert plan.tasks == 1
    for threads in (2, 3, 7):
        again, plan = linear(x, weight, bias, threads)
        assert plan.tasks == threads
        assert np.array_equal(again, y)
    for t in (0, 77, 149):
        assert np.array_equal(linear(x[t : t + 1, 2:3], weight, bias)[0][0, 0], y[t, 2])
    turned = np.ascontiguousarray(x.swapaxes(0, 1)).swapaxes(0, 1)
    out = np.full((4, 150, N + 3), 7, dtype).swapaxes(0, 1)
    assert np.array_equal(linear(turned, weight, bias, out=out)[0], y)


def test_a_wide_layer_has_small_blocks():
    weight = rng.normal(size=(20_001, 3)).astype("float32")
    x = rng.normal(size=(1, 30, 3)).astype("float32")
    y, plan = linear(x, weight, None)
    assert plan.scratch_size < 3_000_000
    np.testing.assert_allclose(y, x @ weight.T, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("rows", "K", "N"), [(1, 1, 1), (7, 8, 5), (300, 33, 50), (1000, 65, 200)])
def test_gradient_of_the_weight(rows, K, N, dtype):
    compiled = compiled_linear(dtype)
    x, d_y = rng.normal(size=(rows, K)).astype(dtype), rng.normal(size=(rows, N)).astype(dtype)
    found = []
    for threads in (1, 2, 5):
        plan = linear_gradients_plan(dtype, compiled.lanes, rows, K, N, threads)
        memory = np.full(plan.size // x.itemsize + 64, np.nan, dtype)
        start = memory.ctypes.data + -memory.ctypes.data % 64
        d_weight = np.full((N + 2, K), 7, dtype)  # what is not its own stands behind it
        d_weight[:N] = 1
        places = {"x": x.ctypes.data, "x_row": K, "d_y": d_y.ctypes.data, "d_y_row": N}
        call = plan.call(start, d_weight=d_weight.ctypes.data, **places)
        compiled.gradients(0, call.buffer_info()[0], plan.tasks)
        assert (d_weight[N:] == 7).all()
        assert np.isnan(memory[(start - memory.ctypes.data + plan.size) // x.itemsize :]).all()
        found.append(d_weight[:N])
    expected = 1 + d_y.T.astype(np.float64) @ x.astype(np.float64)
    tolerance = 4 * rows * np.finfo(dtype).eps
    np.testing.assert_allclose(found[0], expected, rtol=tolerance, atol=tolerance)
    assert all(np.array_equal(found[0], one) for one in found[1:])
