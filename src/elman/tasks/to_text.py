"""What the tasks share that give a text for each input: translate, caption and transcribe."""

import warnings
from abc import abstractmethod
from typing import Any, Self

from elman.codecs import KINDS, as_sequences, kind_of
from elman.errors import DataWarning, InputError, counted
from elman.tasks.coded import Coded
from elman.tasks.estimator import Estimator
from elman.tasks.media import media_codec, readable
from elman.tasks.options import check

EXPECTED: dict[str, str] = {
    "text": "texts",
    "audio": "audio files (pathlib.Path)",
    "image": "images: paths of files, or (H, W, 3) arrays of uint8 (of grey ones np.stack([grey] * 3, -1))",
}


class ToText(Estimator):
    """Inputs of one kind to texts, learned from pairs of both."""

    output_codec = "text"

    @abstractmethod
    def prepared(self, X: Any, y: Any, validation: tuple[Any, Any] | None = None) -> tuple[Coded, Coded | None]:
        """Fit the codecs on raw data; give it as arrays, for training and for validation."""

    def fit(self, X: Any, y: Any, *, validation: tuple[Any, Any] | None = None, resume: bool = False) -> Self:
        """Train on inputs X and the text that each is to give, y.

        Pairs with an empty text, and files that cannot be read, are left out; a `DataWarning` says so.
        Ctrl-C ends the training and keeps the best model so far.

        Args:
            X: the inputs.
            y: their texts, in the spelling that is wanted: what case and punctuation they have, results will have.
            validation: inputs and texts for early stopping; None: `validation_fraction` of X and y is set aside.
            resume: go on from the last checkpoint.

        Raises:
            InputError: the data or an option does not fit.
            MissingExtra: the libraries that read the inputs are not installed.
        """
        check(self)
        return self.fit_coded(*self.prepared(X, y, validation), resume=resume)

    def checked(self, X: Any, y: Any) -> tuple[list[Any], list[str], bool]:
        """Inputs and their texts."""
        return *self.pairs(X, y, self.codecs_["input"]), False

    def pairs(self, X: Any, y: Any, codec: Any = None) -> tuple[list[Any], list[str]]:
        """Inputs, of media files those that can be read, and their texts; without pairs of which a text is empty.

        Args:
            X: the inputs.
            y: their texts.
            codec: which says how files are read; None: as the options say.

        Raises:
            InputError: they are of another kind, or not as many; all texts are empty, or no file can be read.
        """
        [kind] = self.input_codecs
        inputs, texts = _of_kind(X, kind, "X"), _of_kind(y, "text", "y")
        if len(inputs) != len(texts):
            has = counted(len(inputs), KINDS[kind])
            raise InputError(f"X has {has}, but y has {counted(len(texts), 'texts')}: expected one for each")
        filled = [pair for pair in zip(inputs, texts, strict=True) if all(_is_filled(side) for side in pair)]
        if not filled:
            raise InputError(f"there is no pair without an empty text: y has {counted(len(texts), 'texts')}")
        if len(filled) < len(texts):
            left_out = f"left out {len(texts) - len(filled):,} of {counted(len(texts), 'pairs')}"
            warnings.warn(f"{left_out}, with an empty text", DataWarning, stacklevel=4)
        kept, of_each = (list(side) for side in zip(*filled, strict=True))
        return readable(kept, of_each, codec or media_codec(self), verbose=self.verbose)

    def coded_aside(self, X: Any, y: Any) -> Coded:
        """Inputs and texts of one's own to validate with, through the codecs.

        Raises:
            InputError: as of `pairs`; it says that it is of these data.
        """
        try:
            return self.coded(*self.pairs(X, y, self.codecs_["input"]))
        except InputError as error:
            raise InputError(f"to validate with: {error}") from error

    @abstractmethod
    def hypotheses(self, X: Any) -> list[list[Any]]:
        """The texts that each input may have, the best first."""

    def predict(self, X: Any) -> list[str]:
        """The best text of each input."""
        return [found[0].text for found in self.hypotheses(X)]


def _of_kind(values: Any, kind: str, name: str) -> list[Any]:
    sequences = as_sequences(values, name)
    if (found := kind_of(sequences, name)) != kind:
        raise InputError(f"{name} holds {KINDS[found]}, expected {EXPECTED[kind]}")
    return sequences


def _is_filled(one: Any) -> bool:
    """Whether it is no text, or one with something in it."""
    return not isinstance(one, str) or bool(one.strip())
