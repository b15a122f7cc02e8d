"""A whole layer in one call: weights packed, rows dealt out to threads, both directions, and all gradients.

These are the functions that Python calls. Each takes the address of the blocks of `arguments`, one for each direction.
"""

from collections.abc import Sequence

from elman.equations import Cell
from elman.equations.kept import Kept
from elman.kernels.arguments import argument_names
from elman.kernels.backpropagation import define_backward
from elman.kernels.blocks import Block, Units
from elman.kernels.emitter import Body, Module
from elman.kernels.floating_point_mode import enter_default_mode, restore_mode
from elman.kernels.gradients import define_gradients
from elman.kernels.in_turn import define_in_turn
from elman.kernels.linear import define_linear
from elman.kernels.linear_gradients import define_linear_gradients
from elman.kernels.packing import define_packing
from elman.kernels.parallel import define_run
from elman.kernels.product import define_products
from elman.kernels.recurrence import define_forward, kept_states
from elman.kernels.scratch_places import ADDRESS_BYTES
from elman.kernels.stretch import count_stretches, set_stretch
from elman.kernels.values import Int, Pointer


def emit_products(module: Module) -> str:
    """What all cells share: products, packing, the gradients of weights, the output layer, the steps of a stream."""
    define_products(module)
    define_packing(module)
    define_gradients(module)
    run = define_run(module)
    define_linear(module, run)
    define_linear_gradients(module, run)
    define_in_turn(module)
    return str(module.ir)


def emit_layer(module: Module, cell: Cell, kept: Kept) -> str:
    """What a cell has of its own.

    Public are `layout(out*)`, how many values and states the backward pass has kept; `pack(arguments*)`;
    `forward(arguments*, task)`, one task with packed weights; `unroll(control*, arguments*, tasks)`, which packs and
    runs all tasks; and `backpropagate(control*, arguments*, tasks, gradient_tasks)`.
    """
    names = argument_names(len(cell.state), len(cell.parameters), len(cell.masks))
    run = define_run(module)
    forward = define_forward(module, cell, kept)
    backward = define_backward(module, cell, kept)
    pack = _define_pack(module, cell, names)
    with module.function("layout", "out*", public=True) as body:
        body.out.set_int(0, kept.values)
        body.out.set_int(1, len(kept_states(cell, kept)))
    with module.function("unroll", "control* arguments* tasks", public=True) as body:
        body.call(pack, body.arguments)
        body.call(run, body.control, body.address_of(forward), body.arguments, body.tasks)
    with module.function("backpropagate", "control* arguments* tasks gradient_tasks", public=True) as body:
        mode = enter_default_mode(body)
        _pack_back(body, cell, names)
        first = Block(body, body.arguments, names)
        with body.loop(count_stretches(first)) as number:
            set_stretch(body, names, number)
            body.call(run, body.control, body.address_of(backward), body.arguments, body.tasks)
            body.call(run, body.control, first.pointer("gradients"), body.arguments, body.gradient_tasks)
        _finish_sums(body, cell, names)
        restore_mode(body, mode)
    return str(module.ir)


def _define_pack(module: Module, cell: Cell, names: Sequence[str]) -> Body:
    with module.function("pack", "arguments*", public=True) as body:
        mode = enter_default_mode(body)
        with body.loop(Block(body, body.arguments, names).int("directions")) as direction:
            block = Block(body, body.arguments, names, direction)
            hh_order, ih_order = _orders(block)
            H, gates = block.int("hidden_size"), block.int("gates")
            function = block.pointer("pack_columns")
            for out, weights, order, K, front in (
                ("packed_ih", "weight_ih", ih_order, block.int("input_size"), 0),
                ("packed_hh", "weight_hh", hh_order, H, block.int("front")),
            ):
                body.call(function, block.pointer(out), block.pointer(weights), order, gates, H, K, front)
            body.call(
                block.pointer("pack_bias"),
                block.pointer("packed_bias"),
                block.int("z_pitch"),
                block.int("front"),
                block.pointer("bias_ih"),
                block.pointer("bias_hh"),
                hh_order,
                gates,
                block.int("split"),
                H,
            )
            _pack_parameters(body, cell, block)
        restore_mode(body, mode)
    return body


def _pack_parameters(body: Body, cell: Cell, block: Block) -> None:
    """The cell's own numbers, one for each unit; what is one for all is repeated."""
    units = Units(body, block.int("hidden_size"))
    for k in range(len(cell.parameters)):
        target = block.pointer("packed_parameters") + block.int("h_pitch") * k
        given = block.pointer(f"parameter_{k}")
        with body.choose(block.int(f"parameter_per_unit_{k}").differs(0)) as (each, one):
            with each:
                units.copy_in(target, given)
            with one:
                units.fill(target, given.broadcast(0))


def _pack_back(body: Body, cell: Cell, names: Sequence[str]) -> None:
    with body.loop(Block(body, body.arguments, names).int("directions")) as direction:
        block = Block(body, body.arguments, names, direction)
        hh_order, ih_order = _orders(block)
        H, gates, function = block.int("hidden_size"), block.int("gates"), block.pointer("pack_rows")
        body.call(function, block.pointer("packed_hh_back"), block.pointer("weight_hh"), hh_order, gates, H, H)
        with body.when(block.pointer("d_x").address().differs(0)):
            target, size = block.pointer("packed_ih_back"), block.int("input_size")
            body.call(function, target, block.pointer("weight_ih"), ih_order, gates, H, size)
        _pack_parameters(body, cell, block)


def _orders(block: Block) -> tuple[Pointer, Pointer]:
    order = block.pointer("gate_order")
    return order, order.bytes_on(block.int("gates") * ADDRESS_BYTES)


def _finish_sums(body: Body, cell: Cell, names: Sequence[str]) -> None:
    """From the sums of dz the gradients of the biases and the cell's parameters, as the caller has those."""
    with body.loop(Block(body, body.arguments, names).int("directions")) as direction:
        block = Block(body, body.arguments, names, direction)
        sums, H, gates = block.pointer("d_sums"), block.int("hidden_size"), block.int("gates")
        units = Units(body, H)
        with body.when(sums.address().differs(0)):
            for name, order, window in (
                ("d_bias_hh", _orders(block)[0], body.integer(0)),
                ("d_bias_ih", _orders(block)[1], block.int("split")),
            ):
                target = block.pointer(name)
                with body.when(target.address().differs(0)), body.loop(gates) as place:
                    units.copy_out(target + order.int_at(place) * H, sums + (window + place) * H)
            for k in range(len(cell.parameters)):
                source = sums + (gates + block.int("split") + k) * H
                _gradient_of_parameter(body, block, k, source, H, units)


def _gradient_of_parameter(body: Body, block: Block, k: int, source: Pointer, H: Int, units: Units) -> None:
    target = block.pointer(f"d_parameter_{k}")
    with body.when(target.address().differs(0)):
        per_unit = block.int(f"parameter_per_unit_{k}")
        with body.when(per_unit.differs(0)):
            units.copy_out(target, source)
        with body.when(per_unit.equals(0)):
            total = body.variable(body.vector(0.0))
            with body.loop(H) as u:
                total.set(total.get() + source.broadcast(u))
            target.store_first(0, total.get())
