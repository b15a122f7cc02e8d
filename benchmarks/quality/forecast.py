"""Benchmarks of the task forecast: series whose end is forecast from many times, rolling, by models that saw the rest.

All models forecast from the same times, from what was known then. Only the linear model, gradient boosting and both
networks are trained once, on what lies before the held-out end; AutoETS is fitted anew at each of these times.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.holiday import USFederalHolidayCalendar
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import elman
from elman import datasets
from elman.codecs.calendar import calendar, circles
from elman.tasks.forecast_metrics import SCORED, Levels, coverage, crps_of_quantiles, seasonal_error
from elman.tasks.forecast_series import carried_on, seasonal_places
from quality.benchmark import Bar, Baseline, Benchmark, Metric, Run, Scores

LEVELS = np.concatenate([SCORED, [0.1, 0.9]])  # 0.025 and 0.975 are among the first
ALPHAS = (0.01, 1.0, 100.0, 10_000.0)
VALIDATION = (
    0.2  # of the steps to learn from, the last ones; the regularisation is chosen and residuals are taken there
)
METRICS = (
    Metric("MASE", False),
    Metric("CRPS", False),
    Metric("coverage of 80 %", None),
    Metric("coverage of 95 %", None),
)


@dataclass(frozen=True)
class Problem:
    """What is to be forecast.

    Args:
        df: unique_id, ds, y and covariates, at regular times.
        freq: of the times.
        horizon: steps ahead.
        seasons: in steps; errors are measured by the first.
        held_out: steps at the end of each series that are forecast.
        every: steps between two times from which they are.
        lags: those that the linear model and gradient boosting read.
        past: covariates known up to now.
        future: covariates known ahead.
        trend: whether these two predict the difference to the last value, or to that of one season ago.
        recent: steps that AutoETS is fitted to at most; 0: all.
        options: of elman.Forecaster, chosen on the steps before the held-out ones, of which as many were held out.
    """

    df: pd.DataFrame
    freq: str
    horizon: int
    seasons: tuple[int, ...]
    held_out: int
    every: int
    lags: tuple[int, ...]
    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    trend: bool = False
    recent: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def season(self) -> int:
        """What errors are measured by."""
        return self.seasons[0]

    def series(self) -> dict[str, pd.DataFrame]:
        """By name, in order of time."""
        return {str(key): group.sort_values("ds") for key, group in self.df.groupby("unique_id", sort=False)}

    def origins(self, steps: int) -> np.ndarray:
        """The last known step of each forecast of a series of so many."""
        return np.arange(steps - self.held_out - 1, steps - self.horizon, self.every)


Quantiles = dict[str, np.ndarray]  # by series: (origins, h, LEVELS)


def scored(problem: Problem, found: Quantiles) -> Scores:
    """All metrics, over all values that are known; errors in units of the seasonal error before the held-out steps."""
    errors, scores, y80, y95 = [], [], [], []
    for key, frame in problem.series().items():
        y, quantiles = frame["y"].to_numpy(np.float64), found[key]
        unit = seasonal_error(y[: -problem.held_out], problem.season)
        truth = y[problem.origins(len(y))[:, np.newaxis] + np.arange(1, problem.horizon + 1)]
        known = ~np.isnan(truth)
        middle = (quantiles[..., 9] + quantiles[..., 10]) / 2  # of 0.475 and 0.525
        errors.append((np.abs(truth - middle) / unit)[known])
        scores.append((crps_of_quantiles(truth, quantiles[..., : len(SCORED)]) / unit)[known])
        y80.append([truth[known], quantiles[..., -2][known], quantiles[..., -1][known]])
        y95.append([truth[known], quantiles[..., 0][known], quantiles[..., len(SCORED) - 1][known]])
    inside = (coverage(*np.concatenate(part, 1)) for part in (y80, y95))
    means = (float(np.concatenate(part).mean()) for part in (errors, scores))
    return dict(zip((one.name for one in METRICS), (*means, *inside), strict=True))


def ours(problem: Problem, run: Run) -> Scores:
    """elman.Forecaster, trained once."""
    intervals = [80.0, *(round(100 * (1 - 2 * level), 6) for level in SCORED[:10])]
    forecaster = elman.Forecaster(
        horizon=problem.horizon, past=problem.past, future=problem.future, season=problem.season, freq=problem.freq,
        **run.options(**problem.options),
    )  # fmt: skip
    windows = (problem.held_out - problem.horizon) // problem.every + 1
    table = forecaster.cross_validation(problem.df, problem.horizon, windows, problem.every, level=intervals)
    columns = Levels(intervals).columns
    order = [*columns[3::2], *columns[4::2][::-1], columns[1], columns[2]]
    found = {}
    for key, group in table.groupby("unique_id", sort=False):
        values = group[order].to_numpy().reshape(windows, problem.horizon, len(LEVELS))
        found[str(key)] = values
    return scored(problem, found)


def seasonal_naive(problem: Problem, _: Run) -> Scores:
    """The value of one season ago; quantiles by the errors that it made before the held-out steps, for each step."""
    found = {}
    for key, frame in problem.series().items():
        y = frame["y"].to_numpy(np.float64)
        filled, ahead = carried_on(y), np.arange(1, problem.horizon + 1)
        known = np.arange(problem.season, len(y) - problem.held_out - problem.horizon)
        errors = y[known[:, np.newaxis] + ahead] - filled[seasonal_places(known, ahead, problem.season)]
        spread = np.nanquantile(errors, LEVELS, axis=0).T  # (h, K)
        origins = problem.origins(len(y))
        found[key] = filled[seasonal_places(origins, ahead, problem.season)][..., np.newaxis] + spread
    return scored(problem, found)


def linear(problem: Problem, _: Run) -> Scores:
    """A linear autoregression for each step ahead, with covariates and calendar: ridge, alpha chosen on validation."""
    made = [make_pipeline(StandardScaler(), Ridge(alpha)) for alpha in ALPHAS]
    return scored(problem, by_regression(problem, made))


def boosting(problem: Problem, run: Run) -> Scores:
    """Gradient boosting of the median for each step ahead, on the same lags, covariates and calendar."""
    made = [
        HistGradientBoostingRegressor(loss="absolute_error", learning_rate=rate, max_iter=200, random_state=run.seed)
        for rate in (0.03, 0.1)
    ]
    return scored(problem, by_regression(problem, made))


def by_regression(problem: Problem, models: list[Any]) -> Quantiles:
    """One regression for all series and each step ahead; quantiles by its errors on validation data."""
    series = problem.series()
    several = {key: Lagged(problem, frame) for key, frame in series.items()}
    found: dict[str, list[np.ndarray]] = {key: [] for key in series}
    for k in range(1, problem.horizon + 1):
        parts = [one.rows(k, one.learned(k)) for one in several.values()]
        late = np.concatenate([one.is_late(k) for one in several.values()])
        x, y = (np.concatenate([part[place] for part in parts]) for place in (0, 2))
        known = ~np.isnan(y)
        early, late = known & ~late, known & late

        def error(model: Any, x: Any = x, y: Any = y, early: Any = early, late: Any = late) -> float:
            return float(np.abs(model.fit(x[early], y[early]).predict(x[late]) - y[late]).mean())

        best = min(models, key=error)
        spread = np.quantile(y[late] - best.fit(x[early], y[early]).predict(x[late]), LEVELS)
        best.fit(x[known], y[known])
        for key, one in several.items():
            rows, reference, _ = one.rows(k, problem.origins(len(one.y)))
            found[key].append(reference[:, np.newaxis] + (best.predict(rows)[:, np.newaxis] + spread) * one.unit)
    return {key: np.stack(steps, 1) for key, steps in found.items()}


class Lagged:
    """Rows of lags, covariates and calendar of one series, in units of its seasonal error."""

    def __init__(self, problem: Problem, frame: pd.DataFrame) -> None:
        self.problem = problem
        self.y = frame["y"].to_numpy(np.float64)
        self.filled = carried_on(self.y)
        self.unit = seasonal_error(self.y[: -problem.held_out], problem.season)
        self.past = frame[list(problem.past)].ffill().bfill().to_numpy(np.float64)
        times = pd.DatetimeIndex(frame["ds"])
        told = calendar(times, circles(problem.freq, len(times) - problem.held_out))
        self.known = np.concatenate([told, frame[list(problem.future)].to_numpy(np.float64)], axis=1)

    def learned(self, k: int) -> np.ndarray:
        """Steps from which one k ahead lies before the held-out ones."""
        first = max(*self.problem.lags, *self.problem.seasons)
        return np.arange(first, len(self.y) - self.problem.held_out - k)

    def is_late(self, k: int) -> np.ndarray:
        """Which of them are for validation."""
        steps = self.learned(k)
        return np.arange(len(steps)) >= round(len(steps) * (1 - VALIDATION))

    def rows(self, k: int, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What is read, the reference, and what is to be given for the value k steps after each of these."""
        seasons = [self.filled[seasonal_places(steps, np.array([k]), one)[:, 0]] for one in self.problem.seasons]
        reference = self.filled[steps] if self.problem.trend else seasons[0]
        lags = self.filled[steps[:, np.newaxis] - np.array(self.problem.lags)]
        lags = np.column_stack([lags, *seasons]) - reference[:, np.newaxis]
        ahead = np.minimum(steps + k, len(self.y) - 1)
        read = np.column_stack([lags / self.unit, self.past[steps], self.known[ahead]])
        return read, reference, (self.y[ahead] - reference) / self.unit


