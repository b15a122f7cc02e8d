"""Stretches of time: backpropagation and the sums over its dz take turns, so that dz is read while it is in the cache.

A stretch is some blocks of time steps, counted from t = 0 as the sums count them. What a sum adds up, and in which
order, does not depend on how many blocks are taken at once.
"""

from collections.abc import Sequence

from elman.kernels.blocks import Block
from elman.kernels.emitter import Body
from elman.kernels.values import Int, Pointer, choose, maximum, minimum


def count_stretches(block: Block) -> Int:
    """How many stretches there are."""
    steps = block.int("gradient_block") * block.int("blocks_at_once")
    return (block.int("steps") + steps - 1) // steps


def set_stretch(body: Body, names: Sequence[str], number: Int) -> None:
    """Tell the block of each direction which steps come next, as numbers in the order of its backward pass."""
    with body.loop(Block(body, body.arguments, names).int("directions")) as direction:
        block = Block(body, body.arguments, names, direction)
        T, steps, at_once = block.int("steps"), block.int("gradient_block"), block.int("blocks_at_once")
        blocks, reverse = (T + steps - 1) // steps, block.int("reverse").differs(0)

        def before(stretches: Int) -> Int:
            """The steps of so many stretches: from t = 0 on for the reverse direction, down from T for the other."""
            left = maximum(blocks - stretches * at_once, 0)
            return choose(reverse, minimum(stretches * at_once * steps, T), T - minimum(left * steps, T))

        block.set("s_begin", before(number))
        block.set("s_end", before(number + 1))


def first_step(block: Block) -> Int:
    """The lowest time step of the stretch."""
    return choose(block.int("reverse").differs(0), block.int("s_begin"), block.int("steps") - block.int("s_end"))


def dz_of_stretch(block: Block, dense: Pointer) -> Pointer:
    """Where dz of the dense row 0 would be: there is only that of the stretch's own rows."""
    return block.pointer("dz") + (0 - dense.int_at(first_step(block))) * block.int("dz_pitch")
