"""The network without memory: the last W steps side by side in one hidden layer."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman.errors import InputError
from elman.models.inputs import SequenceInput


class Feedforward(nn.Module):
    """A plain feedforward network on a window of the sequence; what a recurrent network is to be compared with.

    h = tanh(W_xh [x_{t-W+1} ... x_t] + b_h), y = W_ho h + b_o: another weight for every place in the window, and
    nothing from before it. Steps before the start are 0.

    Args:
        input_size: how many symbols there are, or the features of a vector.
        output_size: O.
        window: W, how many steps it sees.
        hidden_size: H.
        in_step: whether there is an output for every step, or one for the end of the sequence.
        dropout: the probability of zeroing in training: embeddings, before the output layer.
        embedding_size: numbers that stand for a symbol; 0 says that the input is vectors.
        symbol_dropout: see `SequenceInput`.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        window: int,
        hidden_size: int,
        in_step: bool = False,
        dropout: float = 0.0,
        embedding_size: int = 0,
        symbol_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.window, self.in_step = window, in_step
        self.input = SequenceInput(input_size, embedding_size, dropout, symbol_dropout)
        self.hidden = nn.Linear(window * self.input.output_size, hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.readout = nn.Linear(hidden_size, output_size)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """One output for each sequence, or one for each step.

        Shape:
            inputs (B, T) or (B, T, I), lengths (B,) -> outputs (B, O), or (B, T, O) with `in_step`
        """
        x = self.input(inputs)
        past = F.pad(x, (0, 0, self.window, 0))  # (B, W + T, E)
        B, T = x.shape[:2]
        if self.in_step:
            seen = past.unfold(1, self.window, 1)[:, 1:].transpose(2, 3).reshape(B, T, past.shape[2] * self.window)
        else:
            steps = lengths.to(x.device).unsqueeze(1) + torch.arange(self.window, device=x.device)  # (B, W)
            seen = past[torch.arange(B, device=x.device).unsqueeze(1), steps].flatten(1)  # (B, W*E)
        return self.readout(self.dropout(torch.tanh(self.hidden(seen))))  # type: ignore[no-any-return]

    @staticmethod
    def equal_size(parameters: int, input_size: int, output_size: int, window: int, embedding_size: int = 0) -> int:
        """The width of the hidden layer for which the network has as many parameters as another, within 2 %.

        Raises:
            InputError: no width comes as near as that.
        """
        seen = window * (embedding_size or input_size)
        fixed, each = input_size * embedding_size + output_size, seen + 1 + output_size
        width = max(1, round((parameters - fixed) / each))
        count = fixed + width * each
        if abs(count - parameters) > 0.02 * parameters:
            raise InputError(
                f"a feedforward network on {window} steps has {count} parameters at the nearest, "
                f"expected {parameters} within 2 %: choose a smaller window"
            )
        return width
