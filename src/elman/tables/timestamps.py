"""Tables of series in time: which series there are, at which frequency, and whether their timestamps keep to it."""

import warnings
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from elman.errors import InputError

GROUP, ORDER = "unique_id", "ds"
ONLY = "series"  # what the only series of a table without unique_id is called
STEPS = "steps"  # the frequency of whole numbers
Made = TypeVar("Made")
SHOWN = 3  # faults that a note names
MOST_STEPS = 10_000_000  # of one series, missing ones included


class SeriesTable(NamedTuple):
    """Series whose timestamps keep to one frequency.

    Args:
        frames: by series, its rows in order of time; the index is the timestamp.
        freq: a pandas frequency such as "D" or "MS", or "steps" for whole numbers.
        notes: what a person should know: series that were left out, rows that were put in order.
    """

    frames: dict[Hashable, pd.DataFrame]
    freq: str
    notes: list[str]


def series_table(
    frame: pd.DataFrame,
    *,
    freq: str | None = None,
    fill: bool = False,
    strict: bool = False,
    source: str = "the table",
) -> SeriesTable:
    """Part a long table (unique_id, ds, ...) into series, each at regular times.

    A series that does not keep to the frequency is left out and named in a note. Rows out of order are put in order.

    Args:
        frame: a row for each time step; without a column unique_id it is one series.
        freq: a pandas frequency; None: what the timestamps tell.
        fill: insert missing time steps as rows of missing values; of several rows of one time keep the last.
        strict: refuse the table where a series would be left out or put in order.
        source: what to call the table in messages.

    Raises:
        InputError: there are no timestamps, a frequency cannot be told, or no series keeps to it.

    Example:
        >>> days = pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-04"])
        >>> table = series_table(pd.DataFrame({"ds": days, "y": [1.0, 2.0, 4.0]}), freq="D", fill=True)
        >>> table.frames["series"]["y"].tolist()
        [1.0, 2.0, nan, 4.0]
    """
    frame, times = _with_times(frame, source)
    groups: dict[Hashable, Any] = {ONLY: np.arange(len(frame))}
    if GROUP in frame:
        groups = dict(frame.groupby(GROUP, sort=False).indices)
    places = frame.index.name or "row"
    named = {key: (times[rows], frame.iloc[rows].set_axis(times[rows])) for key, rows in groups.items()}
    freq = _checked_frequency(freq, times, source) if freq is not None else _common_frequency(named, source)
    notes: list[str] = []
    unsorted = next((key for key, (ds, _) in named.items() if not ds.is_monotonic_increasing), None)
    if unsorted is not None:
        ds, rows = named[unsorted][0], frame.index[groups[unsorted]]
        later = int(np.argmax(ds[1:] < ds[:-1])) + 1
        said = f"series {unsorted!r}: {places} {rows[later]} ({_time(ds[later])}) is earlier than the row before it"
        if strict:
            raise InputError(f"{source}, {said}: sort the rows by {ORDER}, or leave --strict out (strict=False)")
        notes.append(f"{said}: the rows of each series were put in order")

    def regular(key: Hashable) -> pd.DataFrame:
        ds, own = named[key]
        order = np.argsort(ds.to_numpy(), kind="stable")
        labels = [f"{places} {label}" for label in frame.index[groups[key]][order]]
        return _regular(own.iloc[order], labels, freq, fill)

    frames = kept(list(named), regular, strict=strict, notes=notes, source=source)
    return SeriesTable(frames, freq, notes)


def kept(
    keys: Sequence[Hashable], made: Callable[[Hashable], Made], *, strict: bool, notes: list[str], source: str
) -> dict[Hashable, Made]:
    """What can be made of each series; those of which it cannot are left out and named in `notes`.

    Args:
        keys: the names of the series.
        made: makes what is wanted of one, or raises InputError.
        strict: raise the first error.
        notes: gets a line where series were left out.
        source: what to call the table in messages.

    Raises:
        InputError: nothing can be made of any series, or with `strict` of one.
    """
    found: dict[Hashable, Made] = {}
    faults: list[str] = []
    for key in keys:
        try:
            found[key] = made(key)
        except InputError as error:
            said = f"series {key!r}: {error}"
            if strict:
                raise InputError(f"{source}, {said}") from error
            faults.append(said)
    if not found:
        others = f"; {len(faults) - 1} other series cannot be used either" if len(faults) > 1 else ""
        raise InputError(f"{source}, {faults[0]}{others}")
    if faults:
        more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        notes.append(f"left out {len(faults)} of {len(keys)} series: {'; '.join(faults[:SHOWN])}{more}")
    return found


def following(last: object, freq: str, steps: int) -> pd.Index:
    """The `steps` timestamps after `last`."""
    if freq == STEPS:
        first = int(last)  # type: ignore[call-overload]
        return pd.Index(np.arange(first + 1, first + steps + 1), name=ORDER)
    times = pd.date_range(pd.Timestamp(last), periods=steps + 1, freq=freq, name=ORDER)  # type: ignore[arg-type]
    return times[1:]


