"""`elman train forecast` and what follows: what is shown, left out, written and refused."""

import json

import numpy as np
import pandas as pd
import pytest

import elman
from elman.errors import DataWarning

QUICK = ["--epochs", "2", "--hidden-size", "4", "--decoder-size", "4", "--num-threads", "1", "--verbose", "0"]
TRAIN = ["train", "forecast", "sales.csv", "--target", "sold", "--horizon", "7", *QUICK, "-o", "m.safetensors"]


def sales(gap: bool = False) -> pd.DataFrame:
    days = pd.date_range("2026-01-01", periods=90)
    noise = np.random.default_rng(0).normal(size=(2, 90))
    parts = [
        pd.DataFrame(
            {"unique_id": key, "ds": days, "sold": size * (10 + days.day_of_week + row), "price": row.round(1)}
        )
        for key, size, row in zip("ab", (1, 50), noise, strict=True)
    ]
    df = pd.concat(parts, ignore_index=True)
    if gap:
        df = df.drop(index=[130])
    df.to_csv("sales.csv", index=False)
    return df


def test_it_trains_forecasts_and_measures(run) -> None:
    df = sales()
    trained = run(*TRAIN)
    assert trained.status == 0, trained.err
    assert "forecast: sold → sold" in trained.out
    assert "Next:  elman predict m.safetensors --file FILE" in trained.out
    model = elman.load("m.safetensors")
    expected = model.predict(3, [80], df=df)

    found = run("predict", "m.safetensors", "--file", "sales.csv", "--horizon", "3", "--level", "80", "--json")
    lines = [json.loads(line) for line in found.out.splitlines()]
    assert [line["ds"] for line in lines[:3]] == ["2026-04-01", "2026-04-02", "2026-04-03"]
    names = ["Forecaster", "Forecaster-lo-80", "Forecaster-hi-80"]
    np.testing.assert_allclose([[line[name] for name in names] for line in lines], expected[names])

    run("predict", "m.safetensors", "--file", "sales.csv", "--horizon", "3", "--level", "80", "-o", "f.csv")
    written = pd.read_csv("f.csv", parse_dates=["ds"])
    np.testing.assert_allclose(written[names], expected[names])

    measured = json.loads(run("evaluate", "m.safetensors", "sales.csv", "--json").out)
    assert measured == pytest.approx({"sequences": 2, **model.evaluate(df)})
    shown = run("info", "m.safetensors").out
    assert "many to many in step, several steps ahead" in shown
    assert "frequency D, seasons of 7 steps; reads weekday, day_of_month" in shown


def test_a_series_with_a_gap_is_left_out_filled_or_refused(run) -> None:
    sales(gap=True)
    said = "series 'b': 1 of 90 time steps are missing at frequency D, the first, 2026-02-10, before line 132"
    trained = run(*TRAIN)
    assert trained.status == 0
    assert f"elman: left out 1 of 2 series: {said}" in trained.err
    refused = run(*TRAIN, "--force", "--strict")
    assert refused.status == 2
    assert said in refused.err
    assert len(refused.err.splitlines()) == 1
    filled = run(*TRAIN, "--force", "--fill")
    assert filled.status == 0
    assert "left out" not in filled.err
    assert len(run("predict", "m.safetensors", "--file", "sales.csv").out.splitlines()) == 14


@pytest.mark.parametrize("verb", [["predict", "m.safetensors", "--file"], ["evaluate", "m.safetensors"]])
def test_a_gap_in_later_data_is_left_out_filled_or_refused(run, verb: list[str]) -> None:
    sales()
    run(*TRAIN)
    sales(gap=True)
    said = "series 'b': 1 of 90 time steps are missing at frequency D"
    left_out = run(*verb, "sales.csv")
    assert (left_out.status, said in left_out.err) == (0, True)
    refused = run(*verb, "sales.csv", "--strict")
    assert (refused.status, said in refused.err, refused.out) == (2, True, "")
    filled = run(*verb, "sales.csv", "--strict", "--fill")
    assert (filled.status, filled.err) == (0, "")
    assert len(filled.out) > len(left_out.out) or verb[0] == "evaluate"


def test_what_is_known_ahead_is_read_from_a_file(run) -> None:
    df = sales()
    assert run(*TRAIN, "--future", "price").status == 0
    refused = run("predict", "m.safetensors", "--file", "sales.csv")
    assert refused.status == 2
    assert "must be known for the 7 steps ahead: give them as X_df (--ahead FILE)" in refused.err
    days = pd.date_range("2026-04-01", periods=7)
    ahead = pd.concat([pd.DataFrame({"unique_id": key, "ds": days, "price": 1.5}) for key in "ab"], ignore_index=True)
    ahead.to_csv("ahead.csv", index=False)
    found = run("predict", "m.safetensors", "--file", "sales.csv", "--ahead", "ahead.csv", "--json")
    values = [json.loads(line)["Forecaster"] for line in found.out.splitlines()]
    np.testing.assert_allclose(values, elman.load("m.safetensors").predict(X_df=ahead, df=df)["Forecaster"])


def test_a_baseline_without_memory_stands_beside_it(run) -> None:
    sales()
    found = run(*TRAIN, "--baseline", "feedforward")
    assert found.status == 0, found.err
    rows = [line.split() for line in found.out.splitlines() if line.startswith(("lstm", "feedforward"))]
    sizes = [int(row[-2].replace(",", "")) for row in rows]
    assert len(rows) == 2
    assert sizes[0] == pytest.approx(sizes[1], rel=0.02)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--stream"], "--stream is not for forecast, which reads its table whole: leave it out"),
        (["--past", "nowhere"], "no column 'nowhere' in sales.csv"),
        (["--past", "sold"], "column 'sold' has two meanings"),
        (["--likelihood", "negative_binomial"], "the negative binomial distribution is of whole numbers from 0"),
        (["--freq", "h"], "time steps are missing at frequency h"),
        (["--horizon", "60"], "no series is long enough to set some aside for validation"),
    ],
)
def test_what_cannot_be_is_one_line(run, more: list[str], message: str) -> None:
    sales()
    found = run(*TRAIN, *more)
    assert found.status == 2
    assert message in found.err
    assert len(found.err.splitlines()) == 1


def test_other_tasks_have_no_horizon(run) -> None:
    sales()
    assert (
        run(
            "train", "regress", "sales.csv", "--target", "sold", *QUICK[:4], "--verbose", "0", "-o", "r.safetensors"
        ).status
        == 0
    )
    found = run("predict", "r.safetensors", "--file", "sales.csv", "--horizon", "3")
    assert found.status == 2
    assert "--horizon is not for" in found.err


def test_the_report_shows_fans_and_coverage(run) -> None:
    sales()
    assert run(*TRAIN, "--validation-fraction", "0.3").status == 0
    with open("m.report.html", encoding="utf-8") as file:  # noqa: PTH123
        page = file.read()
    for words in ("Forecast of a beside what came.", "Forecast of b beside what came.", "Errors by step ahead."):
        assert words in page
    assert "What the intervals cover in the validation data." in page


def test_a_warning_of_the_library_is_a_note_of_the_program(run) -> None:
    df = sales(gap=True)
    with pytest.warns(DataWarning, match="left out 1 of 2 series"):
        elman.Forecaster(target="sold", horizon=7, epochs=1, hidden_size=4, verbose=0, num_threads=1).fit(df)
