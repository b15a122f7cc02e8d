"""A cell's equations as LaTeX, as a textbook writes them: x_t, h_{t-1}, elementwise products as a circled dot."""

from typing import TYPE_CHECKING

from elman.equations.notation import ATOM, FUNCTION, NEGATION, NONE, POWER, PRODUCT, SUM, Form, Notation, equations

if TYPE_CHECKING:
    from elman.equations.cell import Cell


def latex(cell: "Cell") -> str:
    """The equations of a cell, one line each: its gates, then its states in the order of computation."""
    lines = (f"{left.replace('_{t}', '_t')} = {right}" for left, right, _ in equations(cell, _NOTATION))
    return " \\\\\n".join(lines)


def _function(name: str, n_args: int = 1) -> Form:
    return Form(rf"{name}{{\left({','.join(('$a', '$b')[:n_args])} \right)}}", FUNCTION, (NONE,) * n_args)


def _number(value: float) -> str:
    mantissa, _, exponent = repr(value).removesuffix(".0").partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def _symbol(cell: "Cell", name: str) -> str:
    if name.endswith("_prev"):
        return f"{_letters(name.removesuffix('_prev'))}_{{t-1}}"
    if name in cell.gate_inputs and name not in cell.gates:
        gate, _, part = name.rpartition("_")
        return f"{_letters(gate)}^{{{part}}}_t"
    if name in cell.gates or name in cell.state or name in cell.masks:
        return f"{_letters(name)}_{{t}}"
    letter, _, index = name.partition("_")
    return f"{_letters(letter)}_{{{_letters(index)}}}" if letter and index else _letters(name)


def _letters(name: str) -> str:
    return name if len(name) == 1 and name != "_" else "\\mathrm{" + name.replace("_", r"\_") + "}"


def _gate(cell: "Cell", name: str) -> str:
    h = _letters(cell.state[0])
    of = h if len(cell.gates) == 1 else _letters(name if name in cell.gates else name[:-2])
    from_x, from_h = f"W_{{x{of}}} x_t", f"W_{{h{of}}} {h}_{{t-1}}"
    if name in cell.gates:
        return f"{from_x} + {from_h} + b_{{{of}}}"
    return f"{from_x} + b_{{x{of}}}" if name.endswith("_x") else f"{from_h} + b_{{h{of}}}"


_NOTATION = Notation(
    forms={
        "add": Form("$a + $b", SUM, (SUM, PRODUCT)),
        "sub": Form("$a - $b", SUM, (SUM, PRODUCT)),
        "mul": Form(r"$a \odot $b", PRODUCT, (PRODUCT, NEGATION)),
        "div": Form(r"\frac{$a}{$b}", POWER, (NONE, NONE)),
        "neg": Form("-$a", NEGATION, (POWER,)),
        "power": Form("$a^{$b}", POWER, (ATOM, NONE)),
        "tanh": _function(r"\tanh"),
        "sigmoid": _function(r"\sigma"),
        "exp": Form("e^{$a}", POWER, (NONE,)),
        "log": _function(r"\log"),
        "sqrt": Form(r"\sqrt{$a}", FUNCTION, (NONE,)),
        "sin": _function(r"\sin"),
        "cos": _function(r"\cos"),
        "relu": _function(r"\operatorname{ReLU}"),
        "abs": Form(r"\left|{$a}\right|", ATOM, (NONE,)),
        "sign": _function(r"\operatorname{sign}"),
        "maximum": _function(r"\operatorname{max}", 2),
        "minimum": _function(r"\operatorname{min}", 2),
        "where": Form(
            r"\begin{cases} $b & \text{for}\: $a \\$c & \text{otherwise} \end{cases}", NONE, (NONE, NONE, NONE)
        ),
        "less": Form("$a < $b", NONE, (NONE, NONE)),
        "less_equal": Form(r"$a \leq $b", NONE, (NONE, NONE)),
        "equal": Form("$a = $b", NONE, (NONE, NONE)),
    },
    brackets=r"\left($a\right)",
    number=_number,
    symbol=_symbol,
    intermediate=lambda letter, number: f"{letter}^{{({number})}}_t",
    gate=_gate,
)
