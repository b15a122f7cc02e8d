"""Backpropagation through time: the backward pass of one layer, in one direction, for some of the rows.

Step by step against the order of the forward pass: the adjoint of the cell's equation gives the gradients of the
gates, dz; the product of dz with W_hh adds what goes on to the state before. After each block of steps dz W_ih is the
gradient of x. The gradients of the weights are sums over all rows and steps, made afterwards from dz: see `gradients`.

A row of dz is [split gates' part of h | gates that are not split | split gates' part of x | parameters], as in
`arguments`.
"""

from typing import Any

from elman.equations import Cell
from elman.equations.kept import Kept
from elman.kernels.blocks import Steps, Units
from elman.kernels.emitter import Body, Module
from elman.kernels.functions import ON_VECTORS
from elman.kernels.recurrence import Task, as_vector, gate_places, kept_states
from elman.kernels.scratch_places import backward_places
from elman.kernels.stretch import dz_of_stretch
from elman.kernels.values import Int, Pointer, choose


def define_backward(module: Module, cell: Cell, kept: Kept) -> Body:
    """Emit `backward(arguments*, task)`."""
    with module.function("backward", "arguments* task") as body:
        _Backward(body, cell, kept).emit()
    return body


class _Backward(Task):
    def __init__(self, body: Body, cell: Cell, kept: Kept) -> None:
        super().__init__(body, cell)
        self.kept = kept
        block, self.I = self.block, self.block.int("input_size")
        W = body.module.lanes
        self.x_vectors = (self.I + (W - 1)) // W
        self.block_steps = block.int("block")
        places = backward_places(
            self.rows, self.block_steps, self.h_pitch, self.x_vectors * W, len(cell.state), body.module.itemsize
        )
        self.scratch_of: dict[str, Pointer] = {name: self.scratch.bytes_on(place) for name, place in places.items()}
        self.every = Steps(block, "every", 0)
        self.d_every = [Steps(block, "d_every", k) for k in range(len(cell.state))]
        self.masks = [Steps(block, "mask", k) for k in range(len(cell.masks))]
        self.d_x = Steps(block, "d_x")
        self.dz_pitch = block.int("dz_pitch")
        self.dz = dz_of_stretch(block, self.dense)
        self.keeps, self.kept_pitch = block.pointer("kept"), block.int("kept_pitch")

    def emit(self) -> None:
        body, begin, end = self.body, self.block.int("s_begin"), self.block.int("s_end")
        with body.when(begin.equals(0)):
            self._begin()
        n, count_in_block = body.variable(0), body.variable(0)
        with body.loop(end, start=begin) as s:
            t = self.time(s, backwards=True)
            self.still_running(n, t)
            count = n.get()
            with body.loop(count) as i:
                self._step(t, i, count_in_block.get() + i)
            with body.when(count > 0):
                self._product(count)
            count_in_block.set(count_in_block.get() + count)
            with body.when(((s + 1) % self.block_steps).equals(0) | (s + 1).equals(end)):
                with body.when(self.d_x.is_given):
                    self._gradient_of_x(count_in_block.get())
                count_in_block.set(0)
        with body.when(end.equals(self.T)):
            self._finish()

    def _d_state(self, k: int, i: Int) -> Pointer:
        return self.scratch_of["d_states"] + (k * self.rows + i) * self.h_pitch

    def _begin(self) -> None:
        """The gradients of the last states into scratch memory: where a row begins, going back."""
        body = self.body
        with body.loop(self.rows) as i:
            for k in range(len(self.cell.state)):
                target, given = self._d_state(k, i), self.block.pointer(f"d_h_n_{k}")
                with body.choose(given.address().differs(0)) as (there, absent):
                    with there:
                        source = given + self.row(i) * self.block.int(f"d_h_n_row_{k}")
                        self.units.copy_in(target, source)
                    with absent:
                        self.units.fill(target, body.vector(0.0))
            self.scratch_of["h_addresses"].set_pointer(i, self._d_state(0, i))

    def _step(self, t: Int, i: Int, m: Int) -> None:
        """The adjoint of one step of row i, which is row m of the block's gradients of x."""
        body, cell = self.body, self.cell
        start, row, number = self.starts.int_at(t), self.row(i), self.dense_row(t, i)
        dz, keep = self.dz + number * self.dz_pitch, self.keeps + number * self.kept_pitch
        self.scratch_of["dz_addresses"].set_pointer(i, dz)
        self.scratch_of["dzx_addresses"].set_pointer(m, dz + self.H * self.S)
        self.scratch_of["targets"].set_pointer(m, self.d_x.at(start, row))
        before = self._before(t, i, row)
        h, d_every = self.every.at(start, row), [one.at(start, row) for one in self.d_every]
        masks = [one.at(start, row) for one in self.masks]
        places = gate_places(cell)

        def visit(u: Int, count: Int | None) -> None:
            values: dict[str, Any] = self.numbers(u)
            values |= {f"kept_{k}": keep.vector(self.h_pitch * k + u) for k in range(self.kept.values)}
            values |= {name: mask.vector(u, count) for name, mask in zip(cell.masks, masks, strict=True)}
            values[cell.state[0]] = h.vector(u, count)
            for slot, name in enumerate(kept_states(cell, self.kept)):
                values[name] = keep.vector(self.h_pitch * (self.kept.values + slot) + u)
            for name, address in before.items():
                values[f"{name}_prev"] = address.vector(u, count)
            for k, name in enumerate(cell.state):
                total = body.variable(self._d_state(k, i).vector(u))
                with body.when(self.d_every[k].is_given):
                    total.set(total.get() + d_every[k].vector(u, count))
                values[f"d_{name}"] = total.get()
            results = self.kept.backward.run(values, ON_VECTORS)
            found = dict(zip(cell.program.inputs, (as_vector(body, one) for one in results), strict=True))
            for name, place in places.items():
                dz.store(self.H * place + u, found[name], count)
            for k, name in enumerate(cell.parameters):
                dz.store(self.H * (len(places) + k) + u, found[name], count)
            for k, name in enumerate(cell.state):
                self._d_state(k, i).store(u, found[f"{name}_prev"])

        self.units.each(visit)

    def _before(self, t: Int, i: Int, row: Int) -> dict[str, Pointer]:
        """Where the states before a step are that the adjoint reads."""
        cell, found = self.cell, {}
        reads = self.kept.backward.reads()
        first = choose(self.reverse, self._length(i) - 1, self.body.integer(0)).equals(t)
        # At a row's first step the place before it does not exist: read one that does, which `select` then leaves.
        t_before = choose(first, t, choose(self.reverse, t + 1, t - 1))
        for k, name in enumerate(cell.state):
            if f"{name}_prev" not in reads:
                continue
            start = self.block.pointer(f"h_0_{k}") + row * self.block.int(f"h_0_row_{k}")
            if k == 0:
                other = self.every.at(self.starts.int_at(t_before), row)
            else:
                slot = list(kept_states(cell, self.kept)).index(name) + self.kept.values
                other = self.keeps + (self.dense_row(t_before, i) * self.kept_pitch + self.h_pitch * slot)
            chosen = choose(first, start.address(), other.address()).pointer()
            found[name] = chosen
        return found

    def _product(self, count: Int) -> None:
        """Dz W_hh added to the gradients of the states before."""
        body, block, W = self.body, self.block, self.body.module.lanes
        K = self.H * self.G
        body.call(
            block.pointer("added_product"), self.scratch_of["dz_addresses"], 0, self.scratch_of["h_addresses"],
            block.pointer("packed_hh_back"), K * W, K, count, (self.H + (W - 1)) // W,
        )  # fmt: skip

    def _gradient_of_x(self, count: Int) -> None:
        """Dz W_ih of a block of steps, to the caller."""
        body, block, W = self.body, self.block, self.body.module.lanes
        K, pitch = self.H * self.G, self.x_vectors * W
        with body.loop(count) as m:
            d_x = self.scratch_of["d_x"] + m * pitch
            self.scratch_of["d_x_addresses"].set_pointer(m, d_x)
            with body.loop(pitch, step=W) as c:
                d_x.store(c, body.vector(0.0))
        body.call(
            block.pointer("added_product"), self.scratch_of["dzx_addresses"], 0, self.scratch_of["d_x_addresses"],
            block.pointer("packed_ih_back"), K * W, K, count, self.x_vectors,
        )  # fmt: skip
        with body.loop(count) as m:
            target = self.scratch_of["targets"].pointer_at(m)
            with body.loop(self.x_vectors) as j:
                target.store(j * W, (self.scratch_of["d_x"] + m * pitch).vector(j * W), self.I - j * W)

    def _finish(self) -> None:
        """The gradients of the initial states to the caller."""
        with self.body.loop(self.rows) as i:
            for k in range(len(self.cell.state)):
                given = self.block.pointer(f"d_h_0_{k}")
                with self.body.when(given.address().differs(0)):
                    target = given + self.row(i) * self.block.int(f"d_h_0_row_{k}")
                    self.units.copy_out(target, self._d_state(k, i))
            self.fill_padding(self.d_x, i, Units(self.body, self.I))
