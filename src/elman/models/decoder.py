"""The recurrent network that writes symbols one after another while it looks at a memory."""

import torch
from torch import Tensor, nn

from elman.equations import Cell
from elman.models.attention import Attention, Memory
from elman.models.inputs import SequenceInput
from elman.nn import Readout, Recurrent
from elman.state import State


class Decoder(nn.Module):
    """Writes symbols: reads the one before, looks at the memory, and says how likely each symbol is next.

        h_u = cell(embedding of symbol u-1, h_{u-1})
        c_u, a_u = attention(h_u, memory)
        y_u = W_ho tanh(W_c [c_u; h_u]) + b_o

    The attention's result is not fed back into the recurrence, so the recurrence runs over a whole known target in
    one call, and the attention for all of its steps at once.

    Args:
        target_size: V, how many symbols there are.
        memory_size: M, of the memory's vectors.
        cell: a cell, or the name of one.
        hidden_size: H.
        num_layers: L.
        dropout: the probability with which, in training, a number of an embedding, between layers or of an output
            is zeroed.
        embedding_size: numbers that stand for a symbol.
        init: how the recurrent weights start; see `Recurrent`.

    Source: Luong, Pham and Manning, Effective Approaches to Attention-based Neural Machine Translation
    (2015), equations 5 and 6.
    """

    def __init__(
        self,
        target_size: int,
        memory_size: int,
        cell: Cell | str,
        hidden_size: int,
        num_layers: int,
        dropout: float,
        embedding_size: int,
        init: str,
    ) -> None:
        super().__init__()
        self.input = SequenceInput(target_size, embedding_size, dropout)
        self.dropout = nn.Dropout(dropout)
        self.recurrent = Recurrent(
            cell,
            embedding_size,
            hidden_size,
            num_layers,
            batch_first=True,
            dropout=dropout if num_layers > 1 else 0.0,
            init=init,
        )
        self.attention = Attention(hidden_size, memory_size)
        self.combination = nn.Linear(memory_size + hidden_size, hidden_size, bias=False)
        self.readout = Readout(hidden_size, target_size)

    def forward(self, inputs: Tensor, state: State, memory: Memory) -> tuple[Tensor, Tensor, State]:
        """Scores of the symbol after each of `inputs`, where each step looked, and the state after the last.

        Shape: inputs (B, U) -> logits (B, U, V), weights (B, U, T), states (B, L, H).
        """
        hidden, state = self.recurrent(self.input(inputs), state)
        return *self.answer(hidden, memory), state

    def answer(self, hidden: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """What hidden states make of a memory: scores of the next symbol, and where each step looked.

        Shape: hidden (B, U, H) -> logits (B, U, V), weights (B, U, T).
        """
        hidden = self.dropout(hidden)
        context, weights = self.attention(hidden, memory)
        combined = self.dropout(torch.tanh(self.combination(torch.cat([context, hidden], -1))))
        return self.readout(combined), weights
