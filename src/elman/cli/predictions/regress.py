"""What `elman predict` shows of a regressor: the numbers, a column for each that it gives at a time."""

import sys
from typing import TYPE_CHECKING, Any

from elman.cli.predictions.prediction import Prediction, named

if TYPE_CHECKING:
    import pandas as pd

    from elman.cli.columns import Table
    from elman.tasks import Regressor

STEPS_SHOWN = 6


def _records(estimator: "Regressor", table: "Table", flags: dict[str, Any]) -> list[dict[str, Any]]:
    import numpy as np

    titles = _titles(estimator, table)
    values: list[np.ndarray] = list(estimator.predict(table.X))
    if len(titles) == 1:
        values = [np.asarray(one)[..., np.newaxis] for one in values]
    return [
        {**name, **{title: one[..., k].tolist() for k, title in enumerate(titles)}}
        for name, one in zip(named(table), values, strict=True)
    ]


def _line(record: dict[str, Any]) -> list[str]:
    name, *results = record
    shown = [_shown(record[result]) for result in results]
    several = len(results) > 1
    return [str(record[name]), *(f"{a}: {b}" if several else b for a, b in zip(results, shown, strict=True))]


def _shown(values: Any) -> str:
    if not isinstance(values, list):
        return f"{values:.6g}"
    shown = [f"{value:.6g}" for value in values]
    if sys.stdout.isatty() and len(shown) > STEPS_SHOWN:
        shown = [*shown[: STEPS_SHOWN // 2], "...", *shown[-STEPS_SHOWN // 2 :], f"({len(shown)} steps)"]
    return " ".join(shown)


def _titles(estimator: "Regressor", table: "Table") -> list[str]:
    """What the numbers are called: those of a later step say of how much later, several of which output."""
    title = f"prediction_{table.columns.ahead}_ahead" if table.columns.ahead else "prediction"
    codec = estimator.codecs_["output"]
    return [title] if codec.input_size == 1 else [f"{title}_{codec.channel(k)}" for k in range(codec.input_size)]


def _frame(records: list[dict[str, Any]], table: "Table", estimator: "Regressor") -> "pd.DataFrame":
    """A row for each sequence, or for each step of the long form."""
    import numpy as np
    import pandas as pd

    from elman.cli.targets import GROUP, ORDER

    titles, in_step = _titles(estimator, table), estimator.in_step
    values = [np.array([one.pop(title) for title in titles], np.float64).T for one in records]  # (T, O) or (O,)
    if table.rows is not None and in_step:
        predicted = np.full((len(table.frame), len(titles)), np.nan)
        for rows, one in zip(table.rows, values, strict=True):
            predicted[rows] = one
        frame = table.frame[[name for name in (GROUP, ORDER) if name in table.frame]]
        return frame.assign(**dict(zip(titles, predicted.T, strict=True)))
    cells = [one.T.tolist() for one in values]
    return pd.DataFrame(
        [{**name, **dict(zip(titles, cell, strict=True))} for name, cell in zip(records, cells, strict=True)]
    )


PREDICTION = Prediction(_records, _line, _frame)
