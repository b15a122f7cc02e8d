"""The output layer: y = x W^T + b for any number of rows, through the products that the recurrences are made of.

torch's Linear gives one row other bits than the same row among others. Here each number is one chain, from the bias on.
"""

from array import array
from functools import lru_cache
from typing import Final

from elman.kernels.blocks import Block, Steps, Units
from elman.kernels.emitter import Body, Module
from elman.kernels.target import ITEMSIZE
from elman.kernels.values import Int, choose

ADDRESS_BYTES: Final = 8
NAMES: Final = (
    # x[t, b] and out[t, b] are rows of K and N numbers; a task has every `tasks`-th block of rows, b the faster
    "x", "x_step", "x_row", "out", "out_step", "out_row", "steps", "rows", "K", "N", "tasks",
    "weight", "bias", "packed_weight", "packed_bias", "vectors", "one_gate", "block", "pitch",
    "scratch", "scratch_bytes",
)  # fmt: skip
"""A block of 64-bit numbers, as `arguments` describes those of a recurrent layer."""

_INDEX: Final = {name: k for k, name in enumerate(NAMES)}
_ROWS: Final = 48  # of a block: whole tiles, of 6 or of 8 rows
_BLOCK_BYTES: Final = 128 * 1024  # of results, where rows that end within a vector have to be copied
_SERIAL_FLOPS: Final = 2e6
_ROWS_OF_A_TASK: Final = 12
_ONE_GATE: Final = array("q", [0])
_LINE: Final = 64


def define_linear(module: Module, run: Body) -> None:
    """Emit `pack_linear(arguments*)`, `linear(arguments*, task)` and `linear_pass(control*, arguments*, tasks)`.

    `pack_linear_back(arguments*)` packs a weight (K, N) that is not transposed, without a bias: for d_x = d_y W.
    """
    with module.function("pack_linear", "arguments*", public=True) as body:
        _pack(body)
    with module.function("pack_linear_back", "arguments*", public=True) as body:
        block = Block(body, body.arguments, NAMES)
        target, weight, order = block.pointer("packed_weight"), block.pointer("weight"), block.pointer("one_gate")
        body.call(module.ir.get_global("pack_rows"), target, weight, order, 1, block.int("K"), block.int("N"))
        Units(body, block.int("N")).fill(block.pointer("packed_bias"), body.vector(0.0))
    with module.function("linear", "arguments* task", public=True) as linear:
        _linear(linear)
    with module.function("linear_pass", "control* arguments* tasks", public=True) as body:
        body.call(run, body.control, body.address_of(linear), body.arguments, body.tasks)


def _pack(body: Body) -> None:
    block = Block(body, body.arguments, NAMES)
    N, bias, packed = block.int("N"), block.pointer("bias"), block.pointer("packed_bias")
    pack_columns = body.module.ir.get_global("pack_columns")
    target, weight, order = block.pointer("packed_weight"), block.pointer("weight"), block.pointer("one_gate")
    body.call(pack_columns, target, weight, order, 1, N, block.int("K"), 0)
    units = Units(body, N)
    with body.choose(bias.address().differs(0)) as (given, absent):
        with given:
            # A sum with 0, as the recurrence makes of its biases: -0 becomes 0.
            units.each(lambda u, count: packed.store(u, body.vector(0.0) + bias.vector(u, count)))
        with absent:
            units.fill(packed, body.vector(0.0))


