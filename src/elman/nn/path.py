"""Which implementation runs a call: one rule, in this one place."""

from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import NamedTuple

import torch
from torch import Tensor
from torch._C import _len_torch_dispatch_stack
from torch.autograd import forward_ad

from elman.equations import Cell
from elman.kernels.target import host
from elman.nn.kernel_call import DTYPES
from elman.nn.torch_operator import OPERATORS

_TEXTS = {cell.text for cell in OPERATORS}  # torch.compile, which traces `choose` under autocast, hashes no cell


class Path(NamedTuple):
    """An implementation, "kernel", "torch" or "reference", and why a call takes it.

    `elman.explain` adds the file that holds the code which was generated for a kernel, if one could be written.
    """

    name: str
    reason: str
    source: FilePath | None = None

    def __str__(self) -> str:
        """As `elman.explain` prints it."""
        source = "" if self.source is None else f"; generated code: {self.source}"
        return f"{self.name} ({RUNS[self.name]}): {self.reason}{source}"


RUNS = {
    "kernel": "elman's compiled kernels",
    "torch": "PyTorch's own operator",
    "reference": "the reference loop over time steps",
}


def choose(cell: Cell, tensors: Sequence[Tensor], masks: Sequence[Tensor], return_states: bool) -> Path:
    """The path of a call with these tensors, of which the first is the input, (T, B, I).

    The compiled kernels for float32 and float64 on a CPU. Where they cannot serve, PyTorch's own operator for the cells
    that it has, and the reference loop for the rest: under functorch transforms and forward-mode differentiation, for
    gradients of masks, for states the operator does not give, and for empty input.
    """
    transformed = _why_transformed()
    if transformed is not None:
        return Path("reference", transformed)
    without = why_no_kernel([*tensors, *masks])
    if any(mask.requires_grad for mask in masks):
        return Path("reference", "a mask requires a gradient")
    T, B = tensors[0].shape[:2]
    if T == 0 or B == 0:
        return Path("reference", "the input is empty")
    if without is None:
        return Path("kernel", f"{tensors[0].dtype} on the CPU")
    if cell.text not in _TEXTS:
        return Path("reference", f"{without}, and PyTorch has no operator for the cell {cell.name!r}")
    if masks:
        return Path("reference", f"{without}, and masks are given")
    if return_states and len(cell.state) > 1:
        return Path("reference", f"{without}, and PyTorch's operator gives only {cell.state[0]} at every step")
    return Path("torch", f"{without}, and PyTorch has an operator for the cell {cell.name!r}")


def why_no_kernel(tensors: Sequence[Tensor]) -> str | None:
    """What keeps a call with these tensors from compiled kernels; None if nothing does."""
    transformed = _why_transformed()
    if transformed is not None:
        return transformed
    if _is_recorded():
        return "torch records the operations"
    if torch.is_autocast_enabled("cpu"):
        return "autocast is on"
    first = tensors[0]
    if first.device.type != "cpu":
        return f"the input is on {first.device}"
    if first.dtype not in DTYPES:
        return f"the kernels have no {first.dtype}"
    dtype = first.dtype
    for one in tensors:
        if one.dtype != dtype or not one.is_cpu or one.layout != torch.strided:
            return "the tensors are not all of one dtype, on the CPU and dense"
        if one.data_ptr() == 0 and one.numel():  # a wrapper around others, or its memory was freed
            return "a tensor has no memory of its own"
    return None if host().has_fma else "this processor has no fused multiply-add"


def stands_for_others(one: Tensor | None) -> bool:
    """Whether a gradient has no memory of its own: under is_grads_batched=True it is several in one."""
    if one is None:
        return False
    is_batched = torch._C._functorch.is_batchedtensor(one) or torch._C._functorch.is_legacy_batchedtensor(one)
    return is_batched or (one.data_ptr() == 0 and one.numel() > 0)


def _why_transformed() -> str | None:
    if torch._C._are_functorch_transforms_active():
        return "a functorch transform (vmap, grad, jvp, ...) is active"
    if forward_ad._current_level >= 0:
        return "forward-mode differentiation is active"
    return None


def _is_recorded() -> bool:
    """Whether torch.jit.trace, make_fx or the like record operations: they would not see what a kernel does."""
    if torch.compiler.is_compiling():  # the call is one operator, which comes here again when it runs
        return False
    return torch._C._get_tracing_state() is not None or _len_torch_dispatch_stack() > 0
