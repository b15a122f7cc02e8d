"""Many to many in step, several steps ahead: at every step the outputs of each of the next h steps."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman.models.feedforward import last_steps
from elman.models.likelihoods import LEVELS
from elman.models.reader import Reader
from elman.nn import Readout
from elman.state import State


class StepsAhead(Reader):
    """Reads a series and at every step t gives outputs for t+1 ... t+h at once.

    z_k = silu(W_k h_t + b_k + U x_{t+k} + V s_k), y_k = W_o (z_k + silu(M z_k)) + o_k, where x is what is known of
    the future, such as the calendar, and s_k are forecasts that each season makes. At first W_o is 0.

    Shape:
        inputs (B, T, I), ahead (B, T + h - 1, F): what is known of the steps from the second on; seasonal (B, T, h, S)
        -> outputs (B, T, h, P)

    Args:
        input_size: I.
        output_size: P, the parameters of the distribution of a value.
        horizon: h.
        known_size: F.
        seasonal_size: S.
        decoder_size: C, the size of z.
        window: 0, or the network has no memory and reads the last so many steps side by side: what a recurrent one is
            to be compared with.
        cell, hidden_size, num_layers, dropout, init, train_initial_state, bidirectional, embedding_size: those of
            `Reader`.

    Buffers:
        spread: how much wider each quantile of `LEVELS` lies from the median than the outputs say; set after training.
        dependence: correlations of the steps ahead, (h, h), which sample paths follow; set after training.
    """

    spread: Tensor
    dependence: Tensor

    def __init__(
        self,
        input_size: int,
        output_size: int,
        horizon: int,
        known_size: int,
        seasonal_size: int,
        decoder_size: int,
        window: int = 0,
        **reader: Any,
    ) -> None:
        super().__init__(input_size, horizon * decoder_size, **reader)
        hidden_size = int(reader["hidden_size"])
        self.horizon, self.window = horizon, window
        if window:
            self.recurrent = None  # type: ignore[assignment]
            self.hidden = nn.Linear(window * input_size, hidden_size)
        self.known = nn.Linear(known_size, decoder_size, bias=False) if known_size else None
        self.seasonal = nn.Linear(seasonal_size, decoder_size, bias=False)
        self.mixed = nn.Linear(decoder_size, decoder_size)
        self.output = Readout(decoder_size, output_size, bias=False)
        self.bias = nn.Parameter(torch.zeros(horizon, output_size))
        nn.init.zeros_(self.output.weight)
        self.register_buffer("spread", torch.ones(len(LEVELS)))
        self.register_buffer("dependence", torch.eye(horizon))

    def initial_state(self, batch_size: int) -> State:
        """The state before the first step; a network without memory has an empty one."""
        if self.window:
            return State(h=self.bias.new_zeros(batch_size, 0))
        return super().initial_state(batch_size)

    def read(self, inputs: Tensor, lengths: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """The hidden state at every step, (B, T, H), and the state after the last."""
        if not self.window:
            return super().read(inputs, lengths, state)
        return torch.tanh(self.hidden(last_steps(inputs, self.window))), self.initial_state(len(inputs))

    def decode(self, hidden: Tensor, ahead: Tensor, seasonal: Tensor) -> Tensor:
        """The outputs of the steps ahead of each hidden state.

        Shape:
            hidden (B, T, H), ahead (B, T + h - 1, F), seasonal (B, T, h, S) -> (B, T, h, P)
        """
        z = self.readout(self.dropout(hidden)).unflatten(2, (self.horizon, -1)) + self.seasonal(seasonal)
        if self.known is not None:
            z = z + self.known(ahead).unfold(1, self.horizon, 1).transpose(2, 3)  # (B, T, h, C)
        z = F.silu(z)
        return self.output(z + F.silu(self.mixed(z))) + self.bias  # type: ignore[no-any-return]

    def forward(
        self, inputs: Tensor, lengths: Tensor, ahead: Tensor, seasonal: Tensor, state: State | None = None
    ) -> tuple[Tensor, State]:
        """Run over series, from a state if one is given."""
        hidden, last = self.read(inputs, lengths, state)
        return self.decode(hidden, ahead, seasonal), last
