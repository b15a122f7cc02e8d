"""The operations an equation may use, and what each does to plain floats.

Everything that runs an equation (the reference loop, the adjoint, a kernel) names operations by the keys
of `OPERATIONS` and brings its own arithmetic for them; `ON_FLOATS` is the arithmetic of Python floats with
IEEE results where Python would raise (exp(1000) is inf, log(-1) is NaN).
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Operation(NamedTuple):
    """One whitelisted operation: how many arguments it takes, and what kind of value it gives."""

    arity: int
    gives: str = "number"  # or "condition", which only `where` accepts, as its first argument


OPERATIONS: Mapping[str, Operation] = {
    "add": Operation(2),
    "sub": Operation(2),
    "mul": Operation(2),
    "div": Operation(2),
    "neg": Operation(1),
    "power": Operation(2),  # the exponent is a constant
    "tanh": Operation(1),
    "sigmoid": Operation(1),
    "exp": Operation(1),
    "log": Operation(1),
    "sqrt": Operation(1),
    "sin": Operation(1),
    "cos": Operation(1),
    "relu": Operation(1),
    "abs": Operation(1),
    "sign": Operation(1),
    "maximum": Operation(2),
    "minimum": Operation(2),
    "where": Operation(3),
    "less": Operation(2, "condition"),
    "less_equal": Operation(2, "condition"),
    "equal": Operation(2, "condition"),  # not for users: the derivative of maximum needs it
}


def _divide(a: float, b: float) -> float:
    if b != 0:
        return a / b
    return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1.0, b)


def _power(a: float, b: float) -> float:
    try:
        result = a**b
    except ZeroDivisionError:
        return math.inf if b % 2 != 1 else math.copysign(math.inf, a)
    except OverflowError:
        if a < 0 and b % 1:
            return math.nan
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    return math.nan if isinstance(result, complex) else result


def _exp(a: float) -> float:
    try:
        return math.exp(a)
    except OverflowError:
        return math.inf


def _log(a: float) -> float:
    if a > 0 or math.isnan(a):
        return math.log(a)
    return -math.inf if a == 0 else math.nan


def _sigmoid(a: float) -> float:
    return 1 / (1 + _exp(-a)) if a >= 0 or math.isnan(a) else _exp(a) / (1 + _exp(a))


def _maximum(a: float, b: float) -> float:
    return a if a > b or math.isnan(a) else b


def _minimum(a: float, b: float) -> float:
    return a if a < b or math.isnan(a) else b


ON_FLOATS: Mapping[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": _divide,
    "neg": lambda a: -a,
    "power": _power,
    "tanh": math.tanh,
    "sigmoid": _sigmoid,
    "exp": _exp,
    "log": _log,
    "sqrt": lambda a: math.sqrt(a) if a >= 0 or math.isnan(a) else math.nan,
    "sin": lambda a: math.sin(a) if math.isfinite(a) else math.nan,
    "cos": lambda a: math.cos(a) if math.isfinite(a) else math.nan,
    "relu": lambda a: 0.0 if a <= 0 else a,
    "abs": abs,
    "sign": lambda a: float((a > 0) - (a < 0)),
    "maximum": _maximum,
    "minimum": _minimum,
    "where": lambda condition, a, b: a if condition else b,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b,
}
