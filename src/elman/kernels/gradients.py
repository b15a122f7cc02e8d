"""The gradients of weights, biases and a cell's parameters: sums over all steps and rows of dz, with x, with h, alone.

The sums go over fixed blocks of time steps counted from t = 0, the last block first, inside a block by step and row:
the same chain for any number of threads, and for a sequence that is taken in segments of whole blocks. A task has
some of the rows of the gradients.
"""

from typing import Any

from elman.kernels.arguments import COMMON
from elman.kernels.blocks import Block, Steps
from elman.kernels.emitter import Module
from elman.kernels.recurrence import ADDRESS_BYTES, Size
from elman.kernels.values import Int, Pointer, choose, minimum

ROWS_OF_A_TASK = 8
"""Rows of the gradients are dealt out in multiples of this, the rows of a tile."""


def scratch_places(rows: Size, batch: Size, widest: Size, itemsize: int) -> dict[str, Any]:
    """Where the parts of a task's scratch memory begin, in bytes; `end` is its size.

    Args:
        rows: of the gradients in one task, at most.
        batch: rows of the batch times steps of a block.
        widest: the larger of I and H, filled up to W.
        itemsize: bytes of a number.
    """
    sizes = {
        "packed": batch * widest * itemsize,
        "sums": rows * widest * itemsize,
        "addresses": rows * ADDRESS_BYTES,
    }
    places: dict[str, Any] = {}
    total: Any = 0
    for name, size in sizes.items():
        places[name] = total
        total = size + total
    return places | {"end": total}


def define_gradients(module: Module) -> None:
    """Emit `gradients(arguments*, task)`; it serves every cell, since their blocks begin alike."""
    with module.function("gradients", "arguments* task", public=True) as body:
        _Gradients(body).emit()


