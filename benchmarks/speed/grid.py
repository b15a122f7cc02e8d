"""The sizes on which elman is compared with other packages, and who works at them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

CELLS = ("elman", "gru", "lstm")
GATES = {"elman": 1, "elman_relu": 1, "gru": 3, "lstm": 4}


@dataclass(frozen=True)
class Case:
    """One row of a benchmark.

    Args:
        id: of the workload; a workload may have several cells and sizes, and has one vote in the summary.
        cell: "elman", "elman_relu", "gru" or "lstm".
        H: hidden units.
        I: input features.
        B: sequences, or streams.
        T: time steps; 1 for a step.
        mode: "train", "forward" or "step".
        layers: one above the other.
        ragged: whether the sequences have lengths from 1 to T.
    """

    id: str
    cell: str
    H: int
    I: int  # noqa: E741 - the field's name for the number of features
    B: int
    T: int
    mode: str = "train"
    layers: int = 1
    ragged: bool = False

    @property
    def sizes(self) -> str:
        """H, I, B, T as a table shows them."""
        return f"{self.H},{self.I},{self.B},{self.T}" + (f" x{self.layers}" if self.layers > 1 else "")

    @property
    def label(self) -> str:
        """As a line of text names it."""
        return f"{self.id} {self.cell} {self.sizes} {self.mode}"

    def input_sizes(self) -> list[int]:
        """The features that each layer reads."""
        return [self.I] + [self.H] * (self.layers - 1)

    def flops(self, rows: int) -> float:
        """Floating point operations of the products, for so many rows in all; T * B without lengths.

        Backward has twice those of forward: for the gradient of what was multiplied, and for that of the weights.
        """
        forward = sum(2.0 * GATES[self.cell] * self.H * (size + self.H) * rows for size in self.input_sizes())
        return 3 * forward if self.mode == "train" else forward


def sequences(mode: str) -> Iterator[Case]:
    """Whole sequences of equal length, forward or in training."""
    yield Case("N1", "elman_relu", 50, 5, 16, 100, mode)  # models in neuroscience
    yield Case("N2", "elman_relu", 256, 85, 64, 100, mode)  # neuroscience, many tasks at once
    for cell in CELLS:
        yield Case("L1", cell, 200, 200, 20, 35, mode, layers=2)  # PyTorch's word_language_model, defaults
    yield Case("M1", "elman", 128, 1, 100, 784, mode)  # sequential MNIST
    for cell in ("lstm", "gru"):
        yield Case("C1", cell, 128, 65, 50, 50, mode, layers=2)  # char-rnn, defaults
    for cell in CELLS:
        yield Case("D1", cell, 800, 800, 20, 300, mode)  # Deep Speech 2
    for cell in CELLS:
        yield Case("P1", cell, 512, 512, 64, 50, mode)  # PyTorch's RNN benchmarks
    for B in (16, 64):
        yield Case("B1", "elman_relu", 1760, 1760, B, 50, mode)  # DeepBench
    for cell, H, size, B, T in product(CELLS, (32, 64), (1, 8), (32, 256), (24, 168)):
        yield Case("TS", cell, H, size, B, T, mode)  # time series
    for cell, H in product(CELLS, (64, 128)):
        yield Case("T1", cell, H, H, 1, 100, mode)  # one sequence


def steps() -> Iterator[Case]:
    """One step at a time with the state kept, for one stream and for many."""
    for B in (1, 8, 64):
        for H, cell in product((8, 16, 32, 64, 128, 256, 512), CELLS):
            yield Case(f"S{H}", cell, H, H, B, 1, "step")
        yield Case("V1", "lstm", 128, 128, B, 1, "step")  # voice activity
        yield Case("G1", "gru", 384, 384, B, 1, "step", layers=3)  # noise suppression


def ragged() -> Iterator[Case]:
    """Sequences of many lengths in one batch."""
    for mode in ("train", "forward"):
        yield Case("R1", "gru", 128, 64, 64, 400, mode, ragged=True)


def sweep() -> Iterator[Case]:
    """Training over sizes, for the picture of the cost of a step."""
    for H, B in product((16, 32, 64, 90, 128, 200, 256, 362, 512, 1024), (1, 4, 8, 32, 128)):
        yield Case(f"H{H}", "elman", H, H, B, 50)


GRIDS = {
    "train": lambda: list(sequences("train")),
    "forward": lambda: list(sequences("forward")),
    "step": lambda: list(steps()),
    "ragged": lambda: list(ragged()),
    "sweep": lambda: list(sweep()),
}
