"""Checkpoints in time: a layer that keeps its states at the starts of segments and computes the rest again.

The second time the kernels do what they did the first, to the bit; and the sums that are gradients go over whole blocks
of steps, which segments do not cut: so gradients are those without checkpoints, bit for bit.
"""

import math
from collections.abc import Callable, Sequence

from torch import Tensor

from elman.kernels.rows import Rows
from elman.nn.kernel_call import Layer
from elman.nn.weights import Weights

MakeLayer = Callable[[Rows, Sequence[Tensor], int, bool], Layer]
"""A layer over some rows, with these initial states (1, B, H), of one direction; and whether it keeps."""


def segment_steps(whole: Layer, checkpoint: int | bool | None, memory_budget: int | None) -> int | None:
    """The time steps of a segment, whole blocks: as asked for, or as fit into the budget; None for no segments.

    Whether there are segments does not depend on a layer's input: all layers of a stack have them or none.
    """
    T, plan = whole.rows.T, whole.plan
    wanted = math.isqrt(T) if checkpoint is True else checkpoint or T
    if memory_budget is not None and plan.kept_pitch:  # Elman keeps nothing but its output
        wanted = min(wanted, memory_budget // (whole.rows.B * plan.directions * plan.kept_pitch * whole.item))
    return None if wanted >= T else max(1, wanted // plan.gradient_block) * plan.gradient_block


class Segments:
    """One layer run in segments; it takes the place of a `Layer`.

    Args:
        make: gives the layer for a segment.
        whole: the layer over all rows.
        first: the number of its first direction in `state`.
        state: the initial states, (L*D, B, H) each.
        steps: of a segment, whole blocks.
    """

    def __init__(self, make: MakeLayer, whole: Layer, first: int, state: Sequence[Tensor], steps: int) -> None:
        self._make, self._first, self._state = make, first, state
        self.rows, self.weights, self.x, self.keeps = whole.rows, whole.weights, whole.x, whole.keeps
        self._bounds = [(begin, min(begin + steps, self.rows.T)) for begin in range(0, self.rows.T, steps)]

    def _in_order(self, direction: int) -> list[tuple[int, Rows]]:
        """The segments with their numbers, in the order in which a direction reads them."""
        found = [(k, self.rows.segment(*bounds)) for k, bounds in enumerate(self._bounds)]
        return found[::-1] if direction else found

    def forward(self, every: Sequence[Tensor | None], final: Sequence[Tensor]) -> list[Tensor]:
        """As `Layer.forward`; what is kept are the states at the starts of segments, (D, segments, B, H) each."""
        D, (_, B, H) = len(self.weights), self._state[0].shape
        kept = [self.x.new_empty(D, len(self._bounds), B, H) for _ in final] if self.keeps else []
        for d in range(D):
            state = [one[self._first + d].unsqueeze(0) for one in self._state]
            for number, rows in self._in_order(d):
                for checkpoint, now in zip(kept, state, strict=False):
                    checkpoint[d, number] = now[0]
                after = [self.x.new_empty(1, B, H) for _ in final]
                self._make(rows, state, d, False).forward(every, after)
                state = after
            for one, last in zip(final, state, strict=True):
                one[self._first + d] = last[0]
        return kept

    def backward(
        self,
        every: Sequence[Tensor | None],
        kept: Sequence[Tensor],
        d_every: Sequence[Tensor | None],
        d_final: Sequence[Tensor | None],
        d_state: Sequence[Tensor],
        d_x: Sequence[Tensor],
        d_weights: Sequence[Weights],
    ) -> None:
        """As `Layer.backward`, segment by segment, from what each keeps of a second forward pass."""
        _, B, H = self._state[0].shape
        for d in range(len(self.weights)):
            gradient = [None if one is None else one[self._first + d].unsqueeze(0) for one in d_final]
            sums = None
            for number, rows in reversed(self._in_order(d)):
                layer = self._make(rows, [one[d, number].unsqueeze(0) for one in kept], d, True)
                again: list[Tensor] = []
                if layer.plan.kept_numbers:
                    again = layer.forward([], [self.x.new_empty(1, B, H) for _ in kept])
                before = [self.x.new_empty(1, B, H) for _ in kept]
                d_of_one = (d_x[d : d + 1], d_weights[d : d + 1])
                sums = layer.backward(every, again, d_every, gradient, before, *d_of_one, sums)
                gradient = list(before)
            for one, start in zip(d_state, gradient, strict=True):
                one[self._first + d] = 0 if start is None else start[0]
