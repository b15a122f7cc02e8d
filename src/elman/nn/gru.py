"""The gated recurrent unit as a drop-in for torch.nn.GRU."""

import torch

from elman.equations import CELLS
from elman.nn.recurrent import Recurrent


class GRU(Recurrent):
    """The gated recurrent unit: one state, an update gate z and a reset gate r.

    r, z = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh
    n = tanh(W_in x_t + b_in + sigmoid(r) * (W_hn h_{t-1} + b_hn))
    h_t = (1 - sigmoid(z)) * n + sigmoid(z) * h_{t-1}

    Drop-in for torch.nn.GRU: the same arguments, parameters, initial weights and results, `state_dict` both ways.
    The arguments after `*` are elman's; all are explained at `Recurrent`.

    Source: Cho et al. 2014, arXiv:1406.1078, with the reset behind the product, as in torch and cuDNN.

    Example:
        >>> import elman, torch
        >>> output, h_n = elman.GRU(3, 5)(torch.ones(7, 2, 3))  # (T, B, I) -> (T, B, H), (1, B, H)
    """

    mode, proj_size = "GRU", 0  # as torch.nn has them

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
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
        super().__init__(
            CELLS["gru"],
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
