"""The network without memory: W steps side by side in one hidden layer."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman.equations import Cell
from elman.errors import InputError
from elman.models.crf import CRF
from elman.models.inputs import SequenceInput
from elman.models.inside import inside
from elman.models.spelling import Spelling


class Feedforward(nn.Module):
    """A plain feedforward network on a window of the sequence; what a recurrent network is to be compared with.

    h = tanh(W_xh [x_{t-W+1} ... x_t] + b_h), y = W_ho h + b_o: another weight for every place in the window, and
    nothing from outside of it. Steps before the start are 0, and after the end.

    Args:
        input_size: how many symbols there are, or the features of a vector.
        output_size: O.
        window: W, how many steps it sees.
        hidden_size: H.
        in_step: whether there is an output for every step, or one for the end of the sequence.
        dropout: the probability of zeroing in training: embeddings, before the output layer.
        embedding_size: numbers that stand for a symbol; 0 says that the input is vectors.
        symbol_dropout, frozen: see `SequenceInput`.
        centred: whether the window of a step has it in its middle, and so the future too; else at its end.
        cell: of what reads characters, where there are some.
        num_characters: see `Reader`.
        spelling_size: see `Reader`.
        crf: see `InStep`.
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
        centred: bool = False,
        cell: Cell | str = "lstm",
        num_characters: int = 0,
        spelling_size: int = 0,
        crf: Sequence[str] | None = None,
        frozen: int = 0,
    ) -> None:
        super().__init__()
        self.window, self.in_step = window, in_step
        self.after = window // 2 if centred else 0  # steps of a window behind its own
        spelling = Spelling(num_characters, cell, spelling_size) if num_characters else None
        self.input = SequenceInput(input_size, embedding_size, dropout, symbol_dropout, spelling, frozen)
        self.hidden = nn.Linear(window * self.input.output_size, hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.readout = nn.Linear(hidden_size, output_size)
        self.crf = None if crf is None else CRF(crf)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """One output for each sequence, or one for each step.

        Shape:
            inputs (B, T) or (B, T, I), lengths (B,) -> outputs (B, O), or (B, T, O) with `in_step`
        """
        x = self.input(inputs)
        B, T = x.shape[:2]
        if self.after:  # padding is not 0 where an unknown symbol is 0
            x = x * inside(lengths, T, x.device).unsqueeze(2)
        if self.in_step:
            seen = last_steps(x, self.window, self.after)
        else:
            past = F.pad(x, (0, 0, self.window, 0))  # (B, W + T, E)
            steps = lengths.to(x.device).unsqueeze(1) + torch.arange(self.window, device=x.device)  # (B, W)
            seen = past[torch.arange(B, device=x.device).unsqueeze(1), steps].flatten(1)  # (B, W*E)
        return self.readout(self.dropout(torch.tanh(self.hidden(seen))))  # type: ignore[no-any-return]

    @classmethod
    def equal_size(cls, parameters: int, **others: Any) -> int:
        """The width of the hidden layer for which the network has as many parameters as another, within 2 %.

        Args:
            parameters: of the other.
            others: all arguments but `hidden_size`.

        Raises:
            InputError: no width comes as near as that.
        """
        return equal_size(cls, parameters, **others)


def equal_size(model: type[nn.Module], parameters: int, **others: Any) -> int:
    """The width of a model's hidden layer; see `Feedforward.equal_size`."""
    width, found = nearest_size(model, parameters, **others)
    if abs(found - parameters) > 0.02 * parameters:
        raise InputError(
            f"a feedforward network on {others['window']} steps has {found} parameters at the nearest, "
            f"expected {parameters} within 2 %: choose a smaller window"
        )
    return width


def nearest_size(model: type[nn.Module], parameters: int, **others: Any) -> tuple[int, int]:
    """The width of a model's hidden layer with which it has nearly so many parameters, and how many it has then."""

    def count(width: int) -> int:
        with torch.device("meta"):
            network = model(hidden_size=width, **others)
        return sum(one.numel() for one in network.parameters() if one.requires_grad)

    each = count(2) - count(1)
    width = max(1, round((parameters - count(1)) / each) + 1)
    return width, count(width)


def last_steps(x: Tensor, window: int, after: int = 0) -> Tensor:
    """The last steps of each step side by side, itself included; those before the start are 0.

    Shape:
        x (B, T, E) -> (B, T, W*E)

    Args:
        x: the steps.
        window: W.
        after: how many of them come after it.
    """
    B, T, E = x.shape
    windows = F.pad(x, (0, 0, window, after)).unfold(1, window, 1)[:, 1 + after :]
    return windows.transpose(2, 3).reshape(B, T, window * E)
