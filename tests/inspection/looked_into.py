"""Networks to look into, in float64, and their readings."""

from dataclasses import replace

import torch

import elman
from elman.inspection import Reading

CASES = [*elman.CELLS, "lstm stack", "gru both ways", "gru stack both ways"]


@elman.cell(gates="z", state="h")
def linear(z, h_prev):  # type: ignore[no-untyped-def]
    """A network without a nonlinearity, of which everything is known."""
    return z


def reading_of(case: str, T: int = 7, H: int = 5, seed: int = 0) -> Reading:
    """A reading of random weights, with an output of four scores that is read at every step.

    `case` is the name of a cell, and how it is stacked.
    """
    torch.manual_seed(seed)
    cell, _, wiring = case.partition(" ")
    sizes = {"num_layers": 2 if "stack" in wiring else 1, "bidirectional": "both ways" in wiring}
    layer = elman.Recurrent(cell, 3, H, **sizes, dtype=torch.float64)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.mul_(2).add_(0.05 * torch.randn_like(weight))  # away from 0, where all would be nearly linear
    reading = Reading.of_layer(layer, torch.randn(T, 3))
    readout = torch.nn.Linear(layer.num_directions * H, 4, dtype=torch.float64)
    return replace(reading, output=lambda h, _: readout(h), names=("a", "b", "c", "d"), asked=reading.steps)
