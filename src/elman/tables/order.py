"""Time steps of the long form that stand there twice, or are not as long as the others."""

import pandas as pd


def repeated_times(frame: pd.DataFrame, *, group: str = "unique_id", order: str = "ds", source: str) -> list[str]:
    """Say which row has the time of another of its sequence; nothing of a table without the column `order`.

    That rows stand in another order is no fault: `order` is there to put them in theirs.

    Args:
        frame: a row for each time step.
        group: the column that tells the sequences apart, if there is one.
        order: the column that orders their time steps.
        source: the table's name.

    Returns:
        One line, or none.
    """
    keys = [name for name in (group, order) if name in frame]
    if order not in keys or not (twice := frame.duplicated(keys).to_numpy()).any():
        return []
    row, first = frame.index.name or "row", int(twice.argmax())
    same = (frame[keys] == frame[keys].iloc[first]).all(axis=1).to_numpy()
    whose = f" ({group} {frame[group].iloc[first]!r})" if group in keys else ""
    return [
        f"{twice.sum()} of {len(frame)} rows of {source} have the time of another, the first is {row} "
        f"{frame.index[first]}{whose}, with that of {row} {frame.index[int(same.argmax())]}: both are kept"
    ]


def uneven_times(frame: pd.DataFrame, *, group: str = "unique_id", order: str = "ds", source: str) -> list[str]:
    """Say which time step is longer or shorter than the others; arguments and result as of `repeated_times`.

    Months and years are even although they have not as many days.
    """
    if order not in frame or not pd.api.types.is_datetime64_any_dtype(frame[order]):
        return []
    keys = [group] if group in frame else []
    ordered = frame.sort_values(order, kind="stable")
    steps = (ordered.groupby(keys, sort=False)[order] if keys else ordered[order]).diff()
    steps = steps[steps.notna() & (steps != pd.Timedelta(0))]
    if steps.empty:
        return []
    usual = steps.mode().iloc[0]
    slack = usual * 0.12 if usual >= pd.Timedelta(days=28) else pd.Timedelta(0)  # of February to March
    uneven = steps[(steps - usual).abs() > slack]
    if uneven.empty:
        return []
    whose = f" ({group} {frame[group][uneven.index[0]]!r})" if keys else ""
    return [
        f"{len(uneven)} of {len(steps)} time steps of {source} are not as long as the usual one ({usual}), the first "
        f"ends at {frame.index.name or 'row'} {uneven.index[0]}{whose}: each row counts as one step all the same"
    ]
