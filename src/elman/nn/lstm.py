"""Long short-term memory as a drop-in for torch.nn.LSTM."""

import torch

from elman.equations import CELLS
from elman.errors import InputError
from elman.nn.recurrent import Recurrent


class LSTM(Recurrent):
    """Long short-term memory: a cell state c that gates write, keep and read.

    i, f, g, o = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh
    c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g)
    h_t = sigmoid(o) * tanh(c_t)

    Drop-in for torch.nn.LSTM: the same arguments, parameters, initial weights and results, `state_dict` both ways.
    The state is the tuple (h, c). The arguments after `*` are elman's; all are explained at `Recurrent`.

    Args:
        proj_size: only 0; elman has no projection of the hidden state.

    Source: Hochreiter, Schmidhuber 1997; forget gate: Gers, Schmidhuber, Cummins 2000.

    Example:
        >>> import elman, torch
        >>> output, (h_n, c_n) = elman.LSTM(3, 5)(torch.ones(7, 2, 3))  # (T, B, I) -> (T, B, H), (1, B, H) twice
    """

    mode, proj_size = "LSTM", 0  # as torch.nn has them

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
        *,
        init: str = "torch",
        train_initial_state: bool = False,
        return_states: bool = False,
        checkpoint: int | bool | None = None,
        memory_budget: int | None = None,
    ) -> None:
        if proj_size != 0:
            raise InputError(
                f"proj_size is {proj_size}, expected 0: put a torch.nn.Linear behind the layer, or use torch.nn.LSTM"
            )
        super().__init__(
            CELLS["lstm"],
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
