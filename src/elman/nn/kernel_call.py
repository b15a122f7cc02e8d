"""What one layer of a call hands to the kernels: its tensors as addresses and strides, in the order of `arguments`."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from elman.equations import Cell
from elman.kernels import pool
from elman.kernels.compiled import CompiledCell, compiled_cell
from elman.kernels.memory import LARGE, Scratch, borrowed, scratch
from elman.kernels.plan import Call, Plan, plan
from elman.kernels.rows import Rows
from elman.nn.weights import Weights

DTYPES = {torch.float32: "float32", torch.float64: "float64"}
"""The dtypes that there are kernels for."""

NOWHERE = (0, 0, 0)


class Layer:
    """One layer of a stack, both directions, over a batch.

    Args:
        cell: the equation.
        rows: the batch.
        x: (T, B, I), or (N, I) packed.
        weights: for each direction.
        state: the initial states, (L*D, B, H) each.
        masks: (L*D, B, H) or (L*D, T, B, H) each.
        layer: the number of the layer, to find it in state and masks; with `own_state` only in masks.
        directions: those to run, of all there are: 0, and 1 for the reverse one.
        num_directions: how many there are.
        keeps: whether forward keeps what backward needs.
        own_state: state is (D, B, H), of this layer's directions to run alone.
    """

    def __init__(
        self,
        cell: Cell,
        rows: Rows,
        x: Tensor,
        weights: Sequence[Weights],
        state: Sequence[Tensor],
        masks: Sequence[Tensor],
        layer: int,
        directions: tuple[int, ...],
        num_directions: int,
        keeps: bool,
        own_state: bool = False,
    ) -> None:
        self.rows, self.item, self.directions, self.keeps = rows, x.element_size(), directions, keeps
        self._first_mask = layer * num_directions + directions[0]
        self._first_state = 0 if own_state else self._first_mask
        self.x, self.weights = together(x), [_contiguous(one) for one in weights]
        self.state, self.masks = [together(one) for one in state], [together(one) for one in masks]
        self.H = state[0].shape[-1]
        self.compiled: CompiledCell = compiled_cell(cell, DTYPES[x.dtype])
        size = (x.shape[-1], self.H, directions, rows.valid_steps, torch.get_num_threads())
        self.plan: Plan = plan(self.compiled, rows.T, rows.B, *size)

    def forward(self, every: Sequence[Tensor | None], final: Sequence[Tensor]) -> list[Tensor]:
        """Unroll.

        Args:
            every: for each state that is given out at every step a tensor (T, B, D*H) or (N, D*H), the first state's
                first; others as (D, T, B, H).
            final: (L*D, B, H), to be written for each state.

        Returns:
            What backward needs besides: (D, numbers), or nothing.
        """
        plan = self.plan
        kept = [new(self.x, plan.directions, plan.kept_numbers)] if self.keeps and plan.kept_numbers else []
        memory, call = self._begin(False)
        for d in range(self.plan.directions):
            self._write(call, d, every, kept, final)
        run(plan.threads, self.compiled.unroll, call.address, plan.tasks)
        del memory
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
        sums: Tensor | None = None,
    ) -> Tensor | None:
        """Backpropagate through time; the gradients are of the shapes of what they belong to.

        Args:
            every: as forward wrote it.
            kept: as forward gave it.
            d_every: gradients of `every`, or None.
            d_final: gradients of the last states, or None.
            d_state: to be written.
            d_x: to be written, one for each direction; or none.
            d_weights: to be written, one for each direction; or none.
            sums: of an earlier call, whose gradients of weights are to be added to.

        Returns:
            What a later call that adds to the same gradients is given as `sums`.
        """
        memory, call = self._begin(True)
        adds = sums is not None
        sums = self.new_sums() if d_weights and sums is None else sums
        for d in range(self.plan.directions):
            self._write(call, d, every, kept)
            found = [*(self._steps(d_x[d]) if d_x else NOWHERE), address(sums, d), int(adds)]
            if d_weights:
                found += [address(one) for one in d_weights[d][:4]]
                for k, one in enumerate(d_weights[d].parameters):
                    call.write(d, f"d_parameter_{k}", [one.data_ptr()])
            call.write(d, "d_x", found)
            for k, one in enumerate(d_state):
                steps = self._every(d_every[k], k, d) if k < len(d_every) else NOWHERE
                values = [*self._of_a_row(one, d), *steps, *self._of_a_row(d_final[k], d)]
                call.write(d, f"d_h_0_{k}", values)
        plan = self.plan
        run(plan.threads_back, self.compiled.backpropagate, call.address, plan.tasks, plan.gradient_tasks)
        del memory
        return sums

    def new_sums(self) -> Tensor:
        """Zeros, which the gradients of biases and parameters are added up in."""
        return self.x.new_zeros(self.plan.directions, self.plan.sums_numbers)

    def _begin(self, backward: bool) -> tuple[Scratch, Call]:
        plan = self.plan
        memory = scratch((plan.backward_memory if backward else plan.forward_memory).size)
        return memory, plan.calls(memory.address)[backward].copy(self.rows)

    def _write(
        self,
        call: Call,
        d: int,
        every: Sequence[Tensor | None],
        kept: Sequence[Tensor],
        final: Sequence[Tensor] = (),
    ) -> None:
        """What forward and backward have in common."""
        weights = self.weights[d]
        keep = address(kept[0], d) - self.rows.before * self.plan.kept_pitch * self.item if kept else 0
        call.write(d, "x", [*self._steps(self.x), keep, *(address(one) for one in weights[:4])])
        for k, one in enumerate(self.state):
            steps = self._every(every[k], k, d) if k < len(every) else NOWHERE
            last = self._of_a_row(final[k], d) if final else ()
            call.write(d, f"h_0_{k}", [*self._of_a_row(one, d), *steps, *last])
        for k, one in enumerate(weights.parameters):
            call.write(d, f"parameter_{k}", [one.data_ptr()])
        for k, one in enumerate(self.masks):
            number, strides = self._first_mask + d, one.stride()
            step = strides[1] if one.dim() == 4 else 0
            call.write(d, f"mask_{k}", [one.data_ptr() + number * strides[0] * self.item, step, strides[-2]])

    def _steps(self, one: Tensor, place: int = 0) -> tuple[int, int, int]:
        """Where the rows of each step are, from a number on: (T, B, F), or (N, F) packed."""
        strides = one.stride()
        return one.data_ptr() + place * self.item, strides[0], strides[-2]

    def _every(self, one: Tensor | None, k: int, d: int) -> tuple[int, int, int]:
        """The same for a state of one direction: the first state's directions stand side by side, others' apart."""
        if one is None:
            return NOWHERE
        direction = self.directions[d]
        if k == 0:
            return self._steps(one, direction * self.H)
        strides = one.stride()
        return one.data_ptr() + direction * strides[0] * self.item, strides[1], strides[-2]

    def _of_a_row(self, one: Tensor | None, d: int) -> tuple[int, int]:
        """Where the rows of (L*D, B, H) are, of one direction."""
        if one is None:
            return 0, 0
        strides = one.stride()
        return one.data_ptr() + (self._first_state + d) * strides[0] * self.item, strides[1]


def new(like: Tensor, *shape: int) -> Tensor:
    """Memory for the kernels to write; that of a large tensor, which nobody holds any more, is used again.

    What torch allocates and frees at each step of training goes back to the system in between, and to map it again
    while two threads compute took a third of the time (H = 128, B = 32).
    """
    size = math.prod(shape) * like.element_size()
    if size < LARGE:
        return like.new_empty(shape)
    # Viewed by NumPy: a view of torch's could not be changed in place where autograd is on.
    return torch.from_numpy(borrowed(size).view(DTYPES[like.dtype]).reshape(shape))


def run(threads: int, function: Callable[..., None], *arguments: int) -> None:
    """Call compiled code, with the workers if there is work for more than one thread."""
    control = pool.enter(threads) if threads > 1 else 0
    try:
        function(control, *arguments)
    finally:
        if control:
            pool.leave(control)


def address(one: Tensor | None, place: int = 0) -> int:
    """Of the first number of a tensor, or of its part `place`; 0 for None."""
    if one is None:
        return 0
    return one.data_ptr() + place * one.stride(0) * one.element_size() if place else one.data_ptr()


def together(one: Tensor) -> Tensor:
    """The tensor, or a copy if the numbers of a row do not stand together, or have their sign in a flag of torch's."""
    if one.stride(-1) == 1 and not one.is_neg():
        return one
    one = one.resolve_neg()
    return one if one.shape[-1] <= 1 else one.contiguous()


def _contiguous(weights: Weights) -> Weights:
    for one in (*weights[:4], *weights.parameters):
        if one is not None and (one.is_neg() or not one.is_contiguous()):
            break
    else:
        return weights
    ih, hh, b_ih, b_hh = (None if one is None else one.resolve_neg().contiguous() for one in weights[:4])
    parameters = [one.resolve_neg().contiguous() for one in weights.parameters]
    return Weights(ih, hh, b_ih, b_hh, parameters)  # type: ignore[arg-type]
