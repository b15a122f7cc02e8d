"""Training data after the codecs: arrays, and the batches made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elman.codecs import KINDS, AudioCodec, ImageCodec, InputCodec, Ragged, SeriesCodec, TextCodec, digest, kind_of
from elman.codecs.padding import pad, pad_slices
from elman.codecs.sequences import EXPECTED
from elman.errors import InputError
from elman.state import State
from elman.tasks.learning import TextLearner
from elman.tasks.word_vectors import VectorFile
from elman.train import Examples, Lanes, Lengths


@dataclass(frozen=True)
class Batch:
    """One batch on the model's device.

    Shape:
        inputs (B, T) or (B, T, I), lengths (B,); targets (B, ...), or (B, U, ...) with target_lengths (B,) where
        they are sequences themselves; state (B, ...), what each row goes on from, in a window of lanes.
    """

    inputs: Tensor
    lengths: Tensor
    targets: Tensor
    target_lengths: Tensor | None
    state: State | None = None


@dataclass(frozen=True)
class Coded:
    """Sequences and their targets as arrays.

    Shape:
        inputs: N of (T_i,) symbols or (T_i, I) vectors; targets: (N, ...), one for each sequence, or N sequences
        themselves, (U_i, ...)

    Args:
        known_digest: that of data mapped from a file, which was taken when they were written.
        texts: what of each sequence and its target was a text, where it is kept: codecs do not know all symbols.
    """

    inputs: Ragged
    targets: Ragged | np.ndarray
    known_digest: str | None = None
    texts: Sequence[tuple[str, ...]] | None = None

    def __len__(self) -> int:
        """The number of sequences."""
        return len(self.inputs)

    def select(self, rows: Sequence[int] | np.ndarray) -> "Coded":
        """The sequences with these numbers."""
        targets = self.targets.select(rows) if isinstance(self.targets, Ragged) else self.targets[np.asarray(rows, int)]
        texts = None if self.texts is None else [self.texts[row] for row in rows]
        return Coded(self.inputs.select(rows), targets, texts=texts)

    @property
    def digest(self) -> str:
        """SHA-256 of all of it."""
        if self.known_digest is not None:
            return self.known_digest
        targets = self.targets.digest if isinstance(self.targets, Ragged) else digest(self.targets)
        return f"{self.inputs.digest} {targets}"

    def lanes(self, window: int, device: torch.device, *, each: bool = False) -> Lanes[Batch]:
        """What the training loop wants of long sequences with a target for each step.

        Args:
            window: steps between two cuts of the gradient.
            device: that of the model.
            each: whether every sequence is a lane; else the lanes are as many as a batch has rows.
        """
        inputs, targets = self.inputs.values, self.targets.values if isinstance(self.targets, Ragged) else self.targets

        def collate(rows: np.ndarray, state: State) -> Batch:
            (x, lengths), (y, _) = (pad_slices(one, rows) for one in (inputs, targets))
            return Batch(x.to(device), lengths, y.to(device), lengths, state)

        return Lanes(self.inputs.offsets, window, collate, self.inputs.offsets if each else None)

    def examples(self, device: torch.device) -> Examples[Batch]:
        """What the training loop wants of separate sequences: lengths, and the function that makes a batch."""

        def collate(indices: np.ndarray) -> Batch:
            inputs, lengths = pad([self.inputs[row] for row in indices])
            if isinstance(self.targets, Ragged):
                targets, target_lengths = pad([self.targets[row] for row in indices])
                return Batch(inputs.to(device), lengths, targets.to(device), target_lengths)
            return Batch(inputs.to(device), lengths, torch.from_numpy(self.targets[indices]).to(device), None)

        targets = [self.targets.offsets] if isinstance(self.targets, Ragged) else []
        return Examples(Lengths(self.inputs.offsets, *targets), collate)


def text_codec(
    texts: Sequence[str], level: str | None, vectors: VectorFile | None = None, size: int | None = None
) -> TextCodec:
    """A text codec for these texts; without a level, words where there are several in a text, else characters."""
    return TextLearner(level, vectors=vectors, size=size).update(texts).codec(lambda: texts)


def input_codec(sequences: Sequence[Any], level: str | None, vectors: VectorFile | None = None) -> InputCodec:
    """The codec for what a model reads, by what the sequences are."""
    kind = kind_of(sequences)
    if kind == "text":
        return text_codec(sequences, level, vectors)
    if vectors is not None:
        vectors.refuse(KINDS[kind])
    if kind == "series":
        return SeriesCodec().fit(sequences)
    if kind == "audio":
        return AudioCodec().fit(sequences)
    if kind == "image":
        return ImageCodec().fit(sequences)
    raise InputError(f"X holds {KINDS[kind]}, which no model of this task reads: {EXPECTED}")
