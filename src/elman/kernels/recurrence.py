"""A cell unrolled over time: the forward pass of one layer, in one direction, for some of the rows.

The rows of a task are taken from the longest to the shortest, so that those which still run at a step are the first
n. Time goes in blocks: first the projection W_ih x + b of the whole block, one large product; then step by step the
product with the state, which goes on in the same sums, and the cell's own equation on whole vectors of units.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from elman.equations import Cell
from elman.equations.kept import Kept
from elman.kernels.arguments import argument_names
from elman.kernels.blocks import Block, Steps, Units
from elman.kernels.emitter import Body, Module
from elman.kernels.functions import ON_VECTORS
from elman.kernels.scratch_places import ADDRESS_BYTES, forward_places
from elman.kernels.values import Int, Pointer, Variable, Vector, choose


def define_forward(module: Module, cell: Cell, kept: Kept) -> Body:
    """Emit `forward(arguments*, task)`."""
    with module.function("forward", "arguments* task", public=True) as body:
        _Forward(body, cell, kept).emit()
    return body


class Task:
    """What forward and backward tasks have in common: their rows, and which of them run at a step."""

    def __init__(self, body: Body, cell: Cell) -> None:
        self.body, self.cell = body, cell
        names = argument_names(len(cell.state), len(cell.parameters), len(cell.masks))
        task: Int = body.task
        first = Block(body, body.arguments, names)
        directions = first.int("directions")
        self.block = block = Block(body, body.arguments, names, task % directions)
        self.group, self.groups = task // directions, first.int("groups")
        self.T, self.H, self.G = block.int("steps"), block.int("hidden_size"), len(cell.gates)
        self.S = len(cell.split)
        self.rows = (block.int("rows") - self.group + (self.groups - 1)) // self.groups
        self.reverse = block.int("reverse").differs(0)
        self.forwards = block.int("reverse").equals(0)
        self.order, self.lengths = block.pointer("order"), block.pointer("lengths")
        self.starts, self.dense = block.pointer("starts"), block.pointer("dense")
        self.h_pitch = block.int("h_pitch")
        self.units = Units(body, self.H)
        self.scratch = block.pointer("scratch").bytes_on(task * block.int("scratch_bytes"))
        self.parameters = block.pointer("packed_parameters")

    def place(self, i: Int) -> Int:
        """The place of this task's row i among all rows, from the longest."""
        return self.group + i * self.groups

    def row(self, i: Int) -> Int:
        """The number of this task's row i in the caller's batch."""
        return self.order.int_at(self.place(i))

    def time(self, s: Int, backwards: bool = False) -> Int:
        """The time step that comes as number s."""
        last = self.T - 1 - s
        return choose(self.reverse, s, last) if backwards else choose(self.reverse, last, s)

    def dense_row(self, t: Int, i: Int) -> Int:
        """The number of (t, row i) in the kernels' own arrays."""
        return self.dense.int_at(t) + self.place(i)

    def still_running(self, n: Variable, t: Int) -> None:
        """Set n to the number of rows that are longer than t, from what it was at the step beside it."""
        with self.body.repeat_while(lambda: (n.get() > 0) & (self._length(n.get() - 1) <= t)):
            n.set(n.get() - 1)
        with self.body.repeat_while(lambda: (n.get() < self.rows) & (self._length(n.get()) > t)):
            n.set(n.get() + 1)

    def _length(self, i: Int) -> Int:
        # `&` computes both sides: a row that is not there must not be read
        last = self.rows - 1
        return self.lengths.int_at(self.place(choose(i < 0, self.body.integer(0), choose(i > last, last, i))))

    def fill_padding(self, one: Steps, i: Int, units: Units) -> None:
        """Write 0 where row i has no steps, if the caller's array has such places."""
        pads = one.is_given & self.block.int("pads").differs(0)
        with self.body.when(pads), self.body.loop(self.T, start=self._length(i)) as t:
            target = one.at(self.starts.int_at(t), self.row(i))
            units.each(lambda u, count: target.store(u, self.body.vector(0.0), count))

    def numbers(self, u: Int) -> dict[str, Any]:
        """The values of the cell's parameters and constants for the units from u on."""
        values: dict[str, Any] = {name: self.body.vector(one) for name, one in self.cell.constants.items()}
        for k, name in enumerate(self.cell.parameters):
            values[name] = self.parameters.vector(k * self.h_pitch + u)
        return values


