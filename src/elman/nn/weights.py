"""The tensors of one layer in one direction, and how a flat list of them is read."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from torch import Tensor

from elman.equations import Cell


class Weights(NamedTuple):
    """What one layer multiplies and adds in one direction.

    Shape: weight_ih (G*H, I), weight_hh (G*H, H), bias_ih and bias_hh (G*H,) or None; parameters, the values of
    the cell's own trainable numbers, (H,) or (1,) each.
    """

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None
    parameters: Sequence[Tensor]

    def flat(self) -> list[Tensor]:
        """The tensors in order, without the absent ones."""
        biases = [bias for bias in (self.bias_ih, self.bias_hh) if bias is not None]
        return [self.weight_ih, self.weight_hh, *biases, *self.parameters]


def read_flat(tensors: Sequence[Tensor], cell: Cell, count: int) -> Iterator[Weights]:
    """The weights of `count` layers and directions from the flat lists of all, one after another."""
    each = len(tensors) // count
    n_biases = each - 2 - len(cell.parameters)
    for start in range(0, len(tensors), each):
        weight_ih, weight_hh, *rest = tensors[start : start + each]
        bias_ih, bias_hh = rest[:n_biases] or (None, None)
        yield Weights(weight_ih, weight_hh, bias_ih, bias_hh, rest[n_biases:])
