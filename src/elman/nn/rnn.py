"""The Elman network as a drop-in for torch.nn.RNN."""

import torch

from elman.equations import CELLS
from elman.errors import InputError
from elman.nn.recurrent import Recurrent


class RNN(Recurrent):
    """The simple recurrent network: h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), or with ReLU.

    Drop-in for torch.nn.RNN: the same arguments, parameters, initial weights and results, `state_dict` both ways.
    The arguments after `*` are elman's; all are explained at `Recurrent`.

    Args:
        nonlinearity: "tanh" or "relu".

    Source: Elman 1990, Finding Structure in Time.

    Example:
        >>> import elman, torch
        >>> output, h_n = elman.RNN(3, 5)(torch.ones(7, 2, 3))  # (T, B, I) -> (T, B, H), (1, B, H)
    """

    proj_size = 0  # as torch.nn has it

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
        *,
        init: str = "torch",
        train_initial_state: bool = False,
        return_states: bool = False,
        checkpoint: int | bool | None = None,
        memory_budget: int | None = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise InputError(f"nonlinearity is {nonlinearity!r}, expected 'tanh' or 'relu'")
        self.nonlinearity = nonlinearity
        super().__init__(
            CELLS["elman" if nonlinearity == "tanh" else "elman_relu"],
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            init=init,
            train_initial_state=train_initial_state,
            return_states=return_states,
            checkpoint=checkpoint,
            memory_budget=memory_budget,
            device=device,
            dtype=dtype,
        )

    @property
    def mode(self) -> str:
        """As torch.nn names it: "RNN_TANH" or "RNN_RELU"."""
        return f"RNN_{self.nonlinearity.upper()}"

    def extra_repr(self) -> str:
        """The arguments, as torch.nn shows them."""
        return super().extra_repr() + (f", nonlinearity={self.nonlinearity}" if self.nonlinearity != "tanh" else "")
