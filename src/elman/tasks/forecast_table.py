"""From a long table (unique_id, ds, target, covariates) to series that a forecaster can learn from and go on with."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from elman.errors import InputError
from elman.tables import following, kept, numbers_in, require_columns, series_table
from elman.tables.timestamps import GROUP, ONLY, ORDER
from elman.tasks.forecast_series import Series


@dataclass
class ForecastTable:
    """The series of a table.

    Args:
        series: those that can be used.
        freq: between their steps.
        notes: what a person should know: series that were left out, and why.
    """

    series: list[Series]
    freq: str
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ForecastColumns:
    """Which columns are what, and how strictly they are read; the words are those of `ForecasterOptions`."""

    target: str
    past: Sequence[str] = ()
    future: Sequence[str] = ()
    static: Sequence[str] = ()
    freq: str | None = None
    fill: bool = False
    strict: bool = False
    counts: bool = False

    def read(
        self, df: pd.DataFrame, *, shortest: int = 1, learns: bool = False, source: str = "the table"
    ) -> ForecastTable:
        """The series of a table.

        Args:
            df: a row for each series and time.
            shortest: fewer steps than this are too few.
            learns: whether a series must have something to learn from.
            source: what to call the table in messages.

        Raises:
            InputError: a column is missing or holds no numbers, or no series can be used.
        """
        if not isinstance(df, pd.DataFrame):
            raise InputError(
                f"{source} is a {type(df).__name__}, expected a pandas DataFrame with the columns unique_id, "
                f"{ORDER} and {self.target}"
            )
        names = [self.target, *self.past, *self.future, *self.static]
        twice = next((name for name in names if names.count(name) > 1 or name in (GROUP, ORDER)), None)
        if twice is not None:
            raise InputError(
                f"column {twice!r} has two meanings: name each column once, as target, past, future or static"
            )
        require_columns(df, [ORDER, *names], source)
        numbers = pd.DataFrame({name: numbers_in(df[name], source) for name in names}, index=df.index)
        self._check_finite(numbers, source)
        keys = [name for name in (GROUP, ORDER) if name in df]
        table = series_table(
            pd.concat([df[keys], numbers], axis=1), freq=self.freq, fill=self.fill, strict=self.strict, source=source
        )
        notes = table.notes
        found = kept(
            list(table.frames),
            lambda key: self._series(key, table.frames[key], shortest, learns),
            strict=self.strict,
            notes=notes,
            source=source,
        )
        return ForecastTable(list(found.values()), table.freq, notes)

    def _series(self, key: Hashable, frame: pd.DataFrame, shortest: int, learns: bool) -> Series:
        known = frame[self.target].notna().to_numpy()
        if not known.any():
            raise InputError(f"column {self.target!r} has no value that is not missing")
        frame = frame.iloc[int(known.argmax()) :]  # before its first value there is nothing to go by
        y = frame[self.target].to_numpy(np.float64)
        if self.counts:
            wrong = np.flatnonzero((y < 0) | (y != np.round(y)) & ~np.isnan(y))
            if len(wrong):
                raise InputError(
                    f"column {self.target!r} is {y[wrong[0]]:g} at {_shown(frame.index[wrong[0]])}: the negative "
                    "binomial distribution is of whole numbers from 0; choose another likelihood"
                )
        if len(y) < shortest:
            raise InputError(
                f"{len(y)} time steps are too few for the horizon, which needs {shortest}: give a longer history, or "
                "a smaller horizon"
            )
        if learns and np.nanmin(y) == np.nanmax(y):
            raise InputError(
                f"column {self.target!r} is {y[known[int(known.argmax()) :]][0]:g} throughout: there is nothing to "
                "learn from a constant; it can be forecast nevertheless"
            )
        static = frame[list(self.static)].to_numpy(np.float64)
        unknown = [name for name, none in zip(self.static, np.isnan(static).all(0), strict=True) if none]
        if unknown:
            raise InputError(f"column {unknown[0]!r} has no value: a static column has the same number in each row")
        if self.static and (np.nanmin(static, 0) != np.nanmax(static, 0)).any():
            raise InputError(
                f"a static column of {', '.join(self.static)} changes in time: name it with past or future"
            )
        filled = np.broadcast_to(np.nanmax(static, 0), static.shape) if self.static else static
        future = np.concatenate([frame[list(self.future)].to_numpy(np.float64), filled], axis=1)
        return Series(key, frame.index, y, frame[list(self.past)].to_numpy(np.float64), future)

    def ahead(self, table: ForecastTable, X_df: pd.DataFrame | None, h: int) -> ForecastTable:
        """The series with what is known of the h steps after them.

        Args:
            table: what `read` gave.
            X_df: a row for each series and each of these steps; not needed without columns that are known ahead.
            h: how many.

        Raises:
            InputError: a value is missing in it.
        """
        if not self.future:
            if X_df is not None:
                raise InputError(
                    "X_df (--ahead) is given, but this model reads nothing that is known ahead: leave it out, or train "
                    "with future=[...] (--future)"
                )
            same = [self._grown(one, np.zeros((h, 0))) for one in table.series]
            return ForecastTable(same, table.freq)
        if X_df is None:
            raise InputError(
                f"this model reads {', '.join(self.future)}, which must be known for the {h} steps ahead: give them as "
                "X_df (--ahead FILE)"
            )
        source = "the table of what is known ahead"
        require_columns(X_df, [ORDER, *self.future], source)
        numbers = {name: numbers_in(X_df[name], source) for name in self.future}
        times = X_df[ORDER].to_numpy() if table.freq == "steps" else pd.to_datetime(X_df[ORDER]).to_numpy()
        keys = X_df[GROUP].astype(str) if GROUP in X_df else np.full(len(X_df), ONLY)
        index = pd.MultiIndex.from_arrays([keys, times])
        values = pd.DataFrame(numbers).set_axis(index).groupby(level=[0, 1]).last()
        by_name = {one.unique_id: one for one in table.series}

        def grown(key: Hashable) -> Series:
            one = by_name[key]
            steps = following(one.times[-1], table.freq, h)
            wanted = pd.MultiIndex.from_arrays([np.full(h, str(key)), steps.to_numpy()])
            found = values.reindex(wanted).to_numpy(np.float64)
            if np.isnan(found).any():
                step, column = np.argwhere(np.isnan(found))[0]
                raise InputError(
                    f"{self.future[column]} is missing at {_shown(steps[step])}, step {step + 1} of the {h} ahead: "
                    f"give it in {source}"
                )
            return self._grown(one, found)

        notes: list[str] = []
        found = kept(list(by_name), grown, strict=self.strict, notes=notes, source=source)
        return ForecastTable(list(found.values()), table.freq, notes)

    def _grown(self, one: Series, found: np.ndarray) -> Series:
        static = np.broadcast_to(one.future[-1:, len(self.future) :], (len(found), len(self.static)))
        future = np.concatenate([one.future[: len(one.y)], np.concatenate([found, static], axis=1)])
        return Series(one.unique_id, one.times, one.y, one.past, future)

    @staticmethod
    def _check_finite(numbers: pd.DataFrame, source: str) -> None:
        infinite = np.isinf(numbers.to_numpy())
        if infinite.any():
            row, column = np.argwhere(infinite)[0]
            raise InputError(
                f"{source}, {numbers.index.name or 'row'} {numbers.index[row]} is infinite in column "
                f"{numbers.columns[column]!r}: give a number, or leave it empty if it is missing"
            )


def _shown(time: object) -> str:
    return str(time).removesuffix(" 00:00:00")
