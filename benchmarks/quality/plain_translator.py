"""The network of `elman.Translator` in plain torch.nn, with a training written by hand: what elman is held against."""

import itertools
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from elman.codecs import END, START, UNKNOWN, Ragged
from elman.codecs.padding import pad
from elman.models.attention import Memory
from elman.models.search import Hypothesis
from elman.models.writer import IGNORED, Writer
from elman.nn.initialise import initialise
from elman.nn.weights import Weights
from elman.state import State
from elman.train.batches import LengthBatches, ordered_batches
from elman.train.schedule import Schedule

PREDICTED = 256  # sources at a time


class PlainEncoder(nn.Module):
    """Embedding and a bidirectional nn.LSTM over packed sequences; the decoder's first state out of its last."""

    def __init__(self, size: int, options: dict[str, Any]) -> None:
        super().__init__()
        H = options["hidden_size"]
        self.embedding = nn.Embedding(size, options["embedding_size"])
        self.dropout = nn.Dropout(options["dropout"])
        self.lstm = nn.LSTM(options["embedding_size"], H, batch_first=True, bidirectional=True)
        self.bridge_h, self.bridge_c = nn.Linear(2 * H, H), nn.Linear(2 * H, H)
        initialise("orthogonal", [Weights(*one, []) for one in self.lstm.all_weights], H)

    def forward(self, source: Tensor, lengths: Tensor) -> tuple[State, Memory]:
        """Shape: source (B, T), lengths (B,)."""
        embedded = self.dropout(self.embedding(source))
        packed = pack_padded_sequence(embedded, lengths.cpu(), batch_first=True, enforce_sorted=False)
        output, (h, c) = self.lstm(packed)
        output, _ = pad_packed_sequence(output, batch_first=True, total_length=source.shape[1])
        h, c = (one.transpose(0, 1).flatten(1).unsqueeze(1) for one in (h, c))  # (B, 1, 2 H)
        return State(h=torch.tanh(self.bridge_h(h)), c=self.bridge_c(c)), Memory(output, lengths)


class PlainDecoder(nn.Module):
    """Embedding, nn.LSTM, Luong's attention by two products, and two nn.Linear."""

    def __init__(self, size: int, options: dict[str, Any]) -> None:
        super().__init__()
        H = options["hidden_size"]
        self.embedding = nn.Embedding(size, options["embedding_size"])
        self.dropout = nn.Dropout(options["dropout"])
        self.lstm = nn.LSTM(options["embedding_size"], H, batch_first=True)
        self.attention = nn.Linear(H, 2 * H, bias=False)
        self.combination = nn.Linear(3 * H, H, bias=False)
        self.readout = nn.Linear(H, size)
        initialise("orthogonal", [Weights(*one, []) for one in self.lstm.all_weights], H)

    def forward(self, inputs: Tensor, state: State, memory: Memory) -> tuple[Tensor, Tensor, State]:
        """Shape: inputs (B, U) -> logits (B, U, V), weights (B, U, T)."""
        first = tuple(state[name].transpose(0, 1).contiguous() for name in ("h", "c"))
        hidden, (h, c) = self.lstm(self.dropout(self.embedding(inputs)), first)
        hidden = self.dropout(hidden)
        outside = torch.arange(memory.values.shape[1])[None] >= memory.lengths[:, None]
        scores = torch.bmm(self.attention(hidden), memory.values.transpose(1, 2))
        weights = scores.masked_fill(outside.unsqueeze(1), -1e9).softmax(-1)
        context = torch.bmm(weights, memory.values)
        combined = self.dropout(torch.tanh(self.combination(torch.cat([context, hidden], -1))))
        return self.readout(combined), weights, State(h=h.transpose(0, 1), c=c.transpose(0, 1))


class PlainTranslator:
    """Encoder and decoder, trained for so many seconds of the processor.

    Args:
        sizes: symbols of source and target.
        options: those of elman's, of which it reads sizes, dropout, batch_size and learning_rate.
        seed: of weights and batches.
    """

    def __init__(self, sizes: tuple[int, int], options: dict[str, Any], seed: int) -> None:
        torch.manual_seed(seed)
        self.options, self.seed = options, seed
        encoder, decoder = PlainEncoder(sizes[0], options), PlainDecoder(sizes[1], options)
        self.model = Writer(encoder, decoder, START, END, UNKNOWN)  # type: ignore[arg-type] # shifts, and searches

    def fit(self, sources: Ragged, targets: Ragged, seconds: float) -> "PlainTranslator":
        """Learn until the time is over, epoch after epoch; the learning rate falls with the time."""
        schedule = Schedule(self.options["learning_rate"])
        optimizer = torch.optim.AdamW(self.model.parameters(), schedule.peak, weight_decay=0.0, fused=True)
        started = time.process_time()
        self.model.train()
        for source, lengths, target, target_lengths in self._batches(sources, targets):
            part = (time.process_time() - started) / seconds
            if part >= 1:
                break
            for group in optimizer.param_groups:
                group["lr"] = schedule(max(part, 1e-3))
            logits = self.model(source, lengths, target)
            expected = self.model.expected(target, target_lengths)
            optimizer.zero_grad()
            F.cross_entropy(logits.transpose(1, 2), expected, ignore_index=IGNORED).backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            optimizer.step()
        return self

    def _batches(self, sources: Ragged, targets: Ragged) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        """Sequences of like length together, as elman has them."""
        lengths = np.stack([sources.lengths, targets.lengths], 1)
        batches = LengthBatches(lengths, self.options["batch_size"], self.seed, 100_000)
        for epoch in itertools.count(1):
            for rows in batches.epoch(epoch):
                yield *pad([sources[row] for row in rows]), *pad([targets[row] for row in rows])

    def search(self, sources: Ragged, *, beam: int, length_penalty: float, longer: int) -> list[Hypothesis]:
        """The best of each source, by elman's beam search."""
        found: list[Any] = [None] * len(sources)
        self.model.eval()
        for rows in ordered_batches(sources.lengths, PREDICTED):
            source, lengths = pad([sources[row] for row in rows])
            best = self.model.search(
                source, lengths, beam=beam, max_length=lengths + longer, length_penalty=length_penalty
            )
            for row, several in zip(rows, best, strict=True):
                found[row] = several[0]
        return found
