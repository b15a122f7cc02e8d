"""Training data after the codecs: arrays, and the batches made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elman.codecs import SeriesCodec, TextCodec, is_text
from elman.codecs.padding import pad
from elman.train import Examples


@dataclass(frozen=True)
class Batch:
    """One batch on the model's device.

    Shape:
        inputs (B, T) or (B, T, I), lengths (B,); targets (B, ...), or (B, U, ...) with target_lengths (B,) where
        they are sequences themselves.
    """

    inputs: Tensor
    lengths: Tensor
    targets: Tensor
    target_lengths: Tensor | None


@dataclass(frozen=True)
class Coded:
    """Sequences and their targets as arrays.

    Args:
        inputs: (T_i,) symbols or (T_i, I) vectors.
        targets: what each is to give: arrays of one shape, or sequences, (U_i, ...).
        sequence_targets: whether the targets are sequences.
    """

    inputs: list[np.ndarray]
    targets: list[np.ndarray]
    sequence_targets: bool = False

    def __len__(self) -> int:
        """The number of sequences."""
        return len(self.inputs)

    def select(self, rows: Sequence[int] | np.ndarray) -> "Coded":
        """The sequences with these numbers."""
        return Coded([self.inputs[row] for row in rows], [self.targets[row] for row in rows], self.sequence_targets)

    def examples(self, device: torch.device) -> Examples[Batch]:
        """What the training loop wants: lengths to make batches of, and the function that makes one."""

        def collate(indices: np.ndarray) -> Batch:
            inputs, lengths = pad([self.inputs[row] for row in indices])
            chosen = [self.targets[row] for row in indices]
            targets, target_lengths = (
                pad(chosen) if self.sequence_targets else (torch.from_numpy(np.stack(chosen)), None)
            )
            return Batch(inputs.to(device), lengths, targets.to(device), target_lengths)

        lengths = [len(one) for one in self.inputs]
        if self.sequence_targets:
            return Examples(list(zip(lengths, map(len, self.targets), strict=True)), collate)
        return Examples(lengths, collate)


def encoded(codec: TextCodec | SeriesCodec, sequences: Sequence[Any], name: str = "X") -> list[np.ndarray]:
    """Sequences as arrays; `name` is what the caller calls them, for messages."""
    if isinstance(codec, TextCodec):
        return [codec.encode(one) for one in sequences]
    return [codec.encode(one, name=f"{name}[{index}]") for index, one in enumerate(sequences)]


def text_codec(texts: Sequence[str], level: str | None) -> TextCodec:
    """A text codec for these texts; without a level, words where there are several in a text, else characters."""
    if level is None:
        several = sum(len(text.split()) for text in texts) > 2 * len(texts)
        level = "words" if several else "characters"
    # Rare words are left out, so that training meets unknown ones as prediction will; of few texts all are needed.
    rare = 2 if len(texts) >= 1000 else 1
    options: dict[str, Any] = {"min_count": rare, "max_size": 30_000} if level == "words" else {}
    return TextCodec(level, **options).fit(texts)  # type: ignore[arg-type]


def input_codec(sequences: Sequence[Any], level: str | None) -> TextCodec | SeriesCodec:
    """The codec for what a model reads: texts, or sequences of numbers."""
    return text_codec(sequences, level) if is_text(sequences) else SeriesCodec().fit(sequences)
