"""A cell's equations as text: which lines of its program become equations, and where brackets stand.

LaTeX and plain text are two notations for the same equations; what differs between them is in `Notation`.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from string import Template
from typing import TYPE_CHECKING, NamedTuple

from elman.equations.program import Ref

if TYPE_CHECKING:
    from elman.equations.cell import Cell

# How strongly an operation binds, from the weakest; NONE is also what is asked inside a function's own brackets.
NONE, SUM, PRODUCT, NEGATION, POWER, FUNCTION, ATOM = range(7)

# A line has an equation of its own where it is read more than once and has more operations than SMALL, which keeps
# the whole from growing exponentially, and where it has more than LARGE, which no one could read.
SMALL, LARGE = 2, 40
_PRE_ACTIVATION = 4  # the operations of W_xh x_t + W_hh h_{t-1} + b_h

_FUNCTIONS = {"tanh", "sigmoid", "exp", "log", "sqrt", "sin", "cos", "relu", "abs", "sign", "maximum", "minimum"}


class Form(NamedTuple):
    """How an operation is written: its arguments stand as $a, $b and $c, each binding at least as `needs` says."""

    template: str
    binds: int
    needs: tuple[int, ...]


class Notation(NamedTuple):
    """A way to write equations.

    Args:
        forms: how each operation is written.
        brackets: what stands around an argument that binds too weakly, as $a.
        number: how a constant is written.
        symbol: how an input of the program, or a new state, is written.
        intermediate: how the value of an equation in between is written, from a letter and its number.
        gate: the pre-activation of a gate (or of one part of it), written as W x + W h + b.
        minus: what a text begins with that has a sign.
        raised: what is in a text that has something above the line, so that a power of it needs brackets.
    """

    forms: Mapping[str, Form]
    brackets: str
    number: Callable[[float], str]
    symbol: Callable[["Cell", str], str]
    intermediate: Callable[[str, int], str]
    gate: Callable[["Cell", str], str]
    minus: str = "-"
    raised: str = "^"


class Equation(NamedTuple):
    """One equation of a cell.

    Args:
        left: what it gives.
        right: of what.
        ref: what in the program it gives: a gate, a line ("%3"), or what a state is equal to.
    """

    left: str
    right: str
    ref: Ref


class _Text(NamedTuple):
    text: str
    binds: int = ATOM
    size: int = 0  # operations


def equations(cell: "Cell", notation: Notation) -> list[Equation]:
    """The equations of a cell: its gates, then states and values in between as they are computed.

    A single gate is written where it is read, if it stands there by itself: h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h).
    """
    program = cell.program
    states: dict[str, str] = {}  # by line; the first, where a line gives two
    for state, output in zip(cell.state, program.outputs, strict=True):
        if isinstance(output, str) and output not in program.inputs:
            states.setdefault(output, state)
    reads = Counter(ref for line in program.lines for ref in line.args)
    letter = _free_letter(cell)
    found: list[Equation] = []
    texts: dict[Ref, _Text] = {name: _symbol(notation, notation.symbol(cell, name)) for name in program.inputs}

    for name in cell.gate_inputs:
        if _stands_by_itself(cell, name):
            texts[name] = _Text(notation.gate(cell, name), SUM, _PRE_ACTIVATION)
        else:
            found.append(Equation(notation.symbol(cell, name), notation.gate(cell, name), name))

    def of(ref: Ref) -> _Text:
        if isinstance(ref, str):
            return texts[ref]
        return _Text(notation.number(ref), NEGATION if ref < 0 else ATOM)

    between = 0
    for number, line in enumerate(program.lines):
        ref, args = f"%{number}", [of(arg) for arg in line.args]
        written = _operation(notation, line.operation, args)
        shared = reads[ref] > 1 and written.size > SMALL
        if ref in states:
            name = notation.symbol(cell, states[ref])
        elif (shared or written.size > LARGE) and line.operation not in ("less", "less_equal", "equal"):
            between += 1
            name = notation.intermediate(letter, between)
        else:
            texts[ref] = written
            continue
        found.append(Equation(name, written.text, ref))
        texts[ref] = _symbol(notation, name)

    for state, output in zip(cell.state, program.outputs, strict=True):
        if not (isinstance(output, str) and states.get(output) == state):  # h_t = c_t, c_t = c_{t-1}, c_t = 0.5
            found.append(Equation(notation.symbol(cell, state), of(output).text, output))
    return found


def _symbol(notation: Notation, text: str) -> _Text:
    if text.startswith(notation.minus):  # a number in its place
        return _Text(text, NEGATION)
    return _Text(text, FUNCTION if notation.raised in text else ATOM)  # n^x to the power of 2 is not n^x^2


def _operation(notation: Notation, operation: str, args: list[_Text]) -> _Text:
    form = notation.forms[operation]
    texts = []
    for position, (arg, needs) in enumerate(zip(args, form.needs, strict=True)):
        second_sign = position > 0 and needs > NONE and arg.text.startswith(notation.minus)  # h - -z
        bare = arg.binds >= needs and not second_sign
        texts.append(arg.text if bare else Template(notation.brackets).substitute(a=arg.text))
    text = Template(form.template).substitute(dict(zip("abc", texts, strict=False)))
    return _Text(text, form.binds, 1 + sum(arg.size for arg in args))


def _stands_by_itself(cell: "Cell", gate: str) -> bool:
    """Whether a gate is the only one, and each line that reads it is a function of it."""
    readers = [line.operation for line in cell.program.lines if gate in line.args]
    return len(cell.gate_inputs) == 1 and _FUNCTIONS.issuperset(readers)


def _free_letter(cell: "Cell") -> str:
    """A letter for the values in between that begins no name of the cell."""
    taken = {name.partition("_")[0] for name in (*cell.program.inputs, *cell.state)}
    return next((letter for letter in "uvwsqabcdefgijklmnoprtxyz" if letter not in taken), "line")
