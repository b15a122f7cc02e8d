"""The arithmetic of one unit at one step: every sum and every line of the cell's equation, with its true numbers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch

from elman.equations import Cell
from elman.equations.mathml import MATHML, math_element, shown_number
from elman.equations.notation import Notation, equations
from elman.equations.operations import ON_FLOATS
from elman.equations.plain import PLAIN
from elman.equations.program import Ref
from elman.errors import InputError
from elman.inspection.finding import Finding
from elman.inspection.layers import OneLayer, layer_name, one_layer
from elman.inspection.reading import Reading, Unrolled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_LARGEST = 6  # terms of a gate that are drawn


class Term(NamedTuple):
    """One product of a sum: a weight with what it is multiplied with, which is called `name`, as "x 3" or "h 12"."""

    name: str
    weight: float
    value: float
    product: float


@dataclass(frozen=True)
class GateSum:
    """A gate before its function, or one part of a split gate: total = from_x + from_h + bias.

    Args:
        gate: its name.
        from_x: the sum of the weights times x_t; None in a part that has none.
        from_h: the sum of the weights times h_{t-1}; None in a part that has none.
        bias: both biases together.
        total: the pre-activation.
        terms: all products, the largest (without their signs) first.
    """

    gate: str
    from_x: float | None
    from_h: float | None
    bias: float
    total: float
    terms: tuple[Term, ...]


class EquationLine(NamedTuple):
    """One line of the cell's equations: "h_t", "tanh(...)", the same with its numbers, and what comes out."""

    left: str
    formula: str
    numbers: str
    value: float


@dataclass(frozen=True, eq=False, repr=False)
class Arithmetic(Finding):
    """The arithmetic of one unit at one step, in double precision from the layer's own weights and states.

    Args:
        layer: the layer's number, from 0.
        reverse: whether it reads from the end.
        step: from 0.
        unit: from 0.
        read: what the step is called.
        sums: of each gate.
        lines: the cell's equations.
        states: the new states, as they come out here.
        kept: the new states that the layer has; equal but for its rounding.
        cell: whose equations they are.
        values: all that the equations read of this unit, by name.
    """

    layer: int
    reverse: bool
    step: int
    unit: int
    read: str
    sums: tuple[GateSum, ...]
    lines: tuple[EquationLine, ...]
    states: dict[str, float]
    kept: dict[str, float]
    cell: Cell
    values: dict[str, float]

    def sentence(self) -> str:
        """The new state, and the largest term of all."""
        (name, new), *_ = self.states.items()
        gate = max(self.sums, key=lambda one: abs(one.terms[0].product) if one.terms else 0.0)
        term, count = gate.terms[0], sum(len(one.terms) for one in self.sums)
        where = f"Unit {self.unit} of {layer_name(self.layer, self.reverse)} at step {self.step} ({self.read!r})"
        return (
            f"{where}: {name} = {shown(new)}. The largest of {count:,} terms is {term.name} in {gate.gate}: "
            f"{shown(term.weight)} × {shown(term.value)} = {shown(term.product)}; {gate.gate} is {shown(gate.total)}."
        )

    def to_frame(self) -> "pd.DataFrame":
        """A line for each term and each bias, which together are the totals."""
        import pandas as pd

        lines = [(one.gate, *term) for one in self.sums for term in (*one.terms, Term("bias", one.bias, 1.0, one.bias))]
        return pd.DataFrame(lines, columns=["gate", "term", "weight", "value", "product"])

    def plot(self) -> "Figure":
        """Of each gate the largest terms, the others together, and the bias."""
        from elman.reports.bars import Bars, bars

        groups = []
        for one in self.sums:
            first, others = one.terms[:_LARGEST], one.terms[_LARGEST:]
            # Beside each other there is room for the names alone.
            alone = len(self.sums) == 1
            names = [f"{one.name}: {one.weight:.2g} × {one.value:.2g}" if alone else one.name for one in first]
            values = [term.product for term in first]
            if others:
                names.append(f"{len(others):,} other terms")
                values.append(sum(term.product for term in others))
            groups.append(Bars(f"{one.gate} = {shown(one.total)}", [*names, "bias"], [*values, one.bias]))
        return bars(groups, "product")

    def mathml(self) -> str:
        """The equations, each with its numbers below it, as one `math` element; see `Cell.mathml`."""
        refs = [one.ref for one in equations(self.cell, MATHML)]
        numbers = equations(self.cell, _with_numbers(MATHML, self, lambda value: shown_number(shown(value)), refs))
        rows: list[tuple[str, ...]] = []
        for written, filled, line in zip(equations(self.cell, MATHML), numbers, self.lines, strict=True):
            rows += [(written.left, "=", written.right), ("", "≈", filled.right)]
            result = shown_number(shown(line.value))
            if filled.right != result:
                rows.append(("", "≈", result))
        return math_element(rows)


