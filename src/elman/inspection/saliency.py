"""Which steps of the input an output is due to: gradient times input, integrated gradients, occlusion."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from elman.errors import InputError
from elman.inspection.finding import Finding
from elman.inspection.reading import Reading
from elman.inspection.surroundings import is_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

METHODS = ("gradient", "integrated", "occlusion")
MOST_PAINTED = 1500  # steps
NUMBERS = 4_000_000  # that the states of sequences that are run together may have


@dataclass(frozen=True, eq=False, repr=False)
class Saliency(Finding):
    """How much each step of the input adds to an output.

    Shape:
        values (T,), features (T, I)

    Args:
        values: of each step; below 0 where it takes away.
        features: of each number of a step, or None for occlusion, which leaves out whole steps.
        steps: what each step is called.
        method: how it was found.
        at: the output's step, from 0, and what it is called.
        output: the number of the output, and what it is called.
        change: by how much the output is larger than for blank input.
        gap: how far the sum of all values is from that: 0 is complete. Only integrated gradients promise it.
    """

    values: np.ndarray
    features: np.ndarray | None
    steps: tuple[str, ...]
    method: str
    at: tuple[int, str]
    output: tuple[int, str]
    change: float
    gap: float

    def sentence(self) -> str:
        """The steps that add and take away most, and how much all of them explain."""
        where = "" if self.at[1] == "all" else f" at step {self.at[0]} ({self.at[1]!r})"
        most, least = int(self.values.argmax()), int(self.values.argmin())
        adds = f"{self._step(most)} adds most" if self.values[most] > 0 else "nothing adds"
        takes = f"{self._step(least)} takes away most" if self.values[least] < 0 else "nothing takes away"
        return (
            f"The output {self.output[1]!r}{where}: {adds} and {takes}; all steps together make "
            f"{self.values.sum():+.3g} of the {self.change:+.3g} by which it differs from that of blank input."
        )

    def _step(self, t: int) -> str:
        return f"step {t} ({self.steps[t]!r}, {self.values[t]:+.3g})"

    def to_frame(self) -> "pd.DataFrame":
        """A row for each step."""
        import pandas as pd

        return pd.DataFrame({"step": np.arange(len(self.steps)), "read": self.steps, "value": self.values})

    def plot(self) -> "Figure":
        """The steps, orange where they add and blue where they take away; of numbers and of very many steps bars."""
        from elman.reports.painted import columns, painted

        is_painted = len(self.steps) <= MOST_PAINTED and is_text(self.steps)
        return (painted if is_painted else columns)(self.steps, self.values, "added to the output")


def saliency(
    reading: Reading,
    *,
    at: int | None = None,
    output: int | str | None = None,
    method: str = "gradient",
    steps: int = 64,
    progress: Callable[[float], None] | None = None,
) -> Saliency:
    """How much each step of the input adds to an output f of the model, before any softmax, beside a blank input.

    - "gradient": (x_t - blank) times the gradient of f at x: what a step adds if all goes on linearly.
    - "integrated": the same with the mean of the gradients on the straight line from blank input to x; the sum over all
      steps is f(x) - f(blank).
    - "occlusion": f(x) - f(x with the step blank).

    Args:
        reading: of one sequence, with an output.
        at: which of the U outputs, from 0; None: the last.
        output: its number among the O outputs, or its name; None: of scores the largest, of values the first.
        method: one of these.
        steps: points on the line of integrated gradients, by Gauss and Legendre.
        progress: is told the share that is done.

    Raises:
        InputError: the layer has no output, there is no step, or an argument is out of its range.

    Source: Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks (2017), equation 1; Zeiler and Fergus,
    Visualizing and Understanding Convolutional Networks (2014), section 4.2 (occlusion).

    Example:
        >>> import elman
        >>> from elman.inspection import saliency
        >>> names, languages = ["Rossi", "Bianchi", "Smith", "Jones"] * 5, ["it", "it", "en", "en"] * 5
        >>> model = elman.Classifier(hidden_size=8, epochs=3, validation_fraction=0, verbose=0).fit(names, languages)
        >>> found = saliency(elman.inspect(model, "Rossi"), output="it", method="integrated")
        >>> found.values.shape, found.gap < 1e-3
        ((5,), True)
    """
    if method not in METHODS:
        raise InputError(f"method is {method!r}, expected one of {', '.join(METHODS)}")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise InputError(f"steps is {steps!r}, expected a whole number of at least 1")
    if len(reading.x) == 0:
        raise InputError("the input is empty: there is no step to look into")
    x = reading.x.detach()
    blank = (torch.zeros_like(x[0]) if reading.blank is None else reading.blank.detach()).expand_as(x)
    with torch.no_grad():
        outputs = reading.outputs(torch.stack([x, blank]))
    u = _at(at, outputs.shape[1])
    o = _output(output, reading, outputs[0, u])
    full, empty = outputs[:, u, o].double().tolist()
    if not math.isfinite(full) or not math.isfinite(empty):
        raise InputError("the output is no finite number: train the network with a lower learning rate")
    if method == "occlusion":
        features, values = None, full - _occluded(reading, x, blank, u, o, progress)
    else:
        points, weights = _line(steps) if method == "integrated" else (np.ones(1), np.ones(1))
        mean = _mean_gradient(reading, (x, blank), u, o, points, weights, progress)
        features = ((x - blank).double() * mean).numpy()
        values = features.sum(1)
    gap = abs(float(values.sum()) - (full - empty))
    names = (u, reading.asked[u]), (o, reading.names[o])
    return Saliency(values, features, reading.steps, method, *names, full - empty, gap)


def _line(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points from 0 to 1 and their weights, with which a mean is taken."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1) / 2, weights / 2


def _mean_gradient(
    reading: Reading,
    ends: tuple[Tensor, Tensor],
    u: int,
    o: int,
    points: np.ndarray,
    weights: np.ndarray,
    progress: Callable[[float], None] | None,
) -> Tensor:
    """The weighted sum of the gradients at points on the line from blank input to x, (T, I)."""
    x, blank = ends
    total = torch.zeros_like(x, dtype=torch.float64)
    for here in _batches(reading, len(points)):
        share = torch.from_numpy(points[here]).to(x)[:, None, None]
        with torch.enable_grad():
            several = (blank + share * (x - blank)).requires_grad_()
            gradient = torch.autograd.grad(reading.outputs(several)[:, u, o].sum(), several)[0]
        total += (gradient.double() * torch.from_numpy(weights[here])[:, None, None]).sum(0)
        if progress is not None:
            progress(here.stop / len(points))
    return total


def _occluded(
    reading: Reading, x: Tensor, blank: Tensor, u: int, o: int, progress: Callable[[float], None] | None
) -> np.ndarray:
    """The output with each step blank in its turn, (T,)."""
    found = []
    for here in _batches(reading, len(x)):
        rows = torch.arange(here.start, here.stop)
        several = x.repeat(len(rows), 1, 1)
        several[torch.arange(len(rows)), rows] = blank[rows]
        with torch.no_grad():
            found.append(reading.outputs(several)[:, u, o].double().numpy())
        if progress is not None:
            progress(here.stop / len(x))
    return np.concatenate(found)


def _batches(reading: Reading, count: int) -> list[slice]:
    """Of so many sequences as long as the reading, those that are run together."""
    layer = reading.layer
    each = len(reading.x) * layer.hidden_size * layer.num_layers * layer.num_directions * len(layer.cell.gates)
    size = max(1, NUMBERS // each)
    return [slice(begin, min(begin + size, count)) for begin in range(0, count, size)]


def _at(at: int | None, U: int) -> int:
    if at is None:
        return U - 1
    if isinstance(at, bool) or not isinstance(at, int) or not -U <= at < U:
        raise InputError(f"at is {at!r}, expected a whole number from 0 to {U - 1}, the outputs there are")
    return at % U


def _output(output: int | str | None, reading: Reading, row: Tensor) -> int:
    if output is None:
        return int(row.argmax()) if reading.scores else 0
    if isinstance(output, str):
        if output not in reading.names:
            raise InputError(
                f"output is {output!r}, expected the name of one, such as {reading.names[0]!r}, or a number"
            )
        return reading.names.index(output)
    if isinstance(output, bool) or not isinstance(output, int) or not 0 <= output < len(row):
        raise InputError(f"output is {output!r}, expected a whole number from 0 to {len(row) - 1}, or a name")
    return output
