"""The output layer of a recurrent network."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import forward_ad

from elman.kernels.compiled import compiled_linear
from elman.kernels.linear import linear_plan
from elman.kernels.memory import scratch
from elman.kernels.target import host
from elman.nn.kernel_call import DTYPES, run


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
        weight, bias = self.weight, self.bias
        tensors = (input, weight) if bias is None else (input, weight, bias)
        if not _has_kernel(*tensors):
            return F.linear(input, weight, bias)
        if torch.is_grad_enabled() and any(one.requires_grad for one in tensors):
            return _Linear.apply(*tensors)  # type: ignore[no-any-return, no-untyped-call]
        return _forward(*tensors)


def _has_kernel(x: Tensor, weight: Tensor, *bias: Tensor) -> bool:
    """Whether our product serves: plain tensors of one dtype on the CPU, and nobody who traces or transforms."""
    if torch.compiler.is_compiling() or torch._C._get_tracing_state() is not None or torch.is_autocast_enabled("cpu"):
        return False
    if torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0:
        return False
    return (
        all(
            type(one) in (Tensor, nn.Parameter)
            and one.dtype == x.dtype
            and one.device.type == "cpu"
            and one.layout == torch.strided
            for one in (x, weight, *bias)
        )
        and x.dtype in DTYPES
        and x.dim() > 0
        and x.shape[-1] == weight.shape[1]  # torch says what is wrong with another
        and x.numel() > 0
        and weight.numel() > 0
        and host().has_fma
    )


def _forward(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    if x.dim() == 3 and x.stride(2) == 1:
        rows = x  # in two dimensions of rows they are taken where they lie: (B, T, H) may be a view of (T, B, H)
    else:
        rows = x.reshape(1, -1, x.shape[-1])
        rows = rows if rows.stride(2) == 1 else rows.contiguous()
    weight, bias = weight.contiguous(), None if bias is None else bias.contiguous()
    out = x.new_empty(*x.shape[:-1], weight.shape[0])
    places = out if rows is x else out.view(1, -1, weight.shape[0])
    compiled = compiled_linear(DTYPES[x.dtype])
    sizes = (rows.shape[0], rows.shape[1], weight.shape[1], weight.shape[0], torch.get_num_threads())
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
        bias=0 if bias is None else bias.data_ptr(),
    )
    arguments = call.buffer_info()[0]
    compiled.pack(arguments)
    run(plan.threads, compiled.linear_pass, arguments, plan.tasks)
    del memory
    return out


class _Linear(torch.autograd.Function):
    """`_forward`, differentiable any number of times: its gradients are products that torch differentiates again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, *bias: Tensor) -> Tensor:
        """Our product."""
        ctx.save_for_backward(x, weight)
        return _forward(x, weight, *bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        """The textbook's gradients, of those that are asked for."""
        (d_y,) = gradients
        x, weight = ctx.saved_tensors
        needs_x, needs_weight, *needs_bias = ctx.needs_input_grad
        flat = d_y.reshape(-1, d_y.shape[-1])
        d_x = (flat @ weight).view(x.shape) if needs_x else None
        d_weight = flat.t() @ x.reshape(-1, x.shape[-1]) if needs_weight else None
        d_bias = [flat.sum(0) if one else None for one in needs_bias]
        return d_x, d_weight, *d_bias
