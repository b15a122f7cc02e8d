"""Time steps of the long form that stand there twice."""

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
