"""A cell's equations as LaTeX, as a textbook writes them: x_t, h_{t-1}, elementwise products as a circled dot."""

from typing import TYPE_CHECKING, Any

import sympy

from elman.equations.program import Line, Ref

if TYPE_CHECKING:
    from elman.equations.cell import Cell

_sigma = sympy.Function("sigma")

# Called under sympy.evaluate(False), so that what is printed is what was written.
_TO_SYMPY: dict[str, Any] = {
    "add": sympy.Add,
    "sub": lambda a, b: sympy.Add(a, sympy.Mul(-1, b)),
    "mul": sympy.Mul,
    "div": lambda a, b: sympy.Mul(a, sympy.Pow(b, -1)),
    "neg": lambda a: sympy.Mul(-1, a),
    "power": sympy.Pow,
    "tanh": sympy.tanh,
    "sigmoid": _sigma,
    "exp": sympy.exp,
    "log": sympy.log,
    "sqrt": sympy.sqrt,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "relu": sympy.Function("ReLU"),
    "abs": sympy.Abs,
    "sign": sympy.Function("sign"),
    "maximum": sympy.Function("max"),
    "minimum": sympy.Function("min"),
    "where": lambda condition, a, b: sympy.Piecewise((a, condition), (b, True)),
    "less": sympy.StrictLessThan,
    "less_equal": sympy.LessThan,
    "equal": sympy.Equality,
}


def latex(cell: "Cell") -> str:
    """The equations of a cell, one line each: its gates, then its states in the order of computation."""
    h = cell.state[0]
    gates: dict[str, str] = {}
    for gate in cell.gates:
        name = h if len(cell.gates) == 1 else gate
        from_x, from_h = f"W_{{x{name}}} x_t", f"W_{{h{name}}} {h}_{{t-1}}"
        if gate in cell.split:
            gates[f"{gate}_x"] = f"{from_x} + b_{{x{name}}}"
            gates[f"{gate}_h"] = f"{from_h} + b_{{h{name}}}"
        else:
            gates[gate] = f"{from_x} + {from_h} + b_{{{name}}}"
    # A single gate stands inside the equation of the state: h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h).
    inlined = gates if len(gates) == 1 else {}
    written = [f"{_symbol(cell, name)} = {text}" for name, text in gates.items() if name not in inlined]

    with sympy.evaluate(False):
        symbols = {
            name: sympy.Symbol(inlined.get(name) or _symbol(cell, name)) for name in (*cell.program.inputs, *cell.state)
        }
        states = [f"{_symbol(cell, name)} = {_printed(_expression(cell, name, symbols))}" for name in _in_order(cell)]
    return " \\\\\n".join(written + states)


def _symbol(cell: "Cell", name: str) -> str:
    if name.endswith("_prev"):
        return f"{_letters(name.removesuffix('_prev'))}_{{t-1}}"
    if name in cell.gate_inputs and name not in cell.gates:
        gate, _, part = name.rpartition("_")
        return f"{_letters(gate)}^{{{part}}}_t"
    if name in cell.gates or name in cell.state or name in cell.masks:
        return f"{_letters(name)}_t"
    base, _, index = name.partition("_")
    return f"{_letters(base)}_{{{index}}}" if index else _letters(base)


def _letters(name: str) -> str:
    return name if len(name) == 1 else rf"\mathrm{{{name.replace('_', ' ')}}}"


def _in_order(cell: "Cell") -> list[str]:
    """The states, those that others read first."""

    def depth(name: str) -> int:
        ref = cell.program.outputs[cell.state.index(name)]
        return int(ref[1:]) if isinstance(ref, str) and ref.startswith("%") else -1

    return sorted(cell.state, key=depth)


def _expression(cell: "Cell", state: str, symbols: dict[str, Any]) -> Any:
    """The SymPy expression of one new state; where it reads another new state it stands as that state's symbol."""
    others = {ref: symbols[name] for name, ref in zip(cell.state, cell.program.outputs, strict=True) if name != state}

    def of(ref: Ref) -> Any:
        if not isinstance(ref, str):
            return sympy.Integer(int(ref)) if ref == int(ref) else sympy.Float(ref)
        if ref in symbols:
            return symbols[ref]
        if ref in others:
            return others[ref]
        line: Line = cell.program.lines[int(ref[1:])]
        return _TO_SYMPY[line.operation](*map(of, line.args))

    own = cell.program.outputs[cell.state.index(state)]
    others.pop(own, None)  # two states with one equation
    return of(own)


def _printed(expression: Any) -> str:
    return str(sympy.latex(expression, order="none", mul_symbol=r" \odot "))
