"""Labels: one of several classes."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from elman.codecs.unicode import check_unicode
from elman.errors import InputError


class LabelCodec:
    """A label to its place among the sorted classes, and back.

    Labels are text, whole numbers, numbers or booleans, and come back as what they were.

    Example:
        >>> codec = LabelCodec().fit(["no", "yes", "no"])
        >>> codec.classes, int(codec.encode("yes")), codec.decode(codec.encode("yes"))
        (['no', 'yes'], 1, 'yes')
    """

    kind = "label"

    classes: list[Any]
    _ids: dict[Any, int]

    @property
    def classes_(self) -> np.ndarray:
        """The sorted classes as an array, as scikit-learn calls it."""
        return np.array(self.classes)

    @property
    def size(self) -> int:
        """The number of classes."""
        return len(self.classes)

    def fit(self, labels: Sequence[Any]) -> Self:
        """Learn which classes there are.

        Raises:
            InputError: there are fewer than two, one is missing (None, NaN), or their types do not mix.
        """
        values = [_as_label(label, f"label {index}") for index, label in enumerate(labels)]
        types = {type(value) for value in values}
        if types == {int, float}:
            values = [float(value) for value in values]
        elif len(types) > 1:
            names = ", ".join(sorted(kind.__name__ for kind in types))
            raise InputError(f"the labels mix types ({names}): expected all text, or all numbers")
        classes = sorted(set(values))
        if len(classes) < 2:
            found = f"all {len(values)} labels are {classes[0]!r}" if classes else "there are no labels"
            if len(values) == 1:  # or a stream's, of which only the classes are known
                found = f"there is only one label, {classes[0]!r}"
            raise InputError(f"{found}: expected at least two classes")
        return self._set(classes)

    def encode(self, label: Any) -> np.ndarray:
        """The number of a label's class; where classes are not texts, a text is read as one, as a table's cells are.

        Shape:
            returns (), int64

        Raises:
            InputError: the label is none of the classes.
        """
        value = self._value(label)
        if value not in self._ids:
            raise InputError(f"label {value!r} is none of the classes {_shorten(self.classes)}")
        return np.array(self._ids[value], np.int64)

    def find(self, label: Any) -> int | None:
        """As `encode`, but None for a label that is none of the classes.

        Raises:
            InputError: the label is missing, or nothing that a label can be.
        """
        return self._ids.get(self._value(label))

    def _value(self, label: Any) -> Any:
        value = _as_label(label, "the label")
        if isinstance(value, str) and not isinstance(self.classes[0], str):
            value = _read(value, type(self.classes[0]))
        return value

    def encode_all(self, labels: Sequence[Any]) -> np.ndarray:
        """The numbers of labels, (N,): what `encode` gives, quicker for many texts.

        Raises:
            InputError: a label is none of the classes.
        """
        known = self._ids if isinstance(self.classes[0], str) else {}
        return np.array([known[x] if type(x) is str and x in known else int(self.encode(x)) for x in labels], np.int64)

    def decode(self, number: np.ndarray | int) -> Any:
        """The label of a class number."""
        return self.classes[int(number)]

    def to_config(self) -> dict[str, Any]:
        """What the codec has learned, as JSON."""
        return {"kind": self.kind, "classes": self.classes}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The codec that `to_config` described."""
        codec = cls().fit(config["classes"])
        if codec.classes != config["classes"]:
            raise ValueError("the classes are not sorted and distinct")
        return codec

    def _set(self, classes: list[Any]) -> Self:
        self.classes = classes
        self._ids = {label: number for number, label in enumerate(classes)}
        return self


def _as_label(label: Any, name: str) -> Any:
    value = label.item() if isinstance(label, np.generic | np.ndarray) and label.size == 1 else label
    if value is None or (isinstance(value, float) and math.isnan(value)):
        raise InputError(f"{name} is missing ({value}): leave its row out")
    if not isinstance(value, bool | int | float | str) or value in (math.inf, -math.inf):
        raise InputError(f"{name} is {value!r}: expected text, a finite number or a boolean")
    if isinstance(value, str):
        check_unicode(value, name)
    return value


def _read(text: str, kind: type) -> Any:
    """The boolean or number that a text shows; the text if it shows none."""
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    for read in (int, float):  # 1.0 is a way to write 1, and beyond 2**53 only an int is exact
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _shorten(classes: list[Any], limit: int = 12) -> str:
    shown = ", ".join(repr(label) for label in classes[:limit])
    return shown if len(classes) <= limit else f"{shown} and {len(classes) - limit} more"
