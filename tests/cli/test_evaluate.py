import json
from pathlib import Path

import numpy as np
import pytest

import elman

QUICK = ["--epochs", "1", "--hidden-size", "4", "--num-threads", "1", "--verbose", "0"]


def test_a_classifier_is_measured(run, classifier, names) -> None:
    texts = [line.rpartition(",")[0].strip('"') for line in names.read_text(encoding="utf-8").splitlines()[1:]]
    labels = [line.rpartition(",")[2] for line in names.read_text(encoding="utf-8").splitlines()[1:]]
    expected = elman.load(classifier).evaluate(texts, labels)
    assert json.loads(run("evaluate", classifier, str(names), "--json").out) == {"sequences": 19, **expected}
    out = run("evaluate", classifier, str(names)).out
    assert f"accuracy    {expected['accuracy']:.4f}" in out
    names.rename("moved.csv").write_text("who,tongue\nRossi,it\n", encoding="utf-8")
    moved = run("evaluate", classifier, "moved.csv", "--text", "who", "--label", "tongue", "--json")
    assert json.loads(moved.out)["sequences"] == 1


def test_a_value_one_step_ahead_is_measured_against_the_next_row(run, steps) -> None:
    run("train", "regress", "steps.csv", "--target", "x", "--ahead", "1", "--input", "x", "-o", "r.safetensors", *QUICK)
    measured = json.loads(run("evaluate", "r.safetensors", "steps.csv", "--json").out)
    X = [np.arange(k, k + 3.0)[:, None] for k in range(12)]
    predicted = elman.load("r.safetensors").predict(X)
    errors = [one[:2] - (x[:2, 0] + 1) for one, x in zip(predicted, X, strict=True)]
    assert measured["mae"] == pytest.approx(np.abs(np.concatenate(errors)).mean())


def test_what_evaluate_refuses(refused, classifier, names) -> None:
    Path("new.csv").write_text("name,language\nRossi,it\nMeyer,de\n", encoding="utf-8")
    assert "'de' is none of the classes" in refused("evaluate", classifier, "new.csv")
    assert "no column 'tongue'" in refused("evaluate", classifier, "new.csv", "--label", "tongue")
    Path("new.csv").write_text("name,language\nRossi,\nMeyer,it\n", encoding="utf-8")
    assert "new.csv line 2" in refused("evaluate", classifier, "new.csv", "--strict")