def arithmetic(
    reading: Reading,
    *,
    step: int,
    unit: int,
    layer: int = -1,
    reverse: bool = False,
    unrolled: Unrolled | None = None,
) -> Arithmetic:
    """How one unit got its state at one step.

    Args:
        reading: from `elman.inspect`.
        step: from 0; -1 is the last.
        unit: from 0.
        layer: its number, from 0; -1 is the last.
        reverse: whether it is the one that reads from the end.
        unrolled: what `reading.unroll()` gave, if that is there: to ask often, ask for it once.

    Raises:
        InputError: there is no such step, unit or layer.

    Example:
        >>> import elman, torch
        >>> net = elman.Network(2, 3, 1)
        >>> found = arithmetic(elman.inspect(net, torch.ones(4, 2)), step=1, unit=0)
        >>> (z,) = found.sums
        >>> [term.name for term in sorted(z.terms)]
        ['h 0', 'h 1', 'h 2', 'x 0', 'x 1']
        >>> found.lines[0].formula
        'tanh(W_xh x_t + W_hh h_{t-1} + b_h)'
    """
    one = one_layer(reading, layer, reverse=reverse, unrolled=unrolled)
    T, H = next(iter(one.after.values())).shape
    step = _place("step", step, T)
    unit = _place("unit", unit, H)
    one = _at(one, step).to(torch.float64)
    sums = _sums(one, unit)
    cell = one.cell
    values = {gate.gate: gate.total for gate in sums}
    values |= {f"{name}_prev": float(state[0, unit]) for name, state in one.before.items()}
    numbers = zip(cell.parameters, one.weights.parameters, strict=True)
    values |= {name: float(number[unit if len(number) > 1 else 0]) for name, number in numbers} | dict(cell.constants)
    new = dict(zip(cell.state, _computed(cell, values, cell.program.outputs), strict=True))
    found = Arithmetic(
        one.number, reverse, step, unit, reading.steps[step], sums, (), new,
        {name: float(state[0, unit]) for name, state in one.after.items()}, cell, values,
    )  # fmt: skip
    return _with_lines(found)


def shown(value: float) -> str:
    """A number in four digits."""
    return f"{value:.4g}"


def _at(one: OneLayer, step: int) -> OneLayer:
    here = slice(step, step + 1)
    before, after = ({name: states[here] for name, states in of.items()} for of in (one.before, one.after))
    return OneLayer(one.number, one.reverse, one.cell, one.weights, one.x[here], before, after)


def _sums(one: OneLayer, unit: int) -> tuple[GateSum, ...]:
    """Of a layer at one step the sums of one unit."""
    cell, weights = one.cell, one.weights
    h = one.before[cell.state[0]][0]
    sources = _sources(one), [f"{cell.state[0]} {k}" for k in range(len(h))]
    found = []
    for number, gate in enumerate(cell.gates):
        row = number * len(h) + unit
        biases = [0.0 if bias is None else float(bias[row]) for bias in (weights.bias_ih, weights.bias_hh)]
        from_x, from_h = (
            _terms(names, matrix[row].tolist(), read.tolist())
            for names, matrix, read in zip(sources, (weights.weight_ih, weights.weight_hh), (one.x[0], h), strict=True)
        )
        if gate in cell.split:
            found += [_sum(f"{gate}_x", from_x, None, biases[0]), _sum(f"{gate}_h", None, from_h, biases[1])]
        else:
            found.append(_sum(gate, from_x, from_h, sum(biases)))
    return tuple(found)


def _sources(one: OneLayer) -> list[str]:
    """What a layer's inputs are called."""
    size, H = one.x.shape[1], one.weights.weight_hh.shape[1]
    if one.number == 0:
        return [f"x {k}" for k in range(size)]
    below = [layer_name(one.number - 1, reverse) for reverse in (False, True)]
    return [f"{one.cell.state[0]} {k % H} of {below[k // H]}" for k in range(size)]


def _terms(names: list[str], weights: list[float], values: list[float]) -> list[Term]:
    return [Term(name, w, value, w * value) for name, w, value in zip(names, weights, values, strict=True)]


def _sum(gate: str, from_x: list[Term] | None, from_h: list[Term] | None, bias: float) -> GateSum:
    x, h = (None if terms is None else sum(term.product for term in terms) for terms in (from_x, from_h))
    ordered = sorted([*(from_x or []), *(from_h or [])], key=lambda term: -abs(term.product))
    return GateSum(gate, x, h, bias, (x or 0.0) + (h or 0.0) + bias, tuple(ordered))


def _computed(cell: Cell, values: Mapping[str, float], refs: tuple[Ref, ...]) -> tuple[float, ...]:
    return cell.program._replace(outputs=refs).run(values, ON_FLOATS)


def _with_lines(found: Arithmetic) -> Arithmetic:
    written = equations(found.cell, PLAIN)
    refs = [one.ref for one in written]
    filled = equations(found.cell, _with_numbers(PLAIN, found, shown, refs))
    results = _computed(found.cell, found.values, tuple(refs))
    lines = tuple(
        EquationLine(one.left, one.right, other.right, float(value))
        for one, other, value in zip(written, filled, results, strict=True)
    )
    return Arithmetic(**{**vars(found), "lines": lines})


def _with_numbers(notation: Notation, found: Arithmetic, write: Callable[[float], str], refs: list[Ref]) -> Notation:
    """A notation in which the numbers stand in the places of their names; refs are what its equations give."""
    cell = found.cell
    sums = {one.gate: one for one in found.sums}
    given = {*cell.gate_inputs, *cell.program.outputs}
    between = _computed(cell, found.values, tuple(ref for ref in refs if ref not in given))

    def gate(cell: Cell, name: str) -> str:
        one = sums[name]
        parts = [write(part) for part in (one.from_x, one.from_h, one.bias) if part is not None]
        plus = notation.forms["add"].template
        text = parts[0]
        for part in parts[1:]:
            template = notation.forms["sub"].template if part.startswith(notation.minus) else plus
            text = template.replace("$a", text).replace("$b", part.removeprefix(notation.minus))
        return text

    return notation._replace(
        number=write,
        symbol=lambda cell, name: write(found.states[name] if name in found.states else found.values[name]),
        intermediate=lambda letter, count: write(between[count - 1]),
        gate=gate,
    )


def _place(what: str, number: int, count: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or not -count <= number < count:
        raise InputError(f"{what} is {number!r}, expected a whole number from 0 to {count - 1}")
    return number % count
