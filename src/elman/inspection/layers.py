"""The layers of a reading, one by one: what each reads, its states before and after each step, and its gates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from elman.equations import Cell
from elman.equations.program import Ref
from elman.errors import InputError
from elman.inspection.reading import Reading, Unrolled
from elman.nn.reference import operations
from elman.nn.weights import Weights, read_flat


@dataclass(frozen=True)
class OneLayer:
    """One layer in one direction, as it reads a sequence of T steps.

    Shape:
        x (T, I), before and after (T, H) for each state of the cell

    Args:
        number: of the layer, from 0.
        reverse: whether it reads from the end.
        cell: its equation.
        weights: its own, without a gradient; the cell's parameters inside their ranges.
        x: what it reads.
        before: the states that each step starts from; of a reverse direction, those of the step on the right.
        after: the states that each step gives.
    """

    number: int
    reverse: bool
    cell: Cell
    weights: Weights
    x: Tensor
    before: dict[str, Tensor]
    after: dict[str, Tensor]

    @property
    def name(self) -> str:
        """As a table or a picture calls it: "layer 0", "layer 1 reverse"; the number is that of all arguments."""
        return layer_name(self.number, self.reverse)

    def to(self, dtype: torch.dtype) -> "OneLayer":
        """The same numbers in another dtype; float64 for linear algebra."""
        before, after = ({name: one.to(dtype) for name, one in states.items()} for states in (self.before, self.after))
        return OneLayer(
            self.number, self.reverse, self.cell, _detached(self.weights, dtype), self.x.to(dtype), before, after
        )

    def inputs(self) -> dict[str, Any]:
        """What the cell's equation reads at all steps: gates, states before, parameters and constants, by their names.

        Shape:
            (T, H) each; parameters (H,) or (1,), constants ()
        """
        cell, weights = self.cell, self.weights
        z_x = F.linear(self.x, weights.weight_ih, weights.bias_ih).chunk(len(cell.gates), -1)
        z_h = F.linear(self.before[cell.state[0]], weights.weight_hh, weights.bias_hh).chunk(len(cell.gates), -1)
        values: dict[str, Any] = {}
        for gate, from_x, from_h in zip(cell.gates, z_x, z_h, strict=True):
            values |= {f"{gate}_x": from_x, f"{gate}_h": from_h} if gate in cell.split else {gate: from_x + from_h}
        values |= {f"{name}_prev": one for name, one in self.before.items()}
        values |= zip(cell.parameters, weights.parameters, strict=True)
        return values | {name: self.x.new_full((), value) for name, value in cell.constants.items()}

    def compute(self, refs: Sequence[Ref]) -> list[Tensor]:
        """What the equation has at all steps for each of its inputs, lines ("%3") and constants.

        Shape:
            (T, H) each
        """
        program = self.cell.program._replace(outputs=tuple(refs))
        like = self.after[self.cell.state[0]]
        found = program.run(self.inputs(), operations(like))
        return [torch.as_tensor(one, dtype=like.dtype, device=like.device).expand_as(like) for one in found]


def layers(reading: Reading, unrolled: Unrolled | None = None) -> list[OneLayer]:
    """All layers of a reading, the directions of each one after the other, as the layer's parameters and states are.

    Args:
        reading: of one sequence.
        unrolled: what `reading.unroll()` gave, if that is there.
    """
    layer = reading.layer
    if layer.cell.masks:
        raise InputError(
            f"the cell {layer.cell.name!r} has the masks {', '.join(layer.cell.masks)}, which a reading has not: "
            "write it without them for inspection"
        )
    if not len(reading.x):
        raise InputError("the input has no steps: there is nothing to look at")
    T, D, names = len(reading.x), layer.num_directions, layer.cell.state
    with torch.no_grad():
        states = (unrolled or reading.unroll()).states
        weights = list(read_flat(layer._weights(), layer.cell, layer.num_layers * D))
        found, x = [], reading.x
        for k, one in enumerate(weights):
            after = {name: states[name][k, 0].detach() for name in names}
            start = {name: reading.start[name][0, k].detach().unsqueeze(0) for name in names}
            reverse = k % D == 1
            before = {
                name: torch.cat([after[name][1:], start[name]] if reverse else [start[name], after[name][:-1]])[:T]
                for name in names
            }
            found.append(OneLayer(k // D, reverse, layer.cell, _detached(one, x.dtype), x, before, after))
            if k % D == D - 1:
                x = torch.cat([below.after[names[0]] for below in found[-D:]], -1)
    return found


def one_layer(reading: Reading, layer: int = 0, *, reverse: bool = False, unrolled: Unrolled | None = None) -> OneLayer:
    """One layer of a reading in one direction.

    Args:
        reading: of one sequence.
        layer: its number, from 0; -1 is the last.
        reverse: whether it is the one that reads from the end.
        unrolled: what `reading.unroll()` gave, if that is there.

    Raises:
        InputError: there is none.
    """
    number = layer_number(reading.layer.num_layers, reading.layer.num_directions, layer, reverse=reverse)
    return layers(reading, unrolled)[number]


def layer_number(L: int, D: int, layer: int, *, reverse: bool = False) -> int:
    """The place of a layer and direction among the L*D of the states.

    Raises:
        InputError: there is none.
    """
    if isinstance(layer, bool) or not isinstance(layer, int) or not -L <= layer < L:
        there = "0, the only one" if L == 1 else f"a whole number from 0 to {L - 1}, or -1 for the last"
        raise InputError(f"layer is {layer!r}, expected {there}")
    if not isinstance(reverse, bool):
        raise InputError(f"reverse is {reverse!r}, expected True or False")
    if reverse and D == 1:
        raise InputError("reverse is True, but the layers read in one direction: leave it out")
    return layer % L * D + reverse


def layer_name(number: int, reverse: bool = False) -> str:
    """What a layer in one direction is called, by its number from 0."""
    return f"layer {number}{' reverse' if reverse else ''}"


def _detached(weights: Weights, dtype: torch.dtype) -> Weights:
    def of(one: Tensor) -> Tensor:
        return one.detach().to(dtype)

    bias_ih, bias_hh = (None if one is None else of(one) for one in (weights.bias_ih, weights.bias_hh))
    return Weights(of(weights.weight_ih), of(weights.weight_hh), bias_ih, bias_hh, list(map(of, weights.parameters)))