def auto_ets(problem: Problem, _: Run) -> Scores:
    """Exponential smoothing, its form chosen by AICc, fitted anew at each time; quantiles of its normal intervals."""
    from statsforecast import StatsForecast
    from statsforecast.models import AutoETS

    found: dict[str, list[np.ndarray]] = {key: [] for key in problem.series()}
    filled = {key: carried_on(frame["y"].to_numpy(np.float64)) for key, frame in problem.series().items()}
    steps = {len(y) for y in filled.values()}
    for origin in problem.origins(steps.pop()):
        parts = []
        for key, y in filled.items():
            known = y[: origin + 1][-problem.recent :]
            parts.append(pd.DataFrame({"unique_id": key, "ds": np.arange(len(known)), "y": known}))
        fitted = StatsForecast([AutoETS(season_length=problem.season)], freq=1, n_jobs=1)
        table = fitted.forecast(df=pd.concat(parts), h=problem.horizon, level=[80])
        for key, group in table.groupby("unique_id"):
            mean = group["AutoETS"].to_numpy()
            deviation = (group["AutoETS-hi-80"].to_numpy() - mean) / norm.ppf(0.9)
            found[str(key)].append(mean[:, np.newaxis] + deviation[:, np.newaxis] * norm.ppf(LEVELS))
    return scored(problem, {key: np.stack(each) for key, each in found.items()})