class _Forward(Task):
    def __init__(self, body: Body, cell: Cell, kept: Kept) -> None:
        super().__init__(body, cell)
        self.kept = kept
        block = self.block
        self.z_pitch, self.block_steps, self.front = block.int("z_pitch"), block.int("block"), block.int("front")
        places = forward_places(
            self.rows, self.block_steps, self.h_pitch, self.z_pitch, len(cell.state), body.module.itemsize
        )
        self.scratch_of: dict[str, Pointer] = {name: self.scratch.bytes_on(place) for name, place in places.items()}
        self.x = Steps(block, "x")
        self.every = [Steps(block, "every", k) for k in range(len(cell.state))]
        self.masks = [Steps(block, "mask", k) for k in range(len(cell.masks))]
        self.keeps = block.pointer("kept")
        self.keeps_any = self.keeps.address().differs(0)
        # Which of the two buffers of h is read: 0 or 1.
        self.current = body.variable(0)

    def emit(self) -> None:
        body = self.body
        self._begin()
        ahead, n, position = body.variable(0), body.variable(0), body.variable(0)
        with body.loop(self.T) as s:
            with body.when((s % self.block_steps).equals(0)):
                self._project(s, ahead)
                position.set(0)
            t = self.time(s)
            self.still_running(n, t)
            count = n.get()
            with body.when(count > 0):
                self._product(position.get(), count)
                with body.loop(count) as i:
                    self._step(t, i, position.get() + i)
                self.current.set(1 - self.current.get())
                position.set(position.get() + count)
                with body.when((s < self.T - 1) & self.forwards):
                    self._leave(t, count)
        self._finish()

    def _h(self, buffer: Int, i: Int) -> Pointer:
        return self.scratch_of["h"] + (buffer * self.rows + i) * self.h_pitch

    def _other(self, k: int, i: Int) -> Pointer:
        return self.scratch_of["others"] + ((k - 1) * self.rows + i) * self.h_pitch

    def _begin(self) -> None:
        """The initial states into scratch memory, and the addresses of the rows of h."""
        body = self.body
        with body.loop(self.rows) as i:
            for k in range(len(self.cell.state)):
                start = self.block.pointer(f"h_0_{k}") + self.row(i) * self.block.int(f"h_0_row_{k}")
                for target in (
                    [self._h(body.integer(0), i), self._h(body.integer(1), i)] if k == 0 else [self._other(k, i)]
                ):
                    self.units.copy_in(target, start)
            for buffer in (0, 1):
                self.scratch_of["h_addresses"].set_pointer(buffer * self.rows + i, self._h(body.integer(buffer), i))

    def _project(self, s: Int, ahead: Variable) -> None:
        """W_ih x + b of the block of steps that begins with s, into the rows of z, those of one step after another."""
        body, block = self.body, self.block
        of_x, of_z, of_zx = (self.scratch_of[f"{name}_addresses"] for name in ("x", "z", "zx"))
        count = body.variable(0)
        bias = block.pointer("packed_bias")
        in_block = choose(self.T - s < self.block_steps, self.T - s, self.block_steps)
        with body.loop(in_block) as within:
            t = self.time(s + within)
            self.still_running(ahead, t)
            with body.loop(ahead.get()) as i:
                m = count.get() + i
                z = self.scratch_of["z"] + m * self.z_pitch
                of_x.set_pointer(m, self.x.at(self.starts.int_at(t), self.row(i)))
                of_z.set_pointer(m, z)
                of_zx.set_pointer(m, z + (self.front + self.H * self.S))
                with body.loop(self.z_pitch, step=body.module.lanes) as c:
                    z.store(c, bias.vector(c))
            count.set(count.get() + ahead.get())
        I = block.int("input_size")  # noqa: E741
        body.call(
            block.pointer("product"), of_x, 0, of_zx, block.pointer("packed_ih"), I * body.module.lanes, I,
            count.get(), block.int("vectors"),
        )  # fmt: skip

    def _product(self, position: Int, count: Int) -> None:
        """W_hh h added to the rows of z of one step."""
        body, block = self.body, self.block
        body.call(
            block.pointer("product"),
            self.scratch_of["h_addresses"].bytes_on(self.current.get() * self.rows * ADDRESS_BYTES),
            0,
            self.scratch_of["z_addresses"].bytes_on(position * ADDRESS_BYTES),
            block.pointer("packed_hh"),
            self.H * body.module.lanes,
            self.H,
            count,
            block.int("vectors"),
        )

    def _step(self, t: Int, i: Int, m: Int) -> None:
        """The cell's equation for all units of row i; its pre-activations are row m of z."""
        start, row = self.starts.int_at(t), self.row(i)
        z = self.scratch_of["z"] + m * self.z_pitch
        before = [self._h(self.current.get(), i)] + [self._other(k, i) for k in range(1, len(self.cell.state))]
        after = [self._h(1 - self.current.get(), i), *before[1:]]
        keep = self.keeps + self.dense_row(t, i) * self.block.int("kept_pitch")
        every = [one.at(start, row) for one in self.every]
        masks = [one.at(start, row) for one in self.masks]

        def visit(u: Int, count: Int | None) -> None:
            values = self._gates(z, u) | self.numbers(u)
            values |= {f"{name}_prev": h.vector(u) for name, h in zip(self.cell.state, before, strict=True)}
            values |= {name: mask.vector(u, count) for name, mask in zip(self.cell.masks, masks, strict=True)}
            results = self.kept.forward.run(values, ON_VECTORS)
            results = tuple(as_vector(self.body, one) for one in results)
            new, to_keep = results[: len(after)], results[len(after) :]
            for k, value in enumerate(new):
                after[k].store(u, value)
                with self.body.when(self.every[k].is_given):
                    every[k].store(u, value, count)
            with self.body.when(self.keeps_any):
                self._keep(keep, u, new, to_keep)

        self.units.each(visit)

    def _gates(self, z: Pointer, u: Int) -> dict[str, Any]:
        """The gates' pre-activations, as the equation reads them."""
        return {name: z.vector(self.H * place + self.front + u) for name, place in gate_places(self.cell).items()}

    def _keep(self, keep: Pointer, u: Int, new: Sequence[Vector], to_keep: Sequence[Vector]) -> None:
        for slot, value in enumerate([*to_keep, *(new[k] for k in kept_states(self.cell, self.kept).values())]):
            keep.store(self.h_pitch * slot + u, value)

    def _leave(self, t: Int, count: Int) -> None:
        """Put what a row has now into both buffers if it does not run at the next step: its state stands still."""
        last = self.body.variable(count)
        stops = lambda: (last.get() > 0) & (self._length(last.get() - 1) <= t + 1)  # noqa: E731
        with self.body.repeat_while(stops):
            i, now = last.get() - 1, self.current.get()
            self.units.each(lambda u, _: self._h(1 - now, i).store(u, self._h(now, i).vector(u)))
            last.set(i)

    def _finish(self) -> None:
        """The last states to the caller."""
        with self.body.loop(self.rows) as i:
            for k in range(len(self.cell.state)):
                target = self.block.pointer(f"h_n_{k}") + self.row(i) * self.block.int(f"h_n_row_{k}")
                self.units.copy_out(target, self._h(self.current.get(), i) if k == 0 else self._other(k, i))
            for one in self.every:
                self.fill_padding(one, i, self.units)


def gate_places(cell: Cell) -> Mapping[str, int]:
    """Of each gate, as the equation reads it, which part of a row of z it is; see `arguments.gate_order`."""
    split = [name for name in cell.gates if name in cell.split]
    whole = [name for name in cell.gates if name not in cell.split]
    names = [*(f"{name}_h" for name in split), *whole, *(f"{name}_x" for name in split)]
    return {name: place for place, name in enumerate(names)}


def kept_states(cell: Cell, kept: Kept) -> Mapping[str, int]:
    """The states beyond the first that the backward pass reads, kept at every step, with their numbers."""
    return {name: k for k, name in enumerate(cell.state) if k > 0 and name in kept.states}


def as_vector(body: Body, value: Vector | float) -> Vector:
    """A result of an equation, which may be a constant."""
    return value if isinstance(value, Vector) else body.vector(value)
