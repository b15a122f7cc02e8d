"""The recurrent network as it is taught: input layer, hidden layer, output layer."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from elman.equations import Cell
from elman.errors import InputError
from elman.nn.readout import Readout
from elman.nn.recurrent import Recurrent, find_cell
from elman.state import State


class Network(nn.Module):
    """The recurrent network: vectors in, vectors out, a hidden state that carries what came before.

    h_t = f(W_xh x_t + W_hh h_{t-1} + b_h),   y_t = W_ho h_t + b_o

    The weights have the names of the textbook: `W_xh` (G*H, I), `W_hh` (G*H, H), `W_ho` (O, H), `b_h` (G*H,) and
    `b_o` (O,), where G is 1 for the Elman network and the number of gates for other cells. They are the parameters
    themselves, so what is written into them is what the network computes with.

    Args:
        input_size: I, the number of features of x_t.
        hidden_size: H, the number of hidden units.
        output_size: O, the number of outputs.
        cell: a cell, or the name of one of `elman.CELLS`.
        init: how the weights start; see `elman.Recurrent`.
        device: of the parameters.
        dtype: of the parameters.

    Source: Elman 1990, Finding Structure in Time.

    Example:
        >>> import elman, torch
        >>> net = elman.Network(input_size=3, hidden_size=8, output_size=2)
        >>> x = torch.randn(5, 20, 3)  # (B, T, I)
        >>> y, state = net(x)  # (B, T, O), and the hidden state after the last step
        >>> y_next, state = net(x, state)  # goes on from there
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        cell: Cell | str = "elman",
        *,
        init: str = "torch",
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if isinstance(output_size, bool) or not isinstance(output_size, int) or output_size < 1:
            raise InputError(f"output_size is {output_size!r}, expected a whole number of at least 1")
        cell = find_cell(cell)
        # A textbook network has one bias where torch's layers add two; gates that are split need both.
        self.hidden = Recurrent(
            cell,
            input_size,
            hidden_size,
            batch_first=True,
            init=init,
            single_bias=not cell.split,
            device=device,
            dtype=dtype,
        )
        self.output = Readout(hidden_size, output_size, device=device, dtype=dtype)

    @property
    def W_xh(self) -> Tensor:
        """From the input to the hidden layer, (G*H, I)."""
        return _tensor(self.hidden, "weight_ih_l0")

    @property
    def W_hh(self) -> Tensor:
        """From the hidden layer to itself, one step later, (G*H, H)."""
        return _tensor(self.hidden, "weight_hh_l0")

    @property
    def W_ho(self) -> Tensor:
        """From the hidden to the output layer, (O, H)."""
        return _tensor(self.output, "weight")

    @property
    def b_h(self) -> Tensor:
        """The bias of the hidden layer, (G*H,). A cell with split gates has `hidden.bias_hh_l0` beside it."""
        return _tensor(self.hidden, "bias_ih_l0")

    @property
    def b_o(self) -> Tensor:
        """The bias of the output layer, (O,)."""
        return _tensor(self.output, "bias")

    def __setattr__(self, name: str, value: Any) -> None:
        """As every module's, but for the names of the textbook.

        Raises:
            InputError: one of them is assigned to.
        """
        if name in ("W_xh", "W_hh", "W_ho", "b_h", "b_o"):
            raise InputError(
                f"net.{name} cannot be assigned to: it is the network's own parameter; write into it, "
                f"with torch.no_grad(): net.{name}.copy_(...)"
            )
        super().__setattr__(name, value)

    def forward(
        self, x: Tensor, state: State | None = None, lengths: Tensor | Sequence[int] | None = None
    ) -> tuple[Tensor, State]:
        """Run over sequences, from a hidden state if one is given, else from zeros.

        Shape:
            x (B, T, I) -> y (B, T, O); the state has h (B, 1, H) and what else the cell keeps.

        Args:
            x: the sequences.
            state: the state that an earlier call gave.
            lengths: (B,) the number of valid steps of each sequence; past it y is b_o and the state stands still.

        Raises:
            InputError: a shape, a dtype or a length does not fit.
        """
        if x.dim() != 3:
            raise InputError(f"x has {x.dim()} dimensions, expected 3: batch, time steps, features")
        if state is None:
            state = self.hidden.initial_state(x.shape[0])
        h, state = self.hidden(x, state, lengths)
        return self.output(h), state


def _tensor(module: nn.Module, name: str) -> Tensor:
    """A parameter, or what stands in its place under a parametrization."""
    tensor: Tensor = getattr(module, name)
    return tensor
