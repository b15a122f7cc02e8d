"""Several numbers to give: `--target` more than once; their names stand wherever the model shows them."""

import json
from pathlib import Path

import numpy as np
import pytest

import elman
from elman.files import read_model
from elman.tables import read_table

QUICK = ["--epochs", "1", "--hidden-size", "4", "--num-threads", "1", "--verbose", "0"]
TRAIN = ["train", "regress", "steps.csv", "--input", "x", "-o", "m.safetensors", *QUICK]


@pytest.fixture
def two(run, steps) -> str:
    done = run(*TRAIN, "--target", "y", "--target", "total")
    assert done.status == 0, done.err
    assert done.out.startswith("\nregress: x → y, total\n")
    return "m.safetensors"


def test_they_are_learned_side_by_side(run, two) -> None:
    model = elman.load(two)
    assert model.model_config_["output_size"] == 2
    table = read_table("steps.csv")
    codec = model.codecs_["output"]
    assert codec.names == ["y", "total"]
    np.testing.assert_allclose(codec.mean, table[["y", "total"]].mean(), rtol=0.3)  # but for those set aside
    assert read_model(two).metadata["columns"]["target"] == ["y", "total"]


def test_names_stand_in_predictions(run, two) -> None:
    expected = elman.load(two).predict([np.array([[0.0], [1.0], [2.0]])])[0]
    (line,) = run("predict", two, "[0, 1, 2]", "--json").out.splitlines()
    assert json.loads(line) == {
        "sequence": 0,
        "prediction_y": expected[:, 0].tolist(),
        "prediction_total": expected[:, 1].tolist(),
    }
    shown = run("predict", two, "[0, 1, 2]").out
    assert (
        shown
        == "0\t"
        + "\t".join(
            f"prediction_{name}: " + " ".join(f"{value:.6g}" for value in expected[:, k])
            for k, name in enumerate(("y", "total"))
        )
        + "\n"
    )
    run("predict", two, "--file", "steps.csv", "-o", "p.csv")
    table = read_table("p.csv")
    assert table.columns.tolist() == ["unique_id", "ds", "prediction_y", "prediction_total"]
    first = table[table["unique_id"] == "s0"].sort_values("ds")
    assert first[["prediction_y", "prediction_total"]].to_numpy() == pytest.approx(expected)


def test_names_stand_in_metrics_info_and_the_report(run, two) -> None:
    measured = json.loads(run("evaluate", two, "steps.csv", "--json").out)
    assert measured.keys() >= {"r2", "mae", "rmse", "r2_y", "mae_y", "rmse_y", "r2_total", "mae_total", "rmse_total"}
    assert measured["mae"] == pytest.approx((measured["mae_y"] + measured["mae_total"]) / 2)
    one = json.loads(run("evaluate", two, "steps.csv", "--json", "--target", "y", "--target", "label").out)
    assert one["r2_y"] == measured["r2_y"]
    info = run("info", two).out
    assert "regress: x → y, total" in info
    assert "2 numbers at a time: y, total" in info
    page = Path("m.report.html").read_text(encoding="utf-8")
    assert "Truth and prediction total over time." in page
    assert "Prediction y against truth." in page


def test_a_value_of_each_for_a_whole_sequence(run, steps) -> None:
    flags = ["--target", "total", "--target", "label", "--per", "sequence"]
    assert run(*TRAIN, *flags).status == 0
    (line,) = run("predict", "m.safetensors", "[0, 1, 2]", "--json").out.splitlines()
    assert json.loads(line).keys() == {"sequence", "prediction_total", "prediction_label"}
    assert isinstance(json.loads(line)["prediction_total"], float)


def test_one_output_has_one_target(refused, classifier) -> None:
    line = refused("evaluate", classifier, "names.csv", "--label", "language", "--label", "name")
    assert "--target is given 2 times, but m.safetensors has one output: name one column" in line


def test_what_is_refused(run, steps, refused) -> None:
    assert "column 'y' is given twice with --target" in refused(*TRAIN, "--target", "y", "--target", "y")
    assert "column 'x' is both input and target" in refused(*TRAIN, "--target", "y", "--target", "x")
    assert "no column 'z' in steps.csv" in refused(*TRAIN, "--target", "y", "--target", "z")
    text = Path("steps.csv").read_text(encoding="utf-8").splitlines()
    lines = [text[0] + ",empty", *(f"{line}," for line in text[1:])]
    Path("steps.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert "column 'empty' in steps.csv has no value" in refused(*TRAIN, "--target", "y", "--target", "empty")
    flags = ["--target", "total", "--target", "empty", "--per", "sequence"]
    assert "column 'empty' in steps.csv has no value" in refused(*TRAIN, *flags)
    lines = [text[0]] + [line if k < 18 else ",".join([*line.split(",")[:5], ""]) for k, line in enumerate(text[1:])]
    lines = [lines[0]] + [
        ",".join([*line.split(",")[:4], "", line.split(",")[5]]) if k < 18 else line for k, line in enumerate(lines[1:])
    ]
    Path("steps.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    flags = ["--target", "total", "--target", "label", "--per", "sequence"]
    assert "no sequence in steps.csv has a value in each of total, label" in refused(*TRAIN, *flags)
