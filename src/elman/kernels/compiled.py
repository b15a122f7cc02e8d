"""A cell's compiled functions, ready to call."""

import ctypes
from array import array
from functools import lru_cache
from typing import Final

from elman.equations import Cell
from elman.kernels import cache
from elman.kernels.arguments import argument_names, gate_order
from elman.kernels.compilation import Library
from elman.kernels.target import host

_SHARED: Final = (
    "product",
    "added_product",
    "transposed_product",
    "pack_columns",
    "pack_rows",
    "pack_bias",
    "gradients",
)


class CompiledCell:
    """The functions of a layer of one cell in one dtype, "float32" or "float64"; compiled, or from the cache.

    Each takes addresses and numbers as integers, and none holds Python's lock: `pack(arguments)`,
    `unroll(control, arguments, tasks)`, `backpropagate(control, arguments, tasks, gradient_tasks)`; see
    `elman.kernels.layer`.
    """

    def __init__(self, cell: Cell, dtype: str) -> None:
        self.cell, self.dtype = cell, dtype
        self.lanes = host().lanes(dtype)
        self.names = argument_names(len(cell.state), len(cell.parameters), len(cell.masks))
        self.index = {name: k for k, name in enumerate(self.names)}
        self._products = _products(dtype)  # whose code is there as long as somebody holds on to it
        self.library = cache.load(f"layer-{cell.name}", (cell.text, dtype), lambda: _emit_layer(cell, dtype))
        self.shared = {name: self._products.address(name) for name in _SHARED}
        self._order = array("q", [place for order in gate_order(cell) for place in order])
        self.gate_order_address = self._order.buffer_info()[0]
        layout = array("q", [0, 0])
        _function(self.library, "layout", 1)(layout.buffer_info()[0])
        self.kept_values, self.kept_states = layout
        self.pack = _function(self.library, "pack", 1)
        self.unroll = _function(self.library, "unroll", 3)
        self.backpropagate = _function(self.library, "backpropagate", 4)
        self.forward_task_address = self.library.address("forward")


class CompiledLinear:
    """The functions of an output layer in one dtype: `pack(arguments)` and `linear_pass(control, arguments, tasks)`.

    For its gradients there are `pack_back(arguments)` and `gradients(control, arguments, tasks)`. `task_address` is
    that of a task, and `in_turn_address` that of the function which runs such tasks one by one; see
    `elman.kernels.linear` and `elman.kernels.stack`.
    """

    def __init__(self, dtype: str) -> None:
        self.dtype, self.lanes = dtype, host().lanes(dtype)
        self._products = library = _products(dtype)
        self.pack = _function(library, "pack_linear", 1)
        self.pack_back = _function(library, "pack_linear_back", 1)
        self.linear_pass = _function(library, "linear_pass", 3)
        self.gradients = _function(library, "linear_gradients", 3)
        self.task_address, self.in_turn_address = library.address("linear"), library.address("in_turn")


@lru_cache(maxsize=2)
def compiled_linear(dtype: str) -> CompiledLinear:
    """The compiled functions of an output layer, made once in a process."""
    return CompiledLinear(dtype)


def _products(dtype: str) -> Library:
    return cache.load("products", (dtype,), lambda: _emit_products(dtype))


@lru_cache(maxsize=64)
def compiled_cell(cell: Cell, dtype: str) -> CompiledCell:
    """The compiled functions of a cell, made once in a process."""
    return CompiledCell(cell, dtype)


def _function(library: Library, name: str, arguments: int) -> "ctypes._CFunctionType":
    return ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * arguments)(library.address(name))


def _emit_products(dtype: str) -> str:
    from elman.kernels.emitter import Module
    from elman.kernels.layer import emit_products

    return emit_products(Module("products", dtype, host()))


def _emit_layer(cell: Cell, dtype: str) -> str:
    from elman.equations.kept import kept
    from elman.kernels.emitter import Module
    from elman.kernels.layer import emit_layer

    return emit_layer(Module(f"layer-{cell.name}", dtype, host()), cell, kept(cell))
