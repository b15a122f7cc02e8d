"""Sequence of symbols in, another sequence of symbols out."""

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from elman.codecs import UNKNOWN, Ragged, TextCodec
from elman.codecs.unicode import normalise
from elman.errors import DataWarning
from elman.files import Model
from elman.models import Hypothesis
from elman.models.writer import IGNORED
from elman.tasks.coded import Batch, Coded, text_codec
from elman.tasks.learning import MOST_WORDS, Learner, TextLearner
from elman.tasks.options import TranslatorOptions
from elman.tasks.text_writer import TextWriter
from elman.tasks.word_vectors import vector_file
from elman.train import BatchLoss

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COPIED = 65_536  # words of a source, the first ones, that may be copied
TINY = 1e-12  # a share that no copy falls below, so that its logarithm is finite


class Translator(TextWriter, TranslatorOptions):
    """Text to text of another length: spelling to sound, one language to another.

    An encoder reads the source, a decoder with attention writes the target: encoder then decoder, trained with teacher
    forcing, searched with a beam. Arguments are keyword-only and listed in `TranslatorOptions`. The default cell is the
    LSTM: at equal time it had the lowest phoneme error on the pronunciations, since PyTorch runs it fastest on a CPU.

    After `fit`: `model_`, `codecs_`, `history_`.

    Example:
        >>> import elman
        >>> translator = elman.Translator(epochs=2, validation_fraction=0, hidden_size=8, verbose=0)
        >>> translator = translator.fit(["abc", "bca", "cab"], ["A B C", "B C A", "C A B"])
        >>> [type(text) for text in translator.predict(["abc"])]
        [<class 'str'>]
    """

    task = "translate"
    input_codecs = ("text",)
    learned = {"longer_": int, "longest_": int}

    longer_: int  # by how many symbols a target was longer than its source, at most
    longest_: int = 0  # source of the data that it was trained with; 0: not kept, as in older files

    def prepared(self, X: Any, y: Any, validation: tuple[Any, Any] | None = None) -> tuple[Coded, Coded | None]:
        """Fit the codecs on raw data; give it as arrays, for training and for validation."""
        sources, targets = self.pairs(X, y)
        # variants of a source stay together
        rows = self._split(sources) if validation is None else (range(len(sources)), ())
        training, aside = (([sources[row] for row in part], [targets[row] for row in part]) for part in rows)
        source = text_codec(training[0], self.source_level, vector_file(self), self.vocabulary_size)
        target = text_codec(training[1], self.target_level, size=self.vocabulary_size)
        self.codecs_ = {"input": source, "output": target}
        self.longer_ = self.longest_ = 0
        coded = self.coded(*training)
        self.take_in(coded)
        if validation is None and not aside[0]:
            return coded, None
        coded_aside = self.coded(*aside) if validation is None else self.coded_aside(*validation)
        self.longest_ = max(self.longest_, int(coded_aside.inputs.lengths.max()))
        return coded, coded_aside

    def learners(self, text: bool) -> dict[str, Learner]:
        """Of sources and targets."""
        self.longer_ = self.longest_ = 0
        return {
            "input": TextLearner(self.source_level, MOST_WORDS, vector_file(self), self.vocabulary_size),
            "output": TextLearner(self.target_level, MOST_WORDS, size=self.vocabulary_size),
        }

    def coded(self, X: Sequence[str], y: Sequence[str], *, in_step: bool = False) -> Coded:
        """Sources and targets as numbers."""
        inputs, targets = (self.codecs_[end].encode_all(texts) for end, texts in (("input", X), ("output", y)))
        if self.copies:
            self._mark(X, y, targets)
        return Coded(inputs, targets, texts=list(zip(X, y, strict=True)))

    @property
    def copies(self) -> bool:
        """Whether words that are not known may be copied: where words are read and words are written."""
        return bool(self.copy_unknown) and all(codec.level == "words" for codec in self.codecs_.values())

    @classmethod
    def restored(cls, model: Model, path: str | os.PathLike[str], **given: Any) -> Self:
        """As of every estimator; one that was written before words were copied copies none."""
        one = super().restored(model, path, **given)
        if one.copies and not one.model_config_.get("copies"):
            one.copy_unknown = False
        return one

    @property
    def further_numbers(self) -> int:
        """Of copies, which say of what."""
        return COPIED if self.copies else 0

    def _mark(self, X: Sequence[str], y: Sequence[str], targets: Ragged) -> None:
        """Say of the unknown words of targets which word of the source each is a copy of.

        The copy of word t becomes the number V + t, if that word is unknown as well, where V is the number of symbols.
        """
        source: TextCodec = self.codecs_["input"]
        places = np.flatnonzero(targets.values == UNKNOWN)
        rows = np.searchsorted(targets.offsets, places, side="right") - 1
        for place, row in zip(places.tolist(), rows.tolist(), strict=True):
            word = normalise(y[row]).split()[place - int(targets.offsets[row])]
            if word in source.unknown(X[row]) and (t := normalise(X[row]).split().index(word)) < COPIED:
                targets.values[place] = self.codecs_["output"].size + t

    def symbols_of(self, targets: Any) -> Any:
        """Encoded targets, an array or a tensor, with the unknown symbol in the place of copies."""
        return targets * (targets < self.codecs_["output"].size)

    def loss(self, model: nn.Module, batch: Batch) -> BatchLoss:
        """Cross-entropy of every next symbol, and of which unknown word of the source a copy is of.

        The probability of the latter is attention's share among the unknown words of the source.

        Source: Gulcehre, Ahn, Nallapati, Zhou and Bengio, Pointing the Unknown Words (2016), with one softmax.
        """
        if not self.copies:
            return super().loss(model, batch)
        logits, weights, memory = model.taught(batch.inputs, batch.lengths, self.symbols_of(batch.targets))  # type: ignore[operator]
        expected = model.expected(batch.targets, batch.target_lengths)  # type: ignore[operator]
        expected = expected.masked_fill(expected == UNKNOWN, IGNORED)  # rare words that are no copies are none to learn
        copies = expected >= logits.shape[-1]  # (B, U + 1)
        total = F.cross_entropy(
            logits.transpose(1, 2), expected.masked_fill(copies, UNKNOWN), ignore_index=IGNORED, reduction="sum"
        )
        rows, steps = copies.nonzero(as_tuple=True)
        looked = weights[rows, steps] * memory.unknown[rows]  # (K, T) of K copies
        right = looked.gather(1, (expected[rows, steps] - logits.shape[-1]).unsqueeze(1)).squeeze(1)
        total = total - (right / looked.sum(1).clamp(min=TINY)).clamp(min=TINY).log().sum()
        return BatchLoss(total, int((expected != IGNORED).sum()))

    def take_in(self, training: Coded) -> None:
        """How long sources are, and by how much targets are longer."""
        self.longest_ = max(self.longest_, int(training.inputs.lengths.max(initial=0)))
        longer = cast(Ragged, training.targets).lengths - training.inputs.lengths
        self.longer_ = max(self.longer_, int(longer.max(initial=0)))

    def ends(self) -> dict[str, int]:
        """The numbers of symbols of sources and targets."""
        return {"source_size": self.codecs_["input"].size, "target_size": self.codecs_["output"].size}

    def wiring(self, training: Coded) -> dict[str, Any]:
        """Encoder then decoder."""
        copies = {"copies": True} if self.copies else {}
        return {"kind": "EncoderDecoder", **self.ends(), **self._network(len(training)), **copies}

    def longest(self, lengths: Tensor) -> Tensor:
        """As much longer than its source as the longest was in training."""
        return (lengths + self.longer_).clamp(min=1)

    def text(self, one: Hypothesis, given: Any) -> str:
        """What a hypothesis says."""
        return " ".join(self.shown_symbols(one, given)) if one.copied else super().text(one, given)

    def shown_symbols(self, one: Hypothesis, given: Any) -> list[str]:
        """What a hypothesis is made of; its unknown words are those of the source that it looked at."""
        found = super().shown_symbols(one, given)
        if not one.copied:
            return found
        read, copied = normalise(given).split(), iter(one.copied)
        return [
            read[next(copied)] if number == UNKNOWN else symbol
            for number, symbol in zip(one.symbols, found, strict=True)
        ]

    def drawn(self, attention: np.ndarray, symbols: Sequence[str], given: Any) -> "Figure":
        """The symbols of a target against those of its source."""
        from elman.reports.alignment import alignment

        codec: TextCodec = self.codecs_["input"]
        read = normalise(given).split() if codec.level == "words" else codec.pieces(codec.encode(given))
        read = list(normalise(given)) if codec.level == "characters" else read  # unknown ones as they are
        return alignment(attention, read, symbols)

    def score(self, X: Any, y: Any) -> float:
        """The share of sources whose text is exactly one of those that are right; nothing is told of long sources."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)  # cross-validation would tell of each of its parts
            return super().score(X, y)

    def _encoded(self, X: Any, name: str = "X") -> Sequence[np.ndarray]:
        """Sources as numbers; it is told of those that are longer than any in training."""
        inputs = super()._encoded(X, name)
        longer = [len(one) for one in inputs if len(one) > self.longest_] if self.longest_ else []
        if longer:
            what = self.codecs_["input"].level
            warnings.warn(
                f"{len(longer)} of {len(inputs)} sources {'is' if len(longer) == 1 else 'are'} longer than any in "
                f"training: up to {max(longer)} {what}, there {self.longest_}; a translation of so much is not to be "
                "relied on: cut it into sentences, or train with longer pairs",
                DataWarning,
                stacklevel=4,
            )
        return inputs
