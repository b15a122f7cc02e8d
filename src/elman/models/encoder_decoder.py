"""Encoder then decoder: one recurrent network reads a sequence, another writes one while looking back at the first."""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from elman.equations import Cell
from elman.errors import InputError
from elman.models.attention import Attention, Memory
from elman.models.inputs import SequenceInput
from elman.models.search import Hypothesis, search
from elman.nn import Readout, Recurrent
from elman.state import State

IGNORED = -100
"""What `EncoderDecoder.expected` holds past a target's end: torch's losses leave it out."""


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
    ) -> None:
        super().__init__()
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
        first = {
            name: self.bridge[name](last[name].reshape(len(source), layer.num_layers, self.memory_size))
            for name in last.names
        }
        first[last.names[0]] = first[last.names[0]].tanh()
        return State(**first), Memory(output, lengths)


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
        hidden = self.dropout(hidden)
        context, weights = self.attention(hidden, memory)
        combined = self.dropout(torch.tanh(self.combination(torch.cat([context, hidden], -1))))
        return self.readout(combined), weights, state


class EncoderDecoder(nn.Module):
    """A sequence of symbols in, another out, of another length: translation, spelling to sound.

    Targets are given bare: the model itself puts the start symbol before and expects the end symbol after them.

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
        unknown: the symbol that stands for those that are not known; it is read and never written.
        frozen: how many symbols of sources have vectors that are not learned; see `SequenceInput`.

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
    ) -> None:
        super().__init__()
        if embedding_size < 1:
            raise InputError(f"embedding_size is {embedding_size}; the symbols of a target need at least 1")
        self.start, self.end, self.unknown = start, end, unknown
        self.encoder = Encoder(
            source_size, cell, hidden_size, num_layers, bidirectional, dropout, embedding_size, init, frozen
        )
        self.decoder = Decoder(
            target_size, self.encoder.memory_size, cell, hidden_size, num_layers, dropout, embedding_size, init
        )

    @property
    def input(self) -> SequenceInput:
        """The end that reads the source."""
        return self.encoder.input

    def forward(self, source: Tensor, source_lengths: Tensor, target: Tensor) -> Tensor:
        """Teacher forcing: the scores of each next symbol after the true ones before it.

        `logits[b, u]` scores what follows the first u symbols of target b; `expected` gives what does follow.
        Targets need no lengths here: what stands past an end changes nothing before it.

        Shape: source (B, T), source_lengths (B,), target (B, U) -> logits (B, U + 1, V).
        """
        logits, _, _ = self.decoder(self._shifted(target), *self.encode(source, source_lengths))
        return logits  # type: ignore[no-any-return]

    def expected(self, target: Tensor, target_lengths: Tensor) -> Tensor:
        """What `forward` should predict: the target, the end symbol, and past it `IGNORED`.

        Shape: target (B, U), target_lengths (B,) -> (B, U + 1).
        """
        target_lengths = target_lengths.to(target.device).unsqueeze(1)
        steps = torch.arange(target.shape[1] + 1, device=target.device)
        longer = torch.cat([target, target.new_zeros(len(target), 1)], 1)
        return longer.masked_fill(steps == target_lengths, self.end).masked_fill(steps > target_lengths, IGNORED)

    def encode(self, source: Tensor, source_lengths: Tensor) -> tuple[State, Memory]:
        """The decoder's first state and what it will look at; a source of length 0 is allowed.

        Shape: source (B, T), source_lengths (B,).
        """
        return self.encoder(source, source_lengths)  # type: ignore[no-any-return]

    def step(self, ids: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
        """One step of free running: the log-probabilities of what follows `ids`, and the state after it.

        The start symbol and the unknown one never follow: nobody can read them.

        Shape: ids (R,) -> log-probabilities (R, V).
        """
        logits, _, state = self.decoder(ids.unsqueeze(1), state, memory)
        logits = logits.squeeze(1).index_fill(1, ids.new_tensor([self.start, self.unknown]), -torch.inf)
        return logits.log_softmax(-1), state

    @torch.no_grad()
    def search(
        self,
        source: Tensor,
        source_lengths: Tensor,
        *,
        beam: int = 1,
        max_length: int | Tensor,
        length_penalty: float = 0.0,
        attention: bool = False,
    ) -> list[list[Hypothesis]]:
        """The best targets of each source; put the model into `eval` mode first.

        Shape: source (B, T), source_lengths (B,).

        Args:
            source: the sources.
            source_lengths: how many symbols each has.
            beam: as for `elman.models.search.search`, as are `max_length` and `length_penalty`.
            max_length: the most symbols that a target may have, one number or one for each source, (B,).
            length_penalty: power of the length that divides log-probabilities.
            attention: whether hypotheses tell where the decoder looked, (len(symbols) + 1, T).

        Returns:
            for each source up to `beam` hypotheses, the best first.

        Raises:
            InputError: an argument is out of range, or the weights are NaN.
        """
        state, memory = self.encode(source, source_lengths)
        found = search(
            self.step,
            state,
            memory,
            torch.full((len(source),), self.start, device=source.device),
            end=self.end,
            beam=beam,
            max_length=max_length,
            length_penalty=length_penalty,
        )
        return self._looked(found, state, memory) if attention else found

    def _looked(self, found: list[list[Hypothesis]], state: State, memory: Memory) -> list[list[Hypothesis]]:
        """The hypotheses with their attention, from one call that unrolls the decoder over all of them."""
        symbols = [torch.tensor(one.symbols, dtype=torch.int64) for of_source in found for one in of_source]
        if not symbols:
            return found
        rows = torch.tensor([row for row, of_source in enumerate(found) for _ in of_source])
        target = pad_sequence(symbols, batch_first=True).to(memory.values.device)
        _, weights, _ = self.decoder(self._shifted(target), state.select(rows), memory.select(rows))
        lengths = memory.lengths[rows].tolist()
        cut = iter([w[: len(s) + 1, :T] for w, s, T in zip(weights, symbols, lengths, strict=True)])
        return [[replace(one, attention=next(cut)) for one in of_source] for of_source in found]

    def _shifted(self, target: Tensor) -> Tensor:
        return torch.cat([target.new_full((len(target), 1), self.start), target], 1)
