"""A program: what an equation is once it was traced, a list of lines that each do one operation."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from elman.equations.operations import OPERATIONS
from elman.errors import EquationError

Ref = str | float
"""What a line reads: the name of an input (`"h_prev"`), an earlier line (`"%3"`) or a constant (`0.5`)."""


class Line(NamedTuple):
    """One operation on inputs, earlier lines and constants. Line number k is read by the name `%k`."""

    operation: str
    args: tuple[Ref, ...]


class Program(NamedTuple):
    """Inputs, lines in the order of computation, and outputs. It knows no arrays: `run` is given the arithmetic."""

    inputs: tuple[str, ...]
    lines: tuple[Line, ...]
    outputs: tuple[Ref, ...]

    def run(self, values: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> tuple[Any, ...]:
        """Compute the outputs from the inputs' values, each operation by `functions[operation]`."""
        known = dict(values)

        def value(ref: Ref) -> Any:
            return known[ref] if isinstance(ref, str) else ref

        for number, line in enumerate(self.lines):
            known[f"%{number}"] = functions[line.operation](*map(value, line.args))
        return tuple(value(ref) for ref in self.outputs)

    def reads(self) -> set[str]:
        """The names of the inputs on which some output depends."""
        needed = {ref for ref in self.outputs if isinstance(ref, str)}
        for number in reversed(range(len(self.lines))):
            if f"%{number}" in needed:
                needed.update(ref for ref in self.lines[number].args if isinstance(ref, str))
        return needed.intersection(self.inputs)


class Builder:
    """Collects lines; the same operation on the same arguments becomes one line (common subexpressions)."""

    def __init__(self, inputs: tuple[str, ...]) -> None:
        self.inputs = inputs
        self.lines: list[Line] = []
        self._known: dict[Line, str] = {}

    def add(self, operation: str, *args: Ref) -> Ref:
        """Add a line, or find the one that is there, and give the name by which it is read."""
        line = Line(operation, args)
        # 0.0 == -0.0 and both hash alike, but 1 / x tells them apart: a key must as well
        key = Line(operation, tuple(repr(arg) for arg in args))
        if key not in self._known:
            self._known[key] = f"%{len(self.lines)}"
            self.lines.append(line)
        return self._known[key]

    def program(self, outputs: tuple[Ref, ...]) -> Program:
        """The program with these outputs, without the lines that none of them needs."""
        needed = {ref for ref in outputs if isinstance(ref, str)}
        for number in reversed(range(len(self.lines))):
            if f"%{number}" in needed:
                needed.update(ref for ref in self.lines[number].args if isinstance(ref, str))
        kept = Builder(self.inputs)
        names: dict[str, Ref] = {}

        def renamed(ref: Ref) -> Ref:
            return names.get(ref, ref) if isinstance(ref, str) else ref

        for number, line in enumerate(self.lines):
            if f"%{number}" in needed:
                names[f"%{number}"] = kept.add(line.operation, *map(renamed, line.args))
        return Program(self.inputs, tuple(kept.lines), tuple(map(renamed, outputs)))


def checked(program: Program, where: str) -> Program:
    """Refuse a program that is not well formed; it may come from a file.

    Raises:
        EquationError: an unknown operation, a wrong number or kind of arguments, or a name that nothing defines.
    """
    gives = dict.fromkeys(program.inputs, "number")
    for number, line in enumerate(program.lines):
        if line.operation not in OPERATIONS:
            raise EquationError(f"{where}: line {number} has the unknown operation {line.operation!r}")
        operation = OPERATIONS[line.operation]
        if len(line.args) != operation.arity:
            raise EquationError(
                f"{where}: line {number}, {line.operation}, has {len(line.args)} arguments, expected {operation.arity}"
            )
        for position, ref in enumerate(line.args):
            wanted = "condition" if line.operation == "where" and position == 0 else "number"
            _check_ref(ref, wanted, gives, f"{where}: line {number}, {line.operation},")
        if not any(isinstance(ref, str) for ref in line.args):
            raise EquationError(f"{where}: line {number}, {line.operation}, reads constants only")
        if line.operation == "power" and isinstance(line.args[1], str):
            raise EquationError(f"{where}: line {number}, power, needs a constant exponent")
        gives[f"%{number}"] = operation.gives
    for ref in program.outputs:
        _check_ref(ref, "number", gives, f"{where}: an output")
    return program


def _check_ref(ref: Ref, wanted: str, gives: Mapping[str, str], what: str) -> None:
    if isinstance(ref, str) and ref not in gives:
        raise EquationError(f"{what} reads {ref!r}, which nothing before it defines")
    if (gives[ref] if isinstance(ref, str) else "number") != wanted:
        raise EquationError(f"{what} needs a {wanted} where it reads {ref!r}")
