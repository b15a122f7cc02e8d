"""What a training has been: one record per epoch."""

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from elman.files.replace import replace_file

Ended = Literal["epochs", "patience", "interrupted"]


@dataclass(frozen=True)
class Epoch:
    """One pass over the training data, and what was measured after it.

    Args:
        number: counted from 1.
        training_loss: mean over the valid steps, while learning.
        validation_loss: mean over the valid steps; None without validation data.
        metric: value of the task's metric; None without one.
        learning_rate: of the last step.
        gradient_norm: mean over the steps, before clipping.
        seconds: of wall clock, with validation; None where it was left out.
        skipped: steps whose loss or gradient was no finite number, and which changed nothing.
    """

    number: int
    training_loss: float
    validation_loss: float | None
    metric: float | None
    learning_rate: float
    gradient_norm: float
    seconds: float | None = None
    skipped: int = 0


@dataclass(frozen=True)
class Point:
    """A stretch of some steps, for the curves of a report.

    Args:
        epoch: epochs done at its end, such as 1.25.
        loss: mean over the valid steps; None where every step was skipped, as for the norms.
        learning_rate: of the last step.
        gradient_norm: mean over the steps, before clipping.
        largest_norm: the largest of them.
        skipped: steps that were.
    """

    epoch: float
    loss: float | None
    learning_rate: float
    gradient_norm: float | None
    largest_norm: float | None
    skipped: int = 0


@dataclass
class History:
    """The epochs of a training.

    The value that decides which epoch was best (`watched`) is the metric if there is one, else the
    validation loss; without either the last epoch counts as the best.

    Args:
        metric: name of the metric.
        higher_is_better: of the metric.
        epochs: in order.
        ended: by what: all `epochs` done, `patience` at an end, or `interrupted`; None while training.
        curve: some hundred points over the whole training; it is not in the model file.
    """

    metric: str | None = None
    higher_is_better: bool = True
    epochs: list[Epoch] = field(default_factory=list)
    ended: Ended | None = None
    curve: list[Point] = field(default_factory=list)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return self.ended == "interrupted"

    @property
    def watched(self) -> str | None:
        """Name of the value that decides which epoch is best."""
        if self.metric is not None:
            return self.metric
        return "validation loss" if self.epochs and self.epochs[0].validation_loss is not None else None

    @property
    def best(self) -> Epoch | None:
        """The first of the best epochs; None before the first has ended.

        Of epochs whose metric is equal, as an accuracy over few sequences often is, the validation loss decides.
        """
        if not self.epochs:
            return None
        if self.watched is None:
            return self.epochs[-1]
        sign = -1 if self.metric is not None and self.higher_is_better else 1
        return min(self.epochs, key=lambda epoch: (sign * (self.value(epoch) or 0.0), epoch.validation_loss or 0.0))

    @property
    def best_epoch(self) -> int | None:
        """Number of the best epoch, whose weights the model has; None before the first has ended."""
        return self.best.number if self.best else None

    @property
    def epochs_without_gain(self) -> int:
        """How many epochs came after the best one."""
        return self.epochs[-1].number - self.best.number if self.best else 0

    def value(self, epoch: Epoch) -> float | None:
        """The watched value of an epoch."""
        return epoch.metric if self.metric is not None else epoch.validation_loss

    def to_frame(self) -> pd.DataFrame:
        """A table with a row for every epoch, the metric's column under its own name."""
        return pd.DataFrame(self._rows())

    def to_config(self) -> dict[str, Any]:
        """All but the times, for the model file: equal trainings give equal files."""
        config = dataclasses.asdict(self)
        del config["curve"]
        for epoch in config["epochs"]:
            del epoch["seconds"]
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "History":
        """Read what `to_config` wrote."""
        epochs, curve = config["epochs"], config.get("curve", [])
        return cls(**{**config, "epochs": [Epoch(**one) for one in epochs], "curve": [Point(**one) for one in curve]})

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write JSON lines: one line per epoch, the keys of `to_frame`, times included."""
        text = "".join(json.dumps(row, allow_nan=False) + "\n" for row in self._rows())
        with replace_file(path) as temporary:
            Path(temporary).write_text(text, encoding="utf-8", newline="\n")

    def _rows(self) -> list[dict[str, Any]]:
        rows = []
        for epoch in self.epochs:
            row = dataclasses.asdict(epoch)
            value = row.pop("metric")
            row = {"epoch": row.pop("number"), **row}
            rows.append(row if self.metric is None else {**row, self.metric: value})
        return rows


def read_history(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the table that `History.write` wrote, as `History.to_frame` gives it."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return pd.DataFrame([json.loads(line) for line in lines])
