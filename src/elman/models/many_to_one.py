"""Many to one: an output for a whole sequence."""

import torch
from torch import Tensor, nn

from elman.equations import Cell
from elman.errors import InputError
from elman.models.inputs import SequenceInput
from elman.nn import Readout, Recurrent

POOLINGS = ("last", "mean", "max")


class ManyToOne(nn.Module):
    """Reads a sequence and gives one output: y = W_ho pool(h_1 ... h_T) + b_o.

    Args:
        input_size: how many symbols there are, or the features of a vector.
        output_size: O.
        cell: a cell, or the name of one.
        hidden_size: H.
        num_layers: L.
        bidirectional: whether a second network reads each sequence from its end.
        dropout: the probability of zeroing in training: embeddings, between layers, before the output layer.
        embedding_size: numbers that stand for a symbol; 0 says that the input is vectors.
        init: how the recurrent weights start; see `Recurrent`.
        pooling: what the output layer reads: the "last" state of each direction, the "mean" or the "max" over
            all steps. For an empty sequence that is 0.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        cell: Cell | str,
        hidden_size: int,
        num_layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        embedding_size: int = 0,
        init: str = "torch",
        pooling: str = "last",
    ) -> None:
        super().__init__()
        if pooling not in POOLINGS:
            raise InputError(f"pooling is {pooling!r}, expected one of {', '.join(POOLINGS)}")
        self.pooling = pooling
        self.input = SequenceInput(input_size, embedding_size, dropout)
        self.recurrent = Recurrent(
            cell,
            self.input.output_size,
            hidden_size,
            num_layers,
            batch_first=True,
            dropout=dropout if num_layers > 1 else 0.0,
            bidirectional=bidirectional,
            init=init,
        )
        self.dropout = nn.Dropout(dropout)
        self.readout = Readout(self.recurrent.num_directions * hidden_size, output_size)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """One output for each sequence.

        Shape:
            inputs (B, T) or (B, T, I), lengths (B,) -> outputs (B, O)
        """
        x = self.input(inputs)
        h, last = self.recurrent(x, self.recurrent.initial_state(len(x)), lengths)
        pooled = self._pooled(h, last[last.names[0]], lengths.to(h.device))
        return self.readout(self.dropout(pooled))  # type: ignore[no-any-return]

    def _pooled(self, h: Tensor, last: Tensor, lengths: Tensor) -> Tensor:
        if self.pooling == "last":
            return last[:, -self.recurrent.num_directions :].flatten(1)  # (B, D*H)
        if self.pooling == "mean":
            return h.sum(1) / lengths.clamp(min=1).unsqueeze(1)  # h is 0 past the end
        if h.shape[1] == 0:
            return h.new_zeros(len(h), h.shape[2])
        valid = (torch.arange(h.shape[1], device=h.device) < lengths.unsqueeze(1)).unsqueeze(2)
        return h.masked_fill(~valid, -torch.inf).amax(1).where(lengths.unsqueeze(1) > 0, 0)
