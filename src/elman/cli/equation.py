"""A cell's equations as plain text: h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h)."""

from elman.equations import Cell
from elman.equations.program import Ref

INFIX = {"add": ("+", 2), "sub": ("-", 2), "mul": ("*", 3), "div": ("/", 3), "power": ("**", 5)}
COMPARED = {"less": "<", "less_equal": "<=", "equal": "="}
NEGATION, ATOM = 4, 9


def plain_equations(cell: Cell) -> list[str]:
    """The equations of a cell, one line each: its gates, then its states in the order of computation."""
    lines = []
    inlined = {}
    for gate in cell.gates:
        rows = "" if len(cell.gates) == 1 else f"[{gate}]"  # the matrices hold the rows of all gates
        from_x, from_h = f"W_xh{rows} x_t", f"W_hh{rows} {cell.state[0]}_{{t-1}}"
        if gate in cell.split:
            lines += [f"{gate}_x = {from_x} + b_xh{rows}", f"{gate}_h = {from_h} + b_hh{rows}"]
        elif rows:
            lines.append(f"{gate} = {from_x} + {from_h} + b_h{rows}")
        else:
            inlined[gate] = f"{from_x} + {from_h} + b_h"
    states = dict(zip(cell.state, cell.program.outputs, strict=True))
    return lines + [f"{name}_t = {_Writer(cell, name, inlined)(states[name])[0]}" for name in _in_order(states)]


def _in_order(states: dict[str, Ref]) -> list[str]:
    """The states, those that others read first."""
    return sorted(states, key=lambda name: int(ref[1:]) if (ref := str(states[name])).startswith("%") else -1)


class _Writer:
    """Writes the expression of one new state; another new state that it reads stands by its name."""

    def __init__(self, cell: Cell, state: str, inlined: dict[str, str]) -> None:
        self._lines = cell.program.lines
        outputs = dict(zip(cell.state, cell.program.outputs, strict=True))
        own = outputs.pop(state)
        self._others = {ref: f"{name}_t" for name, ref in outputs.items() if str(ref).startswith("%") and ref != own}
        self._names = {f"{name}_prev": f"{name}_{{t-1}}" for name in cell.state} | {m: f"{m}_t" for m in cell.masks}
        self._inlined = inlined

    def __call__(self, ref: Ref) -> tuple[str, int]:
        """The text, and how strongly its outermost operation binds."""
        if not isinstance(ref, str):
            return f"{ref:g}", ATOM
        if ref in self._others:
            return self._others[ref], ATOM
        if ref in self._inlined:
            return self._inlined[ref], 2
        if not ref.startswith("%"):
            return self._names.get(ref, ref), ATOM
        operation, args = self._lines[int(ref[1:])]
        written = [self(arg) for arg in args]
        if operation in INFIX:
            sign, binds = INFIX[operation]
            left = _within(written[0], binds + (operation == "power"))
            right = _within(written[1], binds + (operation in ("sub", "div")))
            return f"{left} {sign} {right}", binds
        if operation == "neg":
            return f"-{_within(written[0], NEGATION)}", NEGATION
        texts = [text for text, _ in written]
        if operation in COMPARED:
            return f"{_within(written[0], 2)} {COMPARED[operation]} {_within(written[1], 2)}", 1
        return f"{operation}({', '.join(texts)})", ATOM


def _within(written: tuple[str, int], binds: int) -> str:
    """A text, in brackets if its operation binds less strongly than the one around it."""
    return written[0] if written[1] >= binds else f"({written[0]})"
