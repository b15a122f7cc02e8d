"""The vector functions against float64, mpmath and torch: errors in ulp, special values, and lanes on their own."""

import ctypes
from functools import cache

import mpmath
import numpy as np
import pytest
import torch

from elman import cell, relu
from elman.equations import absolute, maximum, minimum
from elman.equations.operations import OPERATIONS
from elman.kernels.compilation import Library, compile_object
from elman.kernels.emitter import Module
from elman.kernels.functions import ON_VECTORS
from elman.kernels.target import host
from elman.nn.reference import ON_TENSORS

pytestmark = pytest.mark.skipif(not host().has_fma, reason="kernels need fma")

POWERS = (-2.0, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 7.0, 11.0, -0.5)
CONDITIONS = [name for name, operation in OPERATIONS.items() if operation.gives == "condition"]
UNARY = [name for name, operation in OPERATIONS.items() if operation.arity == 1]
BINARY = [name for name, operation in OPERATIONS.items() if operation.arity == 2 and name != "power"]
FUNCTIONS = ["tanh", "sigmoid", "exp", "log", "sin", "cos"]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-39, -1e-39, 3e38, -3e38, np.inf, -np.inf, np.nan]


def of_one(name):
    """What is emitted for a name, from a vector."""
    operation, _, exponent = name.partition(" ")
    return lambda x: ON_VECTORS[operation](x, *([float(exponent)] if exponent else []))


def of_two(name, a, b):
    """Of two vectors, or of one and a constant; a condition as 1 and 0."""
    result = ON_VECTORS[name](a, b)
    return ON_VECTORS["where"](result, 1.0, 0.0) if name in CONDITIONS else result


def emitted(dtype):
    """Every operation as functions of three arguments and a result."""
    functions = {name: lambda x, y, z, name=name: of_one(name)(x) for name in UNARY}
    functions |= {f"power {n}": lambda x, y, z, n=n: ON_VECTORS["power"](x, n) for n in POWERS}
    for name in BINARY:
        functions[name] = lambda x, y, z, name=name: of_two(name, x, y)
        functions[f"{name} 0.5"] = lambda x, y, z, name=name: of_two(name, x, 0.5)
        functions[f"0.5 {name}"] = lambda x, y, z, name=name: of_two(name, 0.5, x)
    functions["where"] = lambda x, y, z: ON_VECTORS["where"](x < 1.0, y, z)
    functions["mul then add"] = lambda x, y, z: ON_VECTORS["add"](ON_VECTORS["mul"](x, y), z)
    return functions


@cache
def library(dtype, target):
    module = Module("functions", dtype, target)
    functions = emitted(dtype)
    for number, function in enumerate(functions.values()):
        with module.function(f"f{number}", "x* y* z* out* n", public=True) as body, body.loop(body.n) as i:
            at = i * module.lanes
            body.out.store(at, function(body.x.vector(at), body.y.vector(at), body.z.vector(at)))
    code = Library(compile_object(str(module.ir), target))
    kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4, ctypes.c_int64)
    # The library is kept with the functions: its code goes with it.
    return code, {name: kind(code.address(f"f{number}")) for number, name in enumerate(functions)}


