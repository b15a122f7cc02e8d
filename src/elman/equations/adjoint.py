"""The adjoint of an equation: the program of its gradients, derived line by line backwards.

Each operation's derivative comes from SymPy, once; the chain rule goes over the lines of the forward program from
the last to the first. (Differentiating the whole expression and looking for common subexpressions afterwards gives
the same program and takes exponential time on nested steps.) The operations with a kink are not SymPy's: their
derivatives are torch's, written as selections so that a NaN or an infinity on the other side does no harm.
"""

from collections.abc import Callable, Sequence
from functools import cache

import sympy

from elman.equations.operations import OPERATIONS
from elman.equations.program import Builder, Program, Ref

_A, _B, _Y = sympy.symbols("a b y", real=True)


class _Tanh(sympy.Function):  # type: ignore[misc]
    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return 1 - self**2


class _Sigmoid(sympy.Function):  # type: ignore[misc]
    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return self * (1 - self)


_SMOOTH: dict[str, sympy.Expr] = {
    "add": _A + _B,
    "sub": _A - _B,
    "mul": _A * _B,
    "div": _A / _B,
    "neg": -_A,
    "power": _A**_B,
    "tanh": _Tanh(_A),
    "sigmoid": _Sigmoid(_A),
    "exp": sympy.exp(_A),
    "log": sympy.log(_A),
    "sqrt": sympy.sqrt(_A),
    "sin": sympy.sin(_A),
    "cos": sympy.cos(_A),
}


@cache
def derivative(operation: str, position: int) -> sympy.Expr:
    """The derivative of an operation by one argument, in its arguments a, b and its result y."""
    result = _SMOOTH[operation]
    gradient = sympy.diff(result, (_A, _B)[position])
    return gradient if operation == "power" else gradient.subs(result, _Y)


def _kinked(build: Builder, operation: str, args: Sequence[Ref], y: Ref, dy: Ref) -> list[tuple[Ref, Ref]]:
    """The gradients through an operation with a kink, as (argument, gradient) pairs."""
    if operation == "relu":
        return [(args[0], build.add("where", build.add("less_equal", y, 0.0), 0.0, dy))]
    if operation == "abs":
        return [(args[0], build.add("mul", dy, build.add("sign", args[0])))]
    if operation == "where":
        return [
            (args[1], build.add("where", args[0], dy, 0.0)),
            (args[2], build.add("where", args[0], 0.0, dy)),
        ]
    if operation in ("maximum", "minimum"):
        a, b = args
        shared = build.add("where", build.add("equal", a, b), build.add("mul", dy, 0.5), dy)
        a_is_less, b_is_less = build.add("less", a, b), build.add("less", b, a)
        a_loses, b_loses = (a_is_less, b_is_less) if operation == "maximum" else (b_is_less, a_is_less)
        return [(a, build.add("where", a_loses, 0.0, shared)), (b, build.add("where", b_loses, 0.0, shared))]
    return []  # sign and the comparisons are flat


