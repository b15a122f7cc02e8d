"""How long a network remembers: what is left, step by step, of a change of its state."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from elman.errors import InputError
from elman.inspection.finding import Finding
from elman.inspection.layers import OneLayer, layers
from elman.inspection.reading import Reading
from elman.nn import reference

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MOST_STEPS = 128  # that a change is followed, unless more are asked for
ROUNDING = 1e-9  # a decay smaller than this is none
SHORT, STARTS = 16, 4  # in longer sequences changes are made at several steps


@dataclass(frozen=True, eq=False, repr=False)
class Memory(Finding):
    """Half-lives of changes of the state, in steps.

    Shape:
        half_life and reached (L*D, H), by_state (L*D, H) each, left (K+1,), left_in (L*D, K+1)

    Args:
        half_life: after how many steps only half is left of a change of a unit; of the longest-lived of its states.
        reached: whether it was seen to fall to half; else the half-life is what its decay so far would make it, and
            infinite where there is none.
        by_state: the half-lives of changes of each state of the cell.
        whole: the half-life of a change of the whole state.
        left: what is left of a change of the whole state after 0, 1, 2 ... steps, as a part of it.
        left_in: of a change in each layer and direction, what is left in that layer.
        names: what the layers and directions are called.
        directions: D, 1 or 2.
    """

    half_life: np.ndarray
    reached: np.ndarray
    by_state: dict[str, np.ndarray]
    whole: float
    left: np.ndarray
    left_in: np.ndarray
    names: tuple[str, ...]
    directions: int

    def sentence(self) -> str:
        """How long the whole state and the longest-lived unit remember."""
        K = len(self.left) - 1
        layer, unit = np.unravel_index(int(self.half_life.argmax()), self.half_life.shape)
        longest = float(self.half_life[layer, unit])
        where = f" of {self.names[layer]}" if len(self.names) > 1 else ""
        text = f"Half of a change of the state is forgotten after {_steps(self.whole)}; "
        if math.isinf(self.whole):
            text = f"A change of the state does not shrink within {_steps(K)}; "
        if math.isinf(longest):
            return f"{text}one of unit {unit}{where} does not shrink within {_steps(K)}."
        seen = "" if self.reached[layer, unit] else f", judged by the first {_steps(K)}"
        return f"{text}unit {unit}{where} remembers longest, with a half-life of {_steps(longest)}{seen}."

    def to_frame(self) -> "pd.DataFrame":
        """A row for each layer, direction and unit."""
        import pandas as pd

        number, unit = (one.ravel() for one in np.indices(self.half_life.shape))
        places = {"layer": number // self.directions, "reverse": number % self.directions == 1, "unit": unit}
        numbers = {"half_life": self.half_life.ravel(), "reached": self.reached.ravel()}
        states = {f"half_life {name}": one.ravel() for name, one in self.by_state.items()}
        return pd.DataFrame({**places, **numbers, **states})

    def plot(self) -> "Figure":
        """What is left of a change by the steps since, and the half-lives of all units, the longest first."""
        from elman.reports.panels import Drawn, stacked

        curves = {"whole state": self.left} | dict(
            zip(self.names, self.left_in, strict=True) if len(self.names) > 1 else ()
        )
        units = {name: -np.sort(-one) for name, one in zip(self.names, self.half_life, strict=True)}
        return stacked(
            [
                Drawn(curves, "steps since", "left of a change", limit=(0.5, "half")),
                Drawn(units, "units, the longest-lived first", "half-life in steps"),
            ]
        )


def memory(
    reading: Reading,
    *,
    at: Sequence[int] | None = None,
    lags: int = MOST_STEPS,
    size: float = 0.1,
    progress: Callable[[float], None] | None = None,
) -> Memory:
    """How long the network remembers a change of its state, while it reads a sequence.

    Each unit is changed on its own before a step, and the network, in float64 and with all its nonlinearity, goes on
    beside one that was not changed. What is left is the distance of the two, in parts of the change; where changes are
    made at several steps, the root mean square of it. The half-life of a unit is about the states of its own layer,
    that of the whole state about all layers that a change reaches (in a layer that reads both ways, its own direction).
    A unit that has handed its change on to others counts as remembering it.

    Args:
        reading: of one sequence.
        at: the steps, from 0, before which the state is changed; None: the first, and in longer sequences four.
        lags: how many steps a change is followed at most.
        size: of a change, in parts of the root mean square of the layer's states.
        progress: is told the share that is done.

    Raises:
        InputError: there is no step, or an argument is out of its range.

    Example:
        >>> import elman, torch
        >>> from elman.inspection import memory
        >>> found = memory(elman.inspect(elman.RNN(3, 8), torch.randn(20, 3)))
        >>> found.half_life.shape, found.left[0]
        ((1, 8), np.float64(1.0))
    """
    T = len(reading.x)
    starts, K = _starts(at, T, lags)
    if isinstance(size, bool) or not isinstance(size, int | float) or not 0 < size < math.inf:
        raise InputError(f"size is {size!r}, expected a number above 0")
    stack = [one.to(torch.float64) for one in layers(reading)]
    names, rounds = reading.layer.cell.state, len(stack) * len(reading.layer.cell.state) * len(starts)
    own, everywhere = np.zeros((2, len(names), len(stack), reading.layer.hidden_size, K + 1))  # sums of squares
    done = 0
    for k, one in enumerate(stack):
        above = stack[k + 1 :] if reading.layer.num_directions == 1 else []
        for s, name in enumerate(names):
            change = size * (float(one.after[name].square().mean().sqrt()) or 1.0)
            for start in starts:
                here, over = _followed([one, *above], s, change, T - 1 - start if one.reverse else start, K)
                own[s, k] += here.numpy()
                everywhere[s, k] += over.numpy()
                done += 1
                if progress is not None:
                    progress(done / rounds)
    left = np.sqrt(own / len(starts))  # (S, L*D, H, K+1)
    if not np.isfinite(left).all():
        raise InputError("the states hold numbers that are not finite: train the network with a lower learning rate")
    lives, reached = half_lives(left)
    whole = np.sqrt(everywhere.mean((0, 1, 2)) / len(starts))
    longest = lives.argmax(0)[np.newaxis]
    return Memory(
        np.take_along_axis(lives, longest, 0)[0],
        np.take_along_axis(reached, longest, 0)[0],
        dict(zip(names, lives, strict=True)),
        float(half_lives(whole)[0]),
        whole,
        np.sqrt((left**2).mean((0, 2))),
        tuple(one.name for one in stack),
        reading.layer.num_directions,
    )


def half_lives(left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """When curves fall to half of their start, and whether they do.

    Between two steps they fall exponentially; one that does not fall to half goes on as it fell on the whole.

    Shape:
        left (..., K+1), from 1 -> (...), (...)
    """
    K = left.shape[-1] - 1
    below = left <= 0.5
    reached = below.any(-1)
    k = np.where(reached, below.argmax(-1), K)[..., np.newaxis]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(left)
        here = np.take_along_axis(logs, k, -1)[..., 0]
        before = np.take_along_axis(logs, np.maximum(k - 1, 0), -1)[..., 0]
        crossed = k[..., 0] - 1 + (before + math.log(2)) / (before - here)
        extended = np.where(here < -ROUNDING, K * math.log(2) / -here, math.inf)
    return np.where(reached, crossed, extended), np.asarray(reached)


def _followed(stack: list[OneLayer], s: int, change: float, start: int, K: int) -> tuple[Tensor, Tensor]:
    """The squares of what is left of a change of each unit of the first layer, in it and in all, (H, K+1) each."""
    first = stack[0]
    H = first.weights.weight_hh.shape[1]
    rows = torch.cat([torch.zeros(1, H, dtype=torch.float64), change * torch.eye(H, dtype=torch.float64)])
    states = [[one.before[name][start].expand(H + 1, H) for name in one.cell.state] for one in stack]
    states[0][s] = states[0][s] + rows
    z_x = F.linear(first.x, first.weights.weight_ih, first.weights.bias_ih)
    here, over = torch.ones(2, H, K + 1, dtype=torch.float64)
    for k in range(K):
        t = start - k if first.reverse else start + k
        z = z_x[t].expand(H + 1, -1)
        for number, one in enumerate(stack):
            if number:
                z = F.linear(states[number - 1][0], one.weights.weight_ih, one.weights.bias_ih)
            states[number] = reference.step(one.cell, z, states[number], one.weights, [])
        squares = [sum((x[1:] - x[0]).square().sum(1) for x in of) / change**2 for of in states]
        here[:, k + 1], over[:, k + 1] = squares[0], sum(squares)
    return here, over


def _starts(at: Sequence[int] | None, T: int, lags: int) -> tuple[list[int], int]:
    """The steps at which changes are made, and how many steps they are followed."""
    if T == 0:
        raise InputError("the input is empty: there is no step to look into")
    if isinstance(lags, bool) or not isinstance(lags, int) or lags < 1:
        raise InputError(f"lags is {lags!r}, expected a whole number of at least 1")
    if at is None:
        K = min(T if T < SHORT else T // 2, lags)
        return sorted({round(k * (T - K) / (STARTS - 1)) for k in range(STARTS)}) if T >= SHORT else [0], K
    starts = list(at)
    if not starts or any(isinstance(t, bool) or not isinstance(t, int) or not 0 <= t < T for t in starts):
        raise InputError(f"at is {at!r}, expected a list of whole numbers from 0 to {T - 1}")
    return starts, min(T - max(starts), lags)


def _steps(number: float) -> str:
    return f"{number:.3g} step{'s' * (number != 1)}"
