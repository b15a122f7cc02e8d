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


def test_the_longest_name_stands_apart_from_its_value(run) -> None:
    elman.Translator(epochs=1, hidden_size=4, num_threads=1, validation_fraction=0, verbose=0).fit(
        ["a", "b"], ["b", "a"]
    ).save("t.safetensors")
    Path("t.csv").write_text("a,b\na,b\nb,a\n", encoding="utf-8")
    out = run("evaluate", "t.safetensors", "t.csv", "--source", "a", "--target", "b").out
    assert "symbol error rate  " in out
    assert len({len(line) - len(line.split("  ")[-1].strip()) for line in out.splitlines()[1:]}) == 1


def test_what_was_never_seen_is_counted(run, classifier) -> None:
    Path("new.csv").write_text("name,language\nRossi,it\nMeyer,de\nRß,it\n", encoding="utf-8")
    status, _, err = run("evaluate", classifier, "new.csv")
    assert status == 0
    assert err.splitlines()[0] == (
        "elman: 1 of 3 sequences have a label not seen in training ('de'): they count as wrong; "
        "the log loss is over the others"
    )
    assert "not seen in training, read as unknown" in err.splitlines()[1]


def test_what_evaluate_refuses(refused, classifier, names) -> None:
    Path("new.csv").write_text("name,language\nMeyer,de\n", encoding="utf-8")
    assert "'de' is none of the classes" in refused("evaluate", classifier, "new.csv")
    assert "no column 'tongue'" in refused("evaluate", classifier, "new.csv", "--label", "tongue")
    Path("new.csv").write_text("name,language\nRossi,\nMeyer,it\n", encoding="utf-8")
    assert "new.csv line 2" in refused("evaluate", classifier, "new.csv", "--strict")


@pytest.mark.parametrize("classes", [(1, 2), (False, True), (0.5, 1.0)], ids=str)
def test_a_classifier_saved_from_python_is_measured(run, classes) -> None:
    texts, labels = ["ab", "b", "cab", "a"], [*classes, *classes]
    one = elman.Classifier(epochs=1, hidden_size=4, num_threads=1, validation_fraction=0, verbose=0).fit(texts, labels)
    one.save("c.safetensors")
    rows = "".join(f"{text},{label}\n" for text, label in zip(texts, labels, strict=True))
    Path("c.csv").write_text(f"t,l\n{rows}", encoding="utf-8")
    measured = run("evaluate", "c.safetensors", "c.csv", "--text", "t", "--label", "l", "--json")
    assert json.loads(measured.out) == {"sequences": 4, **one.evaluate(texts, labels)}


def test_a_regressor_per_step_saved_from_python_is_measured(run, steps) -> None:
    X = [np.arange(k, k + 3.0)[:, None] for k in range(12)]
    y = [x[:, 0].cumsum() for x in X]
    one = elman.Regressor(epochs=1, hidden_size=4, num_threads=1, validation_fraction=0, verbose=0).fit(X, y)
    one.save("r.safetensors")
    measured = json.loads(run("evaluate", "r.safetensors", "steps.csv", "--input", "x", "--target", "y", "--json").out)
    assert measured == {"sequences": 12, **{name: pytest.approx(value) for name, value in one.evaluate(X, y).items()}}
