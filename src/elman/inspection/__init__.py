"""What a recurrent network does inside: states, gradients by lag, memory, dynamics; numbers first, drawing apart."""

# Not lazy, as `elman.tasks` is: a module here may have the name of its function, and would stand in its place.
from elman.inspection.ablation import Ablation, ablate
from elman.inspection.arithmetic import Arithmetic, EquationLine, GateSum, Term, arithmetic
from elman.inspection.finding import Finding
from elman.inspection.layers import OneLayer, layer_number, layers, one_layer
from elman.inspection.reading import Reading, Unrolled
from elman.inspection.states import States, states
from elman.inspection.units import Pair, Units, units
from elman.inspection.what_if import Difference, what_if

__all__ = [
    "Ablation",
    "Arithmetic",
    "Difference",
    "EquationLine",
    "Finding",
    "GateSum",
    "OneLayer",
    "Pair",
    "Reading",
    "States",
    "Term",
    "Units",
    "Unrolled",
    "ablate",
    "arithmetic",
    "layer_number",
    "layers",
    "one_layer",
    "states",
    "units",
    "what_if",
]
