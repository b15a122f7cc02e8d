"""The gradients of the output layer y = x W^T + b: of x by the layer's own kernel with W read by rows, and of W here.

Sums over all rows go over fixed blocks of them, inside a block by row: the same bits for any number of threads.
"""

from array import array
from functools import lru_cache
from typing import Final

from elman.kernels.blocks import Block
from elman.kernels.emitter import Body, Module
from elman.kernels.target import ITEMSIZE
from elman.kernels.values import minimum

ADDRESS_BYTES: Final = 8
NAMES: Final = (
    # a task has some of the rows of d_weight (N, K): sums over all rows of d_y (rows, N) times x (rows, K)
    "d_y", "d_y_row", "x", "x_row", "rows", "K", "N", "d_weight", "vectors", "block", "pitch", "tasks", "scratch",
    "scratch_bytes",
)  # fmt: skip
_INDEX: Final = {name: k for k, name in enumerate(NAMES)}
_ROWS_OF_A_TASK: Final = 24  # what d_weight's rows are dealt out by: whole tiles, of 6 or of 8 rows
_PACKED_NUMBERS: Final = 64 * 1024  # of a block of x
_SERIAL_FLOPS: Final = 2e6
_LINE: Final = 64


def define_linear_gradients(module: Module, run: Body) -> None:
    """Emit `linear_gradients(control*, arguments*, tasks)`, which adds to d_weight."""
    with module.function("linear_gradients_task", "arguments* task") as body:
        _task(body)
    with module.function("linear_gradients", "control* arguments* tasks", public=True) as outer:
        outer.call(run, outer.control, outer.address_of(body), outer.arguments, outer.tasks)


def _task(body: Body) -> None:
    W, block = body.module.lanes, Block(body, body.arguments, NAMES)
    K, N, rows, size, vectors = (block.int(name) for name in ("K", "N", "rows", "block", "vectors"))
    units = (N + (_ROWS_OF_A_TASK - 1)) // _ROWS_OF_A_TASK
    low, high = (
        minimum(units * part // block.int("tasks") * _ROWS_OF_A_TASK, N) for part in (body.task, body.task + 1)
    )
    addresses = block.pointer("scratch").bytes_on(body.task * block.int("scratch_bytes"))
    packed = addresses.bytes_on((N + 7) // 8 * (8 * ADDRESS_BYTES))
    apart, pitch = packed + size * vectors * W, block.int("pitch")
    # Where rows of d_weight are whole vectors, sums are taken in the caller's own.
    with body.loop(high - low) as r:
        given = block.pointer("d_weight") + (low + r) * K
        with body.choose(pitch.equals(0)) as (whole, copied):
            with whole:
                addresses.set_pointer(r, given)
            with copied:
                ours = apart + r * pitch
                addresses.set_pointer(r, ours)
                with body.loop(vectors) as j:
                    ours.store(j * W, given.vector(j * W, K - j * W))
    with body.loop((rows + (size - 1)) // size) as number:
        start = number * size
        count = minimum(size, rows - start)
        with body.loop(count) as k:
            source = block.pointer("x") + (start + k) * block.int("x_row")
            with body.loop(vectors) as j:
                (packed + (j * count + k) * W).store(0, source.vector(j * W, K - j * W))
        d_y_row = block.int("d_y_row")
        body.call(
            body.module.ir.get_global("transposed_product"), block.pointer("d_y") + (start * d_y_row + low), d_y_row,
            addresses, packed, count * W, count, high - low, vectors,
        )  # fmt: skip
    with body.when(pitch > 0), body.loop(high - low) as r, body.loop(vectors) as j:
        target = block.pointer("d_weight") + (low + r) * K
        target.store(j * W, addresses.pointer_at(r).vector(j * W), K - j * W)


class LinearGradientsPlan:
    """The numbers of a call that its shapes decide.

    Args:
        dtype: "float32" or "float64".
        lanes: W, the numbers in a vector.
        rows: of x and d_y.
        K: numbers in a row of x. N: numbers in a row of d_y.
        threads: how many may be used; it changes no bit of a result.
    """

    def __init__(self, dtype: str, lanes: int, rows: int, K: int, N: int, threads: int) -> None:
        item, vectors = ITEMSIZE[dtype], -(-K // lanes)
        pitch = 0 if K % lanes == 0 else vectors * lanes
        block = max(64, min(256, _PACKED_NUMBERS // (vectors * lanes)))
        threads = threads if 2.0 * rows * K * N > _SERIAL_FLOPS else 1
        self.tasks = self.threads = max(1, min(threads, -(-N // _ROWS_OF_A_TASK)))
        of_a_task = (-(-N // (_ROWS_OF_A_TASK * self.tasks)) + 1) * _ROWS_OF_A_TASK
        size = -(-N // 8) * 8 * ADDRESS_BYTES + (block * vectors * lanes + of_a_task * pitch) * item
        size = -(-size // _LINE) * _LINE
        self.size = size * self.tasks
        values = {
            "rows": rows, "K": K, "N": N, "vectors": vectors, "block": block, "pitch": pitch, "tasks": self.tasks,
            "scratch_bytes": size,
        }  # fmt: skip
        self._template = array("q", [values.get(name, 0) for name in NAMES])

    def call(self, scratch: int, **values: int) -> "array[int]":
        """The block of `arguments` of one call.

        Args:
            scratch: the address of `size` bytes.
            values: where x, d_y and d_weight are, by name.
        """
        numbers = self._template[:]
        for name, value in {"scratch": scratch, **values}.items():
            numbers[_INDEX[name]] = value
        return numbers


linear_gradients_plan = lru_cache(maxsize=512)(LinearGradientsPlan)
"""The plan for a shape, made once; the arguments are those of `LinearGradientsPlan`."""
