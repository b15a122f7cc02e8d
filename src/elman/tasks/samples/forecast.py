"""Samples of forecasts: fan charts of the end of the validation data, beside what came, and scores by step ahead."""

from typing import Any

import numpy as np

from elman.reports import Report
from elman.reports.charts import Line, lines
from elman.tasks.coded import Coded
from elman.tasks.fan import fan
from elman.tasks.forecast_metrics import SCORED, Levels, coverage, crps_of_quantiles
from elman.tasks.rolling import Rolling

SEQUENCES = 50
LEVEL = (50, 80, 95)
PICTURES = 3


def add(report: Report, estimator: Any, validation: Coded, rows: np.ndarray) -> None:
    """Three series with their fans, the error of each step ahead, and what the intervals cover."""
    h, levels = estimator.horizon_, Levels(LEVEL)
    rolling = Rolling(estimator, validation, h)  # type: ignore[arg-type]
    asked = np.concatenate([levels.quantiles, SCORED])
    truth, found = [], []
    pictures = 0
    for row in rows.tolist():
        one = estimator.table_.series[row]
        origins = np.arange(validation.scored[row] - 1, len(one.y) - h, h)  # type: ignore[attr-defined]
        if not len(origins):
            continue
        quantiles = rolling.quantiles(row, origins, asked)
        y = np.asarray(validation.targets[row], np.float64)[origins[:, np.newaxis] + np.arange(1, h + 1)]
        truth.append(y)
        found.append(quantiles)
        if pictures < PICTURES:
            pictures += 1
            _picture(report, estimator, one, int(origins[-1]), quantiles[-1, :, : len(levels.quantiles)], levels)
    if not truth:
        report.paragraph("None of the series that were drawn has a whole horizon in the validation data.")
        return
    _by_step(report, np.concatenate(truth), np.concatenate(found), levels)


def _picture(report: Report, estimator: Any, one: Any, origin: int, values: np.ndarray, levels: Levels) -> None:
    steps = slice(origin + 1, origin + 1 + len(values))
    decoded = estimator.codecs_["output"].decode(one.unique_id, values, one.y)
    forecast = levels.frame(one.unique_id, one.times[steps], decoded)
    figure = fan(one.until(origin + 1), forecast, LEVEL, estimator.target, truth=one.y[steps])
    caption = (
        f"Series {one.unique_id!r}: the last horizon of the validation data. Of all outcomes, half ought to lie in the "
        "darkest band, 95 in 100 in the lightest."
    )
    report.figure(figure, f"Forecast of {one.unique_id} beside what came.", caption)


def _by_step(report: Report, y: np.ndarray, quantiles: np.ndarray, levels: Levels) -> None:
    """Errors by step ahead, and coverage. Shape: y (N, h), quantiles (N, h, K), scaled."""
    known = ~np.isnan(y).all(0)
    ahead = np.arange(1, y.shape[1] + 1)[known]
    error = np.nanmean(np.abs(y - quantiles[..., 0])[:, known], 0)
    score = np.nanmean(crps_of_quantiles(y, quantiles[..., len(levels.quantiles) :])[:, known], 0)
    drawn = [Line("absolute error of the median", ahead, error), Line("CRPS", ahead, score, second=True)]
    report.figure(
        lines(drawn, "steps ahead", "error"),
        "Errors by step ahead.",
        f"The mean of {len(y):,} horizons, in units of what saying the value of one season ago misses in training: "
        "below 1 is better than that. CRPS is the error of the whole distribution.",
    )
    cells = [
        (f"{name} %", f"{coverage(y, quantiles[..., 1 + 2 * k], quantiles[..., 2 + 2 * k]):.1%}")
        for k, name in enumerate(levels.level)
    ]
    report.table(("interval", "outcomes inside"), cells, "What the intervals cover in the validation data.")
