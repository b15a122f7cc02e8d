"""What a forecaster makes of tables: series through the codecs, for training, validation and prediction."""

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any, Self, cast

import numpy as np
import pandas as pd
import torch

from elman.codecs import CalendarCodec, Ragged, ScalesCodec, SeriesCodec
from elman.codecs.calendar import circles, seasons
from elman.errors import DataWarning, InputError, counted
from elman.models.likelihoods import Likelihood, likelihood
from elman.tables import following
from elman.tables.timestamps import STEPS
from elman.tasks.coded import Batch, Coded
from elman.tasks.forecast_series import CodedSeries, Series, carried_on, nearest_reference, relations
from elman.tasks.forecast_table import ForecastColumns, ForecastTable
from elman.tasks.learning import Learner
from elman.tasks.options import CHOICES, ForecasterOptions
from elman.tasks.windowed import Windowed
from elman.train import Examples

LEAD_IN = 512  # steps that are read before validation begins, so that its state is not 0
WITHOUT_SEASON = 10  # steps ahead where there is no season to go by


class ReadsSeries(Windowed, ForecasterOptions):
    """The half of a forecaster that knows tables and codecs."""

    horizon_: int
    reference_: str
    table_: ForecastTable  # what was learned from; a model file does not hold it

    def partial_fit(self, X: Any, y: Any = None, *, goes_on: bool = False) -> Self:
        """A forecaster reads new values as history (`predict(df=...)`); to learn from them it is fitted anew."""
        raise InputError("a Forecaster has no partial_fit: fit it anew, or give new values as history, predict(df=...)")

    def prepared(self, X: Any, y: Any = None) -> tuple[CodedSeries, CodedSeries | None]:
        """Fit the codecs on a table, or on one for each series; give it as arrays, for training and validation."""
        self._check_strategy()
        shortest = self.horizon + 1 if self.horizon else 2
        return self._prepared(self._read(X, shortest=shortest, learns=True))

    def _prepared(self, table: ForecastTable) -> tuple[CodedSeries, CodedSeries | None]:
        longest = max(len(one.y) for one in table.series)
        found = seasons(table.freq, longest)
        if self.season is not None:
            found = (int(self.season), *(one for one in found if one > self.season))
        self.horizon_ = self.horizon or (found[0] if found[0] > 1 else min(WITHOUT_SEASON, max(longest // 5, 1)))
        self.table_ = table
        scales = ScalesCodec(found[0], self.distribution.counts).fit({one.unique_id: one.y for one in table.series})
        scales.ends = {str(one.unique_id): str(one.times[-1]) for one in table.series}
        self.codecs_ = {
            "input": SeriesCodec().fit([one.past for one in table.series]),
            "future": SeriesCodec().fit([one.future for one in table.series]),
            "calendar": CalendarCodec(table.freq, circles(table.freq, longest), found),
            "output": scales,
        }
        return self._parts_by_time(table.series)

    def _parts_by_time(self, series: list[Series]) -> tuple[CodedSeries, CodedSeries | None]:
        """Each series' beginning to train on, and the whole of it to validate on with only its end scored."""
        ends = []
        for one in series:
            held_out = max(round(len(one.y) * self.validation_fraction), self.horizon_)
            fits = self.validation_fraction > 0 and len(one.y) - held_out > self.horizon_
            ends.append(len(one.y) - held_out if fits else len(one.y))
        if self.validation_fraction and all(end == len(one.y) for one, end in zip(series, ends, strict=True)):
            raise InputError(
                f"no series is long enough to set some aside for validation: a horizon of {self.horizon_} needs more "
                f"than {2 * self.horizon_} steps; give a smaller horizon or validation_fraction=0"
            )
        self.reference_ = self.reference or "last"
        training = self.coded([one.until(end) for one, end in zip(series, ends, strict=True)])
        validation = (
            dataclasses.replace(self.coded(series), scored=np.array(ends)) if self.validation_fraction else None
        )
        if self.reference is None:
            self.reference_ = nearest_reference(validation or training)
        both = (one and dataclasses.replace(one, reference=self.reference_) for one in (training, validation))
        return tuple(both)  # type: ignore[return-value]

    def coded(
        self,
        X: Sequence[Series],
        y: Any = None,
        *,
        in_step: bool = True,
        ahead: int = 0,
        known: Sequence[int] | None = None,
    ) -> CodedSeries:
        """Series through the codecs.

        Args:
            X: the series.
            y: not used: a series is its own target.
            in_step: there is a target for each step.
            ahead: steps after them of which to say what is known; at least as many as the network gives at once.
            known: how many values of each tell the scale of one that was not learned from; None: all.
        """
        ahead = max(ahead, self._at_once)
        codec: ScalesCodec = self.codecs_["output"]
        inputs, targets, filled, future, scale = [], [], [], [], []
        for one, end in zip(X, known or [len(one.y) for one in X], strict=True):
            values = codec.encode(one.unique_id, one.y, one.y[:end])
            whole = carried_on(values)
            beyond = self._known(one, len(values) + ahead)
            past = self.codecs_["input"].encode(one.past, name=f"series {one.unique_id!r}")
            read = [relations(whole, self.seasons), np.isnan(values)[:, np.newaxis], past, beyond[: len(values)]]
            inputs.append(np.concatenate(read, axis=1, dtype=np.float32))
            targets.append(values.astype(np.float32))
            filled.append(whole)
            future.append(beyond)
            scale.append(codec.of(one.unique_id, one.y[:end])[1] or 1.0)
        return CodedSeries(
            Ragged.of(inputs),
            Ragged.of(targets),
            filled=Ragged.of(filled),
            ahead=Ragged.of(future),
            scale=np.array(scale),
            scored=np.zeros(len(inputs), np.int64),
            horizon=self._at_once,
            seasons=self.seasons,
            reference=self.reference_,
        )

    def _known(self, one: Series, steps: int) -> np.ndarray:
        """What is known of the first `steps` steps of a series, (steps, F)."""
        codec: CalendarCodec = self.codecs_["calendar"]
        times = one.times.append(following(one.times[-1], codec.freq, max(steps - len(one.times), 0)))
        future = np.full((steps, one.future.shape[1]), np.nan)
        future[: len(one.future)] = one.future[:steps]
        encoded = self.codecs_["future"].encode(future, name=f"series {one.unique_id!r}")
        return np.concatenate([codec.encode(times[:steps]), encoded], axis=1, dtype=np.float32)

    def checked(self, X: Any, y: Any) -> tuple[list[Any], list[Any], bool]:
        """A table as series."""
        return list(self._read(X).series), [], True

    def learners(self, text: bool) -> dict[str, Learner]:
        """A forecaster does not learn from a stream."""
        raise InputError("forecast reads its table whole: leave --stream out, or give --no-stream")

    def ends(self) -> dict[str, int]:
        """The sizes of the model's ends: a step, and what is known ahead."""
        known = self.codecs_["calendar"].size + self.codecs_["future"].size
        told = 1 + 3 * len(self.seasons) + 1  # `relations`, and whether the value is missing
        return {
            "input_size": told + self.codecs_["input"].size + known,
            "known_size": known,
            "seasonal_size": len(self.seasons) + 1,
            "output_size": self.distribution.size,
        }

    def _check_ends(self) -> None:
        super()._check_ends()
        for end, kind in (("calendar", "calendar"), ("future", "series")):
            if self.codecs_[end].kind != kind:
                raise InputError(f"the {end} codec is a {self.codecs_[end].kind} codec, expected {kind}")
        given = self.model_config_["horizon"]
        if self.horizon_ < 1 or given != self._at_once:
            raise InputError(f"the horizon is {self.horizon_}, but the model gives {counted(given, 'steps')} at once")
        if self.reference_ not in CHOICES["reference"]:
            raise InputError(f"the reference is {self.reference_!r}, expected one of {', '.join(CHOICES['reference'])}")
        for one in self.codecs_["output"].ends.values():
            int(one) if self.codecs_["calendar"].freq == STEPS else pd.Timestamp(one)

    def unscored(self, target: np.ndarray) -> np.ndarray:
        """Values that are read and not learned from are missing ones."""
        return np.full_like(target, np.nan)

    @property
    def keeps_state(self) -> bool:
        """Long series are learned from in lanes."""
        return True

    def validation_data(self, validation: Coded, device: torch.device) -> Examples[Batch]:
        """The end of each series, and some steps before it."""
        return cast(CodedSeries, validation).examples(device, LEAD_IN)

    def _read(self, df: Any, *, shortest: int = 1, learns: bool = False) -> ForecastTable:
        """A table as series: to learn from, or at the frequency of those that were learned from."""
        columns = self._columns
        if hasattr(self, "model_") and not learns:
            columns = dataclasses.replace(columns, freq=self.codecs_["calendar"].freq)
        several = isinstance(df, list) and all(isinstance(one, pd.DataFrame) for one in df)
        return warned(columns.read(pd.concat(df) if several else df, shortest=shortest, learns=learns))

    def _check_strategy(self) -> None:
        if self.bidirectional:
            raise InputError(
                "bidirectional is True, but what comes after a step is what is to be forecast: leave it out"
            )
        if self.strategy == "autoregressive" and self.past:
            raise InputError(
                f"past is {', '.join(self.past)}, whose future an autoregressive forecast would have to know: give "
                "strategy='direct', or name them in future"
            )

    @property
    def distribution(self) -> Likelihood:
        """What the network's outputs mean."""
        return likelihood(self.likelihood)

    @property
    def seasons(self) -> tuple[int, ...]:
        """The seasons of the data in steps, the one that errors are measured by first."""
        found: tuple[int, ...] = self.codecs_["calendar"].seasons
        return found

    @property
    def _columns(self) -> ForecastColumns:
        names = [field.name for field in dataclasses.fields(ForecastColumns) if field.name != "counts"]
        return ForecastColumns(**{name: getattr(self, name) for name in names}, counts=self.distribution.counts)

    @property
    def _at_once(self) -> int:
        """How many steps ahead the network gives at once."""
        return self.horizon_ if self.strategy == "direct" else 1


def warned(table: ForecastTable) -> ForecastTable:
    """The table; what there is to say of it is said."""
    for note in table.notes:
        warnings.warn(note, DataWarning, stacklevel=4)
    return table
