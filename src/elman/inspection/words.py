"""The outputs of a reading in words and numbers: probabilities where they are scores."""

import numpy as np
from torch import Tensor

from elman.inspection.reading import Reading


def shown_outputs(reading: Reading, outputs: Tensor) -> np.ndarray:
    """Probabilities where the outputs are scores, else the values.

    Shape:
        outputs and result (..., O)
    """
    return np.asarray((outputs.softmax(-1) if reading.scores else outputs).detach().cpu())


def largest_change(before: np.ndarray, after: np.ndarray) -> tuple[int, int]:
    """The step and the output that differ most; the arrays are (U, O)."""
    u, o = np.unravel_index(np.abs(after - before).argmax(), before.shape)
    return int(u), int(o)


def from_to(before: float, after: float, probabilities: bool) -> str:
    """Two numbers in words."""
    return f"from {before:.1%} to {after:.1%}" if probabilities else f"from {before:.4g} to {after:.4g}"


def counted(n: int, what: str) -> str:
    """As in "3 steps"."""
    return f"{n:,} {what}{'s' * (n != 1)}"
