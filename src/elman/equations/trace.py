"""Tracing: a cell's Python function is run once on nodes that note every operation done to them.

The nodes are inert: nothing is simplified, so what runs is what was written. The functions of this module
(`tanh`, `sigmoid`, ...) work on nodes and on plain floats, so a user's equation can also be run by hand.
"""

import linecache
import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from elman.equations.operations import ON_FLOATS, OPERATIONS
from elman.equations.program import Builder, Program, Ref
from elman.errors import EquationError

OUTSIDE = (
    "an equation is elementwise in the units, with one product with x and one with the first state; what is "
    "outside it (LayerNorm, a product with a gated state, a second product) can be run as a reference module: "
    "write the step as a torch module and give it to elman.Unroll"
)
FUNCTIONS = "tanh, sigmoid, exp, log, sqrt, sin, cos, relu, absolute, maximum, minimum, where"


_NO_CONDITION = "a condition is used as a number, or a number as a condition: write where(a < b, x, y)"


class Node:
    """A value inside an equation that is being traced."""

    __array_ufunc__ = None  # numpy must not spread itself over a node: np.float64(2) * node is ours
    __hash__ = object.__hash__

    def __init__(self, builder: Builder, ref: Ref, gives: str = "number") -> None:
        self._builder = builder
        self._ref = ref
        self._gives = gives

    def __add__(self, other: Any) -> Any:
        return apply("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return apply("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return apply("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return apply("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return apply("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return apply("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        return apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return apply("div", other, self)

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(exponent, Node):
            raise EquationError("an exponent that is not a constant: write exp(b * log(a)) for a**b")
        return apply("power", self, exponent)

    def __rpow__(self, base: Any) -> NoReturn:
        raise EquationError("an exponent that is not a constant: write exp(b * log(a)) for a**b")

    def __neg__(self) -> Any:
        return apply("neg", self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return apply("abs", self)

    def __lt__(self, other: Any) -> Any:
        return apply("less", self, other)

    def __le__(self, other: Any) -> Any:
        return apply("less_equal", self, other)

    def __gt__(self, other: Any) -> Any:
        return apply("less", other, self)

    def __ge__(self, other: Any) -> Any:
        return apply("less_equal", other, self)

    def __eq__(self, other: object) -> NoReturn:
        raise EquationError("== between values of an equation: use where(a < b, ...) or where(a <= b, ...)")

    def __ne__(self, other: object) -> NoReturn:
        raise EquationError("!= between values of an equation: use where(a < b, ...) or where(a <= b, ...)")

    def __bool__(self) -> NoReturn:
        raise EquationError(
            "if, and, or, not on a value of an equation, which has none yet: use where(condition, a, b)"
        )

    def __float__(self) -> NoReturn:
        raise EquationError(f"a function that wants numbers: use elman's own ({FUNCTIONS})")

    __int__ = __index__ = __complex__ = __float__

    def __matmul__(self, other: Any) -> NoReturn:
        raise EquationError(f"a matrix product: {OUTSIDE}")

    __rmatmul__ = __matmul__

    def __getitem__(self, index: Any) -> NoReturn:
        raise EquationError(f"indexing: {OUTSIDE}")

    def __iter__(self) -> NoReturn:
        raise EquationError(f"iteration over units: {OUTSIDE}")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # python and numpy ask for protocols; they must see that there is none
            raise AttributeError(name)
        if name in FUNCTIONS.split(", "):
            raise EquationError(f".{name}: write {name}(x), with elman's own functions ({FUNCTIONS})")
        raise EquationError(f".{name}: {OUTSIDE}")

    @classmethod
    def __torch_function__(cls, func: Any, *_: Any, **__: Any) -> NoReturn:
        raise EquationError(f"torch's {getattr(func, '__name__', func)}: use elman's own functions ({FUNCTIONS})")


def apply(operation: str, *args: Any) -> Any:
    """Do an operation: note it where an argument is a node, compute it where all are numbers."""
    nodes = [arg for arg in args if isinstance(arg, Node)]
    if operation == "where" and not isinstance(args[0], Node):
        if type(args[0]).__name__ not in ("bool", "bool_"):  # Python's or numpy's
            raise EquationError(_NO_CONDITION)
        chosen = args[1] if args[0] else args[2]
        return chosen if isinstance(chosen, Node) else _number(chosen, operation)
    if not nodes:
        return ON_FLOATS[operation](*(_number(arg, operation) for arg in args))
    wanted = ["condition" if operation == "where" and k == 0 else "number" for k in range(len(args))]
    refs: list[Ref] = []
    for arg, kind in zip(args, wanted, strict=True):
        if not isinstance(arg, Node):
            refs.append(_number(arg, operation))
            continue
        if arg._builder is not nodes[0]._builder:
            raise EquationError("values of two equations in one operation: an equation reads its arguments only")
        if arg._gives != kind:
            raise EquationError(_NO_CONDITION)
        refs.append(arg._ref)
    return Node(nodes[0]._builder, nodes[0]._builder.add(operation, *refs), OPERATIONS[operation].gives)


def _number(value: Any, operation: str) -> float:
    try:
        if isinstance(value, str):
            raise TypeError("a string is no number, whatever it reads")
        number = float(value)
    except (TypeError, ValueError) as error:
        raise EquationError(f"{operation} got {value!r}, expected a value of the equation or a number") from error
    return number


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return apply("tanh", x)


def sigmoid(x: Any) -> Any:
    """The logistic function 1 / (1 + exp(-x))."""
    return apply("sigmoid", x)


def exp(x: Any) -> Any:
    """The exponential."""
    return apply("exp", x)


def log(x: Any) -> Any:
    """The natural logarithm: -inf at 0, NaN below."""
    return apply("log", x)


def sqrt(x: Any) -> Any:
    """The square root: NaN below 0."""
    return apply("sqrt", x)


def sin(x: Any) -> Any:
    """The sine."""
    return apply("sin", x)


def cos(x: Any) -> Any:
    """The cosine."""
    return apply("cos", x)


def relu(x: Any) -> Any:
    """The larger of x and 0; its derivative at 0 is 0, as in torch; NaN stays NaN."""
    return apply("relu", x)


def absolute(x: Any) -> Any:
    """The absolute value (also `abs(x)`); its derivative at 0 is 0, as in torch."""
    return apply("abs", x)


def maximum(a: Any, b: Any) -> Any:
    """The larger of two; where they are equal each gets half of the gradient, as in torch; NaN stays NaN."""
    return apply("maximum", a, b)


def minimum(a: Any, b: Any) -> Any:
    """The smaller of two; where they are equal each gets half of the gradient, as in torch; NaN stays NaN."""
    return apply("minimum", a, b)


def where(condition: Any, a: Any, b: Any) -> Any:
    """A where the condition (a comparison by <, <=, > or >=) holds, else b; a selection, never a product."""
    return apply("where", condition, a, b)


def trace(function: Callable[..., Any], inputs: Sequence[str], n_outputs: int, what: str) -> Program:
    """Run `function` once on nodes named `inputs` and give the program of what it did.

    Raises:
        EquationError: with the file, the line, what is wrong there and what to do.
    """
    builder = Builder(tuple(inputs))
    try:
        result = function(**{name: Node(builder, name) for name in inputs})
    except Exception as error:
        raise EquationError(f"{_place(function, error)}: {what}: {_explained(error, inputs)}") from error
    place = f"{definition(function)}: {what}"
    if isinstance(result, list):
        raise EquationError(f"{place} returns a list: return a tuple, the new value of each state in order")
    outputs = result if isinstance(result, tuple) else (result,)
    if len(outputs) != n_outputs:
        raise EquationError(
            f"{place} returns {len(outputs)} value(s), but has {n_outputs} state(s): "
            "return the new value of each, in order"
        )
    refs = []
    for value in outputs:
        if isinstance(value, Node) and value._gives == "condition":
            raise EquationError(f"{place} returns a condition: write where(a < b, x, y)")
        if isinstance(value, Node):
            refs.append(value._ref)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            refs.append(float(value))
        else:
            raise EquationError(f"{place} returns {value!r}, expected a value computed from its arguments")
    program = builder.program(tuple(refs))
    constants = [ref for line in program.lines for ref in line.args] + refs
    if any(isinstance(ref, float) and not math.isfinite(ref) for ref in constants):
        raise EquationError(f"{place} has a constant that is inf or NaN: constants are finite numbers")
    return program


def definition(function: Callable[..., Any]) -> str:
    """`FILE:LINE` where a function is defined, as a traceback would say it."""
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(function)


def _place(function: Callable[..., Any], error: BaseException) -> str:
    """The last line of the user's own file that led to the error, with its text."""
    filename = getattr(getattr(function, "__code__", None), "co_filename", None)
    place, traceback = definition(function), error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == filename:
            text = linecache.getline(filename, traceback.tb_lineno).strip()
            place = f"{filename}:{traceback.tb_lineno}" + (f": `{text}`" if text else "")
        traceback = traceback.tb_next
    return place


def _explained(error: Exception, inputs: Sequence[str]) -> str:
    if isinstance(error, EquationError):
        return str(error)
    if isinstance(error, NameError):
        return f"{error}: it is no gate, state or parameter of this cell, which has {', '.join(inputs)}"
    return f"{type(error).__name__}: {error}: use arithmetic and elman's own functions ({FUNCTIONS})"
