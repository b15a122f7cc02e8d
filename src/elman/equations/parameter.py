"""The trainable numbers of a cell."""

import math
from dataclasses import dataclass
from typing import Any

from elman.errors import EquationError


@dataclass(frozen=True)
class Parameter:
    """A trainable number of a cell: one for each unit, or one for all.

    Args:
        initial: the value it starts from, inside `range`.
        range: the open interval it stays in during training; None where there is no bound.
        per: "unit", one for each hidden unit, or "layer", one for all units of a layer.
    """

    initial: float = 0.0
    range: tuple[float | None, float | None] = (None, None)
    per: str = "unit"

    def __post_init__(self) -> None:
        object.__setattr__(self, "initial", finite("initial", self.initial))
        try:
            low, high = (None if end is None else finite("range", end) for end in self.range)
        except (TypeError, ValueError) as error:  # an EquationError is a ValueError
            raise EquationError(
                f"range is {self.range!r}, expected its two ends, each a finite number or None"
            ) from error
        object.__setattr__(self, "range", (low, high))
        low, high = self.bounds
        if not low < self.initial < high:
            raise EquationError(f"initial is {self.initial}, expected a number inside the range ({low}, {high})")
        if self.per not in ("unit", "layer"):
            raise EquationError(f"per is {self.per!r}, expected 'unit' or 'layer'")

    @property
    def bounds(self) -> tuple[float, float]:
        """The range in numbers, infinite where there is no bound."""
        low, high = self.range
        return (-math.inf if low is None else low), (math.inf if high is None else high)


def finite(name: str, value: Any) -> float:
    """The value as a float; an EquationError that names it where it is no finite number."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if isinstance(value, str) or not math.isfinite(number):
        raise EquationError(f"{name} is {value!r}, expected a finite number")
    return number
