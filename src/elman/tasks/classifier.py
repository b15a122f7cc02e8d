"""Sequence in, one of several classes out."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Self, cast

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score, f1_score, log_loss
from torch import Tensor, nn

from elman.codecs import MEDIA, LabelCodec, as_sequences
from elman.errors import InputError
from elman.tasks.coded import Batch, Coded, input_codec
from elman.tasks.estimator import Estimator
from elman.tasks.learning import LabelLearner, Learner, input_learner
from elman.tasks.media import readable
from elman.tasks.online import learn
from elman.tasks.options import ClassifierOptions, check
from elman.tasks.unseen import warn_of_unseen
from elman.tasks.word_vectors import vector_file
from elman.train import BatchLoss, Metric


class Classifier(ClassifierMixin, Estimator, ClassifierOptions):  # type: ignore[misc]
    """Which class a sequence belongs to: texts, sounds, images (row by row) or vectors, of any length.

    The network reads the sequence and its last state decides, or what is pooled over all steps: many to one.
    Arguments are keyword-only and listed in `ClassifierOptions`. The default is two layers of GRUs: on the
    surnames, at equal size, they were a little more accurate than LSTMs and 1.7 points more than plain Elman cells.

    After `fit`: `classes_`, `class_weight_`, `model_`, `codecs_`, `history_`.

    Example:
        >>> import elman
        >>> names = ["Rossi", "Bianchi", "Ferrari", "Smith", "Jones", "Brown"]
        >>> classifier = elman.Classifier(epochs=2, validation_fraction=0, verbose=0)
        >>> classifier.fit(names, ["Italian"] * 3 + ["English"] * 3).predict(["Ricci"]).shape
        (1,)
    """

    task = "classify"
    input_codecs = ("text", "audio", "image", "series")
    output_codec = "label"

    class_weight_: np.ndarray | None
    """The weight of each class, in the order of `classes_`; None: all are 1."""

    @property
    def classes_(self) -> np.ndarray:
        """The classes, sorted."""
        self._check_fitted()
        return cast(LabelCodec, self.codecs_["output"]).classes_

    def prepared(self, X: Any, y: Any) -> tuple[Coded, Coded | None]:
        """Fit the codecs on raw data; give it as arrays, for training and for validation."""
        sequences, labels = self._pairs(X, y)
        output = LabelCodec().fit(labels)
        training, validation = self._split(sequences, labels=output.encode_all(labels).tolist())
        codec = input_codec([sequences[row] for row in training], self.level, vector_file(self))
        self.codecs_ = {"input": codec, "output": output}
        coded = self.coded(sequences, labels)
        return coded.select(training), coded.select(validation) if len(validation) else None

    def checked(self, X: Any, y: Any) -> tuple[list[Any], list[Any], bool]:
        """Sequences and labels."""
        return *self._pairs(X, y, self.codecs_["input"]), False

    def _pairs(self, X: Any, y: Any, codec: Any = None) -> tuple[list[Any], list[Any]]:
        """Sequences and labels; of media files those that can be read, with the codec of a fitted model or without."""
        sequences, labels = list(as_sequences(X)), list(y)
        if len(sequences) != len(labels):
            raise InputError(f"X has {len(sequences)} sequences, but y has {len(labels)} labels")
        return readable(sequences, labels, codec, verbose=self.verbose)

    def learners(self, text: bool) -> dict[str, Learner]:
        """Of what it reads, and of the classes."""
        return {"input": input_learner(text, self.level, vector_file(self)), "output": LabelLearner()}

    def coded(self, X: Sequence[Any], y: Sequence[Any], *, in_step: bool = False) -> Coded:
        """Sequences and the numbers of their classes."""
        return Coded(self.codecs_["input"].encode_all(X), self.codecs_["output"].encode_all(y))

    def partial_fit(self, X: Any, y: Any, classes: Sequence[Any] | None = None, *, goes_on: bool = False) -> Self:
        """Learn from data that arrives in time, as `Estimator.partial_fit` does.

        Class weights are given one by one: what is balanced shows only in the whole of the data.

        Args:
            X: sequences.
            y: the class of each.
            classes: all that there will be, where the first part has not all of them.
            goes_on: not for a classifier, whose sequences are whole.

        Raises:
            InputError: the data, the classes or an option does not fit.
        """
        check(self)
        if self.class_weight == "balanced":
            raise InputError(
                "class_weight is 'balanced', which needs all data at once: call fit, or give {label: weight}"
            )
        if hasattr(self, "model_"):
            self.class_weight_ = self._class_weight(np.zeros(0, np.int64))
        learn(self, X, y, classes, goes_on)
        return self

    def build_model(self, training: Coded, wiring: dict[str, Any] | None = None) -> torch.device:
        """Make the model for this data, and find the weights of its classes."""
        self.class_weight_ = self._class_weight(np.asarray(training.targets))
        return super().build_model(training, wiring)

    def _class_weight(self, targets: np.ndarray) -> np.ndarray | None:
        """The weight of each class; `targets` (N,) are those of the training data."""
        codec = cast(LabelCodec, self.codecs_["output"])
        if self.class_weight is None:
            return None
        if isinstance(self.class_weight, str):
            counts = np.bincount(targets, minlength=codec.size)
            return len(targets) / (codec.size * np.maximum(counts, 1))
        weights = np.ones(codec.size)
        for label, weight in self.class_weight.items():
            try:
                weights[int(codec.encode(label))] = weight
            except InputError as error:
                raise InputError(f"class_weight: {error}") from error
        return weights

    def wiring(self, training: Coded) -> dict[str, Any]:
        """Many to one."""
        return {
            "kind": "ManyToOne",
            **self.ends(),
            "pooling": self.pooling,
            **self._network(len(training)),
            "symbol_dropout": float(self.symbol_dropout),
        }

    def loss(self, model: nn.Module, batch: Batch) -> BatchLoss:
        """Cross-entropy, with smoothed labels in training; each sequence counts as much as its class weighs."""
        smoothing = self.label_smoothing if model.training else 0.0
        scores = model(batch.inputs, batch.lengths)
        if self.class_weight_ is None:
            total = F.cross_entropy(scores, batch.targets, reduction="sum", label_smoothing=smoothing)
            return BatchLoss(total, len(batch.targets))
        losses = F.cross_entropy(scores, batch.targets, reduction="none", label_smoothing=smoothing)
        weights = torch.as_tensor(self.class_weight_, device=scores.device)[batch.targets]  # (B,), float64
        return BatchLoss(losses @ weights.to(losses.dtype), float(weights.sum()))

    def metric(self, validation: Coded) -> Metric:
        """Accuracy, weighted as the loss is."""
        truth = np.asarray(validation.targets)
        weights = None if self.class_weight_ is None else self.class_weight_[truth]

        def accuracy(_: nn.Module) -> float:
            predicted = self._run(validation.inputs, lambda *batch: self._probabilities(*batch).argmax(1).tolist())
            return float(np.average(np.array(predicted) == truth, weights=weights))

        return Metric("accuracy" if weights is None else "weighted accuracy", accuracy)

    def scores(self, inputs: Sequence[np.ndarray]) -> np.ndarray:
        """Probabilities of the classes of encoded sequences, (N, number of classes)."""
        rows = self._run(inputs, lambda *batch: list(self._probabilities(*batch)))
        return np.stack(rows) if rows else np.zeros((0, self.codecs_["output"].size), np.float32)

    def _probabilities(self, batch: Tensor, lengths: Tensor) -> np.ndarray:
        probabilities: np.ndarray = self.model_(batch, lengths).softmax(-1).cpu().numpy()
        return probabilities

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, in the order of `classes_`; (N, number of classes)."""
        return self.scores(self._encoded(X))

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each sequence, (N,)."""
        predicted: np.ndarray = self.classes_[self.predict_proba(X).argmax(1)]
        return predicted

    def score(self, X: Any, y: Sequence[Any]) -> float:
        """Accuracy."""
        return self.evaluate(X, y)["accuracy"]

    def evaluate(self, X: Any, y: Sequence[Any]) -> dict[str, float]:
        """Accuracy, macro-averaged F1 and log loss.

        A label that was never seen in training cannot be predicted: its sequences count as wrong, and a `DataWarning`
        says how many there are. The log loss, which would be infinite, is over the others.

        Media files that cannot be read are left out, which a `DataWarning` says as well.

        Raises:
            InputError: none of the labels is one of the classes, or there is not one for each sequence.
        """
        self._check_fitted()
        if self.codecs_["input"].kind in MEDIA and len(X):
            X, y = self._pairs(X, y, self.codecs_["input"])
        probabilities = self.predict_proba(X).astype(np.float64)
        truth, unseen = self._truth(y)
        if len(truth) != len(probabilities) or not len(truth):
            raise InputError(f"X has {len(probabilities)} sequences and y {len(truth)} labels, expected one for each")
        counted = "they count as wrong; the log loss is over the others"
        warn_of_unseen(unseen, len(truth), "sequences have a label", counted)
        predicted, size = probabilities.argmax(1), probabilities.shape[1]
        known = truth < size
        shares = probabilities[known] / probabilities[known].sum(1, keepdims=True)
        return {
            "accuracy": float(accuracy_score(truth, predicted)),
            "macro_f1": float(f1_score(truth, predicted, average="macro", labels=np.unique(truth))),
            "log_loss": float(log_loss(truth[known], shares, labels=range(size))),
        }

    def _truth(self, y: Sequence[Any]) -> tuple[np.ndarray, Counter[Any]]:
        """The numbers of labels, those of unseen ones after all others; and how often each unseen one occurs."""
        codec = cast(LabelCodec, self.codecs_["output"])
        unseen: Counter[Any] = Counter()
        numbers = []
        for label in y:
            number = codec.find(label)
            if number is None:
                unseen[label] += 1
                number = codec.size + list(unseen).index(label)
            numbers.append(number)
        if numbers and sum(unseen.values()) == len(numbers):
            codec.encode(y[0])  # which says what the classes are
        return np.array(numbers, np.int64), unseen
