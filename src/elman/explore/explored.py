"""The model that the page looks into, and what it has read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any

from elman.errors import InputError
from elman.inspection import Reading, Unrolled
from elman.tasks.estimator import Estimator


@dataclass(frozen=True)
class Example:
    """An input that the page offers.

    Args:
        title: what it is called.
        raw: as the estimator's `predict` takes one.
    """

    title: str
    raw: Any


@dataclass(frozen=True)
class Explored:
    """A model that is looked into; all tabs share it, so that nothing of it changes.

    Args:
        file: what its file is called.
        estimator: fitted.
        examples: inputs to choose from.
        metadata: what the file holds beside the weights.
        lock: held while a method of the estimator runs that sets torch's seed and threads, which are one for all.
    """

    file: str
    estimator: Estimator
    examples: Sequence[Example] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    @property
    def kind(self) -> str:
        """What it reads: text, tokens, series, audio, image."""
        return str(self.estimator.codecs_["input"].kind)


class Seen:
    """One input as each recurrent network of a model read it.

    Args:
        number: of the request that read it.
        raw: the input.
        readings: in the order in which the networks run.
    """

    def __init__(self, number: int, raw: Any, readings: Sequence[Reading]) -> None:
        self.number, self.raw = number, raw
        self.readings = {reading.part: reading for reading in readings}
        self._unrolled: dict[str, Unrolled] = {}
        self._lock = Lock()

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """What the networks are called; the last one writes."""
        return tuple(self.readings)

    def reading(self, part: str | None) -> Reading:
        """The reading of a part; None: of the last.

        Raises:
            InputError: there is no such part.
        """
        name = self.parts[-1] if part is None else part
        if name not in self.readings:
            raise InputError(f"part is {name!r}, expected one of {', '.join(self.parts)}")
        return self.readings[name]

    def unrolled(self, part: str | None) -> Unrolled:
        """What the layers of a part give, computed once."""
        import torch

        reading = self.reading(part)
        with self._lock:
            if reading.part not in self._unrolled:
                with torch.no_grad():
                    self._unrolled[reading.part] = reading.unroll()
            return self._unrolled[reading.part]
