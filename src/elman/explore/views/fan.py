"""What a forecaster expects, from any step of its series on."""

from typing import Any

import numpy as np
import pandas as pd

from elman.errors import InputError
from elman.explore.ask import Ask
from elman.explore.explored import Explored, Seen
from elman.explore.requests import Request
from elman.explore.session import Tab
from elman.tables.timestamps import ORDER
from elman.tasks.forecast_metrics import NAME, Levels

LEVELS = (50, 80, 95)


def fan_view(tab: Tab, ask: Ask) -> dict[str, Any]:
    """The forecast after `step`, as if the series ended there."""
    T = len(tab.looked_at.reading(None).x)
    return fan(tab.explored, tab.looked_at.raw, ask.whole("step", T, T - 1))


def fan_at_end(explored: Explored, seen: Seen) -> dict[str, Any]:
    """The forecast from the last step after which all is known that the model reads ahead."""
    estimator: Any = explored.estimator
    T = len(seen.raw)
    step = max(T - 1 - estimator.horizon_, 0) if estimator.future else T - 1
    known = seen.raw[estimator.target].to_numpy(np.float64)
    return {"kind": "fan", "history": known, "times": _shown(seen.raw[ORDER]), **fan(explored, seen.raw, step)}


def fan(explored: Explored, table: pd.DataFrame, step: int) -> dict[str, Any]:
    """The median and intervals of the steps after one of a series, and what came, as far as that is known.

    Args:
        explored: a forecaster.
        table: one series, a row for each step.
        step: its number.

    Shape:
        median (h,), lo and hi (levels, h)
    """
    estimator: Any = explored.estimator
    before, after = table.iloc[: step + 1], table.iloc[step + 1 :]
    if not before[estimator.target].notna().any():
        raise InputError(f"step {step + 1} has no value before it to forecast from: choose a later one")
    with explored.lock:
        found = estimator.predict(level=LEVELS, df=before, X_df=after if estimator.future else None)
    levels = Levels(LEVELS).level
    came = after[estimator.target].to_numpy(np.float64)[: len(found)]
    return {
        "step": step,
        "ahead": _shown(found[ORDER]),
        "levels": LEVELS,
        "median": found[NAME].to_numpy(),
        "lo": np.stack([found[f"{NAME}-lo-{level}"].to_numpy() for level in levels]),
        "hi": np.stack([found[f"{NAME}-hi-{level}"].to_numpy() for level in levels]),
        "came": came,
    }


def _shown(times: "pd.Series[Any]") -> list[str]:
    return [str(one).removesuffix(" 00:00:00") for one in times]


def refusal(explored: Explored) -> str | None:
    """Only a forecaster."""
    return None if explored.estimator.task == "forecast" else "this model does not forecast: it has no future to show"


REQUESTS = {"fan": Request(fan_view, refusal, of_reading=True)}
