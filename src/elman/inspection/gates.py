"""What is shown of each gate of a cell: how far it is open, where the equation says so."""

from collections import Counter
from typing import NamedTuple

from elman.equations import Cell
from elman.equations.operations import OPERATIONS
from elman.equations.program import Ref

_SUMS = ("add", "sub", "neg")


class Gate(NamedTuple):
    """What is shown of a gate.

    Args:
        name: of the gate, or of one part of a split gate: "i", "n_x".
        ref: what of the cell's program is shown: a line ("%3"), or the gate itself, which is its pre-activation.
        function: the function that gives it: "sigmoid"; None: it is the pre-activation.
        argument: what the function is applied to.
    """

    name: str
    ref: Ref
    function: str | None
    argument: Ref


def shown_gates(cell: Cell) -> list[Gate]:
    """What is shown of each gate: its activation, where the equation applies one function to it.

    That is the function of the gate alone, as in sigmoid(i), or of a sum in which it stands, as in a peephole LSTM's
    sigmoid(i + p_i c_prev) or a GRU's tanh(n_x + r n_h). A gate that is read in several ways is shown as it is.

    Example:
        >>> from elman import CELLS
        >>> [(gate.name, gate.function) for gate in shown_gates(CELLS["gru"])]
        [('r', 'sigmoid'), ('z', 'sigmoid'), ('n', 'tanh')]
    """
    found = []
    for name in cell.gates:
        parts = (f"{name}_x", f"{name}_h") if name in cell.split else (name,)
        activated = _activation(cell, parts[0])
        if activated is None:
            found += [Gate(part, part, None, part) for part in parts]
        else:
            found.append(Gate(name, *activated))
    return found


def _activation(cell: Cell, ref: Ref) -> tuple[Ref, str, Ref] | None:
    """The line that is the function of a gate or of a sum it stands in, the function, and what it is applied to."""
    lines = cell.program.lines
    reads = Counter(arg for line in lines for arg in line.args) + Counter(cell.program.outputs)
    while reads[ref] == 1:
        reader = next((k for k, line in enumerate(lines) if ref in line.args), None)
        if reader is None:  # a new state is the gate itself
            return None
        operation = lines[reader].operation
        if operation in _SUMS:
            ref = f"%{reader}"
        elif OPERATIONS[operation].arity == 1:
            return f"%{reader}", operation, ref
        else:
            return None
    return None