def neuralforecast_lstm(problem: Problem, run: Run) -> Scores:
    """The LSTM of neuralforecast with quantile loss, early stopping on validation, its defaults otherwise."""
    import logging

    from neuralforecast import NeuralForecast
    from neuralforecast.losses.pytorch import MQLoss
    from neuralforecast.models import LSTM

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    parts, told = [], list(problem.future)
    for key, frame in problem.series().items():
        one = frame.assign(unique_id=key, y=carried_on(frame["y"].to_numpy(np.float64)))
        one[list(problem.past)] = one[list(problem.past)].ffill().bfill()
        names = circles(problem.freq, len(one) - problem.held_out)
        points = calendar(pd.DatetimeIndex(one["ds"]), names)
        told = [*problem.future, *(f"calendar_{k}" for k in range(points.shape[1]))]
        parts.append(one.assign(**{name: points[:, k] for k, name in enumerate(told[len(problem.future) :])}))
    table = pd.concat(parts, ignore_index=True)
    steps = len(parts[0])
    order = np.argsort(LEVELS)
    model = LSTM(
        h=problem.horizon, input_size=4 * problem.horizon, loss=MQLoss(quantiles=LEVELS[order].tolist()),
        futr_exog_list=told or None, hist_exog_list=list(problem.past) or None, scaler_type="robust", max_steps=500,
        early_stop_patience_steps=5, val_check_steps=50, random_seed=run.seed + 1, accelerator="cpu",
        enable_progress_bar=False, logger=False, enable_checkpointing=False, enable_model_summary=False, alias="LSTM",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        forecasts = NeuralForecast([model], freq=problem.freq).cross_validation(
            table,
            n_windows=None,
            val_size=max(round((steps - problem.held_out) * VALIDATION / 2), problem.horizon),
            test_size=problem.held_out - (problem.held_out - problem.horizon) % problem.every,
            step_size=problem.every,
        )
    columns = [name for name in forecasts.columns if name.startswith("LSTM")]
    found = {}
    for key, group in forecasts.groupby("unique_id", sort=False):
        ordered = group.sort_values(["cutoff", "ds"])[columns].to_numpy()
        values = np.sort(ordered.reshape(-1, problem.horizon, len(columns)), -1)
        found[str(key)] = values[..., np.argsort(order)]
    return scored(problem, found)


def births(run: Run) -> tuple[Problem, dict[str, int]]:
    """28 days ahead, from every second week of the last two years."""
    df = datasets.load("births").rename(columns={"births": "y"}).assign(unique_id="births")
    holidays = USFederalHolidayCalendar().holidays(df["ds"].min(), df["ds"].max())
    df["holiday"] = df["ds"].isin(holidays).astype(np.float64)
    df = df.tail(max(run.rows or len(df), 1500))
    problem = Problem(
        df, "D", horizon=28, seasons=(7, 364), held_out=28 + 50 * 14, every=14,
        lags=(*range(15), 21, 28), future=("holiday",),
        recent=1500, options={"learning_rate": 0.004},
    )  # fmt: skip
    return problem, sizes(problem)


def employment(run: Run) -> tuple[Problem, dict[str, int]]:
    """12 months ahead, from every month of the last two years."""
    df = datasets.load("employment")
    problem = Problem(
        df, "MS", horizon=12, seasons=(12,), held_out=24, every=1, lags=tuple(range(13)), trend=True,
        options={"reference": "drift", "epochs": 15, "hidden_size": 16, "decoder_size": 16},
    )  # fmt: skip
    return problem, sizes(problem)


def weather(run: Run) -> tuple[Problem, dict[str, int]]:
    """24 hours ahead, from every day of the last two months."""
    df = datasets.load("weather").rename(columns={"temp": "y"})
    df.loc[df["wind_speed"] > 200, "wind_speed"] = np.nan  # one that is wrong, as the data set says
    past = ("dewp", "humid", "wind_speed", "pressure", "precip", "visib")
    whole = pd.date_range(df["ds"].min(), df["ds"].max(), freq="h", name="ds")
    df = pd.concat(
        [one.set_index("ds")[["y", *past]].reindex(whole).reset_index().assign(unique_id=key)
         for key, one in df.groupby("unique_id")]
    )  # fmt: skip
    if run.rows is not None:
        df = df.groupby("unique_id").tail(max(run.rows // 3, 2400))
    problem = Problem(
        df, "h", horizon=24, seasons=(24, 168), held_out=60 * 24, every=24, lags=tuple(range(25)), past=past,
        recent=1000,
        options={"validation_fraction": 0.3, "cell": "gru"},
    )  # fmt: skip
    return problem, sizes(problem)


def sizes(problem: Problem) -> dict[str, int]:
    """For the page."""
    count = problem.df["unique_id"].nunique()
    windows = (problem.held_out - problem.horizon) // problem.every + 1
    return {"series": count, "steps": len(problem.df), "held-out steps": count * problem.held_out, "windows": windows}


def benchmark(
    dataset: str, what: str, data: Callable[[Run], tuple[Problem, dict[str, int]]], why: str | None = None
) -> Benchmark:
    """The same baselines and bars for each data set."""
    to_beat = {"seasonal naive": seasonal_naive, "linear autoregression": linear}
    return Benchmark(
        task="forecast",
        dataset=dataset,
        what=what,
        metrics=METRICS,
        data=data,
        elman=ours,
        baselines={
            **{name: Baseline(one, by_seed=False) for name, one in to_beat.items()},
            "AutoETS (statsforecast)": Baseline(auto_ets, ("statsforecast",), by_seed=False),
            "gradient boosting": Baseline(boosting, by_seed=False),
            "LSTM (neuralforecast)": Baseline(neuralforecast_lstm, ("neuralforecast",), by_seed=False),
        },
        bars=(
            *(Bar(metric, name) for metric in ("MASE", "CRPS") for name in (*to_beat, "AutoETS (statsforecast)")),
            Bar("coverage of 80 %", 0.8, within=0.05),
            Bar("coverage of 95 %", 0.95, within=0.05),
        ),
        seeds=3,
        why=why,
    )  # fmt: skip


COMMON = (
    " Errors are in units of what the seasonal-naive forecast misses before the held-out part (MASE); CRPS, in the "
    "same unit, is twice the mean pinball loss over 20 quantiles. Options were chosen on the part before the held-out "
    "one, of which as much was held out; scores on the held-out part were seen while the model was designed. "
    "AutoETS is fitted anew at each time, all others are trained once."
)
BENCHMARKS = (
    benchmark(
        "births",
        "Births per day in the United States 28 days ahead, from every second week of 1987 and 1988, with federal "
        "holidays known ahead." + COMMON,
        births,
    ),
    benchmark(
        "employment",
        "Employment in 22 sectors, monthly, 12 months ahead, from every month of 2014; 2014 and 2015 are held out."
        + COMMON,
        employment,
        why=(
            "In two years of steady growth after a crisis hardly anything is better than a straight line with a "
            "little of the last months: the linear model finds it with one weight for each lag. The network begins "
            "at the drift of the last year, and its validation part, the one year before, stops it after an epoch "
            "or two; with 96 months of 22 series, of which 7 are sums of others, more training made it worse "
            "there."
        ),
    ),
    benchmark(
        "weather",
        "Temperature at New York's three airports 24 hours ahead, from every day of November and December 2013, with "
        "the other measurements known up to then." + COMMON,
        weather,
        why=(
            "The weather is wilder in November and December than in the months before, in which intervals were "
            "set, and there is no earlier autumn to learn it from; all models that are trained once have intervals "
            "too narrow here. Widening them by the latest ten days, chosen on September and October, brings them "
            "nearer, always a little late."
        ),
    ),
)
