"""Many to many in step: an output for every time step."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from elman.models.crf import CRF
from elman.models.reader import Reader
from elman.models.tied_readout import tied
from elman.state import State


class InStep(Reader):
    """Reads a sequence and gives an output at every step: y_t = W_ho h_t + b_o.

    Args:
        args, kwargs: those of `Reader`.
        tie_embeddings: whether the weights of the output layer are those of the embedding; see `TiedReadout`.
        crf: what may follow what, as `CRF` has it: outputs are then what that scores sequences of tags with.
    """

    def __init__(
        self, *args: Any, tie_embeddings: bool = False, crf: Sequence[str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.crf = None if crf is None else CRF(crf)
        if tie_embeddings:
            hidden_size, output_size = self.readout.in_features, self.readout.out_features
            self.readout = tied(self.input.embedding, int(hidden_size), int(output_size))

    def forward(self, inputs: Tensor, lengths: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Run over sequences, from a state if one is given.

        Shape:
            inputs (B, T) or (B, T, I), lengths (B,) -> outputs (B, T, O)
        """
        h, last = self.read(inputs, lengths, state)
        return self.answer(h), last

    def answer(self, h: Tensor) -> Tensor:
        """The outputs of hidden states, (B, T, D*H) -> (B, T, O)."""
        return self.readout(self.dropout(h))  # type: ignore[no-any-return]
