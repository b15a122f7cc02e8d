"""What a layer hands to its compiled functions: one block of 64-bit numbers for each direction, by name.

Counts are in numbers (not bytes) unless the name says so; addresses are of the first number. A row is one sequence of
the batch. `starts[t]` is what stands in the place of t in the caller's arrays: t itself, or where the steps of a
PackedSequence begin; row b at step t of an array is `starts[t] * x_step + b * x_row` on. `dense[t]` counts the valid
(t, row) before step t; the kernels' own arrays have no padding. `order` are the rows from the longest to the shortest,
`lengths` their lengths; with `pads` the caller's arrays have padding, to be filled with 0.

Gradients of weights are written, or with `adds` added to. Backpropagation takes stretches of `blocks_at_once` blocks of
`gradient_block` steps, in which dz is kept: those that come as number `s_begin` to `s_end`; compiled code sets these.

A block is [the plan's | the call's | the first state's | other states', parameters', masks'], so that what a call
sets stands together.
"""

from collections.abc import Sequence

from elman.equations import Cell

OF_THE_PLAN = """
    block_bytes steps rows input_size hidden_size gates split reverse directions groups gate_order
    front vectors z_pitch h_pitch kept_pitch dz_pitch scratch_bytes block
    gradient_block gradient_tasks gradient_scratch_bytes blocks_at_once s_begin s_end
    product added_product transposed_product pack_columns pack_rows pack_bias gradients
    order lengths starts dense pads
    packed_bias packed_parameters packed_ih packed_hh scratch
    packed_ih_back packed_hh_back dz gradient_scratch
"""
OF_THE_CALL = """
    x x_step x_row kept weight_ih weight_hh bias_ih bias_hh
    d_x d_x_step d_x_row d_sums adds d_weight_ih d_weight_hh d_bias_ih d_bias_hh
"""
OF_A_STATE = """
    h_0 h_0_row every every_step every_row h_n h_n_row
    d_h_0 d_h_0_row d_every d_every_step d_every_row d_h_n d_h_n_row
"""
OF_A_PARAMETER = "parameter d_parameter parameter_per_unit"
OF_A_MASK = "mask mask_step mask_row"

COMMON = [*OF_THE_PLAN.split(), *OF_THE_CALL.split(), *(f"{name}_0" for name in OF_A_STATE.split())]
"""Where the blocks of all cells are alike."""


def argument_names(states: int, parameters: int, masks: int) -> list[str]:
    """The names of a block, in order; those of a state, parameter or mask end in its number."""
    names = list(COMMON)
    names += [f"{name}_{k}" for k in range(1, states) for name in OF_A_STATE.split()]
    names += [f"{name}_{k}" for k in range(parameters) for name in OF_A_PARAMETER.split()]
    names += [f"{name}_{k}" for k in range(masks) for name in OF_A_MASK.split()]
    return names


def gate_order(cell: Cell) -> tuple[Sequence[int], Sequence[int]]:
    """The order of the gates in the kernels' rows: those of the product with h, those of the product with x.

    A row is [split gates' part of h | gates that are not split | split gates' part of x]. So what W_hh h adds to is the
    first G*H numbers, what W_ih x adds to the last G*H.
    """
    split = [k for k, name in enumerate(cell.gates) if name in cell.split]
    whole = [k for k, name in enumerate(cell.gates) if name not in cell.split]
    return [*split, *whole], [*whole, *split]
