"""Cells: an equation traced from a Python function, its adjoint, and the cells that come with elman."""

from elman.equations.cell import Cell, cell
from elman.equations.cells import CELLS
from elman.equations.parameter import Parameter
from elman.equations.program import Line, Program
from elman.equations.trace import (
    absolute,
    cos,
    exp,
    log,
    maximum,
    minimum,
    relu,
    sigmoid,
    sin,
    sqrt,
    tanh,
    where,
)

__all__ = [
    "CELLS",
    "Cell",
    "Line",
    "Parameter",
    "Program",
    "absolute",
    "cell",
    "cos",
    "exp",
    "log",
    "maximum",
    "minimum",
    "relu",
    "sigmoid",
    "sin",
    "sqrt",
    "tanh",
    "where",
]
