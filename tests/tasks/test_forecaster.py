"""The forecaster: what it gives, that nothing of the future leaks in, and what it says of bad data."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

import elman
from elman.errors import DataWarning, InputError
from elman.files import read_model, write_model
from elman.tasks.forecast_series import carried_on, relations, seasonal_places
from elman.tasks.rolling import Rolling

H = 7
QUICK = {
    "horizon": H,
    "epochs": 3,
    "learning_rate": 0.02,
    "hidden_size": 8,
    "decoder_size": 8,
    "verbose": 0,
    "num_threads": 1,
}


def series(key="a", T=120, size=1.0, seed=0, start="2026-01-01"):
    days = pd.date_range(start, periods=T)
    noise = np.random.default_rng(seed).normal(size=T)
    y = size * (10 + days.day_of_week + np.sin(np.arange(T) / 15) + 0.2 * noise)
    return pd.DataFrame({"unique_id": key, "ds": days, "y": y})


def many(**options):
    return pd.concat([series("a", **options), series("b", size=100, seed=1, **options)], ignore_index=True)


@pytest.fixture(scope="module")
def fitted():
    return elman.Forecaster(**QUICK).fit(many())


def test_columns_and_times_are_those_that_users_of_nixtla_know(fitted):
    found = fitted.predict(level=[80, 95])
    names = ["Forecaster", "Forecaster-lo-80", "Forecaster-hi-80", "Forecaster-lo-95", "Forecaster-hi-95"]
    assert found.columns.tolist() == ["unique_id", "ds", *names]
    assert found["unique_id"].tolist() == ["a"] * H + ["b"] * H
    assert found["ds"].tolist() == 2 * pd.date_range("2026-05-01", periods=H).tolist()
    assert (found["Forecaster-lo-95"] <= found["Forecaster-lo-80"]).all()
    assert (found["Forecaster-lo-80"] <= found["Forecaster"]).all()
    assert (found["Forecaster"] <= found["Forecaster-hi-80"]).all()
    assert (
        fitted.predict(3, level=[80])["Forecaster"].tolist()
        == found.groupby("unique_id").head(3)["Forecaster"].tolist()
    )


def test_it_learns_what_a_season_and_a_covariate_tell():
    """Sales double on days with a promotion, which is drawn and known ahead: only who reads it can tell."""
    rng = np.random.default_rng(0)
    df = series(T=500)
    df["promotion"] = (rng.random(500) < 0.3).astype(float)
    df["y"] = df["y"] + 10 * df["promotion"]
    options = {**QUICK, "epochs": 60, "learning_rate": 0.02, "hidden_size": 16}
    blind = elman.Forecaster(**options).cross_validation(df, n_windows=4)
    seeing = elman.Forecaster(**options, future=("promotion",)).cross_validation(df, n_windows=4)
    errors = [float((found["y"] - found["Forecaster"]).abs().mean()) for found in (blind, seeing)]
    assert errors[1] < 1.0 < 2.0 < errors[0]


@pytest.mark.parametrize("strategy", ["direct", "autoregressive"])
def test_nothing_of_what_comes_later_changes_a_forecast(strategy):
    forecaster = elman.Forecaster(**QUICK, strategy=strategy, num_samples=20).fit(many())
    df = many(T=140)
    rolled = forecaster.cross_validation(df, n_windows=2, step_size=5, level=[90], fit=False)
    for cutoff, window in rolled.groupby("cutoff"):
        alone = forecaster.predict(level=[90], df=df[df["ds"] <= cutoff])
        if strategy == "direct":  # paths are drawn anew
            np.testing.assert_allclose(window.iloc[:, 4:], alone.iloc[:, 2:], rtol=1e-5)
        else:
            np.testing.assert_allclose(window["Forecaster"], alone["Forecaster"], rtol=0.2)


def test_cross_validation_trains_on_what_lies_before(fitted):
    df = many()
    found = elman.Forecaster(**QUICK).cross_validation(df, n_windows=3, step_size=2, level=[80])
    names = ["Forecaster", "Forecaster-lo-80", "Forecaster-hi-80"]
    assert found.columns.tolist() == ["unique_id", "ds", "cutoff", "y", *names]
    assert sorted(set(found["cutoff"])) == pd.to_datetime(["2026-04-19", "2026-04-21", "2026-04-23"]).tolist()
    before = df[df["ds"] <= "2026-04-19"]
    other = elman.Forecaster(**QUICK).fit(before)
    first = found[found["cutoff"] == "2026-04-19"].reset_index(drop=True)
    pd.testing.assert_frame_equal(first.drop(columns=["cutoff", "y"]), other.predict(level=[80]))
    truth = df.set_index(["unique_id", "ds"]).loc[list(zip(found["unique_id"], found["ds"], strict=True)), "y"]
    np.testing.assert_array_equal(found["y"], truth)


def test_a_series_that_was_never_seen_is_forecast_by_its_own_scale(fitted):
    df = series("new", size=1000.0, seed=2, start="2027-03-01")
    found = fitted.predict(df=df)
    assert found["unique_id"].unique().tolist() == ["new"]
    assert 5_000 < found["Forecaster"].min() < found["Forecaster"].max() < 25_000


def test_the_scale_of_a_series_that_was_never_seen_is_not_taken_from_what_is_to_be_forecast(fitted):
    df = series("new", size=1000.0, seed=2)
    found = fitted.cross_validation(df, n_windows=2, level=[80], fit=False)
    first = found[:H].drop(columns=["cutoff", "y"])
    pd.testing.assert_frame_equal(first, fitted.predict(df=df[: -2 * H], level=[80]))
    later = df.assign(y=df["y"].where(df.index < len(df) - 2 * H, 9e5))
    other = fitted.cross_validation(later, n_windows=2, level=[80], fit=False)
    pd.testing.assert_frame_equal(first, other[:H].drop(columns=["cutoff", "y"]))


def test_a_scale_changes_nothing():
    one = elman.Forecaster(**QUICK).fit(series())
    other = elman.Forecaster(**QUICK).fit(series(size=1024.0))
    np.testing.assert_allclose(other.predict()["Forecaster"], 1024 * one.predict()["Forecaster"], rtol=1e-4)


def test_saved_and_loaded_it_forecasts_the_same(fitted, tmp_path):
    path = tmp_path / "m.safetensors"
    fitted.save(path)
    loaded = elman.load(path)
    pd.testing.assert_frame_equal(loaded.predict(level=[80], df=many()), fitted.predict(level=[80]))
    with pytest.raises(InputError, match="its file holds no data: give the history of the series"):
        loaded.predict()
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(fitted)).predict(), fitted.predict())


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("learned", "horizon_"), 50, "the horizon is 50, but the model gives 7 steps at once"),
        (("learned", "horizon_"), 0, "the horizon is 0, but the model gives 7 steps at once"),
        (("learned", "reference_"), "middle", "the reference is 'middle', expected one of last, season, drift"),
        (("options", "strategy"), "autoregressive", "but the model gives 7 steps at once"),
        (("codecs", "output", "ends"), {"a": "one day"}, "damaged"),
        (("codecs", "calendar"), {"kind": "series", "mean": [], "std": [], "indicators": []}, "damaged|codec"),
    ],
)
def test_a_damaged_file_is_refused(fitted, tmp_path, place, value, message):
    path = tmp_path / "m.safetensors"
    fitted.save(path)
    about, tensors = read_model(path)
    *outer, last = place
    within = about
    for one in outer:
        within = within[one]
    within[last] = value
    write_model(path, tensors, about)
    with pytest.raises(InputError, match=message):
        elman.load(path)


def test_a_dependence_that_is_none_is_said_to_be_damage(fitted, tmp_path):
    path = tmp_path / "m.safetensors"
    fitted.save(path)
    about, tensors = read_model(path)
    write_model(path, {**tensors, "dependence": np.zeros((H, H), np.float32)}, about)
    with pytest.raises(InputError, match="the model is damaged"):
        elman.load(path).sample(df=many(), n=2)


def test_equal_seeds_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        elman.Forecaster(**QUICK).fit(many()).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_it_is_an_estimator():
    one = elman.Forecaster(past=("a", "b"), horizon=3)
    assert clone(one).get_params() == one.get_params()


def test_sample_paths_are_seeded_and_have_the_forecast_s_distribution(fitted):
    paths = fitted.sample(n=2000, seed=1)
    assert paths.columns.tolist() == ["unique_id", "ds", "sample", "Forecaster"]
    pd.testing.assert_frame_equal(paths, fitted.sample(n=2000, seed=1))
    assert not paths.equals(fitted.sample(n=2000, seed=2))
    interval = fitted.predict(level=[80]).set_index(["unique_id", "ds"])
    drawn = paths.groupby(["unique_id", "ds"])["Forecaster"].quantile([0.1, 0.5, 0.9]).unstack()
    width = interval["Forecaster-hi-80"] - interval["Forecaster-lo-80"]
    for quantile, name in ((0.1, "Forecaster-lo-80"), (0.5, "Forecaster"), (0.9, "Forecaster-hi-80")):
        assert ((drawn[quantile] - interval[name]).abs() < 0.1 * width).all()


def test_paths_of_free_running_follow_the_network_step_by_step():
    """With one path and its random numbers known, each step is the forecast of one step from all before it."""
    options = {**QUICK, "horizon": 4, "strategy": "autoregressive", "num_samples": 1, "calibrate": False}
    forecaster = elman.Forecaster(**options, likelihood="normal").fit(many())
    df = series()
    path = forecaster.sample(4, n=1, df=df, seed=5)["Forecaster"].to_numpy()
    levels = np.random.default_rng(5).uniform(size=(4, 1))[:, 0]
    for step, level in enumerate(levels):
        coded = forecaster.coded(forecaster._read(df).series)
        outputs, reference, scale = Rolling(forecaster, coded, 1)._outputs(0, np.array([len(df) - 1]))
        scaled = forecaster.distribution.quantile(outputs[0, 0], reference[0, 0], scale, level)
        value = forecaster.codecs_["output"].decode("a", scaled, df["y"].to_numpy())
        assert path[step] == pytest.approx(float(value), rel=1e-4)
        row = {"unique_id": "a", "ds": df["ds"].iloc[-1] + pd.Timedelta(days=1), "y": path[step]}
        df = pd.concat([df, pd.DataFrame([row])], ignore_index=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"likelihood": "normal"},
        {"likelihood": "student_t"},
        {"reference": "last"},
        {"reference": "drift"},
        {"season": 10},
        {"decoder_size": 4},
        {"refit": False},
        {"calibrate": False},
        {"strategy": "autoregressive"},
        {"window": 16},
        {"train_initial_state": True},
        {"horizon": 5},
        {"freq": "D", "past": ("z",)},
        {"static": ("s",)},
    ],
    ids=str,
)
def test_every_option_changes_something(fitted, changed):
    df = many().assign(z=np.arange(240.0) % 3)
    df["s"] = (df["unique_id"] == "a").astype(float)
    other = elman.Forecaster(**{**QUICK, **changed}).fit(df)
    columns = ["Forecaster", "Forecaster-lo-80", "Forecaster-hi-80"]
    assert not np.array_equal(other.predict(3, [80])[columns], fitted.predict(3, [80])[columns])


def test_the_number_of_samples_tells_a_free_running_forecast():
    options = {**QUICK, "strategy": "autoregressive", "refit": False, "calibrate": False}
    few, more = (elman.Forecaster(**options, num_samples=n).fit(many()).predict(level=[80]) for n in (10, 50))
    assert not few.equals(more)


def test_counts_are_forecast_as_counts():
    rng = np.random.default_rng(0)
    df = series(T=200).assign(y=rng.poisson(3, 200).astype(float))
    found = elman.Forecaster(**QUICK, likelihood="negative_binomial").fit(df).predict(level=[80])
    values = found[["Forecaster", "Forecaster-lo-80", "Forecaster-hi-80"]].to_numpy()
    np.testing.assert_allclose(values, np.round(values), atol=1e-9)
    assert values.min() >= 0
    assert 1 <= found["Forecaster"].median() <= 5


@pytest.mark.parametrize(("value", "shown"), [(-1.0, "-1"), (2.5, "2.5")])
def test_what_is_no_count_is_refused_and_named(value, shown):
    df = series(T=60).assign(y=1.0)
    df.loc[7, "y"] = value
    with pytest.raises(InputError, match=rf"series 'a': column 'y' is {shown} at 2026-01-08: the negative binomial"):
        elman.Forecaster(**QUICK, likelihood="negative_binomial").fit(df)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (series("bad", T=5), "5 time steps are too few for the horizon, which needs 8"),
        (series("bad").assign(y=4.0), "column 'y' is 4 throughout: there is nothing to learn from a constant"),
        (series("bad").drop(index=[50]), "1 of 120 time steps are missing at frequency D, the first, 2026-02-20"),
        (series("bad").assign(y=np.nan), "column 'y' has no value that is not missing"),
    ],
)
def test_one_bad_series_is_left_out_and_named(bad, message):
    df = pd.concat([many(), bad], ignore_index=True)
    with pytest.warns(DataWarning, match=f"left out 1 of 3 series: series 'bad': {message}"):
        forecaster = elman.Forecaster(**QUICK).fit(df)
    assert forecaster.predict()["unique_id"].unique().tolist() == ["a", "b"]
    with pytest.raises(InputError, match=f"series 'bad': {message}"):
        elman.Forecaster(**QUICK, strict=True).fit(df)


def test_a_static_number_that_is_missing_is_named():
    df = pd.concat([series("a").assign(size=1.0), series("b").assign(size=np.nan)], ignore_index=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with pytest.warns(DataWarning, match="series 'b': column 'size' has no value"):
            elman.Forecaster(**QUICK, static=("size",)).fit(df)


def test_a_constant_is_forecast_as_the_constant(fitted):
    found = fitted.predict(level=[80], df=series("flat").assign(y=4.0))
    assert set(found[["Forecaster", "Forecaster-lo-80", "Forecaster-hi-80"]].to_numpy().ravel()) == {4.0}


def test_gaps_are_filled_when_that_is_asked_for():
    df = many().drop(index=[50, 51])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        forecaster = elman.Forecaster(**QUICK, fill=True).fit(df)
    assert forecaster.predict()["Forecaster"].notna().all()


def test_missing_values_are_marked_and_not_learned_from():
    df = many()
    whole = elman.Forecaster(**QUICK).fit(df)
    df.loc[[10, 60, 130], "y"] = np.nan
    holed = elman.Forecaster(**QUICK).fit(df)
    assert np.isfinite(holed.predict()["Forecaster"]).all()
    assert not np.array_equal(whole.predict()["Forecaster"], holed.predict()["Forecaster"])


def test_what_is_known_ahead_must_be_given_for_every_step():
    df = many().assign(price=1.0)
    df.loc[::3, "price"] = 2.0
    forecaster = elman.Forecaster(**QUICK, future=("price",)).fit(df)
    with pytest.raises(InputError, match="this model reads price, which must be known for the 7 steps ahead"):
        forecaster.predict()
    ahead = forecaster.predict(X_df=_ahead(price=1.0))
    assert not np.array_equal(forecaster.predict(X_df=_ahead(price=2.0))["Forecaster"], ahead["Forecaster"])
    holed = _ahead(price=1.0).drop(index=[3])  # of series a, 2026-05-04
    with pytest.warns(DataWarning, match="series 'a': price is missing at 2026-05-04, step 4 of the 7 ahead"):
        assert forecaster.predict(X_df=holed)["unique_id"].unique().tolist() == ["b"]


def test_what_is_said_of_the_future_counts_after_cross_validation_too():
    """The series that were learned from then know more of the future than their own end."""
    df = many(T=120 + H).assign(price=lambda frame: np.arange(len(frame)) % 3.0)
    forecaster = elman.Forecaster(**QUICK, future=("price",))
    forecaster.cross_validation(df)
    found = [forecaster.predict(X_df=_ahead(price=price))["Forecaster"] for price in (1.0, 2.0)]
    assert not np.array_equal(*found)


def _ahead(**values):
    days = pd.date_range("2026-05-01", periods=H)
    return pd.concat([pd.DataFrame({"unique_id": key, "ds": days, **values}) for key in "ab"], ignore_index=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": 0}, "horizon is 0, expected a whole number from 1"),
        ({"strategy": "recursive"}, "strategy is 'recursive', expected one of direct, autoregressive"),
        ({"bidirectional": True}, "what comes after a step is what is to be forecast"),
        ({"strategy": "autoregressive", "past": ("z",)}, "past is z, whose future an autoregressive forecast"),
        ({"past": ("y",)}, "column 'y' has two meanings"),
        ({"future": ("nowhere",)}, "no column 'nowhere' in the table"),
        ({"horizon": 100}, "no series is long enough to set some aside for validation"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        elman.Forecaster(**{**QUICK, **options}).fit(many().assign(z=1.0))


def test_a_horizon_beyond_that_of_training_needs_free_running(fitted):
    with pytest.raises(InputError, match="h is 8, but this model gives 7 steps at once"):
        fitted.predict(8)
    other = elman.Forecaster(**QUICK)
    with pytest.raises(InputError, match="h is 8, but this model gives 7 steps at once"):
        other.cross_validation(many(), h=8)
    assert not hasattr(other, "model_"), "it was trained before it was refused"
    longer = elman.Forecaster(**QUICK, strategy="autoregressive", num_samples=5).fit(many())
    assert len(longer.predict(30)) == 60
    with pytest.raises(InputError, match=r"level is \[150\], expected numbers between 0 and 100"):
        fitted.predict(level=[150])
    with pytest.raises(InputError, match="expected a pandas DataFrame"):
        fitted.predict(df=[1.0, 2.0])


def test_evaluation_is_the_mean_of_its_parts_by_hand(fitted):
    """Of ten days after training: one horizon of seven, in units of the seasonal error of training."""
    df = many(T=130)
    found = fitted.evaluate(df)
    errors, inside = [], []
    for key, group in df.groupby("unique_id"):
        before = group["y"].to_numpy()[:120]
        unit = np.abs(before[7:] - before[:-7]).mean()
        forecast = fitted.predict(level=[80], df=group.head(120))
        y = group["y"].to_numpy()[120:127]
        errors += (np.abs(y - forecast["Forecaster"]) / unit).tolist()
        inside += ((forecast["Forecaster-lo-80"] <= y) & (y <= forecast["Forecaster-hi-80"])).tolist()
        assert key in fitted.codecs_["output"].scales
    assert found["mase"] == pytest.approx(np.mean(errors), rel=1e-4)
    assert found["coverage_80"] == pytest.approx(np.mean(inside))
    assert fitted.score(df) == -found["mase"]


def test_a_training_that_was_stopped_goes_on(tmp_path):
    options = {**QUICK, "epochs": 4}
    whole = elman.Forecaster(**options).fit(many())
    first = elman.Forecaster(**options, checkpoints=str(tmp_path / "c")).fit(many())
    again = elman.Forecaster(**options, checkpoints=str(tmp_path / "c")).fit(many(), resume=True)
    for one in (first, again):
        for name, tensor in whole.model_.state_dict().items():
            assert torch.equal(tensor, one.model_.state_dict()[name]), name


def test_the_target_may_have_another_name(fitted):
    found = elman.Forecaster(**QUICK, target="sales").fit(many().rename(columns={"y": "sales"})).predict()
    pd.testing.assert_frame_equal(found, fitted.predict())


def test_whole_numbers_may_stand_for_times():
    df = many().assign(ds=lambda frame: frame.groupby("unique_id").cumcount() + 100)
    forecaster = elman.Forecaster(**QUICK).fit(df)
    assert forecaster.predict()["ds"].tolist() == 2 * list(range(220, 227))


def test_whole_numbers_are_evaluated_from_the_end_of_training_on(fitted):
    """As numbers: as texts 9 is after 10."""
    dated = many(T=130)
    numbered = dated.assign(ds=lambda frame: frame.groupby("unique_id").cumcount() - 20)  # training ends with 99
    forecaster = elman.Forecaster(**{**QUICK, "season": 7}).fit(numbered.groupby("unique_id").head(120))
    later = forecaster.evaluate(numbered)
    found = forecaster.cross_validation(numbered.groupby("unique_id").head(127), fit=False)
    units = [forecaster.codecs_["output"].scales[key][1] for key in found["unique_id"]]
    assert later["mase"] == pytest.approx(np.mean(np.abs(found["y"] - found["Forecaster"]) / units), rel=1e-5)


def test_what_of_an_unseen_series_is_scored_does_not_tell_its_scale(fitted):
    """Its last tenth is; values there change neither origin nor unit."""
    new = series("new", T=100)
    higher = new.assign(y=np.where(np.arange(100) >= 90, new["y"] + 1000, new["y"]))
    unit = np.abs(new["y"][7:90].to_numpy() - new["y"][:83].to_numpy()).mean()
    forecast = fitted.predict(df=new.head(90))["Forecaster"].to_numpy()
    for df in (new, higher):
        expected = np.abs(df["y"][90:97].to_numpy() - forecast).mean() / unit
        assert fitted.evaluate(df)["mase"] == pytest.approx(expected, rel=1e-4)


def test_a_forecast_does_not_depend_on_those_from_other_times(fitted):
    df = many(T=160)
    several = fitted.cross_validation(df, n_windows=4, level=[80], fit=False)
    last = fitted.cross_validation(df, n_windows=1, level=[80], fit=False)
    same = several[several["cutoff"].isin(last["cutoff"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, last, rtol=1e-4)


def test_sample_paths_of_free_running_are_as_wide_as_intervals():
    free = elman.Forecaster(**QUICK, strategy="autoregressive", likelihood="normal", num_samples=4000).fit(many())
    free.model_.spread.fill_(3.0)
    paths = free.sample(3, n=4000).groupby(["unique_id", "ds"])["Forecaster"]
    found = free.predict(3, level=[80])
    width = (found["Forecaster-hi-80"] - found["Forecaster-lo-80"]).to_numpy()
    np.testing.assert_allclose((paths.quantile(0.9) - paths.quantile(0.1)).to_numpy(), width, rtol=0.1)


@pytest.mark.parametrize("learned", [None, "UTC"])
def test_a_time_zone_on_one_side_only_is_passed_over(learned):
    days = pd.date_range("2026-01-01", periods=130)
    known, later = (series(T=130).assign(ds=days.tz_localize(zone)) for zone in (learned, None if learned else "UTC"))
    forecaster = elman.Forecaster(**QUICK).fit(known[:120])
    assert forecaster.evaluate(later) == forecaster.evaluate(known)


def test_a_series_that_is_too_short_to_measure_is_named(fitted):
    df = pd.concat([many(), series("new", T=5)], ignore_index=True)
    with pytest.warns(DataWarning, match=r"1 of 3 series have fewer than 8 steps, .* not measured \('new'\)"):
        assert fitted.evaluate(df) == fitted.evaluate(many())


def test_one_level_is_no_list(fitted):
    with pytest.raises(InputError, match=r"level is 80, expected a list of numbers, such as \[80\]"):
        fitted.predict(level=80)


def test_partial_fit_is_refused(fitted):
    with pytest.raises(InputError, match="a Forecaster has no partial_fit"):
        fitted.partial_fit(many())


def test_plot_shows_history_and_forecast(fitted):
    figure = fitted.plot("b", level=[80])
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    found = fitted.predict(level=[80])
    np.testing.assert_array_equal(lines["median"].get_ydata(), found[found["unique_id"] == "b"]["Forecaster"])
    np.testing.assert_array_equal(lines["known"].get_ydata(), many()["y"].to_numpy()[-21:])
    with pytest.raises(InputError, match="there is no series 'c' to plot"):
        fitted.plot("c")


def test_relations_and_places_by_hand():
    values = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    found = relations(values, (2,))
    np.testing.assert_allclose(found[:, 0], [0, 1, 2, 4, 8])
    np.testing.assert_allclose(found[:, 1], [0, 0, 3, 6, 12])
    np.testing.assert_allclose(found[:, 2], values - [1, 1.5, 3, 6, 12])
    np.testing.assert_allclose(found[:, 3], np.log1p([0, 0, 1.5, 4.5, 9]))
    assert seasonal_places(np.array([9]), np.arange(1, 6), 3).tolist() == [[7, 8, 9, 7, 8]]
    np.testing.assert_array_equal(carried_on(np.array([np.nan, 1, np.nan, 2, np.nan])), [1, 1, 1, 2, 2])
