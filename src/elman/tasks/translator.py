"""Sequence of symbols in, another sequence of symbols out."""

from collections.abc import Sequence
from typing import Any, Self, cast

from torch import Tensor

from elman.codecs import KINDS, Ragged, as_sequences, kind_of
from elman.errors import InputError
from elman.tasks.coded import Coded, text_codec
from elman.tasks.learning import MOST_WORDS, Learner, TextLearner
from elman.tasks.options import TranslatorOptions, check
from elman.tasks.text_writer import TextWriter
from elman.tasks.word_vectors import vector_file


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

    def longest(self, lengths: Tensor) -> Tensor:
        """As much longer than its source as the longest was in training."""
        return (lengths + self.longer_).clamp(min=1)


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
