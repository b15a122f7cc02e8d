"""Series in, their future out: one model over many series, with distributions of what comes."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import pandas as pd
import torch
from torch import nn

from elman.equations import Cell
from elman.errors import InputError, counted
from elman.models import StepsAhead
from elman.models.feedforward import equal_size
from elman.tables import following
from elman.tables.timestamps import GROUP, ORDER
from elman.tasks.calibration import calibrate
from elman.tasks.coded import Batch, Coded
from elman.tasks.fan import fan
from elman.tasks.forecast_metrics import NAME, Levels, evaluation
from elman.tasks.forecast_series import (
    AheadBatch,
    CodedSeries,
    residuals,
)
from elman.tasks.forecast_table import ForecastTable
from elman.tasks.options import check
from elman.tasks.reads_series import ReadsSeries, warned
from elman.tasks.rolling import Rolling
from elman.tasks.writing import check_whole
from elman.train import BatchLoss, train


class Forecaster(ReadsSeries):
    """The future of many series by one model, each step ahead with its distribution.

    A table has a row for each series and time: `unique_id`, `ds`, the target and covariates, of which some are known up
    to now (`past`), some ahead as well (`future`), some never change (`static`). Every series is scaled by itself, what
    is forecast is how far it goes from a simple forecast (`reference`), and calendar and seasons follow from the
    frequency; so a series that was never seen can be forecast too. The last part of each series in time decides when
    training stops and how wide intervals are. Arguments are keyword-only and listed in `ForecasterOptions`.

    After `fit`: `model_`, `codecs_`, `history_`, `horizon_`, `reference_`.

    Example:
        >>> import elman, numpy as np, pandas as pd
        >>> days = pd.date_range("2026-01-01", periods=60)
        >>> df = pd.DataFrame({"unique_id": "a", "ds": days, "y": np.sin(np.arange(60.0)) + days.day_of_week})
        >>> forecaster = elman.Forecaster(horizon=7, epochs=2, hidden_size=8, verbose=0).fit(df)
        >>> forecaster.predict(level=[80]).columns.tolist()
        ['unique_id', 'ds', 'Forecaster', 'Forecaster-lo-80', 'Forecaster-hi-80']
    """

    task = "forecast"
    input_codecs = ("series",)
    output_codec = "scales"
    learned = {"horizon_": int, "reference_": str}

    def fit(self, df: Any, y: None = None, *, resume: bool = False) -> Self:
        """Train on a table of series.

        Args:
            df: `unique_id`, `ds`, the target and covariates; without `unique_id` it is one series.
            y: not used.
            resume: go on from the last checkpoint in the folder `checkpoints`.

        Raises:
            InputError: the data or an option does not fit.
        """
        check(self)
        return self.fit_coded(*self.prepared(df, y), resume=resume)

    def wiring(self, training: Coded) -> dict[str, Any]:
        """In step, several steps ahead."""
        network = self._network(self.pieces(training))
        network["train_initial_state"] = bool(self.train_initial_state)
        sizes = {"horizon": self._at_once, "decoder_size": int(self.decoder_size)}
        return {"kind": "StepsAhead", **self.ends(), **sizes, **network}

    def feedforward(self, window: int, parameters: int) -> dict[str, Any]:
        """The same network with the last steps side by side in place of recurrent layers."""
        config = {**self.model_config_, "window": window}
        others = {name: value for name, value in config.items() if name not in ("kind", "hidden_size")}
        others["cell"] = Cell.from_config(others["cell"])
        return {**config, "hidden_size": equal_size(StepsAhead, parameters, **others)}

    def build_model(self, training: Coded, wiring: dict[str, Any] | None = None) -> torch.device:
        """Make the model; before it has learned anything, it says how far outcomes lie from the reference."""
        device = super().build_model(training, wiring)
        beyond = np.concatenate(residuals(cast(CodedSeries, training)))
        with torch.no_grad():
            for k, column in enumerate(beyond.T):
                if len(known := column[~np.isnan(column)]):
                    self.model_.bias[k] = torch.as_tensor(self.distribution.start(known))  # type: ignore[operator]
        return device

    def loss(self, model: nn.Module, batch: Batch) -> BatchLoss:
        """The likelihood's, over the values ahead of each step that are not missing."""
        batch = cast(AheadBatch, batch)
        outputs, state = model(batch.inputs, batch.lengths, batch.ahead, batch.seasonal, batch.state)
        valid = ~batch.targets.isnan()
        scale = batch.scale[:, None, None].expand_as(batch.targets)
        losses = self.distribution.loss(outputs[valid], batch.reference[valid], batch.targets[valid], scale[valid])
        return BatchLoss(losses.sum(), int(valid.sum()), state)

    def fit_coded(self, training: Coded, validation: Coded | None, *arguments: Any, **options: Any) -> Self:
        """Train; then see what validation data say of the intervals, and learn once more from all of the data."""
        super().fit_coded(training, validation, *arguments, **options)
        if validation is None or self.history_.interrupted or not self.history_.best:
            return self
        validation = cast(CodedSeries, validation)
        calibrate(self, validation)
        if self.refit:
            whole = dataclasses.replace(validation, scored=np.zeros_like(validation.scored))
            self._learn_all(whole, resume=options.get("resume", False), overwrite=options.get("overwrite", False))
        return self

    def _learn_all(self, whole: CodedSeries, *, resume: bool, overwrite: bool) -> None:
        """Learn anew from all of the data, for as many epochs as were best; what was calibrated stays."""
        kept = {name: one.clone() for name, one in self.model_.state_dict().items()}
        device = self.build_model(whole, self.model_config_)
        for name in ("spread", "dependence"):
            getattr(self.model_, name).copy_(kept[name])
        folder = None if self.checkpoints is None else Path(self.checkpoints) / "refit"
        history = train(
            self.model_,
            self.loss,
            self.training_data(whole, device),
            None,
            self.settings(whole, epochs=self.history_.best_epoch),
            checkpoints=folder,
            resume=resume,
            overwrite=overwrite,
            identity=self._identity(whole, None) if folder is not None else None,
        )
        if history.interrupted:
            self.model_.load_state_dict(kept)
            self.history_.ended = "interrupted"

    def predict(
        self, h: int | None = None, level: Sequence[float] = (), X_df: Any = None, df: Any = None
    ) -> pd.DataFrame:
        """The median of each of the next steps of each series, and intervals.

        Args:
            h: how many steps; None: `horizon_`.
            level: what the intervals are to cover in percent, such as (80, 95).
            X_df: `unique_id`, `ds` and the columns known ahead, for these steps; needed if there are such columns.
            df: the history of the series, as `fit` takes it; series may be new. None: what the model was fitted on.

        Returns:
            unique_id, ds, Forecaster, and Forecaster-lo-80, Forecaster-hi-80 for each level.

        Raises:
            InputError: something does not fit.
        """
        levels = Levels(level)
        coded, table, h = self._ahead_of(h, X_df, df)
        rolling = Rolling(self, coded, h)
        frames = []
        for row, one in enumerate(table.series):
            found = rolling.quantiles(row, np.array([len(one.y) - 1]), levels.quantiles)[0]
            times = following(one.times[-1], table.freq, h)
            frames.append(
                levels.frame(one.unique_id, times, self.codecs_["output"].decode(one.unique_id, found, one.y))
            )
        return pd.concat(frames, ignore_index=True)

    def sample(
        self, h: int | None = None, n: int = 100, X_df: Any = None, df: Any = None, *, seed: int | None = None
    ) -> pd.DataFrame:
        """Paths that the series might take: what is drawn at one step bears on the next.

        Args:
            h: how many steps; None: `horizon_`.
            n: how many paths of each series.
            X_df: as for `predict`.
            df: as for `predict`.
            seed: of the random numbers; None: `random_state`.

        Returns:
            unique_id, ds, sample (0 ... n - 1), Forecaster.
        """
        check_whole("n", n, 1)
        if seed is not None:
            check_whole("seed", seed, 0)
        coded, table, h = self._ahead_of(h, X_df, df)
        rolling, generator = Rolling(self, coded, h), np.random.default_rng(self.random_state if seed is None else seed)
        frames = []
        for row, one in enumerate(table.series):
            paths = rolling.paths(row, np.array([len(one.y) - 1]), n, generator)[0]  # (n, h)
            values = self.codecs_["output"].decode(one.unique_id, paths, one.y)
            times = np.tile(following(one.times[-1], table.freq, h).to_numpy(), n)
            columns = {GROUP: one.unique_id, ORDER: times, "sample": np.repeat(np.arange(n), h), NAME: values.ravel()}
            frames.append(pd.DataFrame(columns))
        return pd.concat(frames, ignore_index=True)

    def cross_validation(
        self,
        df: Any,
        h: int | None = None,
        n_windows: int = 1,
        step_size: int | None = None,
        level: Sequence[float] = (),
        *,
        fit: bool = True,
    ) -> pd.DataFrame:
        """Forecasts from several times of the past, beside what came.

        Args:
            df: as for `fit`.
            h: how many steps ahead; None: `horizon`.
            n_windows: from how many times, of which the last is h steps before the end of each series.
            step_size: between those times; None: h.
            level: as for `predict`.
            fit: train on what lies before the first of those times, once; else the model stays as it is.

        Returns:
            unique_id, ds, cutoff, y, Forecaster, and lo and hi columns; cutoff is the last time that was known.
        """
        levels = Levels(level)
        if fit:
            check(self)
            self._check_strategy()
        h = self._steps(h) if not fit else int(h or self.horizon or 0)
        if h < 1:
            raise InputError("h is not given, and neither is horizon: how many steps ahead?")
        every = step_size or h
        check_whole("n_windows", n_windows, 1)
        check_whole("step_size", every, 1)
        past = h + (n_windows - 1) * every  # after the first cutoff
        table = self._read(df, shortest=past + 2, learns=fit)
        if fit:
            before = [one.until(len(one.y) - past) for one in table.series]
            parts = self._prepared(ForecastTable(before, table.freq))
            self._check_reach(h)
            self.fit_coded(*parts)
        coded = self.coded(table.series, ahead=h, known=[len(one.y) - past for one in table.series])
        rolling, frames = Rolling(self, coded, self._steps(h)), []
        for row, one in enumerate(table.series):
            origins = len(one.y) - 1 - h - every * np.arange(n_windows)[::-1]
            found = rolling.quantiles(row, origins, levels.quantiles)
            decoded = self.codecs_["output"].decode(one.unique_id, found, one.y[:-past])
            for origin, values in zip(origins, decoded, strict=True):
                steps = slice(origin + 1, origin + 1 + h)
                frame = levels.frame(one.unique_id, one.times[steps], values)
                frame.insert(2, "cutoff", one.times[origin])
                frame.insert(3, "y", one.y[steps])
                frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def evaluate(self, X: Any, y: Any = None) -> dict[str, float]:
        """How good forecasts are on a table: of whole horizons one after the other, from the end of training on.

        Of series with nothing after it, and of those that were not learned from, the last tenth is taken.

        Returns:
            mase: the mean absolute error in units of what saying the value of one season ago missed in training;
            crps: the continuous ranked probability score in that unit; coverage_80 and coverage_95: how many values
            lie in these intervals.
        """
        table = self._read(X, shortest=2)
        return evaluation(self, table)

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the mean absolute scaled error: the higher, the better."""
        return -self.evaluate(X)["mase"]

    def plot(
        self,
        unique_id: Any = None,
        h: int | None = None,
        level: Sequence[float] = (50, 80, 95),
        X_df: Any = None,
        df: Any = None,
    ) -> Any:
        """A fan chart of one series, the first without `unique_id`: its last steps, the median and intervals.

        Returns:
            A matplotlib `Figure`; `figure.savefig("fan.png")` writes it.
        """
        predicted = self.predict(h, level, X_df, df)
        table = self.table_ if df is None else self._read(df)
        key = predicted[GROUP].iloc[0] if unique_id is None else unique_id
        one = next((series for series in table.series if series.unique_id == key), None)
        if one is None:
            raise InputError(f"there is no series {key!r} to plot: expected one of those that are forecast")
        return fan(one, predicted[predicted[GROUP] == key], level, self.target)

    def _ahead_of(self, h: int | None, X_df: Any, df: Any) -> tuple[CodedSeries, ForecastTable, int]:
        """The series to go on with, and what is known of the next h steps."""
        h = self._steps(h)
        if df is None and not hasattr(self, "table_"):
            raise InputError("this model was loaded, and its file holds no data: give the history of the series, df")
        table = self.table_ if df is None else self._read(df)
        table = warned(self._columns.ahead(table, X_df, h))
        return self.coded(table.series, ahead=h), table, h

    def _steps(self, h: int | None) -> int:
        self._check_fitted()
        h = self.horizon_ if h is None else h
        if isinstance(h, bool) or not isinstance(h, int | np.integer) or h < 1:
            raise InputError(f"h is {h!r}, expected a whole number of steps, at least 1")
        self._check_reach(int(h))
        return int(h)

    def _check_reach(self, h: int) -> None:
        """Refuse a horizon beyond that of the model."""
        if self.strategy == "direct" and h > self.horizon_:
            raise InputError(
                f"h is {h}, but this model gives {counted(self.horizon_, 'steps')} at once: give h (--horizon) up "
                f"to that, train with horizon={h}, or with strategy='autoregressive' (--strategy), which goes on and on"
            )
