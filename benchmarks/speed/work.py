"""What all contestants are given for a case: the same weights, input, output gradient and lengths, as NumPy arrays."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from speed.grid import GATES, Case

CHECKED_STEPS = 16  # of a stream, from a state of zeros


class Weights(NamedTuple):
    """Of one layer, in torch's layout and order of gates."""

    weight_ih: np.ndarray  # (G*H, I)
    weight_hh: np.ndarray  # (G*H, H)
    bias_ih: np.ndarray  # (G*H,)
    bias_hh: np.ndarray  # (G*H,)


@dataclass(frozen=True)
class Work:
    """A case with its numbers.

    Shape:
        x (T, B, I); dy (T, B, H), the gradient of the output, 0 past a sequence's end; lengths (B,) or None. For steps
        x has CHECKED_STEPS of them.
    """

    case: Case
    layers: list[Weights]
    x: np.ndarray
    dy: np.ndarray
    lengths: np.ndarray | None

    @property
    def rows(self) -> int:
        """Steps of all sequences together."""
        return self.case.T * self.case.B if self.lengths is None else int(self.lengths.sum())

    def valid(self, y: np.ndarray) -> np.ndarray:
        """An output with 0 past every sequence's end, as those leave it out who compute the padding too."""
        if self.lengths is None:
            return y
        return np.where(np.arange(len(y))[:, None, None] < self.lengths[:, None], y, np.float32(0))


def draw(case: Case) -> Work:
    """Weights as torch draws them, uniform in +-1/sqrt(H), and a normal input and output gradient."""
    random = np.random.default_rng(0)
    T = CHECKED_STEPS if case.mode == "step" else case.T
    bound, rows = case.H**-0.5, GATES[case.cell] * case.H

    def uniform(*shape: int) -> np.ndarray:
        return random.uniform(-bound, bound, shape).astype(np.float32)

    layers = [
        Weights(uniform(rows, size), uniform(rows, case.H), uniform(rows), uniform(rows)) for size in case.input_sizes()
    ]
    x = random.standard_normal((T, case.B, case.I), dtype=np.float32)
    dy = random.standard_normal((T, case.B, case.H), dtype=np.float32)
    lengths = None
    if case.ragged:
        lengths = random.integers(1, T + 1, case.B)
        lengths[random.integers(case.B)] = T
    work = Work(case, layers, x, dy, lengths)
    return Work(case, layers, x, work.valid(dy), lengths)