def _with_times(frame: pd.DataFrame, source: str) -> tuple[pd.DataFrame, pd.Index]:
    """The table and its timestamps, or the whole numbers that stand for them."""
    if ORDER not in frame:
        raise InputError(f"{source} has no column {ORDER!r}: expected the time of each row there")
    column, places = frame[ORDER], frame.index.name or "row"
    if not len(frame):
        raise InputError(f"{source} has no rows: expected at least one")
    if column.isna().any():
        row = frame.index[int(column.isna().to_numpy().argmax())]
        raise InputError(f"{source}, {places} {row} has no value in column {ORDER!r}: expected a time, or leave it out")
    if GROUP in frame and frame[GROUP].isna().any():
        row = frame.index[int(frame[GROUP].isna().to_numpy().argmax())]
        raise InputError(f"{source}, {places} {row} has no value in column {GROUP!r}: expected the name of a series")
    if pd.api.types.is_integer_dtype(column):
        return frame, pd.Index(column.to_numpy(np.int64), name=ORDER)
    if not pd.api.types.is_datetime64_any_dtype(column):
        read = pd.to_datetime(column.astype(str), errors="coerce", format="ISO8601")
        if read.isna().any():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pandas is about to say that it reads each by itself
                read = pd.to_datetime(column.astype(str), errors="coerce")
        if read.isna().any():
            row = int(read.isna().to_numpy().argmax())
            raise InputError(
                f"{source}, {places} {frame.index[row]} has {str(column.iloc[row])!r} in column {ORDER!r}: expected a "
                "time such as 2026-01-31 or 2026-01-31 12:00, or a whole number"
            )
        column = read
    return frame, pd.DatetimeIndex(column, name=ORDER)


def _checked_frequency(freq: str, times: pd.Index, source: str) -> str:
    if not isinstance(times, pd.DatetimeIndex):
        if freq not in (STEPS, "1"):
            raise InputError(f"freq is {freq!r}, but column {ORDER!r} of {source} holds whole numbers: leave it out")
        return STEPS
    try:
        return str(to_offset(freq).freqstr)
    except ValueError as error:
        raise InputError(
            f"freq is {freq!r}, expected one of pandas such as h, D, W-SUN, MS (each month's first day), QS, YS"
        ) from error


def _common_frequency(named: dict[Hashable, tuple[pd.Index, pd.DataFrame]], source: str) -> str:
    """The frequency of most series, the first of equally many."""
    found: dict[str, int] = {}
    for ds, _ in named.values():
        if not isinstance(ds, pd.DatetimeIndex):
            return STEPS
        if (one := _frequency(ds.unique().sort_values())) is not None:
            found[one] = found.get(one, 0) + 1
    if not found:
        raise InputError(
            f"{source}: the timestamps tell no frequency, at least 3 regular ones of a series are needed: name it with "
            "--freq (freq=), such as h, D or MS"
        )
    return max(found, key=lambda one: found[one])


def _frequency(ds: pd.DatetimeIndex) -> str | None:
    """The frequency of ascending timestamps, of which some may be missing; None where they tell none."""
    if len(ds) < 3:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas is about to give an offset in place of its name
        known = pd.infer_freq(ds)
    if known is not None:
        return str(getattr(known, "freqstr", known))
    gaps = pd.Series(np.diff(ds.to_numpy()))
    step = pd.Timedelta(gaps.mode().iloc[0])
    if step < pd.Timedelta(days=28):
        return str(to_offset(step).freqstr)
    starts = ds.day == 1
    kinds = {31: ("MS", "ME"), 92: ("QS", "QE"), 366: ("YS", "YE")}
    for longest, (start, end) in kinds.items():
        if step <= pd.Timedelta(days=longest):
            if starts.all():
                return start
            return end if ds.is_month_end.all() else None
    return None


def _regular(own: pd.DataFrame, labels: list[str], freq: str, fill: bool) -> pd.DataFrame:
    """The rows of one series at regular times; they are in order."""
    ds = own.index
    again = ds[1:] == ds[:-1]
    if again.any() and not fill:
        place = int(np.argmax(again))
        raise InputError(
            f"{labels[place + 1]} has the time of {labels[place]}, {_time(ds[place])}: leave one of them out; "
            "--fill (fill=True) keeps the last"
        )
    latest = ~ds.duplicated(keep="last")
    own, ds, labels = own[latest], ds[latest], [label for label, one in zip(labels, latest, strict=True) if one]
    if (steps := _steps(ds[0], ds[-1], freq)) > MOST_STEPS:
        raise InputError(
            f"{len(ds)} rows from {_time(ds[0])} to {_time(ds[-1])} are {steps} time steps at frequency {freq}, of "
            f"which at most {MOST_STEPS} can be read: correct the times, or name a longer --freq (freq=) of dates"
        )
    if freq == STEPS:
        expected: pd.Index = pd.Index(np.arange(ds[0], ds[-1] + 1), name=ORDER)
    else:
        expected = pd.date_range(ds[0], ds[-1], freq=freq, name=ORDER)
    off = ~ds.isin(expected)
    if off.any():
        place = int(np.argmax(off))
        raise InputError(
            f"{labels[place]} ({_time(ds[place])}) is no step of the frequency {freq}: correct it, or name another "
            "frequency with --freq (freq=)"
        )
    if len(expected) > len(ds):
        if not fill:
            place = int(np.argmax(expected[: len(ds)] != ds))
            raise InputError(
                f"{len(expected) - len(ds)} of {len(expected)} time steps are missing at frequency {freq}, the first, "
                f"{_time(expected[place])}, before {labels[place]}: --fill (fill=True) inserts them as missing values"
            )
        own = own.reindex(expected)
    return own.rename_axis(ORDER)


def _steps(first: Any, last: Any, freq: str) -> int:
    """About how many time steps there are from one time to another, told without making them."""
    if freq == STEPS:
        return int(last) - int(first) + 1
    try:
        each = pd.Timedelta(to_offset(freq))  # type: ignore[arg-type]
    except ValueError:  # days of work, months, ...: no longer than days, of which there are not that many
        return 1
    return int((last - first) // each) + 1


def _time(value: object) -> str:
    """A timestamp without a midnight that nobody wrote."""
    return str(value).removesuffix(" 00:00:00")
