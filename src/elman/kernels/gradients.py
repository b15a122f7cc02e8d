"""The gradients of weights, biases and a cell's parameters: sums over all steps and rows of dz, with x, with h, alone.

The sums go over fixed blocks of time steps counted from t = 0, the last block first (of the reverse direction the
first, since its backward pass begins there), inside a block by step and row: the same chain for any number of threads,
and for a sequence that is taken in segments of whole blocks. A task has some of the rows of the gradients.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from elman.kernels.arguments import COMMON
from elman.kernels.blocks import Block, Steps, Units
from elman.kernels.emitter import Module
from elman.kernels.scratch_places import ADDRESS_BYTES, ROWS_OF_A_TASK, gradient_places
from elman.kernels.stretch import dz_of_stretch, first_step
from elman.kernels.values import Int, Pointer, choose, minimum


def define_gradients(module: Module) -> None:
    """Emit `gradients(arguments*, task)`; it serves every cell, since their blocks begin alike."""
    with module.function("gradients", "arguments* task", public=True) as body:
        _Gradients(body).emit()


class Source(NamedTuple):
    """The rows at places from `begin` to `end`: row number r is `start + r * row`."""

    start: Pointer
    row: Int
    begin: Int
    end: Int


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
        self.dense, self.starts, self.order = (block.pointer(name) for name in ("dense", "starts", "order"))
        self.dz, self.dz_pitch = dz_of_stretch(block, self.dense), block.int("dz_pitch")
        self.steps = block.int("gradient_block")
        self.reverse = block.int("reverse").differs(0)
        self.zero = body.integer(0)
        self.x, self.every = Steps(block, "x"), Steps(block, "every", 0)
        scratch = block.pointer("gradient_scratch").bytes_on(body.task * block.int("gradient_scratch_bytes"))
        self.low, self.high = self._part(self.G * self.H, ROWS_OF_A_TASK)
        x_pitch, h_pitch = ((size + (self.W - 1)) // self.W * self.W for size in (self.I, self.H))
        batch = self.steps * block.int("rows")
        places = gradient_places(self.high - self.low, batch, x_pitch, h_pitch, body.module.itemsize)
        self.scratch_of = {name: scratch.bytes_on(place) for name, place in places.items()}

    def _part(self, whole: Int, unit: int) -> tuple[Int, Int]:
        """The share of this task of `whole` things that are dealt out by `unit`."""
        units = (whole + (unit - 1)) // unit
        low, high = (units * part // self.parts * unit for part in (self.part, self.part + 1))
        return minimum(low, whole), minimum(high, whole)

    def emit(self) -> None:
        sums = self.block.pointer("d_sums")
        with self.body.when(sums.address().differs(0)):
            weights = [
                _Weights(self, "ih", self.I, self.G, self.S * self.H, self._x),
                _Weights(self, "hh", self.H, self.zero, self.zero, self._h_before),
            ]
            for one in weights:
                one.begin()
            # All three sums of a block while its dz is in the cache; the last one first, as backpropagation comes by.
            low = first_step(self.block)
            high = low + self.block.int("s_end") - self.block.int("s_begin")
            count = (high - low + self.steps - 1) // self.steps
            with self.body.loop(count) as number:
                begin = low + choose(self.reverse, number, count - 1 - number) * self.steps
                end = minimum(begin + self.steps, high)
                first = self.dense.int_at(begin)
                rows = self.dense.int_at(end) - first
                with self.body.when(rows > 0):
                    for one in weights:
                        one.add(begin, end, first, rows)
                    self._add_sums(sums, first, rows)
            for one in weights:
                one.finish()

    def _x(self, t: Int, rows: Int) -> list[Source]:
        return [Source(self.x.at(self.starts.int_at(t), self.zero), self.x.row, self.zero, rows)]

    def _h_before(self, t: Int, rows: Int) -> list[Source]:
        """The states before step t: of the rows that have just begun, which are the last, the initial ones."""
        ahead = choose(self.reverse, t + 1, t)  # dense[ahead + 1] - dense[ahead]: the rows that run beside this step
        last = t + 1 >= self.T
        beside = self.dense.int_at(choose(last, self.T, t + 2)) - self.dense.int_at(minimum(ahead, self.T))
        goes_on = choose(self.reverse, choose(last, self.zero, beside), choose(t.equals(0), self.zero, rows))
        other = choose(self.reverse, minimum(t + 1, self.T - 1), choose(t.equals(0), self.zero, t - 1))
        start, row = self.block.pointer("h_0_0"), self.block.int("h_0_row_0")
        return [
            Source(self.every.at(self.starts.int_at(other), self.zero), self.every.row, self.zero, goes_on),
            Source(start, row, goes_on, rows),
        ]

    def _add_sums(self, sums: Pointer, first: Int, rows: Int) -> None:
        """The sum of dz itself, in the kernels' order of gates, and of the parameters' gradients."""
        low, high = self._part(self.dz_pitch, self.W)
        at_once = 4 * self.W  # one column alone would wait for each of its sums
        many = low + (high - low) // at_once * at_once
        with self.body.loop(many, start=low, step=at_once) as c:
            self._add_columns(sums, first, rows, [c + v * self.W for v in range(4)])
        with self.body.loop(high, start=many, step=self.W) as c:
            self._add_columns(sums, first, rows, [c])

    def _add_columns(self, sums: Pointer, first: Int, rows: Int, columns: Sequence[Int]) -> None:
        totals = [self.body.variable(self.body.vector(0.0)) for _ in columns]
        with self.body.loop(rows) as k:
            row = self.dz + (first + k) * self.dz_pitch
            for total, c in zip(totals, columns, strict=True):
                total.set(total.get() + row.vector(c))
        for total, c in zip(totals, columns, strict=True):
            sums.store(c, sums.vector(c) + total.get())


class _Weights:
    """The rows of one task of the gradient of W_ih or W_hh: dz times what the weights were multiplied with.

    Args:
        task: the task.
        name: "ih" or "hh".
        size: I or H, the columns.
        order: where the gates' order begins in `gate_order`.
        window: where its gates begin in a row of dz.
        source: where what was multiplied is, from the step and the number of rows that run at it.
    """

    def __init__(
        self,
        task: _Gradients,
        name: str,
        size: Int,
        order: Int,
        window: Int,
        source: Callable[[Int, Int], list[Source]],
    ) -> None:
        self.task, self.body, self.W = task, task.body, task.W
        self.size, self.window, self.source = size, window, source
        self.vectors = (size + (self.W - 1)) // self.W
        self.target = task.block.pointer(f"d_weight_{name}")
        self.gates = task.block.pointer("gate_order").bytes_on(order * ADDRESS_BYTES)
        self.sums, self.addresses = task.scratch_of[f"sums_{name}"], task.scratch_of[f"addresses_{name}"]
        self.units = Units(self.body, size)

    def _rows(self, visit: Callable[[Int, Pointer, Pointer], None]) -> None:
        """For each row `visit(its number, ours, the caller's)`."""
        H = self.task.H
        with self.body.loop(self.task.high - self.task.low) as r:
            c = self.task.low + r
            row = self.gates.int_at(c // H) * H + c % H
            visit(r, self.sums + r * (self.vectors * self.W), self.target + row * self.size)

    def begin(self) -> None:
        """Take over what the caller has, or begin with 0."""
        block = self.task.block
        goes_on = block.int("adds").differs(0) | block.int("s_begin").differs(0)

        def visit(r: Int, ours: Pointer, given: Pointer) -> None:
            self.addresses.set_pointer(r, ours)
            with self.body.choose(goes_on) as (there, fresh):
                with there:
                    self.units.copy_in(ours, given)
                with fresh:
                    self.units.fill(ours, self.body.vector(0.0))

        self._rows(visit)

    def add(self, begin: Int, end: Int, first: Int, rows: Int) -> None:
        """Add the sum of a block of steps."""
        task, packed = self.task, self.task.scratch_of["packed"]
        self._pack(packed, begin, end, rows)
        self.body.call(
            task.block.pointer("transposed_product"), task.dz + (first * task.dz_pitch + self.window + task.low),
            task.dz_pitch, self.addresses, packed, rows * self.W, rows, task.high - task.low, self.vectors,
        )  # fmt: skip

    def _pack(self, packed: Pointer, begin: Int, end: Int, rows: Int) -> None:
        """The rows of what was multiplied, in packed columns."""
        task, W = self.task, self.W
        k = self.body.variable(0)
        with self.body.loop(end, start=begin) as t:
            for one in self.source(t, task.dense.int_at(t + 1) - task.dense.int_at(t)):
                with self.body.loop(one.end, start=one.begin) as place:
                    row = one.start + task.order.int_at(place) * one.row
                    self.units.spread(packed + k.get() * W, rows, row)
                    k.set(k.get() + 1)

    def finish(self) -> None:
        """Give the sums to the caller."""
        self._rows(lambda _, ours, given: self.units.copy_out(given, ours))
