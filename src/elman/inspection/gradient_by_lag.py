"""How far back learning reaches: the gradient of the loss at a step by the states before it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from elman.errors import InputError
from elman.inspection.finding import Finding
from elman.inspection.jacobian import Jacobian, jacobians
from elman.inspection.reading import Reading
from elman.state import State

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MOST_LOSSES, MOST_LAGS = 128, 512
ROWS, NUMBERS = 64, 8_000_000  # losses that are taken back together, as long as what they need has no more numbers
NOTHING_LEFT = 0.01  # of the largest gradient


@dataclass(frozen=True, eq=False, repr=False)
class GradientByLag(Finding):
    """The norms of d loss_t / d state_{t-k}, by lag k.

    Shape:
        norms (N, K), layers (L*D, N, K), at (N,), mean (K,), learned (K,)

    Args:
        norms: of the gradient of each loss by the states of all layers after the step that lies k steps back; NaN where
            there was no such step.
        layers: the same by the state of each layer and direction.
        names: what these are called.
        directions: D, 1 or 2.
        at: the steps of the losses.
        window: steps of truncated backpropagation through time, or None.
        learned: the mean of what is left of the norms where windows cut them off; the mean itself without.
    """

    norms: np.ndarray
    layers: np.ndarray
    names: tuple[str, ...]
    directions: int
    at: np.ndarray
    window: int | None
    learned: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """The mean over the losses, (K,)."""
        mean: np.ndarray = np.nanmean(self.norms, 0)
        return mean

    @property
    def reach(self) -> int:
        """The largest lag at which the mean is at least a hundredth of its largest value."""
        return int(np.flatnonzero(self.mean >= NOTHING_LEFT * self.mean.max())[-1])

    def sentence(self) -> str:
        """How far back the gradient reaches, and what the window cuts off."""
        if not self.mean.max():
            return "The loss does not depend on the hidden states: its gradient is 0."
        last = len(self.mean) - 1
        text = f"The gradient of the loss by the states before it is largest {_back(int(self.mean.argmax()))}"
        if self.reach < last:
            text += f", and less than a hundredth of that more than {_back(self.reach)}."
        else:
            text += f", and {_back(last)}, the most there is here, still {self.mean[-1] / self.mean.max():.2g} of that."
        if self.window is not None:
            cut = f"{1 - self.learned.sum() / self.mean.sum():.0%}"
            text += "" if cut in ("0%", "-0%") else f" Windows of {self.window} steps cut off {cut} of it."
        return text

    def to_frame(self) -> "pd.DataFrame":
        """A row for each layer, direction, loss and lag."""
        import pandas as pd

        number, loss, lag = np.nonzero(np.isfinite(self.layers))
        places = {"layer": number // self.directions, "reverse": number % self.directions == 1}
        return pd.DataFrame({**places, "at": self.at[loss], "lag": lag, "norm": self.layers[number, loss, lag]})

    def plot(self) -> "Figure":
        """The mean by lag, on a logarithmic axis, and what a window leaves of it."""
        from elman.reports.charts import Line, lines

        lags = np.arange(len(self.mean))
        drawn = [Line("mean", lags, _above_0(self.mean))]
        if self.window is not None:
            drawn.append(Line(f"with windows of {self.window}", lags, _above_0(self.learned), second=True))
        return lines(drawn, "steps back", "norm of the gradient", positive=True)


def gradient_by_lag(
    reading: Reading,
    *,
    window: int | None = None,
    at: int | Sequence[int] | None = None,
    output: int | Sequence[int] | None = None,
    lags: int = MOST_LAGS,
    progress: Callable[[float], None] | None = None,
) -> GradientByLag:
    """How much the loss at a step depends on the states that lie k steps back.

    The loss is minus the log of an output's probability, or the sum of the squares of values. Its derivative by the
    state of a layer after a step is the whole of what `backward` gives there: on every path, through the layer's own
    recurrence and through the layers above it, with all other states after that step held. Each state of a cell (c of
    an LSTM beside h) is a coordinate of its own. Steps are counted back in the direction in which a layer reads: in a
    reverse one, a lag of k is k steps further right. An output for the whole sequence, and those of a decoder as its
    encoder sees them, are counted from the last step that a layer read.

    Args:
        reading: of one sequence, with an output.
        window: steps of truncated backpropagation through time: gradients do not pass the start of a window.
        at: the outputs, from 0, whose losses are taken; None: all, or evenly spaced ones where there are more than 128.
        output: for each of them the number of the output that is right; None: the likeliest.
        lags: how far back to go at most, K.
        progress: is told the share that is done.

    Raises:
        InputError: the layer has no output, there is no step, or an argument is out of its range.

    Source: Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks (2013), equation 4.

    Example:
        >>> import elman, torch
        >>> from elman.inspection import gradient_by_lag
        >>> found = gradient_by_lag(elman.inspect(elman.Network(3, 8, 2), torch.randn(20, 3)), window=5)
        >>> found.mean.shape, found.learned[:6] > 0
        ((20,), array([ True,  True,  True,  True,  True, False]))
    """
    T, D = len(reading.x), reading.layer.num_directions
    _check(window, lags, D)
    chain = jacobians(reading)
    with torch.no_grad():
        scores = reading.outputs()[0]
    asked = _asked(at, len(scores))
    right = _right(output, scores[asked])
    in_step = reading.part != "encoder" and len(scores) == T
    ends = np.stack([_ends(one.reverse, asked, T, in_step) for one in chain])  # (L*D, N)
    there = np.where([[one.reverse] for one in chain], T - ends, ends + 1)  # how many steps lie behind each
    K = min(lags, int(there.max()))
    rows = max(1, min(ROWS, NUMBERS // (T * (scores.shape[1] + 2 * D * reading.layer.hidden_size))))
    found = np.full((len(chain), len(asked), K), np.nan)
    for begin in range(0, len(asked), rows):
        here = slice(begin, begin + rows)
        first = max(0, int(ends[:, here].min()) - K + 1) if D == 1 else 0
        squares = _taken_back(reading, chain, asked[here], right[here], first)  # (L*D, N, T)
        for k, n in np.ndindex(len(chain), squares.shape[1]):
            m, end = begin + n, ends[k, begin + n]
            steps = squares[k, n, end:] if chain[k].reverse else squares[k, n, end::-1]
            found[k, m, : min(K, there[k, m])] = np.sqrt(steps[:K])
        if progress is not None:
            progress(min((begin + rows) / len(asked), 1.0))
    norms = np.where(np.isfinite(found).any(0), np.sqrt(np.nansum(found**2, 0)), np.nan)
    inside = np.full(norms.shape, True) if window is None else np.arange(K) <= (ends[0] % window)[:, np.newaxis]
    learned = np.nanmean(np.where(inside | np.isnan(norms), norms, 0.0), 0)
    names = tuple(one.name for one in chain)
    return GradientByLag(norms, found, names, D, asked, window, learned)


def _taken_back(reading: Reading, chain: list[Jacobian], asked: np.ndarray, right: Tensor, first: int) -> np.ndarray:
    """The squared norms of the gradients of N losses by the state of each layer after each step, (L*D, N, T).

    Those of steps before `first` are left out, where no layer reads from the end.
    """
    incoming, last = _by_output(reading, asked, right)
    N, T = incoming.shape[:2]
    D = reading.layer.num_directions
    squares = np.zeros((len(chain), N, T))
    for top in range(len(chain) - D, -1, -D):
        below = []
        for d, one in enumerate(chain[top : top + D]):
            gradient = last[top + d]
            from_this = torch.zeros(N, T, one.weight_ih.shape[2], dtype=torch.float64)
            for t in range(T) if one.reverse else range(T - 1, first - 1, -1):
                gradient[:, 0] += incoming[:, t, d]
                squares[top + d, :, t] = gradient.square().sum((1, 2)).numpy()
                if top:
                    from_this[:, t] = one.to_input(t, gradient)
                gradient = one.backward(t, gradient)
            below.append(from_this)
        if top:
            incoming = sum(below[1:], below[0]).view(N, T, D, -1)
    return squares


def _by_output(reading: Reading, asked: np.ndarray, right: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of losses by what the output reads, with the recurrence left out.

    Shape:
        asked (N,) -> by the last layer's h (N, T, D, H); by the state after the last step (L*D, N, S, H)
    """
    assert reading.output is not None  # `reading.outputs()` was there
    N = len(asked)
    with torch.no_grad():
        unrolled = reading.unroll()
    h = unrolled.h.repeat(N, 1, 1).requires_grad_()
    last = {name: one.repeat(N, 1, 1).requires_grad_() for name, one in unrolled.last.items()}
    with torch.enable_grad():
        rows = reading.output(h, State(**last))[torch.arange(N), torch.from_numpy(asked)]  # (N, O)
        if reading.scores:
            loss = torch.nn.functional.cross_entropy(rows, right, reduction="sum")
        else:
            loss = rows.square().sum()
        by_h, *by_last = torch.autograd.grad(loss, [h, *last.values()], allow_unused=True)
    by_h = torch.zeros_like(h) if by_h is None else by_h
    both = [torch.zeros_like(x) if g is None else g for x, g in zip(last.values(), by_last, strict=True)]
    D = reading.layer.num_directions
    return by_h.double().view(*by_h.shape[:2], D, -1), torch.stack(both, 2).double().transpose(0, 1).contiguous()


