"""Encoder then decoder: one recurrent network reads a sequence, another writes one while looking back at the first."""

from torch import Tensor, nn

from elman.equations import Cell
from elman.errors import InputError
from elman.models.attention import Memory
from elman.models.decoder import Decoder
from elman.models.inputs import SequenceInput
from elman.models.inside import inside
from elman.models.writer import Writer
from elman.nn import Recurrent
from elman.state import State


class Encoder(nn.Module):
    """Reads symbols; gives one vector for each, and a state for a decoder to start from.

    The decoder's first state is made of the encoder's last, both directions together:
    h_0 = tanh(W_h [h_forward; h_backward] + b_h), and other states, such as an LSTM's c, without the tanh.

    Args:
        source_size: how many symbols there are.
        cell: a cell, or the name of one.
        hidden_size: H.
        num_layers: L.
        bidirectional: whether a second network reads each sequence from its end.
        dropout: the probability with which, in training, a number of an embedding or between layers is zeroed.
        embedding_size: numbers that stand for a symbol.
        init: how the recurrent weights start; see `Recurrent`.
        frozen: see `SequenceInput`.
        copied: the symbol that stands for what a decoder may copy; None: nothing is copied.
    """

    def __init__(
        self,
        source_size: int,
        cell: Cell | str,
        hidden_size: int,
        num_layers: int,
        bidirectional: bool,
        dropout: float,
        embedding_size: int,
        init: str,
        frozen: int,
        copied: int | None = None,
    ) -> None:
        super().__init__()
        self.copied = copied
        self.input = SequenceInput(source_size, embedding_size, dropout, frozen=frozen)
        self.recurrent = Recurrent(
            cell,
            embedding_size,
            hidden_size,
            num_layers,
            batch_first=True,
            dropout=dropout if num_layers > 1 else 0.0,
            bidirectional=bidirectional,
            init=init,
        )
        self.memory_size = self.recurrent.num_directions * hidden_size
        self.bridge = nn.ModuleDict(
            {name: nn.Linear(self.memory_size, hidden_size) for name in self.recurrent.cell.state}
        )

    def forward(self, source: Tensor, lengths: Tensor) -> tuple[State, Memory]:
        """The decoder's first state, (B, L, H) each, and what it will look at, (B, T, D*H).

        Shape: source (B, T), lengths (B,).
        """
        layer = self.recurrent
        output, last = layer(self.input(source), layer.initial_state(len(source)), lengths)
        unknown = None
        if self.copied is not None:
            unknown = (source == self.copied) & inside(lengths, source.shape[1], source.device)
        return self.handed_over(last), Memory(output, lengths, unknown)

    def handed_over(self, last: State) -> State:
        """The decoder's first state, (B, L, H) each, of the state after the source's last step."""
        layer = self.recurrent
        first = {
            name: self.bridge[name](last[name].reshape(last.batch_size, layer.num_layers, self.memory_size))
            for name in last.names
        }
        first[last.names[0]] = first[last.names[0]].tanh()
        return State(**first)


class EncoderDecoder(Writer):
    """A sequence of symbols in, another out, of another length: translation, spelling to sound.

    A source of length 0 is allowed.

    Args:
        source_size: how many symbols a source may have.
        target_size: V, how many symbols a target may have, start and end among them.
        cell: a cell, or the name of one, for encoder and decoder.
        hidden_size: H, of each direction of the encoder and of the decoder.
        num_layers: L, of both.
        bidirectional: whether the encoder reads in both directions.
        dropout: the probability with which a number is zeroed in training.
        embedding_size: numbers that stand for a symbol.
        init: how the recurrent weights start: "torch", "orthogonal", "identity".
        start: the symbol that the decoder reads first.
        end: the symbol that ends a target.
        unknown: the symbol that stands for those that are not known; it is read, and written only as a copy.
        frozen: how many symbols of sources have vectors that are not learned; see `SequenceInput`.
        copies: whether an unknown symbol may be written where the source has one, for the one that is looked at most.

    Raises:
        InputError: an argument is out of range.

    Example:
        >>> model = EncoderDecoder(source_size=9, target_size=7, hidden_size=8, embedding_size=4).eval()
        >>> source, lengths = torch.tensor([[3, 4, 5], [6, 0, 0]]), torch.tensor([3, 1])
        >>> model(source, lengths, torch.tensor([[3, 4], [5, 6]])).shape
        torch.Size([2, 3, 7])
        >>> len(model.search(source, lengths, beam=3, max_length=5)[0])
        3
    """

    encoder: Encoder

    def __init__(
        self,
        source_size: int,
        target_size: int,
        cell: Cell | str = "lstm",
        hidden_size: int = 128,
        num_layers: int = 1,
        bidirectional: bool = True,
        dropout: float = 0.1,
        embedding_size: int = 96,
        init: str = "torch",
        start: int = 1,
        end: int = 2,
        unknown: int = 0,
        frozen: int = 0,
        copies: bool = False,
    ) -> None:
        if embedding_size < 1:
            raise InputError(f"embedding_size is {embedding_size}; the symbols of a target need at least 1")
        encoder = Encoder(
            source_size,
            cell,
            hidden_size,
            num_layers,
            bidirectional,
            dropout,
            embedding_size,
            init,
            frozen,
            copied=unknown if copies else None,
        )
        decoder = Decoder(
            target_size, encoder.memory_size, cell, hidden_size, num_layers, dropout, embedding_size, init
        )
        super().__init__(encoder, decoder, start, end, unknown)

    @property
    def input(self) -> SequenceInput:
        """The end that reads the source."""
        return self.encoder.input
