"""Many to many in step: an output for every time step."""

from torch import Tensor

from elman.models.reader import Reader
from elman.state import State


class InStep(Reader):
    """Reads a sequence and gives an output at every step: y_t = W_ho h_t + b_o. The arguments are those of `Reader`."""

    def forward(self, inputs: Tensor, lengths: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Run over sequences, from a state if one is given.

        Shape:
            inputs (B, T) or (B, T, I), lengths (B,) -> outputs (B, T, O)
        """
        h, last = self.read(inputs, lengths, state)
        return self.readout(self.dropout(h)), last
