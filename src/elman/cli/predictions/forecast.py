"""What `elman predict` shows of a forecaster: a row for each series and time step ahead, with its intervals."""

from typing import TYPE_CHECKING, Any

from elman.cli.predictions.prediction import Prediction
from elman.tables.timestamps import GROUP, ORDER

if TYPE_CHECKING:
    import pandas as pd

    from elman.cli.columns import Table
    from elman.tasks import Forecaster


def _records(estimator: "Forecaster", table: "Table", flags: dict[str, Any]) -> list[dict[str, Any]]:
    from elman.tables import read_table

    known = None if flags.get("ahead") is None else read_table(flags["ahead"], text=[GROUP])
    found = estimator.predict(flags.get("horizon"), flags.get("level", ()), known, table.X)
    rows = found.itertuples(index=False, name=None)
    records = [dict(zip(found.columns.astype(str), row, strict=True)) for row in rows]
    return [{**one, ORDER: _shown(one[ORDER])} for one in records]


def _line(record: dict[str, Any]) -> list[str]:
    name, time, *values = record.values()
    return [str(name), str(time), *(f"{value:.6g}" for value in values)]


def _frame(records: list[dict[str, Any]], table: "Table", estimator: "Forecaster") -> "pd.DataFrame":
    """As the records are: a table of numbers has nothing nested."""
    import pandas as pd

    return pd.DataFrame(records)


def _shown(time: Any) -> Any:
    """A time as text, without a midnight that nobody wrote; a whole number as it is."""
    return str(time).removesuffix(" 00:00:00") if hasattr(time, "isoformat") else int(time)


PREDICTION = Prediction(_records, _line, _frame, flags=("horizon", "level", "ahead", "fill"), aligned=True)
