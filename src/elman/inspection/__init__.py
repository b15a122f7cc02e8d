"""What a recurrent network does inside: states, gradients by lag, memory, dynamics; numbers first, drawing apart."""

# Not lazy, as `elman.tasks` is: a module here may have the name of its function, and would stand in its place.
from elman.inspection.ablation import Ablation, ablate
from elman.inspection.arithmetic import Arithmetic, EquationLine, GateSum, Term, arithmetic
from elman.inspection.dynamics import Dynamics, dynamics
from elman.inspection.finding import Finding
from elman.inspection.gradient_by_lag import GradientByLag, gradient_by_lag
from elman.inspection.layers import OneLayer, layer_number, layers, one_layer
from elman.inspection.meaning import Context, Meaning, meaning
from elman.inspection.memory import Memory, memory
from elman.inspection.reading import Reading, Unrolled
from elman.inspection.saliency import Saliency, saliency
from elman.inspection.states import States, states
from elman.inspection.units import Pair, Units, units
from elman.inspection.what_if import Difference, what_if

__all__ = [
    "Ablation",
    "Arithmetic",
    "Context",
    "Difference",
    "Dynamics",
    "EquationLine",
    "Finding",
    "GateSum",
    "GradientByLag",
    "Meaning",
    "Memory",
    "OneLayer",
    "Pair",
    "Reading",
    "Saliency",
    "States",
    "Term",
    "Units",
    "Unrolled",
    "ablate",
    "arithmetic",
    "dynamics",
    "gradient_by_lag",
    "layer_number",
    "layers",
    "meaning",
    "memory",
    "one_layer",
    "saliency",
    "states",
    "units",
    "what_if",
]
