"""What the wirings share that write symbols one after another, whatever it is that they look at."""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from elman.models.attention import Memory
from elman.models.decoder import Decoder
from elman.models.search import Hypothesis, search
from elman.state import State

IGNORED = -100
"""What `Writer.expected` holds past a target's end: torch's losses leave it out."""


class Writer(nn.Module):
    """Looks at its inputs as a whole, then writes symbols: `EncoderDecoder` looks at a sequence, others at a picture.

    Targets are given bare: the model itself puts the start symbol before and expects the end symbol after them.

    Args:
        encoder: of inputs and their lengths makes the decoder's first state, (B, L, H) each, and what it will look at.
        decoder: writes.
        start: the symbol that the decoder reads first.
        end: the symbol that ends a target.
        unknown: the symbol that stands for those that are not known; it is read, and written only where the memory has
            unknown symbols that may be copied.
    """

    def __init__(self, encoder: nn.Module, decoder: Decoder, start: int, end: int, unknown: int) -> None:
        super().__init__()
        self.start, self.end, self.unknown = start, end, unknown
        self.encoder, self.decoder = encoder, decoder

    def forward(self, inputs: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Teacher forcing: the scores of each next symbol after the true ones before it.

        `logits[b, u]` scores what follows the first u symbols of target b; `expected` gives what does follow.
        Targets need no lengths here: what stands past an end changes nothing before it.

        Shape: inputs (B, T) or (B, T, I), lengths (B,), target (B, U) -> logits (B, U + 1, V).
        """
        return self.taught(inputs, lengths, target)[0]

    def taught(self, inputs: Tensor, lengths: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Memory]:
        """What `forward` gives, where each of its steps looked, and what it looked at.

        Shape: as of `forward`, and weights (B, U + 1, T).
        """
        state, memory = self.encoder(inputs, lengths)
        logits, weights, _ = self.decoder(self._shifted(target), state, memory)
        return logits, weights, memory

    def expected(self, target: Tensor, target_lengths: Tensor) -> Tensor:
        """What `forward` should predict: the target, the end symbol, and past it `IGNORED`.

        Shape: target (B, U), target_lengths (B,) -> (B, U + 1).
        """
        target_lengths = target_lengths.to(target.device).unsqueeze(1)
        steps = torch.arange(target.shape[1] + 1, device=target.device)
        longer = torch.cat([target, target.new_zeros(len(target), 1)], 1)
        return longer.masked_fill(steps == target_lengths, self.end).masked_fill(steps > target_lengths, IGNORED)

    def step(self, ids: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
        """One step of free running: the log-probabilities of what follows `ids`, and the state after it.

        The start symbol never follows, and the unknown one only where there is something that it may be a copy of:
        nobody can read them.

        Shape: ids (R,) -> log-probabilities (R, V).
        """
        logits, _, state = self.decoder(ids.unsqueeze(1), state, memory)
        logits = logits.squeeze(1)
        unknown = logits[:, self.unknown]
        logits = logits.index_fill(1, ids.new_tensor([self.start, self.unknown]), -torch.inf)
        if memory.unknown is not None:
            logits[:, self.unknown] = unknown.masked_fill(~memory.unknown.any(1), -torch.inf)
        return logits.log_softmax(-1), state

    @torch.no_grad()
    def search(
        self,
        inputs: Tensor,
        lengths: Tensor,
        *,
        beam: int = 1,
        max_length: int | Tensor,
        length_penalty: float = 0.0,
        attention: bool = False,
    ) -> list[list[Hypothesis]]:
        """The best targets of each input; put the model into `eval` mode first.

        Shape: inputs (B, T) or (B, T, I), lengths (B,).

        Args:
            inputs: what the encoder reads.
            lengths: how many steps each has.
            beam: as for `elman.models.search.search`, as are `max_length` and `length_penalty`.
            max_length: the most symbols that a target may have, one number or one for each input, (B,).
            length_penalty: power of the length that divides log-probabilities.
            attention: whether hypotheses tell where the decoder looked, (len(symbols) + 1, T).

        Returns:
            for each input up to `beam` hypotheses, the best first.

        Raises:
            InputError: an argument is out of range, or the weights are NaN.
        """
        state, memory = self.encoder(inputs, lengths)
        found = search(
            self.step,
            state,
            memory,
            torch.full((len(inputs),), self.start, device=inputs.device),
            end=self.end,
            beam=beam,
            max_length=max_length,
            length_penalty=length_penalty,
        )
        if attention or any(self.unknown in one.symbols for of_input in found for one in of_input):
            found = self._copied(self._looked(found, state, memory), memory)
        return found if attention else [[replace(one, attention=None) for one in of_input] for of_input in found]

    def _copied(self, found: list[list[Hypothesis]], memory: Memory) -> list[list[Hypothesis]]:
        """The hypotheses with what their unknown symbols stand for: of the memory's the one that was looked at most.

        Source: Luong, Sutskever, Le, Vinyals and Zaremba, Addressing the Rare Word Problem in Neural Machine
        Translation (2015), with attention in place of their alignments.
        """
        if memory.unknown is None:
            return found
        places = [row.nonzero().squeeze(1) for row in memory.unknown]
        return [
            [replace(one, copied=_most_looked_at(one, self.unknown, own)) for one in of_input]
            for of_input, own in zip(found, places, strict=True)
        ]

    def _looked(self, found: list[list[Hypothesis]], state: State, memory: Memory) -> list[list[Hypothesis]]:
        """The hypotheses with their attention, from one call that unrolls the decoder over all of them."""
        symbols = [torch.tensor(one.symbols, dtype=torch.int64) for of_input in found for one in of_input]
        if not symbols:
            return found
        rows = torch.tensor([row for row, of_input in enumerate(found) for _ in of_input])
        target = pad_sequence(symbols, batch_first=True).to(memory.values.device)
        _, weights, _ = self.decoder(self._shifted(target), state.select(rows), memory.select(rows))
        lengths = memory.lengths[rows].tolist()
        cut = iter([w[: len(s) + 1, :T] for w, s, T in zip(weights, symbols, lengths, strict=True)])
        return [[replace(one, attention=next(cut)) for one in of_input] for of_input in found]

    def _shifted(self, target: Tensor) -> Tensor:
        return torch.cat([target.new_full((len(target), 1), self.start), target], 1)


def _most_looked_at(one: Hypothesis, unknown: int, places: Tensor) -> tuple[int, ...]:
    """Of the input's steps `places` (K,), for each unknown symbol of a hypothesis the one that it looked at most."""
    assert one.attention is not None
    steps = [step for step, symbol in enumerate(one.symbols) if symbol == unknown]
    return tuple(int(places[one.attention[step, places].argmax()]) for step in steps)
