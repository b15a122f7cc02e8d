"""A stack of layers and its output layer that go on step by step, in one piece of memory.

All that the compiled code reads and writes is in the arena: packed weights, states, scratch and what one layer hands to
the next. The blocks of arguments are filled in once. A step is one call of compiled code, and the state after it stands
where the next one reads it.
"""

import ctypes
from array import array
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Final, NamedTuple

import numpy as np

from elman.equations import Cell
from elman.kernels.compiled import compiled_cell, compiled_linear
from elman.kernels.linear import linear_index, linear_plan
from elman.kernels.plan import Call, Plan, plan
from elman.kernels.rows import Rows

_LINE: Final = 64
_MOST_STEPS: Final = 128
_BETWEEN_BYTES: Final = 256 * 1024  # a layer's outputs of several steps, which the layer above reads
_SHORT_FLOPS: Final = 1e6  # less work keeps Python's lock: to let go of it costs more than a small step


class LayerWeights(NamedTuple):
    """The numbers of one layer.

    Shape: weight_ih (G*H, I), weight_hh (G*H, H), bias_ih and bias_hh (G*H,) or None; parameters, the values of the
    cell's own trainable numbers, (H,) or (1,) each.
    """

    weight_ih: np.ndarray
    weight_hh: np.ndarray
    bias_ih: np.ndarray | None
    bias_hh: np.ndarray | None
    parameters: Sequence[np.ndarray]


class HeadWeights(NamedTuple):
    """The numbers of an output layer. Shape: weight (O, H), bias (O,) or None."""

    weight: np.ndarray
    bias: np.ndarray | None


