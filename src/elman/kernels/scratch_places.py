"""Where the parts of a task's scratch memory begin, in bytes; `end` is their size.

Compiled code and the plans of calls have the same from here: sizes are integers, or integers of compiled code.
"""

from typing import Any, Final, TypeVar

from elman.kernels.values import Int

Places = dict[str, Any]
Size = TypeVar("Size", int, Int)
ADDRESS_BYTES: Final = 8
ROWS_OF_A_TASK: Final = 8
"""Rows of the gradients are dealt out in multiples of this, the rows of a tile."""


def forward_places(rows: Size, block: Size, h_pitch: Size, z_pitch: Size, states: int, itemsize: int) -> Places:
    """Where the parts of a forward task's scratch memory begin, in bytes; `end` is its size."""
    sizes = {
        "h": rows * h_pitch * (2 * itemsize),  # read from one while the other is written
        "others": rows * h_pitch * ((states - 1) * itemsize),
        "z": rows * block * z_pitch * itemsize,
        "h_addresses": rows * (2 * ADDRESS_BYTES),
        "x_addresses": rows * block * ADDRESS_BYTES,
        "z_addresses": rows * block * ADDRESS_BYTES,
        "zx_addresses": rows * block * ADDRESS_BYTES,
    }
    return _one_after_another(sizes)


def backward_places(rows: Size, block: Size, h_pitch: Size, x_pitch: Size, states: int, itemsize: int) -> Places:
    """Where the parts of a backward task's scratch memory begin, in bytes; `end` is its size."""
    sizes = {
        "d_states": rows * h_pitch * (states * itemsize),
        "d_x": rows * block * x_pitch * itemsize,
        "h_addresses": rows * ADDRESS_BYTES,
        "dz_addresses": rows * ADDRESS_BYTES,
        "dzx_addresses": rows * block * ADDRESS_BYTES,
        "d_x_addresses": rows * block * ADDRESS_BYTES,
        "targets": rows * block * ADDRESS_BYTES,
    }
    return _one_after_another(sizes)


def gradient_places(rows: Size, batch: Size, x_pitch: Size, h_pitch: Size, itemsize: int) -> Places:
    """Where the parts of a task's scratch memory begin, in bytes; `end` is its size.

    Args:
        rows: of the gradients in one task, at most.
        batch: rows of the batch times steps of a block.
        x_pitch: I, filled up to W.
        h_pitch: H, filled up to W.
        itemsize: bytes of a number.
    """
    sizes = {
        "packed": batch * (x_pitch + h_pitch) * itemsize,
        "sums_ih": rows * x_pitch * itemsize,
        "sums_hh": rows * h_pitch * itemsize,
        "addresses_ih": rows * ADDRESS_BYTES,
        "addresses_hh": rows * ADDRESS_BYTES,
    }
    return _one_after_another(sizes)


def _one_after_another(sizes: Places) -> Places:
    places: Places = {}
    total: Any = 0
    for name, size in sizes.items():
        places[name] = total
        total = size + total
    return places | {"end": total}
