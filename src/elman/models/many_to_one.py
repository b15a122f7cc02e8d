"""Many to one: an output for a whole sequence."""

from typing import Any

import torch
from torch import Tensor

from elman.errors import InputError
from elman.models.attention import AttentionPooling, Memory
from elman.models.inside import inside
from elman.models.reader import Reader
from elman.state import State

POOLINGS = ("last", "mean", "max", "attention")


class ManyToOne(Reader):
    """Reads a sequence and gives one output: y = W_ho pool(h_1 ... h_T) + b_o.

    Args:
        args, kwargs: those of `Reader`.
        pooling: what the output layer reads: the "last" state of each direction, the "mean" or the "max" over
            all steps, or their mean by "attention", weighted by scores that are learned (`AttentionPooling`). For an
            empty sequence that is 0.
    """

    def __init__(self, *args: Any, pooling: str = "last", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if pooling not in POOLINGS:
            raise InputError(f"pooling is {pooling!r}, expected one of {', '.join(POOLINGS)}")
        self.pooling = pooling
        size = self.recurrent.num_directions * self.recurrent.hidden_size
        self.attention = AttentionPooling(size) if pooling == "attention" else None

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """One output for each sequence.

        Shape:
            inputs (B, T) or (B, T, I), lengths (B,) -> outputs (B, O)
        """
        return self.answer(*self.read(inputs, lengths), lengths)

    def answer(self, h: Tensor, last: State, lengths: Tensor) -> Tensor:
        """The output for hidden states, (B, T, D*H), and the state after the last step -> (B, O)."""
        pooled = self._pooled(h, last[last.names[0]], lengths.to(h.device))
        return self.readout(self.dropout(pooled))  # type: ignore[no-any-return]

    def _pooled(self, h: Tensor, last: Tensor, lengths: Tensor) -> Tensor:
        if self.pooling == "last":
            return last[:, -self.recurrent.num_directions :].flatten(1)  # (B, D*H)
        if self.pooling == "mean":
            return h.sum(1) / lengths.clamp(min=1).unsqueeze(1)  # h is 0 past the end
        if self.attention is not None:
            return self.attention(Memory(h, lengths))[0]  # type: ignore[no-any-return]
        if h.shape[1] == 0:
            return h.new_zeros(len(h), h.shape[2])
        valid = inside(lengths, h.shape[1], h.device).unsqueeze(2)
        return h.masked_fill(~valid, -torch.inf).amax(1).where(lengths.unsqueeze(1) > 0, 0)
