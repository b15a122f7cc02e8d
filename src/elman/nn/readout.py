"""The output layer of a recurrent network."""

from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman.kernels.compiled import compiled_linear
from elman.kernels.linear import linear_plan
from elman.kernels.linear_gradients import linear_gradients_plan
from elman.kernels.memory import scratch
from elman.nn.kernel_call import DTYPES, address, run, together
from elman.nn.path import stands_for_others, why_no_kernel

_SMALL: Final = 100_000  # products of numbers; below that torch's gradients take less time, since ours are two calls


class Readout(nn.Linear):
    """The output layer: y_t = W_ho h_t + b_o, at every time step with the same weights.

    On a CPU in float32 and float64 it runs through elman's own product, so that a row has the same bits in any batch
    and in `elman.Stream`; elsewhere it is torch's Linear.

    Shape:
        (..., H) -> (..., O)

    Args:
        hidden_size: H.
        output_size: O, the number of outputs.
        bias: whether there is b_o.
        device: of the parameters.
        dtype: of the parameters.

    Parameters:
        weight: W_ho, (O, H). bias: b_o, (O,).
    """

    def __init__(
        self,
        hidden_size: int,
        output_size: int,
        bias: bool = True,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(hidden_size, output_size, bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """The outputs of hidden states."""
        return read_out(input, self.weight, self.bias)


def read_out(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """What `Readout` computes: x W^T + b.

    Shape:
        x (..., H), weight (O, H), bias (O,) -> (..., O)
    """
    tensors = (x, weight) if bias is None else (x, weight, bias)
    if not _has_kernel(*tensors):
        return F.linear(x, weight, bias)
    if torch.is_grad_enabled() and any(one.requires_grad for one in tensors):
        return _Linear.apply(*tensors)  # type: ignore[no-any-return, no-untyped-call]
    return _forward(*tensors)


def _has_kernel(x: Tensor, weight: Tensor, *bias: Tensor) -> bool:
    """Whether our product serves."""
    fits = (
        x.dim() > 0 and x.shape[-1] == weight.shape[1] and x.numel() and weight.numel()
    )  # torch says what is wrong with another
    return bool(fits) and not torch.compiler.is_compiling() and why_no_kernel([x, weight, *bias]) is None


def _forward(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    out = x.new_empty(*x.shape[:-1], weight.shape[0])
    _product(x, weight, bias, out, back=False)
    return out


def _product(x: Tensor, weight: Tensor, bias: Tensor | None, out: Tensor, back: bool) -> None:
    """Write x W^T + b, or x W with `back`, to `out`."""
    if x.dim() == 3 and x.stride(2) == 1:
        rows, places = x, out  # taken where they lie: (B, T, H) may be a view of (T, B, H)
    else:
        rows, places = together(x.reshape(1, -1, x.shape[-1])), out.view(1, -1, out.shape[-1])
    weight, bias = weight.contiguous(), None if bias is None else bias.contiguous()
    compiled = compiled_linear(DTYPES[x.dtype])
    sizes = (rows.shape[0], rows.shape[1], x.shape[-1], out.shape[-1], torch.get_num_threads())
    plan = linear_plan(compiled.dtype, compiled.lanes, *sizes)
    memory = scratch(plan.size)
    call = plan.call(
        memory.address,
        memory.address + plan.packed_size,
        x=rows.data_ptr(),
        x_step=rows.stride(0),
        x_row=rows.stride(1),
        out=out.data_ptr(),
        out_step=places.stride(0),
        out_row=places.stride(1),
        weight=weight.data_ptr(),
        bias=address(bias),
    )
    arguments = call.buffer_info()[0]
    (compiled.pack_back if back else compiled.pack)(arguments)
    run(plan.threads, compiled.linear_pass, arguments, plan.tasks)
    del memory


def _sum_of_products(d_y: Tensor, x: Tensor) -> Tensor:
    """The gradient of the weight: the sum over all rows of d_y (rows, O) times x (rows, H)."""
    d_y, x = d_y.contiguous(), together(x)
    compiled = compiled_linear(DTYPES[x.dtype])
    sizes = (x.shape[0], x.shape[1], d_y.shape[1], torch.get_num_threads())
    plan = linear_gradients_plan(compiled.dtype, compiled.lanes, *sizes)
    memory, d_weight = scratch(plan.size), x.new_zeros(d_y.shape[1], x.shape[1])
    places = {"d_y": d_y.data_ptr(), "d_y_row": d_y.shape[1], "x": x.data_ptr(), "x_row": x.stride(0)}
    call = plan.call(memory.address, d_weight=d_weight.data_ptr(), **places)
    run(plan.threads, compiled.gradients, call.buffer_info()[0], plan.tasks)
    del memory
    return d_weight


class _Linear(torch.autograd.Function):
    """`_forward`, differentiable; gradients of gradients are torch's."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, *bias: Tensor) -> Tensor:
        """Our product."""
        ctx.save_for_backward(x, weight)
        return _forward(x, weight, *bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        """The textbook's gradients, of those that are asked for."""
        (d_y,), (x, weight) = gradients, ctx.saved_tensors
        needs_x, needs_weight, *needs_bias = ctx.needs_input_grad
        rows_y, rows_x = d_y.reshape(-1, d_y.shape[-1]), x.reshape(-1, x.shape[-1])
        d_bias = [rows_y.sum(0) if one else None for one in needs_bias]
        is_small = rows_y.numel() * weight.shape[1] < _SMALL
        # With create_graph=True gradients have to be differentiable; and d_y may be of another kind than y.
        if is_small or torch.is_grad_enabled() or stands_for_others(d_y) or not _has_kernel(d_y, weight.t()):
            d_x = (rows_y @ weight).view(x.shape) if needs_x else None
            return d_x, rows_y.t() @ rows_x if needs_weight else None, *d_bias
        d_x = None
        if needs_x:
            d_x = torch.empty_like(x, memory_format=torch.contiguous_format)
            _product(d_y, weight, None, d_x, back=True)
        return d_x, _sum_of_products(rows_y, rows_x) if needs_weight else None, *d_bias