def adjoint(program: Program, state: Sequence[str]) -> Program:
    """The program that computes the gradients of one step.

    Its inputs are those of `program`, the new states by their names (`"h"`: what the forward step gave, so that
    tanh' = 1 - h^2 costs no second tanh) and the gradient with respect to each (`"d_h"`). Its outputs are the
    gradients with respect to the inputs of `program`, in their order; 0.0 where there is none.
    """
    inputs = (*program.inputs, *state, *(f"d_{name}" for name in state))
    build = Builder(inputs)
    given = {ref: name for ref, name in zip(program.outputs, state, strict=True) if isinstance(ref, str)}
    names: dict[Ref, Ref] = {}

    def known(ref: Ref) -> Ref:
        return names.get(ref, ref) if isinstance(ref, str) else ref

    for number, line in enumerate(program.lines):
        name = f"%{number}"
        names[name] = given.get(name) or build.add(line.operation, *map(known, line.args))

    gradients: dict[Ref, Ref] = {}

    def accumulate(ref: Ref, gradient: Ref) -> None:
        if isinstance(ref, str):
            gradients[ref] = build.add("add", gradients[ref], gradient) if ref in gradients else gradient

    for ref, name in zip(program.outputs, state, strict=True):
        accumulate(ref, f"d_{name}")
    for number in reversed(range(len(program.lines))):
        operation, args = program.lines[number]
        y, dy = known(f"%{number}"), gradients.get(f"%{number}")
        if dy is None or OPERATIONS[operation].gives == "condition":
            continue
        here = [known(arg) for arg in args]
        if operation in _SMOOTH:
            for position, arg in enumerate(args):
                if isinstance(arg, str):
                    values = dict(zip((_A, _B), here, strict=False)) | {_Y: y}
                    factor = derivative(operation, position)
                    if operation == "power":  # b * a**b / a is NaN at 0; SymPy makes it b * a**(b-1) for a number b
                        factor = factor.subs(_B, _exact(values[_B]))
                    accumulate(arg, _times(build, dy, factor, values))
        else:
            original = dict(zip(here, args, strict=True))
            for target, gradient in _kinked(build, operation, here, y, dy):
                accumulate(original[target], gradient)
    return build.program(tuple(gradients.get(name, 0.0) for name in program.inputs))


def _times(build: Builder, dy: Ref, factor: sympy.Expr, values: dict[sympy.Symbol, Ref]) -> Ref:
    """Add the lines of dy * factor, where factor is a small expression in a, b and y."""
    if factor.is_Mul or factor.is_Pow or factor.is_Symbol or factor.is_Number:
        numerator, denominator = factor.as_numer_denom()
        result = dy
        coefficient, factors = numerator.as_coeff_mul()
        for one in factors:
            result = build.add("mul", result, _lower(build, one, values))
        if denominator != 1:
            result = build.add("div", result, _lower(build, denominator, values))
        if coefficient == -1:
            return build.add("neg", result)
        return result if coefficient == 1 else build.add("mul", result, float(coefficient))
    return build.add("mul", dy, _lower(build, factor, values))


def _exact(value: float) -> sympy.Expr:
    """A constant as SymPy sees it: an integer where it is one, so that a**2.0 gives 2*a and not 2.0*a**1.0."""
    return sympy.Integer(int(value)) if value == int(value) else sympy.Float(value)


def _lower(build: Builder, expression: sympy.Expr, values: dict[sympy.Symbol, Ref]) -> Ref:
    """Add the lines that compute a SymPy expression, and give the name of the last."""
    if expression.is_Symbol:
        return values[expression]
    if expression.is_Number:
        return float(expression)
    if expression.is_Add:
        terms = sorted(expression.args, key=lambda term: (term.could_extract_minus_sign(), not term.is_Number))
        result = _lower(build, terms[0], values)
        for term in terms[1:]:
            if term.could_extract_minus_sign():
                result = build.add("sub", result, _lower(build, -term, values))
            else:
                result = build.add("add", result, _lower(build, term, values))
        return result
    if expression.is_Mul:
        coefficient, factors = expression.as_coeff_mul()
        result = _lower(build, factors[0], values)
        for one in factors[1:]:
            result = build.add("mul", result, _lower(build, one, values))
        if coefficient == -1:
            return build.add("neg", result)
        return result if coefficient == 1 else build.add("mul", result, float(coefficient))
    if expression.is_Pow and expression.exp == 2:
        base = _lower(build, expression.base, values)
        return build.add("mul", base, base)
    if expression.is_Pow and expression.exp == -1:
        return build.add("div", 1.0, _lower(build, expression.base, values))
    if expression.is_Pow and expression.exp.is_Number:
        return build.add("power", _lower(build, expression.base, values), float(expression.exp))
    functions: dict[type, Callable[[Ref], Ref]] = {
        sympy.sin: lambda x: build.add("sin", x),
        sympy.cos: lambda x: build.add("cos", x),
    }
    return functions[type(expression)](_lower(build, expression.args[0], values))
