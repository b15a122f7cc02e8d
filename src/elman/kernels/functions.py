"""What an equation's operations are on SIMD vectors: torch's results, NaN, infinities and 0 included.

Decisions are selects, never a mask times a value: 0 times NaN is NaN. Arithmetic is one operation, which rounds once.
"""

from collections.abc import Callable, Mapping
from typing import Any

from llvmlite import ir

from elman.kernels.transcendental import exp, log, sigmoid, tanh
from elman.kernels.values import Mask, Vector

Number = Vector | float


def _pair(a: Number, b: Number) -> tuple[Vector, Vector]:
    """Both as vectors; one of them is one."""
    body = a.body if isinstance(a, Vector) else b.body  # type: ignore[union-attr]
    return (a if isinstance(a, Vector) else body.vector(a)), (b if isinstance(b, Vector) else body.vector(b))


def _add(a: Number, b: Number) -> Vector:
    x, y = _pair(a, b)
    return x + y


def _sub(a: Number, b: Number) -> Vector:
    x, y = _pair(a, b)
    return x - y


def _mul(a: Number, b: Number) -> Vector:
    x, y = _pair(a, b)
    return x * y


def _div(a: Number, b: Number) -> Vector:
    x, y = _pair(a, b)
    return x / y


def _less(a: Number, b: Number) -> Mask:
    x, y = _pair(a, b)
    return x < y


def _less_equal(a: Number, b: Number) -> Mask:
    x, y = _pair(a, b)
    return x <= y


def _equal(a: Number, b: Number) -> Mask:
    x, y = _pair(a, b)
    return x.equals(y)


def _where(condition: Mask, a: Number, b: Number) -> Vector:
    body = condition.body
    yes, no = (one if isinstance(one, Vector) else body.vector(one) for one in (a, b))
    return condition.select(yes, no)


def _relu(x: Vector) -> Vector:
    zero = x.body.vector(0.0)
    return (x < zero).select(zero, x)


def _sign(x: Vector) -> Vector:
    """0 for NaN, as torch has it."""
    return _where(x > 0.0, 1.0, _where(x < 0.0, -1.0, 0.0))


def _maximum(a: Number, b: Number) -> Vector:
    x, y = _pair(a, b)
    return x.is_nan().select(x, (x > y).select(x, y))  # where y is NaN, x > y is false


def _minimum(a: Number, b: Number) -> Vector:
    x, y = _pair(a, b)
    return x.is_nan().select(x, (x < y).select(x, y))


MOST_FACTORS = 8
"""Whole exponents up to this are products: each rounds, so beyond it they would lose more than 4 ulp."""


def power(x: Vector, exponent: float) -> Vector:
    """A vector to a constant power: by products, by a root, or lane by lane where neither does."""
    if exponent == 0.5:
        return x.unary("sqrt")
    if exponent == -0.5:
        return 1.0 / x.unary("sqrt")
    if abs(exponent) > MOST_FACTORS or exponent != int(exponent):
        return _by_lane("pow", x, x.body.vector(exponent))
    if exponent == 0:
        return x.body.vector(1.0)
    product = _product(x, abs(int(exponent)))
    return product if exponent > 0 else 1.0 / product


def _product(x: Vector, count: int) -> Vector:
    """A positive whole power, by squaring."""
    if count == 1:
        return x
    half = _product(x, count // 2)
    return half * half * x if count % 2 else half * half


def _by_lane(name: str, *arguments: Vector) -> Vector:
    """A function of the system's mathematical library, for each lane alone: so no bits depend on the neighbours.

    For what no recurrence needs to be fast and where a good vector form is long.
    """
    body = arguments[0].body
    module, build = body.module, body.build
    result = ir.Constant(module.vector, ir.Undefined)
    for lane in range(module.lanes):
        index = ir.Constant(ir.IntType(32), lane)
        numbers = [build.extract_element(one.raw, index) for one in arguments]
        value = body.intrinsic(f"llvm.{name}.f{8 * module.itemsize}", module.real, numbers)
        result = build.insert_element(result, value, index)
    return Vector(body, result)


ON_VECTORS: Mapping[str, Callable[..., Any]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "neg": lambda x: -x,
    "power": power,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "exp": exp,
    "log": log,
    "sqrt": lambda x: x.unary("sqrt"),
    "sin": lambda x: _by_lane("sin", x),
    "cos": lambda x: _by_lane("cos", x),
    "relu": _relu,
    "abs": lambda x: x.unary("fabs"),
    "sign": _sign,
    "maximum": _maximum,
    "minimum": _minimum,
    "less": _less,
    "less_equal": _less_equal,
    "equal": _equal,
    "where": _where,
}
"""A `Vector` for each of `OPERATIONS`, of vectors and constants (at least one vector); a `Mask` for conditions."""
