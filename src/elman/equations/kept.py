"""What a forward step has to keep so that its gradients can be computed later without another tanh."""

from typing import NamedTuple

from elman.equations.cell import Cell
from elman.equations.program import Builder, Line, Program, Ref

EXPENSIVE = frozenset({"tanh", "sigmoid", "exp", "log", "sin", "cos", "sqrt", "power", "div"})
"""Operations whose results are kept; what takes an addition or a product is computed again."""


class Kept(NamedTuple):
    """A cell's step in two programs that share what the first keeps for the second.

    Args:
        forward: from the cell's inputs to its new states and then the values to keep.
        backward: the adjoint, from kept values (`kept_0`, `kept_1`, ...), new states, states before, parameters and
            masks, and the gradients `d_<state>`, to the gradients of the cell's inputs.
        states: of which states the backward program reads the new value or the one before.
    """

    forward: Program
    backward: Program
    states: tuple[str, ...]

    @property
    def values(self) -> int:
        """How many values are kept of each unit at each step, besides states."""
        return sum(name.startswith("kept_") for name in self.backward.inputs)


def kept(cell: Cell) -> Kept:
    """Choose what to keep: results of expensive operations, and gates where the adjoint reads them themselves.

    A new state is kept by whoever unrolls the cell; Elman's tanh' = 1 - h^2 needs nothing more.
    """
    adjoint = cell.adjoint
    gates = set(cell.gate_inputs)
    gradients = {f"d_{name}" for name in cell.state}
    outer: set[Ref] = set(gradients)  # what depends on a gradient from outside
    for number, line in enumerate(adjoint.lines):
        if outer.intersection(line.args):
            outer.add(f"%{number}")

    chosen: list[Ref] = []

    def choose(ref: Ref) -> None:
        """Go back from something that a gradient reads to what is kept of it."""
        if not isinstance(ref, str) or ref in chosen:
            return
        if ref.startswith("%"):
            line = adjoint.lines[int(ref[1:])]
            if line.operation in EXPENSIVE:
                chosen.append(ref)
            else:
                for arg in line.args:
                    choose(arg)
        elif ref in gates:
            chosen.append(ref)

    for number, line in enumerate(adjoint.lines):
        if f"%{number}" in outer:
            for arg in line.args:
                if arg not in outer:
                    choose(arg)
    for ref in adjoint.outputs:
        if ref not in outer:
            choose(ref)
    return Kept(*_programs(cell, adjoint, chosen))


def _programs(cell: Cell, adjoint: Program, chosen: list[Ref]) -> tuple[Program, Program, tuple[str, ...]]:
    forward = Builder(cell.program.inputs)
    names: dict[Ref, Ref] = {}
    _copy(forward, cell.program.lines, names)
    outputs = [names.get(ref, ref) for ref in cell.program.outputs]
    # The adjoint's own forward lines find the cell's, which are the same ones.
    again: dict[Ref, Ref] = dict(zip(cell.state, outputs, strict=True))
    wanted = _needed(adjoint, chosen)
    _copy(forward, adjoint.lines, again, wanted)
    kept_values = [again.get(ref, ref) for ref in chosen]

    replaced: dict[Ref, Ref] = {ref: f"kept_{k}" for k, ref in enumerate(chosen)}
    others = [name for name in adjoint.inputs if name not in cell.gate_inputs]
    backward = Builder((*(f"kept_{k}" for k in range(len(chosen))), *others))
    _copy(backward, adjoint.lines, replaced)
    result = backward.program(tuple(replaced.get(ref, ref) for ref in adjoint.outputs))
    reads = result.reads()
    states = tuple(name for name in cell.state if name in reads or f"{name}_prev" in reads)
    return forward.program((*outputs, *kept_values)), result, states


def _copy(builder: Builder, lines: tuple[Line, ...], names: dict[Ref, Ref], wanted: set[Ref] | None = None) -> None:
    """Add lines to a builder, and to `names` by what each is read there; those that have a name already stand."""
    for number, line in enumerate(lines):
        name = f"%{number}"
        if name not in names and (wanted is None or name in wanted):
            names[name] = builder.add(line.operation, *(names.get(arg, arg) for arg in line.args))


def _needed(program: Program, refs: list[Ref]) -> set[Ref]:
    needed: set[Ref] = set(refs)
    for number in reversed(range(len(program.lines))):
        if f"%{number}" in needed:
            needed.update(program.lines[number].args)
    return needed
