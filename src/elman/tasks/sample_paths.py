"""Free running: each step of a forecast is drawn, and read as the next input; many paths are rows of one batch."""

from dataclasses import dataclass

import numpy as np
import torch

from elman.models import StepsAhead
from elman.models.likelihoods import Likelihood
from elman.state import State
from elman.tasks.forecast_series import relations, seasonal_places

ROWS = 4096  # paths that run together


@dataclass(frozen=True)
class Origin:
    """A place in a series from which a forecast starts.

    Args:
        values: the scaled series up to it, missing values filled in. Shape: (t,)
        known: what is known of the steps ahead, from the next one on. Shape: (h, F)
        hidden: the network's output at the last step. Shape: (1, 1, H)
        state: the state after it, of one row.
        scale: the unit of the series.
    """

    values: np.ndarray
    known: np.ndarray
    hidden: torch.Tensor
    state: State
    scale: float


class Paths:
    """Draws paths of a model that gives the distribution of the next value.

    Args:
        model: with a horizon of 1.
        likelihood: what its outputs mean.
        seasons: of the series, in steps.
        reference: "last", "season" or "drift".
    """

    def __init__(self, model: StepsAhead, likelihood: Likelihood, seasons: tuple[int, ...], reference: str) -> None:
        self._model, self._likelihood = model, likelihood
        self._seasons, self._reference = seasons, reference

    def draw(self, origins: list[Origin], h: int, n: int, generator: np.random.Generator) -> np.ndarray:
        """Paths of each origin.

        Shape:
            -> (origins, n, h), scaled
        """
        reach = 2 * max(self._seasons)  # further back nothing is read but through the state
        lengths = np.array([min(len(one.values), reach) for one in origins])
        drawn = np.zeros((len(origins), n, h))
        several = max(ROWS // n, 1)
        for length in np.unique(lengths):
            alike = np.flatnonzero(lengths == length)
            for start in range(0, len(alike), several):
                rows = alike[start : start + several]
                drawn[rows] = self._together([origins[row] for row in rows], reach, h, n, generator)
        return drawn

    def _together(
        self, origins: list[Origin], reach: int, h: int, n: int, generator: np.random.Generator
    ) -> np.ndarray:
        """Paths of origins with as long a past, (origins, n, h)."""
        rows = np.repeat(np.arange(len(origins)), n)
        past = np.stack([one.values[-reach:] for one in origins])[rows]  # (R, reach) or shorter
        state = State.cat([one.state for one in origins]).select(rows)
        hidden = torch.cat([one.hidden for one in origins])[rows]
        scale = np.array([one.scale for one in origins])[rows]
        known = np.stack([one.known for one in origins])[rows]  # (R, h, F)
        drawn = np.zeros((len(rows), h))
        for k in range(h):
            reference, seasonal = next_forecasts(past, self._seasons, self._reference)
            ahead, simple = (
                torch.as_tensor(one, dtype=torch.float32, device=hidden.device)
                for one in (known[:, k : k + 1], seasonal[:, np.newaxis, np.newaxis])
            )
            outputs = self._model.decode(hidden, ahead, simple)[:, 0, 0].double().cpu().numpy()
            drawn[:, k] = self._likelihood.quantile(outputs, reference, scale, generator.uniform(size=len(rows)))
            past = np.concatenate([past, drawn[:, k : k + 1]], 1)[:, -reach:]
            if k + 1 < h:
                told = relations(past, self._seasons)[:, -1]
                step = np.concatenate([told, np.zeros((len(rows), 1)), known[:, k]], 1)[:, np.newaxis]  # not missing
                read = torch.as_tensor(step, dtype=torch.float32, device=hidden.device)
                hidden, state = self._model.read(read, torch.ones(len(rows), dtype=torch.int64), state)
        return drawn.reshape(len(origins), n, h)


def next_forecasts(past: np.ndarray, seasons: tuple[int, ...], reference: str) -> tuple[np.ndarray, np.ndarray]:
    """The simple forecasts of the next value: the reference, and how far from it each season's and the last lie.

    Shape:
        past (R, T) -> (R,) and (R, S)
    """
    end = past.shape[1] - 1
    first, *others = (int(seasonal_places(np.array(end), np.array([1]), season)[0]) for season in seasons)
    nearest = max(first, 0)
    several = [past[:, place if place >= 0 else nearest] for place in (first, *others)]
    last = past[:, end]
    before = max(end - seasons[0], 0)
    slope = (last - past[:, before]) / max(end - before, 1)
    found = {"last": last, "season": several[0], "drift": last + slope}[reference]
    return found, np.stack([one - found for one in (*several, last)], 1)
