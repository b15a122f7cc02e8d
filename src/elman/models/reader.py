"""What the wirings without a decoder share: an input end, recurrent layers and an output layer."""

from torch import Tensor, nn

from elman.equations import Cell
from elman.models.inputs import SequenceInput
from elman.models.spelling import Spelling
from elman.models.tied_readout import TiedReadout
from elman.nn import Readout, Recurrent
from elman.state import State


class Reader(nn.Module):
    """Reads sequences: the parts of `InStep` and `ManyToOne`, which differ in what they make of the states.

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
        symbol_dropout: see `SequenceInput`.
        train_initial_state: whether the state before the first step is a parameter.
        num_characters: how many characters words are spelt with; 0: the input has none.
        spelling_size: numbers that a word's characters become.
        frozen: see `SequenceInput`.
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
        symbol_dropout: float = 0.0,
        train_initial_state: bool = False,
        num_characters: int = 0,
        spelling_size: int = 0,
        frozen: int = 0,
    ) -> None:
        super().__init__()
        spelling = Spelling(num_characters, cell, spelling_size) if num_characters else None
        self.input = SequenceInput(input_size, embedding_size, dropout, symbol_dropout, spelling, frozen)
        self.recurrent = Recurrent(
            cell,
            self.input.output_size,
            hidden_size,
            num_layers,
            batch_first=True,
            dropout=dropout if num_layers > 1 else 0.0,
            bidirectional=bidirectional,
            init=init,
            train_initial_state=train_initial_state,
        )
        self.dropout = nn.Dropout(dropout)
        self.readout: Readout | TiedReadout = Readout(self.recurrent.num_directions * hidden_size, output_size)

    def initial_state(self, batch_size: int) -> State:
        """The state before the first step."""
        return self.recurrent.initial_state(batch_size)

    def read(self, inputs: Tensor, lengths: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """The hidden state of the last layer at every step, (B, T, D*H), and the state after the last step."""
        x = self.input(inputs)
        return self.recurrent(x, state or self.initial_state(len(x)), lengths)  # type: ignore[no-any-return]