def run(name, dtype, x, y=None, z=None, target=None):
    target = target or host()
    lanes = target.lanes(dtype)
    arrays = [np.zeros(-(-len(x) // lanes) * lanes, dtype) for _ in range(4)]
    for array, given in zip(arrays, (x, y, z), strict=False):
        array[: len(x)] = 0 if given is None else given
    library(dtype, target)[1][name](*(array.ctypes.data for array in arrays), len(arrays[0]) // lanes)
    return arrays[3][: len(x)]


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


TRUTH = {"tanh": np.tanh, "sigmoid": sigmoid, "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos}


def errors(found, truth):
    """The distance from the truth (float64) in ulp of float32; infinite where only one of them is infinite or NaN."""
    with np.errstate(all="ignore"):
        nearest = truth.astype(np.float32)
        ulp = np.spacing(np.minimum(np.abs(nearest), np.finfo(np.float32).max)).astype(np.float64)
        distance = np.abs(found - truth) / ulp
    same = (found == nearest) | (np.isnan(found) & np.isnan(truth))
    return np.where(np.isfinite(nearest) & np.isfinite(found), distance, np.where(same, 0, np.inf))


def stratified():
    """4096 floats of every sign and exponent, NaN and denormal numbers too, with the first and the last of each."""
    mantissas = np.random.default_rng(0).integers(0, 1 << 23, (512, 4096), np.uint32)
    mantissas[:, 0], mantissas[:, 1] = 0, (1 << 23) - 1
    return (mantissas + (np.arange(512, dtype=np.uint32) << 23)[:, None]).ravel().view(np.float32)


def test_every_operation_is_there():
    assert set(ON_VECTORS) == set(OPERATIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float32_is_within_ulps(name):
    x = stratified()
    with np.errstate(all="ignore"):
        truth = TRUTH[name](x.astype(np.float64))
    assert np.max(errors(run(name, "float32", x), truth)) < (3 if name in ("tanh", "sigmoid") else 1)


@pytest.mark.long
@pytest.mark.parametrize("name", ["tanh", "sigmoid", "exp"])
def test_all_floats(name):
    size, worst = 1 << 22, 0.0
    for start in range(0, 1 << 32, size):
        x = (np.arange(size, dtype=np.uint32) + np.uint32(start)).view(np.float32)
        with np.errstate(all="ignore"):
            truth = TRUTH[name](x.astype(np.float64))
        worst = max(worst, np.max(errors(run(name, "float32", x), truth)))
    assert worst < 3


MPMATH = {"sigmoid": lambda x: 1 / (1 + mpmath.exp(-x))}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float64_is_within_ulps(name):
    random = np.random.default_rng(0)
    sizes = np.exp(random.uniform(np.log(1e-300), np.log(700), 2000))
    x = np.concatenate([random.uniform(-30, 30, 2000), sizes * random.choice([-1, 1], 2000)])
    x = np.abs(x) if name == "log" else x
    found = run(name, "float64", x)
    function = MPMATH.get(name) or getattr(mpmath, name)
    with mpmath.workdps(40):
        truth = [function(mpmath.mpf(float(one))) for one in x]
        distance = [
            abs(mpmath.mpf(float(a)) - b) / float(np.spacing(abs(float(b)))) for a, b in zip(found, truth, strict=True)
        ]
    assert max(distance) < (3 if name in ("tanh", "sigmoid") else 1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tanh_is_odd_bounded_and_itself_where_tiny(dtype):
    x = np.linspace(0, 25, 200_000).astype(dtype)
    y = run("tanh", dtype, x)
    np.testing.assert_array_equal(run("tanh", dtype, -x), -y)
    assert y.max() == 1
    assert np.all(y[x > (8.6644 if dtype == "float32" else 18.715)] == 1)
    info = np.finfo(dtype)
    tiny = np.array([0, info.smallest_subnormal, info.tiny / 3, info.tiny, 1e-20], dtype)
    same(run("tanh", dtype, np.concatenate([tiny, -tiny])), np.concatenate([tiny, -tiny]))


def test_tanh_rises_to_1():
    first, last = np.array([4, 10], np.float32).view(np.uint32)
    x = np.arange(first, last, dtype=np.uint32).view(np.float32)
    steps = np.diff(run("tanh", "float32", x))
    assert np.sum(steps < 0) <= 1  # by 1 ulp, where e^(2x) passes 2^24
    assert steps.min() >= -(2.0**-24)
    assert steps[x[1:] > 8.4].min() >= 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_ends(dtype):
    info = np.finfo(dtype)
    low, high = np.log(float(info.smallest_subnormal)), np.log(float(info.max))
    x = np.array([-np.inf, low * 1.01, low * 0.99, 0, high * 0.999, high * 1.001, np.inf], dtype)
    y = run("exp", dtype, x)
    np.testing.assert_array_equal(y == 0, [1, 1, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(np.isinf(y), [0, 0, 0, 0, 0, 1, 1])
    y = run("sigmoid", dtype, x)
    np.testing.assert_array_equal(y[[0, 1, 3, 5, 6]], [0, 0, 0.5, 1, 1])
    assert y[2] > 0


def same(found, wanted):
    """Equal, the sign of 0 too; NaN whatever its bits."""
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(np.signbit(found)[~np.isnan(wanted)], np.signbit(wanted)[~np.isnan(wanted)])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*UNARY, *(f"power {n}" for n in POWERS)])
def test_special_values_of_one_argument(name, dtype):
    x = np.array([*SPECIAL, *np.random.default_rng(0).normal(size=99)], dtype)
    operation, _, exponent = name.partition(" ")
    wanted = ON_TENSORS[operation](torch.tensor(x), *([float(exponent)] if exponent else [])).numpy()
    if name in FUNCTIONS or exponent:
        found = run(name, dtype, x)
        np.testing.assert_allclose(found, wanted, rtol=8 * np.finfo(dtype).eps)
        same(found[np.isinf(wanted) | (wanted == 0)], wanted[np.isinf(wanted) | (wanted == 0)])
    else:
        with np.errstate(invalid="ignore"):  # torch's square root of a float64 is not always the nearest number
            same(run(name, dtype, x), np.sqrt(x) if name == "sqrt" else wanted)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", BINARY)
def test_special_values_of_two_arguments(name, dtype):
    values = np.array([*SPECIAL, *np.random.default_rng(0).normal(size=30)], dtype)
    x, y = (one.ravel() for one in np.meshgrid(values, values))
    a, b, half = torch.tensor(x), torch.tensor(y), torch.tensor(0.5, dtype=getattr(torch, dtype))
    cases = {name: (x, y, a, b), f"{name} 0.5": (x, y, a, half), f"0.5 {name}": (x, y, half, a)}
    for case, (first, second, left, right) in cases.items():
        wanted = ON_TENSORS[name](left, right).to(a.dtype).numpy()
        found = run(case, dtype, first, second)
        if name in ("maximum", "minimum"):  # of 0 and -0 torch gives either
            np.testing.assert_array_equal(found, wanted)
        else:
            same(found, wanted)


def test_where_takes_nothing_from_the_other_side():
    x, y = np.array([0.0, 2.0, np.nan, -np.inf], np.float32), np.array([1.0, np.nan, np.inf, 2.0], np.float32)
    z = np.array([np.nan, 3.0, 4.0, np.nan], np.float32)
    same(run("where", "float32", x, y, z), np.array([1.0, 3.0, 4.0, 2.0], np.float32))


def test_a_product_and_a_sum_round_twice():
    x, y, z = np.random.default_rng(0).normal(size=(3, 5000)).astype(np.float32)
    same(run("mul then add", "float32", x, y, z), x * y + z)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*UNARY, *(f"power {n}" for n in POWERS)])
def test_a_lane_does_not_depend_on_its_neighbours(name, dtype):
    lanes = host().lanes(dtype)
    x = np.array([*SPECIAL, 1e5, -7e8, *np.random.default_rng(0).normal(size=50) * 9], dtype)
    kind = f"u{x.itemsize}"
    alone = run(name, dtype, np.repeat(x, lanes)).reshape(-1, lanes)
    known = ~np.isnan(alone[:, 0])
    np.testing.assert_array_equal(alone.view(kind)[known], np.repeat(alone.view(kind)[known, :1], lanes, 1))
    for shift in range(lanes):
        beside = run(name, dtype, np.roll(x, shift))
        np.testing.assert_array_equal(np.roll(beside, -shift).view(kind)[known], alone[known, 0].view(kind))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*UNARY, *(f"power {n}" for n in POWERS)])
def test_narrower_vectors_give_the_same_bits(name, dtype):
    x = np.array([*SPECIAL, *np.random.default_rng(0).normal(size=2000) * 9], dtype)
    wanted, found = run(name, dtype, x), run(name, dtype, x, target=host()._replace(vector_bytes=16))
    number = ~np.isnan(wanted)
    np.testing.assert_array_equal(found.view(f"u{x.itemsize}")[number], wanted.view(f"u{x.itemsize}")[number])
    np.testing.assert_array_equal(np.isnan(found), ~number)


def kinks(z, h_prev):
    return relu(z) * 2 + absolute(z) * 3 + maximum(z, h_prev) * 5 + minimum(z, h_prev) * 7


def test_derivatives_at_kinks_are_torch_s():
    one = cell(gates="z", state="h")(kinks)
    values = np.array([-1.0, -0.0, 0.0, 1.0, np.nan], np.float32)
    z, h = (each.ravel() for each in np.meshgrid(values, values))
    module = Module("kinks", "float32", host())
    with module.function("f", "z* h* dz* dh* n", public=True) as body, body.loop(body.n) as i:
        at = i * module.lanes
        values = {"z": body.z.vector(at), "h_prev": body.h.vector(at)}
        (new,) = one.program.run(values, ON_VECTORS)
        for place, gradient in zip(
            (body.dz, body.dh),
            one.adjoint.run({**values, "h": new, "d_h": body.vector(1.0)}, ON_VECTORS),
            strict=True,
        ):
            place.store(at, gradient)
    code = Library(compile_object(str(module.ir), host()))
    padded = np.zeros((4, 32), np.float32)
    padded[0, : len(z)], padded[1, : len(z)] = z, h
    arguments = [row.ctypes.data for row in padded]
    ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4, ctypes.c_int64)(code.address("f"))(*arguments, 32 // module.lanes)
    tensors = [torch.tensor(each, requires_grad=True) for each in (z, h)]
    (new,) = one.program.run(dict(zip(("z", "h_prev"), tensors, strict=True)), ON_TENSORS)
    new.sum().backward()
    for found, wanted in zip(padded[2:], tensors, strict=True):
        np.testing.assert_array_equal(found[: len(z)], wanted.grad.numpy())
