"""What `elman predict` shows of a regressor: the numbers, a column for each that it gives at a time."""

import sys
from typing import TYPE_CHECKING, Any

from elman.cli.predictions.prediction import Prediction, named

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from elman.cli.columns import Table
    from elman.tasks import Regressor

STEPS_SHOWN = 6


def _records(estimator: "Regressor", table: "Table", flags: dict[str, Any]) -> list[dict[str, Any]]:
    values: list[np.ndarray] = list(estimator.predict(table.X))
    title = _prediction(table)
    return [{**name, title: one.tolist()} for name, one in zip(named(table), values, strict=True)]


def _line(record: dict[str, Any]) -> list[str]:
    name, values = record.values()
    if not isinstance(values, list):
        return [str(name), _number(values)]
    shown = [_number(value) for value in values]
    if sys.stdout.isatty() and len(shown) > STEPS_SHOWN:
        shown = [*shown[: STEPS_SHOWN // 2], "...", *shown[-STEPS_SHOWN // 2 :], f"({len(shown)} steps)"]
    return [str(name), " ".join(shown)]


def _prediction(table: "Table") -> str:
    """What the numbers are called: those of a later step say of how much later."""
    return f"prediction_{table.columns.ahead}_ahead" if table.columns.ahead else "prediction"


def _number(value: Any) -> str:
    return f"[{', '.join(map(_number, value))}]" if isinstance(value, list) else f"{value:.6g}"


def _frame(records: list[dict[str, Any]], table: "Table", estimator: "Regressor") -> "pd.DataFrame":
    """A row for each sequence, or for each step of the long form."""
    import numpy as np
    import pandas as pd

    from elman.cli.columns import GROUP, ORDER

    title, size = _prediction(table), estimator.codecs_["output"].input_size
    config = estimator.model_config_
    in_step = config["kind"] == "InStep" or bool(config.get("in_step"))
    titles = [title] if size == 1 else [f"{title}_{k + 1}" for k in range(size)]
    values = [np.asarray(one.pop(title), np.float64).reshape(-1, size) for one in records]  # (T, size) or (1, size)
    if table.rows is not None and in_step:
        predicted = np.full((len(table.frame), size), np.nan)
        for rows, one in zip(table.rows, values, strict=True):
            predicted[rows] = one
        frame = table.frame[[name for name in (GROUP, ORDER) if name in table.frame]]
        return frame.assign(**dict(zip(titles, predicted.T, strict=True)))
    cells = [[column.tolist() if in_step else float(column[0]) for column in one.T] for one in values]
    return pd.DataFrame(
        [{**name, **dict(zip(titles, cell, strict=True))} for name, cell in zip(records, cells, strict=True)]
    )


PREDICTION = Prediction(_records, _line, _frame)
