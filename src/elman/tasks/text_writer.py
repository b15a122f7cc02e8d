"""What the tasks share that write a text about something they were given as a whole."""

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from elman.codecs import UNKNOWN, TextCodec
from elman.errors import InputError
from elman.models import Hypothesis
from elman.models.writer import IGNORED
from elman.tasks.coded import Batch
from elman.tasks.text_scores import error_rates, overlaps, require_sacrebleu, symbols
from elman.tasks.to_text import ToText
from elman.train import BatchLoss

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Written:
    """One text of an input, with what the search knows of it.

    Args:
        text: what was written.
        score: log-probability over length to the power of the length penalty; higher is better.
        attention: (U + 1, T), how much each step, the end symbol's included, looked at each step of the input.
        symbols: the U that the text is made of; as attention, where it was asked for.
    """

    text: str
    score: float
    attention: np.ndarray | None = None
    symbols: tuple[str, ...] = ()


class TextWriter(ToText):
    """An input as a whole to a text: the model is a `Writer`, taught with teacher forcing and searched with a beam."""

    explained: ClassVar[str] = (
        "The pictures show attention: what is read from left to right, what is written from top to bottom, whatever "
        "way their scripts run, and ■ for the step that ends the text. The darker a place, the more that step looked "
        "there."
    )
    """What `picture` shows."""

    beam: int
    length_penalty: float
    max_length: int | None

    @abstractmethod
    def longest(self, lengths: Tensor) -> Tensor | int:
        """The most symbols that a text may have where `max_length` leaves it open, one number or one for each input.

        Of each input alone, so that its text does not depend on the batch that it is in.

        Shape: lengths (B,), of the inputs.
        """

    def key(self, one: Any) -> Hashable:
        """What is equal of two inputs that are the same; their texts are references of one another."""
        return cast(Hashable, one)

    def loss(self, model: nn.Module, batch: Batch) -> BatchLoss:
        """Cross-entropy of every next symbol after the true ones before it: teacher forcing."""
        logits = model(batch.inputs, batch.lengths, batch.targets)  # (B, U + 1, V)
        expected = model.expected(batch.targets, batch.target_lengths)  # type: ignore[operator]
        expected = expected.masked_fill(expected == UNKNOWN, IGNORED)  # rare symbols are no answer to learn
        total = F.cross_entropy(logits.transpose(1, 2), expected, ignore_index=IGNORED, reduction="sum")
        return BatchLoss(total, int((expected != IGNORED).sum()))

    def picture(self, one: Written, given: Any) -> "Figure":
        """Where it looked while it wrote: the darker, or the more orange, the more it looked there.

        Args:
            one: of `hypotheses(..., attention=True)`.
            given: the input that it is about, as `predict` takes it.

        Raises:
            InputError: `one` is without attention, or the input cannot be read.
        """
        if one.attention is None:
            raise InputError("there is no attention to draw: give what hypotheses(X, attention=True) gives")
        return self.drawn(one.attention, one.symbols, given)

    @abstractmethod
    def drawn(self, attention: np.ndarray, symbols: Sequence[str], given: Any) -> "Figure":
        """A picture of attention, (U + 1, T), at each symbol of what was written about an input, and at its end."""

    def shown_symbols(self, one: Hypothesis, given: Any) -> list[str]:
        """What a hypothesis is made of."""
        codec: TextCodec = self.codecs_["output"]
        return codec.pieces(one.symbols)

    def text(self, one: Hypothesis, given: Any) -> str:
        """What a hypothesis says about the input that was given."""
        codec: TextCodec = self.codecs_["output"]
        return codec.decode(one.symbols)

    def hypotheses(self, X: Any, *, beam: int | None = None, attention: bool = False) -> list[list[Written]]:
        """The texts of each input that the beam holds at its end, the best first.

        Args:
            X: the inputs.
            beam: how many hypotheses are carried; None for the estimator's own.
            attention: whether each text tells what it looked at; `picture` draws it.
        """
        inputs = self._encoded(X)

        def written(one: Hypothesis, given: Any) -> Written:
            if one.attention is None:
                return Written(self.text(one, given), one.score)
            looked = one.attention.cpu().numpy()
            return Written(self.text(one, given), one.score, looked, tuple(self.shown_symbols(one, given)))

        def run(batch: Tensor, lengths: Tensor) -> list[list[Hypothesis]]:
            found: list[list[Hypothesis]] = self.model_.search(  # type: ignore[operator]
                batch,
                lengths,
                beam=self.beam if beam is None else beam,
                max_length=self.longest(lengths) if self.max_length is None else self.max_length,
                length_penalty=self.length_penalty,
                attention=attention,
            )
            return found

        found = self._run(inputs, run)
        return [[written(one, given) for one in of_input] for of_input, given in zip(found, list(X), strict=True)]

    def evaluate(self, X: Any, y: Any) -> dict[str, float]:
        """Exact matches and symbol error rate; of words and subwords BLEU and chrF as well.

        Where an input stands in several rows, all of its texts are right, and its nearest counts. The symbol error
        rate is the number of insertions, deletions and substitutions over the number of symbols of the nearest texts.

        Raises:
            MissingExtra: sacrebleu, which counts BLEU and chrF, is not installed.
        """
        self._check_fitted()
        if self.codecs_["output"].level != "characters":
            require_sacrebleu()
        predicted, references = self._beside(X, y)
        rates = self._rates(predicted, references)
        return rates if self.codecs_["output"].level == "characters" else {**rates, **overlaps(predicted, references)}

    def score(self, X: Any, y: Any) -> float:
        """The share of inputs whose text is exactly one of those that are right."""
        return self._rates(*self._beside(X, y))["exact_match"]

    def _rates(self, predicted: list[str], references: list[list[str]]) -> dict[str, float]:
        level = self.codecs_["output"].level
        right = [[symbols(text, level) for text in several] for several in references]
        return error_rates([symbols(text, level) for text in predicted], right)

    def _beside(self, X: Any, y: Any) -> tuple[list[str], list[list[str]]]:
        """What is predicted for each different input, and what is right."""
        inputs: dict[Hashable, Any] = {}
        references: dict[Hashable, list[str]] = {}
        for one, text in zip(*self.checked(X, y)[:2], strict=True):
            inputs.setdefault(self.key(one), one)
            references.setdefault(self.key(one), []).append(text)
        return self.predict(list(inputs.values())), list(references.values())