class _Gradients:
    def __init__(self, body: Any) -> None:
        self.body, self.W = body, body.module.lanes
        first = Block(body, body.arguments, COMMON)
        directions, size = first.int("directions"), first.int("block_bytes")
        direction, self.part = body.task % directions, body.task // directions
        self.block = block = Block(body, body.arguments.bytes_on(direction * size), COMMON)
        self.parts = block.int("gradient_tasks")
        self.H, self.I = block.int("hidden_size"), block.int("input_size")
        self.T, self.S, self.G = block.int("steps"), block.int("split"), block.int("gates")
        self.dz, self.dz_pitch = block.pointer("dz"), block.int("dz_pitch")
        self.dense, self.starts, self.order = (block.pointer(name) for name in ("dense", "starts", "order"))
        self.lengths, self.steps = block.pointer("lengths"), block.int("gradient_block")
        self.reverse = block.int("reverse").differs(0)
        self.x, self.every = Steps(block, "x"), Steps(block, "every", 0)
        scratch = block.pointer("gradient_scratch").bytes_on(body.task * block.int("gradient_scratch_bytes"))
        self.x_vectors, self.h_vectors = (self.I + (self.W - 1)) // self.W, (self.H + (self.W - 1)) // self.W
        widest = choose(self.x_vectors < self.h_vectors, self.h_vectors, self.x_vectors) * self.W
        self.low, self.high = self._part(self.G * self.H, ROWS_OF_A_TASK)
        places = scratch_places(self.high - self.low, self.steps * block.int("rows"), widest, body.module.itemsize)
        self.scratch_of = {name: scratch.bytes_on(place) for name, place in places.items()}

    def _part(self, whole: Int, unit: int) -> tuple[Int, Int]:
        """The share of this task of `whole` things that are dealt out by `unit`."""
        units = (whole + (unit - 1)) // unit
        low, high = (units * part // self.parts * unit for part in (self.part, self.part + 1))
        return minimum(low, whole), minimum(high, whole)

    def emit(self) -> None:
        block = self.block
        for name, vectors, size, order, window in (
            ("d_weight_ih", self.x_vectors, self.I, self.G, self.S),
            ("d_weight_hh", self.h_vectors, self.H, 0, 0),
        ):
            target = block.pointer(name)
            gates = block.pointer("gate_order").bytes_on(self.body.integer(order) * ADDRESS_BYTES)
            with self.body.when(target.address().differs(0) & (self.low < self.high)):
                self._weights(target, vectors, size, gates, self.body.integer(window) * self.H, name == "d_weight_ih")
        sums = block.pointer("d_sums")
        with self.body.when(sums.address().differs(0)):
            self._sums(sums)

    def _blocks(self, visit: Any) -> None:
        """For each block of steps, the last first: `visit(first step, end, its first dense row, how many)`."""
        count = (self.T + self.steps - 1) // self.steps
        with self.body.loop(count) as number:
            begin = (count - 1 - number) * self.steps
            end = minimum(begin + self.steps, self.T)
            first = self.dense.int_at(begin)
            visit(begin, end, first, self.dense.int_at(end) - first)

    def _weights(self, target: Pointer, vectors: Int, size: Int, gates: Pointer, window: Int, of_x: bool) -> None:
        body, W, pitch = self.body, self.W, vectors * self.W
        sums, addresses, packed = (self.scratch_of[name] for name in ("sums", "addresses", "packed"))

        def rows(visit: Any) -> None:
            with body.loop(self.high - self.low) as r:
                c = self.low + r
                row = gates.int_at(c // self.H) * self.H + c % self.H
                visit(r, sums + r * pitch, target + row * size)

        def begin(r: Int, ours: Pointer, given: Pointer) -> None:
            addresses.set_pointer(r, ours)
            with body.loop(vectors) as j:
                ours.store(j * W, given.vector(j * W, size - j * W))

        rows(begin)

        def visit(begin: Int, end: Int, first: Int, count: Int) -> None:
            with body.when(count > 0):
                self._pack(packed, vectors, size, begin, end, count, of_x)
                body.call(
                    self.block.pointer("transposed_product"), self.dz + (first * self.dz_pitch + window + self.low),
                    self.dz_pitch, addresses, packed, count * W, count, self.high - self.low, vectors,
                )  # fmt: skip

        self._blocks(visit)

        def finish(_: Int, ours: Pointer, given: Pointer) -> None:
            with body.loop(vectors) as j:
                given.store(j * W, ours.vector(j * W), size - j * W)

        rows(finish)

    def _pack(self, packed: Pointer, vectors: Int, size: Int, begin: Int, end: Int, count: Int, of_x: bool) -> None:
        """The rows of x, or of the states before each step, of one block in packed columns."""
        body, W = self.body, self.W
        k = body.variable(0)
        with body.loop(end, start=begin) as t:
            active = self.dense.int_at(t + 1) - self.dense.int_at(t)
            with body.loop(active) as place:
                row = self.order.int_at(place)
                source = self.x.at(self.starts.int_at(t), row) if of_x else self._h_before(t, place, row)
                with body.loop(vectors) as j:
                    (packed + (j * count + k.get()) * W).store(0, source.vector(j * W, size - j * W))
                k.set(k.get() + 1)

    def _h_before(self, t: Int, place: Int, row: Int) -> Pointer:
        first = choose(self.reverse, self.lengths.int_at(place) - 1, self.body.integer(0)).equals(t)
        t_before = choose(first, t, choose(self.reverse, t + 1, t - 1))
        start = self.block.pointer("h_0_0") + row * self.block.int("h_0_row_0")
        other = self.every.at(self.starts.int_at(t_before), row)
        return choose(first, start.address(), other.address()).pointer()

    def _sums(self, sums: Pointer) -> None:
        """The sum of dz itself over all rows, in the kernels' order of gates, and of the parameters' gradients."""
        body, W = self.body, self.W
        low, high = self._part(self.dz_pitch, W)

        def visit(begin: Int, end: Int, first: Int, count: Int) -> None:
            with body.loop(high, start=low, step=W) as c:
                total = body.variable(body.vector(0.0))
                with body.loop(count) as k:
                    total.set(total.get() + (self.dz + (first + k) * self.dz_pitch).vector(c))
                sums.store(c, sums.vector(c) + total.get())

        self._blocks(visit)