class Stepper:
    """The arena and the calls on it. Weights are contiguous and of one dtype.

    Args:
        cell: the equation of every layer.
        layers: their weights, the lowest first.
        head: the output layer's, if there is one.
        B: how many streams go on at once.

    Attributes:
        x: (B, I), to be written before a step.
        y: (B, O), what a step gives: of the output layer, or of the last layer without it.
        state: for each state of the cell (B, L, H), from which the next step goes on; to be read and written.
        most_steps: how many steps `block` takes.
        run: `run(step)` makes a step, from x and state to y and state; nothing is allocated.
        step: the argument of `run`.
    """

    def __init__(self, cell: Cell, layers: Sequence[LayerWeights], head: HeadWeights | None, B: int) -> None:
        dtype = layers[0].weight_ih.dtype
        self._compiled, self._linear = compiled_cell(cell, dtype.name), compiled_linear(dtype.name)
        self._item: int = dtype.itemsize
        self._B, self._L = B, len(layers)
        I, H = layers[0].weight_ih.shape[1], layers[0].weight_hh.shape[1]  # noqa: E741
        O = H if head is None else len(head.weight)  # noqa: E741
        self._I, self._H, self._O = int(I), int(H), int(O)
        self.most_steps = max(1, min(_MOST_STEPS, _BETWEEN_BYTES // (B * H * self._item)))
        self._tables = {"block": _rows(self.most_steps, B), "step": _rows(1, B)}
        plans = [self._plan(one) for one in layers]
        self._arena = arena = _Arena(
            {"x": B * I * self._item, "y": B * O * self._item}
            | {f"state_{k}": B * self._L * H * self._item for k in range(len(cell.state))}
            | {f"layer_{k}": one.forward_memory.size for k, one in enumerate(plans)}
            | {f"between_{k}": self.most_steps * B * H * self._item for k in range(self._L)},
        )
        self._places = arena.places
        self.x = arena.array("x", dtype, (B, I))
        self.state = {name: arena.array(f"state_{k}", dtype, (B, self._L, H)) for k, name in enumerate(cell.state)}
        self.y = self.state[cell.state[0]][:, -1] if head is None else arena.array("y", dtype, (B, O))

        self._layers = [self._of_layer(k, plans[k], "block") for k in range(self._L)]
        self._layers_of_a_step = [self._of_layer(k, plans[k], "step") for k in range(self._L)]
        for call, weights in zip(self._layers, layers, strict=True):
            self._pack(call, weights)
        heads = (None, None) if head is None else self._of_head(head)
        self._head: array[int] | None = heads[0]
        self._head_of_a_step: array[int] | None = heads[1]
        self._block_list = self._in_turn_list(self._layers, self._head)
        self._step_list = self._in_turn_list(self._layers_of_a_step, self._head_of_a_step)
        flops = 2 * B * (sum(one.weight_ih.size + one.weight_hh.size for one in layers) + H * O)
        self._run = _in_turn(self._linear.in_turn_address, holds_lock=False)
        self.run = _in_turn(self._linear.in_turn_address, holds_lock=flops < _SHORT_FLOPS)
        self.step = _address(self._step_list)

    def _plan(self, weights: LayerWeights) -> Plan:
        T, B = self.most_steps, self._B
        return plan(self._compiled, T, B, weights.weight_ih.shape[1], self._H, (0,), T * B, 1)

    def _of_layer(self, k: int, of_shape: Plan, table: str) -> Call:
        """The arguments of layer k, over as many steps as a block has or over one."""
        call = of_shape.calls(self._places[f"layer_{k}"])[0].copy(self._tables[table])
        for number in range(len(self.state)):
            start = self._state_place(number, k)
            for name in ("h_0", "h_n"):  # read when the call begins, written when it ends
                _write(call, {f"{name}_{number}": start, f"{name}_row_{number}": self._L * self._H})
        if table == "step":
            # The layer above reads the state itself.
            below = (self._places["x"], self._I) if k == 0 else (self._state_place(0, k - 1), self._L * self._H)
            _write(call, {"steps": 1, "x": below[0], "x_row": below[1]})
        else:
            if k:
                _write(call, self._between("x", k - 1))
            _write(call, self._between("every", k, "_0"))
        return call

    def _state_place(self, number: int, k: int) -> int:
        start: int = self._places[f"state_{number}"]
        return start + k * self._H * self._item

    def _between(self, name: str, k: int, end: str = "") -> dict[str, int]:
        """Where the outputs of layer k are, (T, B, H), as arguments."""
        values = (self._places[f"between_{k}"], self._B * self._H, self._H)
        return {f"{name}{part}{end}": value for part, value in zip(("", "_step", "_row"), values, strict=True)}

    def _pack(self, call: Call, weights: LayerWeights) -> None:
        """Bring the weights into the arena, where the calls of a block and of a step read them."""
        given = {name: getattr(weights, name) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
        given |= {f"parameter_{k}": one for k, one in enumerate(weights.parameters)}
        _write(call, {name: 0 if one is None else one.ctypes.data for name, one in given.items()})
        self._compiled.pack(call.address)
        _write(call, dict.fromkeys(given, 0))

    def _of_head(self, head: HeadWeights) -> "tuple[array[int], array[int]]":
        """The arguments of the output layer over a block and over one step; its weights have an arena of their own."""
        sizes = (self._B, self._H, self._O, 1)
        compiled = self._linear
        many = linear_plan(compiled.dtype, compiled.lanes, self.most_steps, *sizes)
        one = linear_plan(compiled.dtype, compiled.lanes, 1, *sizes)
        self._head_arena = _Arena({"packed": many.packed_size, "scratch": max(many.scratch_size, one.scratch_size)})
        packed, scratch = self._head_arena.places["packed"], self._head_arena.places["scratch"]
        weights = {"weight": head.weight.ctypes.data, "bias": 0 if head.bias is None else head.bias.ctypes.data}
        block = many.call(packed, scratch, **self._between("x", self._L - 1), **weights)
        top = {"x": self._state_place(0, self._L - 1), "x_row": self._L * self._H}
        step = one.call(packed, scratch, **top, out=self._places["y"], out_row=self._O, **weights)
        compiled.pack(_address(block))
        return block, step

    def _in_turn_list(self, calls: Sequence[Call], head: "array[int] | None") -> "array[int]":
        listed = [part for one in calls for part in (self._compiled.forward_task_address, one.address)]
        if head is not None:
            listed += [self._linear.task_address, _address(head)]
        return array("q", [*listed, 0, 0])

    def block(self, x: np.ndarray, y: np.ndarray) -> None:
        """Several steps in one call, with the bits of as many calls of `run`.

        Shape:
            x (B, n, I) and y (B, n, O), which is written, the numbers of a row together; n from 1 to `most_steps`.
        """
        n = x.shape[1]
        self._tables["block"].lengths.fill(n)
        for one in self._layers:
            _write(one, {"steps": n})
        row, step, _ = (stride // self._item for stride in x.strides)
        _write(self._layers[0], {"x": x.ctypes.data, "x_step": step, "x_row": row})
        row, step, _ = (stride // self._item for stride in y.strides)
        if self._head is None:
            _write(self._layers[-1], {"every_0": y.ctypes.data, "every_step_0": step, "every_row_0": row})
        else:
            for name, value in {"steps": n, "out": y.ctypes.data, "out_step": step, "out_row": row}.items():
                self._head[linear_index(name)] = value
        self._run(_address(self._block_list))


class _Arena:
    """One piece of memory in parts, each on cache lines of its own."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.memory = np.zeros(sum(map(_up, sizes.values())) + _LINE, np.uint8)
        self._start = place = self.memory.ctypes.data
        place += -place % _LINE
        self.places: dict[str, int] = {}
        for name, size in sizes.items():
            self.places[name] = place
            place += _up(size)

    def array(self, name: str, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        """A part as numbers."""
        begin = self.places[name] - self._start
        return self.memory[begin : begin + prod(shape) * dtype.itemsize].view(dtype).reshape(shape)


def _rows(T: int, B: int) -> Rows:
    """B sequences of T steps, in tables of this stepper's own."""
    return Rows(np.arange(B), np.full(B, T), np.arange(T), np.arange(T + 1) * B, "equal")


def _write(call: Call, values: Mapping[str, int]) -> None:
    for name, value in values.items():
        call.write(0, name, [value])


def _in_turn(address: int, holds_lock: bool) -> Callable[[int], None]:
    kind = (ctypes.PYFUNCTYPE if holds_lock else ctypes.CFUNCTYPE)(None, ctypes.c_void_p)
    return kind(address)


def _address(numbers: "array[int]") -> int:
    return numbers.buffer_info()[0]


def _up(size: int) -> int:
    return -(-size // _LINE) * _LINE