def _ends(reverse: bool, asked: np.ndarray, T: int, in_step: bool) -> np.ndarray:
    """The step from which each loss looks back."""
    return asked if in_step else np.full(len(asked), 0 if reverse else T - 1)


def _check(window: int | None, lags: int, D: int) -> None:
    if window is not None and D == 2:
        raise InputError(
            f"window is {window!r}, but a layer that reads both ways is not trained in windows: leave it out"
        )
    for name, value in {"window": window, "lags": lags}.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise InputError(f"{name} is {value!r}, expected a whole number of at least 1")


def _asked(at: int | Sequence[int] | None, U: int) -> np.ndarray:
    if at is None:
        return np.unique(np.linspace(0, U - 1, min(U, MOST_LOSSES)).round().astype(int))
    asked = np.atleast_1d(np.asarray(at))
    if asked.ndim != 1 or asked.dtype.kind not in "iu" or not asked.size or not (asked >= -U).all() & (asked < U).all():
        raise InputError(f"at is {at!r}, expected whole numbers from 0 to {U - 1}, one for each output")
    return asked % U


def _right(output: int | Sequence[int] | None, scores: Tensor) -> Tensor:
    if output is None:
        return scores.argmax(-1)
    N, O = scores.shape  # noqa: E741
    right = np.broadcast_to(np.asarray(output), N) if np.size(output) in (1, N) else np.asarray(())
    if right.dtype.kind not in "iu" or not ((right >= 0) & (right < O)).all():
        raise InputError(
            f"output is {output!r}, expected a whole number from 0 to {O - 1}, or one for each of {N} losses"
        )
    return torch.from_numpy(right.astype(np.int64))


def _above_0(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)


def _back(lag: int) -> str:
    return "at the step itself" if lag == 0 else f"{lag} step{'s' * (lag > 1)} back"
