"""The model that the page looks into, and what it has read."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock, RLock
from typing import Any, TypeVar

import numpy as np
import torch

from elman.errors import InputError
from elman.inspection import Reading, States, Unrolled, states
from elman.tasks.estimator import Estimator
from elman.tasks.text_writer import Written

Found = TypeVar("Found")


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
    """A model that is looked into; all tabs share it, so that nothing of it changes but what is kept.

    Args:
        file: what its file is called.
        estimator: fitted.
        examples: inputs to choose from.
        metadata: what the file holds beside the weights.
        lock: held while a method of the estimator runs that sets torch's seed and threads, which are one for all.
        read: the examples that were read already, by their numbers.
    """

    file: str
    estimator: Estimator
    examples: Sequence[Example] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    read: dict[int, "Seen"] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What it reads: text, tokens, series, audio, image."""
        return str(self.estimator.codecs_["input"].kind)


class Seen:
    """One input as each recurrent network of a model read it; what is computed of it is computed once.

    Args:
        number: of the request that read it.
        raw: the input.
        readings: in the order in which the networks run.
        written: of a translator or captioner, the texts that its search found, the best first; that one is read.
    """

    def __init__(self, number: int, raw: Any, readings: Sequence[Reading], written: Sequence[Written] = ()) -> None:
        self.number, self.raw, self.written = number, raw, written
        self.readings = {reading.part: reading for reading in readings}
        self.parts = tuple(self.readings)
        self._found: dict[Hashable, Any] = {}
        self._lock = RLock()

    def reading(self, part: str | None) -> Reading:
        """The reading of a part; None: of the last, which writes.

        Raises:
            InputError: there is no such part.
        """
        name = self.parts[-1] if part is None else part
        if name not in self.readings:
            raise InputError(f"part is {name!r}, expected one of {', '.join(self.parts)}")
        return self.readings[name]

    def once(self, key: Hashable, compute: Callable[[], Found]) -> Found:
        """What `compute` gives, or gave the last time."""
        with self._lock:
            if key not in self._found:
                self._found[key] = compute()
            found: Found = self._found[key]
            return found

    def unrolled(self, part: str | None = None) -> Unrolled:
        """What the layers of a part give."""
        reading = self.reading(part)

        def compute() -> Unrolled:
            with torch.no_grad():
                return reading.unroll()

        return self.once(("unrolled", reading.part), compute)

    def states(self, part: str | None = None) -> States:
        """The states and gates of all layers of a part."""
        reading = self.reading(part)
        return self.once(("states", reading.part), lambda: states(reading))

    def outputs(self, part: str | None = None) -> np.ndarray:
        """What the model gives, before any softmax, (U, O)."""
        reading = self.reading(part)

        def compute() -> np.ndarray:
            assert reading.output is not None  # those of models have one
            h, last, _ = self.unrolled(part)
            with torch.no_grad():
                found: np.ndarray = reading.output(h, last)[0].numpy()
            return found

        return self.once(("outputs", reading.part), compute)

    def probabilities(self, part: str | None = None) -> np.ndarray:
        """What a softmax makes of the outputs, (U, O)."""
        found: np.ndarray = torch.from_numpy(self.outputs(part)).softmax(-1).numpy()
        return found
