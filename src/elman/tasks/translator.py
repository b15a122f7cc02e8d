"""Sequence of symbols in, another sequence of symbols out."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from elman.codecs import KINDS, UNKNOWN, Ragged, TextCodec, as_sequences, kind_of
from elman.errors import InputError
from elman.models import Hypothesis
from elman.models.encoder_decoder import IGNORED
from elman.tasks.coded import Batch, Coded, text_codec
from elman.tasks.estimator import Estimator
from elman.tasks.learning import MOST_WORDS, Learner, TextLearner
from elman.tasks.options import TranslatorOptions, check
from elman.tasks.word_vectors import vector_file
from elman.train import BatchLoss


@dataclass(frozen=True)
class Translation:
    """One translation of a source, with what the search knows of it.

    Args:
        text: the translation.
        score: log-probability over length to the power of the length penalty; higher is better.
        attention: (U + 1, T), how much each step, the end symbol's included, looked at each symbol of the source.
    """

    text: str
    score: float
    attention: np.ndarray | None = None


class Translator(Estimator, TranslatorOptions):
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
    output_codec = "text"
    learned = {"longer_": int}

    longer_: int  # by how many symbols a target was longer than its source, at most

    def fit(self, X: Any, y: Any, *, validation: tuple[Any, Any] | None = None, resume: bool = False) -> Self:
        """Train on texts X and what each is to give, y.

        Ctrl-C ends the training and keeps the best model so far.

        Args:
            X: the sources.
            y: the targets.
            validation: sources and targets for early stopping; None: `validation_fraction` of X and y is set aside.
            resume: go on from the last checkpoint.

        Raises:
            InputError: the data or an option does not fit.
        """
        check(self)
        return self.fit_coded(*self.prepared(X, y, validation), resume=resume)

    def prepared(self, X: Any, y: Any, validation: tuple[Any, Any] | None = None) -> tuple[Coded, Coded | None]:
        """Fit the codecs on raw data; give it as arrays, for training and for validation."""
        training = _pairs(X, y)
        if validation is not None:
            aside = _pairs(*validation)
        else:
            rows = self._split([source for source, _ in training])  # variants of a source stay together
            training, aside = ([training[row] for row in part] for part in rows)
        source = text_codec([one for one, _ in training], self.source_level, vector_file(self))
        target = text_codec([one for _, one in training], self.target_level)
        self.codecs_ = {"input": source, "output": target}
        self.longer_ = 0
        coded = self.coded(*_split(training))
        self.take_in(coded)
        return coded, self.coded(*_split(aside)) if aside else None

    def checked(self, X: Any, y: Any) -> tuple[list[str], list[str], bool]:
        """Sources and targets."""
        return *_split(_pairs(X, y)), False

    def learners(self, text: bool) -> dict[str, Learner]:
        """Of sources and targets."""
        self.longer_ = 0
        return {
            "input": TextLearner(self.source_level, MOST_WORDS, vector_file(self)),
            "output": TextLearner(self.target_level, MOST_WORDS),
        }

    def coded(self, X: Sequence[str], y: Sequence[str], *, in_step: bool = False) -> Coded:
        """Sources and targets as numbers."""
        return Coded(*(self.codecs_[end].encode_all(texts) for end, texts in (("input", X), ("output", y))))

    def take_in(self, training: Coded) -> None:
        """By how much targets are longer than their sources."""
        longer = cast(Ragged, training.targets).lengths - training.inputs.lengths
        self.longer_ = max(self.longer_, int(longer.max(initial=0)))

    def ends(self) -> dict[str, int]:
        """The numbers of symbols of sources and targets."""
        return {"source_size": self.codecs_["input"].size, "target_size": self.codecs_["output"].size}

    def wiring(self, training: Coded) -> dict[str, Any]:
        """Encoder then decoder."""
        return {"kind": "EncoderDecoder", **self.ends(), **self._network(len(training))}

    def loss(self, model: nn.Module, batch: Batch) -> BatchLoss:
        """Cross-entropy of every next symbol after the true ones before it: teacher forcing."""
        logits = model(batch.inputs, batch.lengths, batch.targets)  # (B, U + 1, V)
        expected = model.expected(batch.targets, batch.target_lengths)  # type: ignore[operator]
        expected = expected.masked_fill(expected == UNKNOWN, IGNORED)  # rare symbols are no answer to learn
        total = F.cross_entropy(logits.transpose(1, 2), expected, ignore_index=IGNORED, reduction="sum")
        return BatchLoss(total, int((expected != IGNORED).sum()))

    def predict(self, X: Any) -> list[str]:
        """The best translation of each source."""
        return [found[0].text for found in self.translate(X)]

    def translate(self, X: Any, *, beam: int | None = None, attention: bool = False) -> list[list[Translation]]:
        """The translations of each source that the beam holds at its end, the best first.

        Args:
            X: texts.
            beam: how many hypotheses are carried; None for the estimator's own.
            attention: whether each translation tells what it looked at.
        """
        inputs = self._encoded(X)
        codec: TextCodec = self.codecs_["output"]

        def shown(one: Hypothesis) -> Translation:
            looked = None if one.attention is None else one.attention.cpu().numpy()
            return Translation(codec.decode(one.symbols), one.score, looked)

        def run(batch: Tensor, lengths: Tensor) -> list[list[Translation]]:
            # One limit for each source, so that its translation does not depend on the batch it is in.
            longest = (lengths + self.longer_).clamp(min=1) if self.max_length is None else self.max_length
            found = self.model_.search(  # type: ignore[operator]
                batch,
                lengths,
                beam=self.beam if beam is None else beam,
                max_length=longest,
                length_penalty=self.length_penalty,
                attention=attention,
            )
            return [[shown(one) for one in of_source] for of_source in found]

        return self._run(inputs, run)

    def evaluate(self, X: Any, y: Any) -> dict[str, float]:
        """Exact matches and symbol error rate; where a source stands in several rows, its nearest target counts.

        The symbol error rate is the number of insertions, deletions and substitutions over the number of symbols of
        the nearest targets.
        """
        references: dict[str, list[list[str]]] = {}
        codec: TextCodec = self.codecs_["output"]
        for source, target in _pairs(X, y):
            references.setdefault(source, []).append(symbols(target, codec.level))
        predicted = [symbols(text, codec.level) for text in self.predict(list(references))]
        return error_rates(predicted, list(references.values()))

    def score(self, X: Any, y: Any) -> float:
        """The share of sources whose translation is exactly one of its targets."""
        return self.evaluate(X, y)["exact_match"]


def _texts(values: Any, name: str) -> list[str]:
    texts = as_sequences(values, name)
    if (kind := kind_of(texts)) != "text":
        raise InputError(f"{name} holds {KINDS[kind]}, expected texts: a translator reads and writes text")
    return [str(text) for text in texts]


def _split(pairs: list[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [source for source, _ in pairs], [target for _, target in pairs]


def _pairs(X: Any, y: Any) -> list[tuple[str, str]]:
    sources, targets = _texts(X, "X"), _texts(y, "y")
    if len(sources) != len(targets):
        raise InputError(f"X has {len(sources)} texts, but y has {len(targets)}")
    return list(zip(sources, targets, strict=True))


def symbols(text: str, level: str) -> list[str]:
    """What the symbol error rate counts in a text: its characters, or its words for words and subwords."""
    normal = unicodedata.normalize("NFC", text)  # as the codec writes
    return list(normal) if level == "characters" else normal.split()


def error_rates(predicted: Sequence[Sequence[str]], references: Sequence[Sequence[Sequence[str]]]) -> dict[str, float]:
    """Exact matches and symbol error rate of predictions, each against the nearest of its references."""
    errors = symbols = exact = 0
    for one, several in zip(predicted, references, strict=True):
        distance, length = min((edit_distance(one, reference), len(reference)) for reference in several)
        errors, symbols, exact = errors + distance, symbols + length, exact + (distance == 0)
    return {"exact_match": exact / max(len(predicted), 1), "symbol_error_rate": errors / max(symbols, 1)}


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    """How many insertions, deletions and substitutions turn a into b (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, symbol in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (symbol != other))
    return row[-1]
