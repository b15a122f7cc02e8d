"""Sequence in, a tag for each of its steps out: names in sentences, parts of speech, states of a series."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman.codecs import KINDS, Ragged, SeriesCodec, TagCodec, TokensCodec, as_sequences, kind_of
from elman.codecs.tags import PLAIN, Span, spans
from elman.errors import InputError
from elman.models.inside import inside
from elman.tasks.coded import Batch, Coded
from elman.tasks.learning import Learner
from elman.tasks.options import TaggerOptions
from elman.tasks.tag_scores import require_seqeval, tag_scores
from elman.tasks.unseen import warn_of_unseen
from elman.tasks.windowed import Windowed, outputs_and_state, parts_by_time
from elman.tasks.word_vectors import vector_file
from elman.train import BatchLoss, Metric


class Tagger(Windowed, TaggerOptions):
    """A tag for each step: of sentences, which are lists of words, or of sequences of numbers, of any lengths.

    Words are read with their characters, so that those never seen are read too, by a network from both ends; a
    conditional random field above it chooses the best sequence of tags. Tags that mark spans (`B-city`, `I-city`, `O`;
    BIOES and IOB1 are understood) are predicted legal and measured by span; other tags one by one. A text is cut into
    words at white space. Fewer than ten long sequences are validated on their last part. Arguments are keyword-only
    and listed in `TaggerOptions`.

    After `fit`: `classes_`, `model_`, `codecs_`, `history_`.

    Example:
        >>> import elman
        >>> X = [["fly", "to", "New", "York"], ["fly", "to", "Rome"], ["to", "Paris"]]
        >>> y = [["O", "O", "B-city", "I-city"], ["O", "O", "B-city"], ["O", "B-city"]]
        >>> tagger = elman.Tagger(epochs=60, validation_fraction=0, verbose=0).fit(X, y)
        >>> tagger.predict(["to New York"])
        [['O', 'B-city', 'I-city']]
    """

    task = "tag"
    input_codecs = ("tokens", "series")
    output_codec = "tags"

    @property
    def classes_(self) -> np.ndarray:
        """The tags, sorted."""
        self._check_fitted()
        codec: TagCodec = self.codecs_["output"]
        return codec.labels.classes_

    def prepared(self, X: Any, y: Any) -> tuple[Coded, Coded | None]:
        """Fit the codecs on raw data; give it as arrays, for training and for validation."""
        sequences, tags, _ = self.checked(X, y)
        output = TagCodec().fit(tags)
        if output.scheme != PLAIN:
            require_seqeval()
        targets = list(output.encode_all(tags))
        if self.by_time(sequences, all(len(one) > 1 for one in sequences) and kind_of(sequences) == "series"):
            scored = [np.arange(len(one)) for one in targets]
            training, validation = parts_by_time(sequences, targets, scored, self.validation_fraction, self.unscored)
        else:
            groups = [" ".join(one) for one in sequences] if kind_of(sequences) == "tokens" else sequences
            parts = self._split(groups)
            training, validation = ([(sequences[k], targets[k]) for k in part] for part in parts)
        inputs, vectors = [one for one, _ in training], vector_file(self)
        codec: SeriesCodec | TokensCodec
        if kind_of(sequences) == "series":
            if vectors is not None:
                vectors.refuse(KINDS["series"])
            codec = SeriesCodec().fit(inputs)
        else:
            codec = TokensCodec(bool(self.characters)).fit(inputs, vectors.of_training if vectors else None)
        self.codecs_ = {"input": codec, "output": output}

        def coded(part: list[tuple[Any, np.ndarray]]) -> Coded:
            return Coded(codec.encode_all([one for one, _ in part]), Ragged.of([target for _, target in part]))

        return coded(training), coded(validation) if validation else None

    def checked(self, X: Any, y: Any) -> tuple[list[Any], list[Any], bool]:
        """Sequences, and a list of tags for each."""
        sequences = [[] for _ in X] if _all_empty(X) else as_words(as_sequences(X))
        if len(y) != len(sequences):
            raise InputError(f"X has {len(sequences)} sequences, but y has {len(y)}")
        tags = [_as_tags(one, f"y[{k}]") for k, one in enumerate(y)]
        for k, (one, own) in enumerate(zip(sequences, tags, strict=True)):
            if len(one) != len(own):
                steps = "steps" if isinstance(one, np.ndarray) else "words"
                raise InputError(
                    f"X[{k}] has {len(one)} {steps}, but y[{k}] has {len(own)} tags: expected one for each"
                )
        return sequences, tags, True

    def learners(self, text: bool) -> dict[str, Learner]:
        """None: a tagger does not learn from a stream."""
        raise InputError("a tagger learns from data in memory: do not stream the file (--no-stream)")

    def coded(self, X: Sequence[Any], y: Sequence[Any], *, in_step: bool = True) -> Coded:
        """Sequences, and the numbers of their tags."""
        return Coded(self.codecs_["input"].encode_all(X), self.codecs_["output"].encode_all(y))

    def unscored(self, target: np.ndarray) -> np.ndarray:
        """A tag's complement: negative, so that it is not scored, but known to what follows it."""
        return ~target

    def ends(self) -> dict[str, int]:
        """The sizes of the model's two ends, the characters included."""
        codec = self.codecs_["input"]
        characters = {"num_characters": codec.num_characters} if isinstance(codec, TokensCodec) else {}
        return {**super().ends(), **characters}

    def wiring(self, training: Coded) -> dict[str, Any]:
        """In step."""
        network = self._network(self.pieces(training))
        ends = self.ends()
        size = min(network["embedding_size"], network["hidden_size"])  # which word vectors may be much longer than
        size = 2 * (size // 2)  # half of it from each end of a word
        return {
            "kind": "InStep",
            **ends,
            **network,
            "symbol_dropout": float(self.symbol_dropout),
            "train_initial_state": bool(self.train_initial_state),
            "spelling_size": size if ends.get("num_characters") else 0,
            "crf": self.codecs_["output"].legal() if self.crf else None,
        }

    def _check_ends(self) -> None:
        super()._check_ends()
        if self.model_config_["crf"] not in (None, self.codecs_["output"].legal()):
            raise InputError("what the model has of its tags is not what its codec has")

    def loss(self, model: nn.Module, batch: Batch) -> BatchLoss:
        """Minus the log probability of the tags: of whole sequences with a random field, of each alone without."""
        scores, state = outputs_and_state(model, batch.inputs, batch.lengths, batch.state)
        lengths = batch.lengths.to(scores.device)
        scored = inside(lengths, batch.targets.shape[1], scores.device) & (batch.targets >= 0)  # (B, T)
        count = int(scored.sum())
        field: Any = model.crf
        if field is None:
            total = F.cross_entropy(scores[scored], batch.targets[scored], reduction="sum")
        else:
            total = -_likelihood(field, scores, batch.targets, scored, lengths).sum()
        return BatchLoss(total, count, state)

    def metric(self, validation: Coded) -> Metric:
        """F1 of spans, or accuracy where tags mark none."""
        codec: TagCodec = self.codecs_["output"]
        scored = [one >= 0 for one in validation.targets]
        truth = [codec.decode(one[own]) for one, own in zip(validation.targets, scored, strict=True)]
        spans_only = codec.scheme != PLAIN

        def measure(_: nn.Module) -> float:
            found = [codec.decode(one[own]) for one, own in zip(self.numbers(validation.inputs), scored, strict=True)]
            return tag_scores(truth, found, spans_only)["span_f1" if spans_only else "accuracy"]

        return Metric("span F1" if spans_only else "accuracy", measure)

    def numbers(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The numbers of the tags of encoded sequences, (T_i,) each."""

        def run(batch: Tensor, lengths: Tensor) -> list[np.ndarray]:
            scores, _ = outputs_and_state(self.model_, batch, lengths)
            field: Any = self.model_.crf
            rows = scores.argmax(2).tolist() if field is None else field.best(scores, lengths)
            return [np.array(row[:length], np.int64) for row, length in zip(rows, lengths.tolist(), strict=True)]

        return self._run(inputs, run)

    def _encoded(self, X: Any, name: str = "X") -> Sequence[np.ndarray]:
        self._check_fitted()
        if not _all_empty(X):
            X = as_words(as_sequences(X, name)) if hasattr(X, "__len__") and len(X) else X
            return super()._encoded(X, name)
        codec = self.codecs_["input"]
        return super()._encoded(X, name) if codec.kind == "series" else codec.encode_all([[] for _ in X])

    def predict(self, X: Any) -> list[list[Any]]:
        """The tags of each sequence, a list of lists."""
        return [self.codecs_["output"].decode(one) for one in self.numbers(self._encoded(X))]

    def predict_spans(self, X: Any) -> list[list[Span]]:
        """The spans that the tags of each sequence mark: their kinds, first steps and the steps after their last.

        Raises:
            InputError: the tags mark no spans.
        """
        tags = self.predict(X)
        if self.codecs_["output"].scheme == PLAIN:
            raise InputError("the tags of this model mark no spans: expected O, B-... and I-...; call predict")
        return [list(spans(one)) for one in tags]

    def evaluate(self, X: Any, y: Any) -> dict[str, float]:
        """F1, precision and recall of whole spans, as seqeval counts them, and the accuracy of single tags.

        Where tags mark no spans: accuracy and macro-averaged F1. A tag never seen in training counts as an error, and
        there is a warning.

        Raises:
            InputError: a tag breaks the scheme, or there is not one for each step.
            MissingExtra: tags mark spans, and seqeval is not installed.
        """
        self._check_fitted()
        sequences, tags, _ = self.checked(X, y)
        codec: TagCodec = self.codecs_["output"]
        truth = [codec.regular_checked(one, f"y[{k}]") for k, one in enumerate(tags)]
        known = set(codec.classes)
        unseen = Counter(tag for one in truth for tag in one if tag not in known)
        warn_of_unseen(unseen, sum(map(len, truth)), "steps have a tag", "counted as errors")
        return tag_scores(truth, self.predict(sequences), codec.scheme != PLAIN)

    def score(self, X: Any, y: Any) -> float:
        """F1 of spans, or accuracy where tags mark none."""
        measured = self.evaluate(X, y)
        return measured.get("span_f1", measured["accuracy"])


def as_words(sequences: Sequence[Any]) -> list[Any]:
    """Texts cut into words at white space; other sequences as they are."""
    return [one.split() if isinstance(one, str) else one for one in sequences]


def _all_empty(X: Any) -> bool:
    """Whether there are but empty sentences, which do not show that they are some."""
    return isinstance(X, list | tuple) and len(X) > 0 and all(isinstance(x, list | str) and not x for x in X)


def _as_tags(tags: Any, name: str) -> list[Any]:
    if isinstance(tags, str):
        return tags.split()
    try:
        return list(tags.tolist() if hasattr(tags, "tolist") else tags)
    except TypeError:
        raise InputError(f"{name} is {tags!r}, expected a list of tags, one for each step") from None


def _likelihood(field: Any, scores: Tensor, targets: Tensor, scored: Tensor, lengths: Tensor) -> Tensor:
    """The log probability of the tags that are scored, which follow each other, given what is around them, (B,)."""
    first, count = scored.int().argmax(1), scored.sum(1)
    goes_on = (first + count < lengths) & (count > 0)
    before = torch.full_like(first, -1)
    if bool((first > 0).any()):
        place = (first - 1).clamp(min=0).unsqueeze(1)
        before = torch.where(first > 0, ~targets.gather(1, place).squeeze(1), before)
        steps = torch.arange(targets.shape[1], device=targets.device) + first.unsqueeze(1)
        steps = steps.clamp(max=targets.shape[1] - 1)  # (B, T), what is scored at the front
        targets = targets.gather(1, steps)
        scores = scores.gather(1, steps.unsqueeze(2).expand_as(scores))
    likelihood: Tensor = field.log_likelihood(scores, targets, count, before, goes_on)
    return likelihood
