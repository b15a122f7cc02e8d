"""A cell's equations as plain text: h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h)."""

from elman.equations.cell import Cell
from elman.equations.notation import ATOM, FUNCTION, NEGATION, NONE, POWER, PRODUCT, SUM, Form, Notation, equations
from elman.equations.operations import OPERATIONS


def plain_equations(cell: Cell) -> list[str]:
    """The equations of a cell, one line each: its gates, then its states in the order of computation."""
    return [f"{left} = {right}" for left, right, _ in equations(cell, PLAIN)]


def _function(operation: str) -> Form:
    arity = OPERATIONS[operation].arity
    return Form(f"{operation}({', '.join(('$a', '$b', '$c')[:arity])})", ATOM, (NONE,) * arity)


def _symbol(cell: Cell, name: str) -> str:
    if name.endswith("_prev"):
        return f"{name.removesuffix('_prev')}_{{t-1}}"
    return f"{name}_t" if name in cell.state or name in cell.masks else name


def _gate(cell: Cell, name: str) -> str:
    whole = name in cell.gates
    rows = "" if len(cell.gates) == 1 else f"[{name if whole else name[:-2]}]"  # the matrices hold those of all gates
    from_x, from_h = f"W_xh{rows} x_t", f"W_hh{rows} {cell.state[0]}_{{t-1}}"
    if whole:
        return f"{from_x} + {from_h} + b_h{rows}"
    return f"{from_x} + b_xh{rows}" if name.endswith("_x") else f"{from_h} + b_hh{rows}"


PLAIN = Notation(
    forms={operation: _function(operation) for operation in OPERATIONS}
    | {
        "add": Form("$a + $b", SUM, (SUM, PRODUCT)),
        "sub": Form("$a - $b", SUM, (SUM, PRODUCT)),
        "mul": Form("$a * $b", PRODUCT, (PRODUCT, NEGATION)),
        "div": Form("$a / $b", PRODUCT, (PRODUCT, NEGATION)),
        "neg": Form("-$a", NEGATION, (POWER,)),
        "power": Form("$a ** $b", POWER, (FUNCTION, NONE)),
        "less": Form("$a < $b", NONE, (NONE, NONE)),
        "less_equal": Form("$a <= $b", NONE, (NONE, NONE)),
        "equal": Form("$a = $b", NONE, (NONE, NONE)),
    },
    brackets="($a)",
    number=lambda value: repr(value).removesuffix(".0"),
    symbol=_symbol,
    intermediate=lambda letter, number: f"{letter}_{number}",
    gate=_gate,
)