def _linear(body: Body) -> None:
    block = Block(body, body.arguments, NAMES)
    rows, size, tasks = block.int("rows"), block.int("block"), block.int("tasks")
    total = block.int("steps") * rows
    with body.loop((total + (size - 1)) // size) as number, body.when((number % tasks).equals(body.task)):
        start = number * size
        count = choose(total - start < size, total - start, size)
        _block_of_rows(body, block, start, count, rows)


def _block_of_rows(body: Body, block: Block, start: Int, count: Int, rows: Int) -> None:
    W, size, N = body.module.lanes, block.int("block"), block.int("N")
    of_x = block.pointer("scratch").bytes_on(body.task * block.int("scratch_bytes"))
    of_z = of_x.bytes_on(size * ADDRESS_BYTES)
    z = of_z.bytes_on(size * ADDRESS_BYTES)
    x, out, bias = Steps(block, "x"), Steps(block, "out"), block.pointer("packed_bias")
    pitch, vectors = block.int("pitch"), block.int("vectors")
    with body.loop(count) as i:
        t, b = (start + i) // rows, (start + i) % rows
        of_x.set_pointer(i, x.at(t, b))
        # Where rows are whole vectors, products go on in the caller's own.
        with body.choose(pitch.equals(0)) as (whole, apart):
            with whole:
                of_z.set_pointer(i, out.at(t, b))
            with apart:
                of_z.set_pointer(i, z + i * pitch)
        row = of_z.pointer_at(i)
        with body.loop(vectors) as v:
            row.store(v * W, bias.vector(v * W))
    K = block.int("K")
    product = body.module.ir.get_global("product")
    body.call(product, of_x, 0, of_z, block.pointer("packed_weight"), K * W, K, count, vectors)
    with body.when(pitch > 0):
        units = Units(body, N)
        with body.loop(count) as i:
            units.copy_out(out.at((start + i) // rows, (start + i) % rows), z + i * pitch)


class LinearPlan:
    """The numbers of a call that its shapes decide, as `plan.Plan` has them for a recurrent layer.

    Args:
        dtype: "float32" or "float64".
        lanes: W, the numbers in a vector.
        steps, rows: how many rows there are, in two dimensions.
        K: numbers in a row of x. N: numbers in a row of the result.
        threads: how many may be used; it changes no bit of a result.
    """

    def __init__(self, dtype: str, lanes: int, steps: int, rows: int, K: int, N: int, threads: int) -> None:
        item, total = ITEMSIZE[dtype], steps * rows
        vectors = -(-N // lanes)
        pitch = 0 if N % lanes == 0 else vectors * lanes
        self.block = min(total, _ROWS, max(_ROWS // 2, _BLOCK_BYTES // max(1, pitch * item)))
        blocks = -(-total // max(1, self.block))
        if 2.0 * total * K * N > _SERIAL_FLOPS and threads > 1 and total >= 2 * _ROWS_OF_A_TASK:
            # As many rows for each thread, and no block of a few rows at the end.
            blocks = -(-blocks // threads) * threads
            self.block = -(-total // blocks)
            blocks = -(-total // self.block)
        else:
            threads = 1
        self.tasks = self.threads = max(1, min(threads, blocks))
        self._parts = {
            "packed_weight": vectors * lanes * K * item,
            "packed_bias": vectors * lanes * item,
        }
        self._scratch = _up(self.block * (2 * ADDRESS_BYTES + pitch * item))
        self.packed_size = sum(_up(size) for size in self._parts.values())
        self.scratch_size = self._scratch * self.tasks
        self.size = self.packed_size + self.scratch_size
        values = {
            "steps": steps, "rows": rows, "K": K, "N": N, "tasks": self.tasks, "vectors": vectors, "block": self.block,
            "pitch": pitch, "scratch_bytes": self._scratch, "one_gate": _ONE_GATE.buffer_info()[0],
        }  # fmt: skip
        self._template = array("q", [values.get(name, 0) for name in NAMES])

    def call(self, packed: int, scratch: int, **values: int) -> "array[int]":
        """The block of `arguments` of one call.

        Args:
            packed: the address of `packed_size` bytes for the weights. scratch: that of `scratch_size` bytes.
            values: where x, out, weight and bias are, by name.
        """
        numbers = self._template[:]
        for name, size in self._parts.items():
            numbers[_INDEX[name]] = packed
            packed += _up(size)
        numbers[_INDEX["scratch"]] = scratch
        for name, value in values.items():
            numbers[_INDEX[name]] = value
        return numbers


linear_plan = lru_cache(maxsize=512)(LinearPlan)
"""The plan for a shape, made once; the arguments are those of `LinearPlan`."""


def linear_index(name: str) -> int:
    """Where a number is in the block."""
    return _INDEX[name]


def _up(size: int) -> int:
    return -(-size // _LINE) * _LINE
