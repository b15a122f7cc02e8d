"""Reports on trainings: what they say, against the history and against predictions made here."""

import copy
import dataclasses
import math
from collections import Counter

import numpy as np
import pytest
from pages import Page

import elman
from elman.reports import Report
from elman.reports.charts import Line
from elman.tasks.report import summary, training_report
from elman.tasks.samples import add_samples, classify, regress, rows
from elman.train import Epoch, History, Point

QUICK = {"hidden_size": 4, "num_layers": 1, "epochs": 3, "num_threads": 1, "verbose": 0, "validation_fraction": 0.4}
generator = np.random.default_rng(0)
NAMES = [f"{name}{k}" for k in range(8) for name in ("Rossi<b>", "Bianchi", "Smith&", "Jones")]
LABELS = ["<i>", "<i>", "$en$", "$en$"] * 8
SERIES = [generator.normal(size=(T, 2)) for T in (5, 9, 0, 7, 4, 6, 3, 8, 5, 6, 7, 4)]


def fitted(estimator, X, y):
    training, validation = estimator.prepared(X, y)
    return estimator.fit_coded(training, validation), validation


@pytest.fixture(scope="module")
def classifier():
    return fitted(elman.Classifier(**QUICK), NAMES, LABELS)


def page_of(estimator, validation, **more) -> Page:
    page = Page(training_report(estimator, validation, **more).html())
    page.check_alone()
    return page


def drawn(monkeypatch) -> dict[str, list[Line]]:
    """The lines of every picture that is drawn from now on, by what its vertical axis shows."""
    import elman.tasks.report as report

    found: dict[str, list[Line]] = {}
    plain = report.lines

    def lines(drawn, x, y, **more):
        found[y] = drawn
        return plain(drawn, x, y, **more)

    monkeypatch.setattr(report, "lines", lines)
    monkeypatch.setattr(regress, "lines", lines)
    return found


def test_what_a_training_was_is_what_the_history_says(classifier, monkeypatch) -> None:
    lines = drawn(monkeypatch)
    estimator, validation = copy.copy(classifier[0]), classifier[1]
    history = estimator.history_ = dataclasses.replace(estimator.history_, curve=[])
    page = page_of(estimator, validation, data="name → language")
    assert "Training to classify: name → language" in page.words
    assert f"The best was epoch {history.best_epoch}, with an accuracy of {history.best.metric:.4f}" in page.words
    assert "It ended after all its epochs." in page.words
    training, validated = lines["loss"]
    assert training.y == [one.training_loss for one in history.epochs]
    assert validated.y == [one.validation_loss for one in history.epochs]
    assert lines["accuracy"][0].y == [one.metric for one in history.epochs]
    assert lines["learning rate"][0].y == [one.learning_rate for one in history.epochs]
    assert lines["gradient norm"][0].y == [one.gradient_norm for one in history.epochs]
    lowest = min(history.epochs, key=lambda one: one.validation_loss)
    assert f"it was lowest, {lowest.validation_loss:.4g}, after epoch {lowest.number}." in page.captions[0]
    assert len(page.captions) == page.tags.count("svg") == 4
    options = {row[0]: row[1] for row in page.table("option")}
    assert options == {
        one.name: "–" if (value := getattr(estimator, one.name)) is None else str(value)
        for one in dataclasses.fields(estimator)
        if one.metadata.get("flag", True)
    }
    assert page.pairs["parameters"] == str(sum(one.numel() for one in estimator.model_.parameters()))
    assert page.pairs["hidden size"] == "4"
    assert "h_t = (1 - sigmoid(z)) * tanh(n_x + sigmoid(r) * n_h) + sigmoid(z) * h_{t-1}" in page.words
    shapes = {row[0]: row[1] for row in page.table("weights")}
    assert shapes == {name: " × ".join(map(str, w.shape)) for name, w in estimator.model_.state_dict().items()}
    assert page.pairs["elman"] == elman.__version__


def test_equal_trainings_give_equal_bytes(classifier) -> None:
    again = fitted(elman.Classifier(**QUICK), NAMES, LABELS)
    assert training_report(*classifier).html() == training_report(*again).html()


def test_the_run_in_finer_steps(classifier, monkeypatch) -> None:
    lines = drawn(monkeypatch)
    estimator, validation = copy.copy(classifier[0]), classifier[1]
    curve = [Point(k / 10, 3 / k, 0.01 / k, 0.5, 2.5, 0) for k in range(1, 31)]
    curve[4] = Point(0.5, None, 0.001, None, None, 7)
    estimator.history_ = dataclasses.replace(estimator.history_, curve=curve)
    page = page_of(estimator, validation)
    assert "7 steps were skipped: a loss or gradient was no finite number." in page.words
    assert lines["training loss"][0].y == [point.loss for point in curve]
    assert lines["learning rate"][0].x == [point.epoch for point in curve]
    assert [line.y for line in lines["gradient norm"]] == [
        [point.gradient_norm for point in curve],
        [point.largest_norm for point in curve],
    ]
    assert len(page.captions) == 5
    assert "the largest of all was 2.5. Gradients longer than 1 were shortened to it." in page.captions[4]
    assert "In 1 of 30 stretches steps were skipped." in page.captions[2]


def test_without_epochs_without_validation_and_every_end(classifier) -> None:
    estimator, validation = copy.copy(classifier[0]), classifier[1]
    estimator.history_ = History(ended="interrupted")
    page = page_of(estimator, validation)
    assert "The training ended before its first epoch did." in page.words
    assert page.captions == []
    estimator.history_ = History(ended="interrupted", curve=[Point(0.1, None, 0.01, None, None, 3)])
    assert len(page_of(estimator, None).captions) == 1
    one = Epoch(1, 0.5, None, None, 0.1, 2.0, skipped=1)
    estimator.history_ = History(epochs=[one], ended="interrupted")
    page = page_of(estimator, None)
    said = "trained for 1 epoch, without validation data; the model has the weights of the last. It was interrupted. "
    assert said + "1 step was skipped:" in page.words
    assert "there is none to show predictions for" in page.words
    estimator.history_ = History(epochs=[one], ended="patience")
    assert "further epochs brought nothing better" in summary(estimator)


def test_predicted_classes_are_those_of_the_model(classifier) -> None:
    estimator, validation = classifier
    page = page_of(estimator, validation)
    inputs = [estimator.codecs_["input"].decode(one) for one in validation.inputs]
    truth = [estimator.codecs_["output"].decode(one) for one in validation.targets]
    predicted = estimator.predict(inputs).tolist()
    probability = estimator.predict_proba(inputs).max(1)
    expected = {
        name: ["✓" if a == b else "✗", name, a, b, f"{p:.4f}"]
        for name, a, b, p in zip(inputs, truth, predicted, probability, strict=True)
    }
    rows = page.table(" input")
    assert len(rows) == min(12, len(inputs))
    assert [row for row in rows if row != expected[row[1]]] == []
    right = sum(a == b for a, b in zip(truth, predicted, strict=True))
    assert f"{right} of {len(truth)} are predicted right" in page.words
    counts = Counter(zip(truth, predicted, strict=True))
    matrix = page.table("expected ↓")
    for name, *cells, total in matrix:
        assert [int(cell or 0) for cell in cells] == [counts[name, other] for other in ("$en$", "<i>")]
        assert int(total) == truth.count(name)
    mistakes = {(a, b): int(n) for a, b, n in page.table("expected predicted times")}
    assert mistakes == {pair: n for pair, n in counts.items() if pair[0] != pair[1]}


def test_classes_of_series_and_more_of_them_than_fit_a_picture() -> None:
    X = [np.full((2, 1), k // 2) for k in range(60)]
    estimator, validation = fitted(elman.Classifier(**{**QUICK, "epochs": 1}), X, [k // 2 for k in range(60)])
    page = page_of(estimator, validation)
    assert "Which class is taken for which" not in page.words
    assert sum(int(row[2]) for row in page.table("expected predicted times")) <= len(validation)


def test_values_in_step_stand_beside_the_truth(monkeypatch) -> None:
    lines = drawn(monkeypatch)
    y = [one.sum(1).cumsum() for one in SERIES]
    y[1][3] = np.nan
    X = [one.copy() for one in SERIES]
    X[3][2, 1] = X[4][0, 1] = X[7][1, 1] = np.nan
    estimator, validation = fitted(elman.Regressor(**QUICK, per="step"), X, y)
    page = page_of(estimator, validation)
    assert len([one for one in page.captions if one.startswith("Truth and prediction over time.")]) == 3
    truth, predicted = lines["target"]
    (k,) = [k for k in range(len(y)) if len(y[k]) == len(truth.y) and np.allclose(y[k], truth.y, equal_nan=True)]
    np.testing.assert_allclose(predicted.y, estimator.predict([X[k]])[0], rtol=1e-4)
    assert list(truth.x) == list(range(1, len(y[k]) + 1))
    errors = [np.sqrt(np.nanmean((estimator.predict([x])[0] - t) ** 2)) for x, t in zip(X, y, strict=True) if len(x)]
    shown = float(page.captions[-2].rstrip(".").rsplit(" ", 1)[1])  # the largest
    assert min(abs(error - shown) / error for error in errors) < 1e-3


def test_a_long_sequence_is_read_at_its_end_and_shown_where_it_is_scored(monkeypatch) -> None:
    lines = drawn(monkeypatch)
    monkeypatch.setattr(regress, "LONGEST", 12)
    y = np.sin(np.arange(100.0))
    estimator, validation = fitted(elman.Regressor(**{**QUICK, "validation_fraction": 0.1}), [y], [y])
    page_of(estimator, validation)
    truth, predicted = lines["target"]
    assert list(truth.x) == list(range(91, 101))
    np.testing.assert_allclose(truth.y, y[90:], atol=1e-6)
    np.testing.assert_allclose(predicted.y, estimator.predict([y[88:]])[0][-10:], atol=1e-5)


@pytest.mark.parametrize("outputs", [1, 2])
def test_one_value_for_a_text_and_several_outputs(outputs: int) -> None:
    y = np.array([[len(name), -len(name)][:outputs] for name in NAMES], np.float64)
    estimator, validation = fitted(elman.Regressor(**QUICK), NAMES, y)
    page = page_of(estimator, validation)
    rows = page.table("input")
    assert len(rows) == min(12, len(validation))
    for name, *cells in rows:
        values = np.array(cells, np.float64).reshape(outputs, 3)
        np.testing.assert_allclose(values[:, 0], y[NAMES.index(name)], rtol=1e-3)
        np.testing.assert_allclose(values[:, 1], np.ravel(estimator.predict([name])), rtol=1e-2)
        np.testing.assert_allclose(values[:, 2], values[:, 1] - values[:, 0], atol=0.011)
    assert len([one for one in page.captions if "against truth." in one]) == outputs


def test_several_outputs_in_step_and_targets_that_are_all_missing() -> None:
    estimator, validation = fitted(elman.Regressor(**QUICK, per="step"), SERIES, [one[:, ::-1] for one in SERIES])
    captions = page_of(estimator, validation).captions
    assert sum(one.startswith("Truth and prediction") for one in captions) == 2
    assert sum("against truth." in one for one in captions) == 2
    for one in validation.targets:
        one[:] = math.nan
    assert "None of them has a target" in Page(training_report(estimator, validation).html()).words


def test_translations_with_their_errors() -> None:
    targets = [" ".join(name.upper()) for name in NAMES]
    estimator, validation = fitted(elman.Translator(**{**QUICK, "epochs": 30, "learning_rate": 0.03}), NAMES, targets)
    page = page_of(estimator, validation)
    rows = page.table("errors source expected predicted")
    assert len(rows) == min(12, len(validation))
    for mark, source, expected, predicted in rows:
        assert expected == " ".join(source.upper())
        assert predicted == estimator.predict([source])[0]
        if mark == "✓":
            assert predicted == expected
        else:
            length = len(expected.split())
            wrong = int(mark.removeprefix("✗ ").split()[0])
            assert mark.endswith(f" / {length}")
            assert abs(length - len(predicted.split())) <= wrong <= max(length, len(predicted.split()))


def test_predictions_are_limited(monkeypatch, classifier) -> None:
    estimator, validation = classifier
    monkeypatch.setattr(classify, "SEQUENCES", 5)
    page = page_of(estimator, validation)
    assert f"The validation data has {len(validation)} sequences, of which 5 are predicted here." in page.words
    monkeypatch.setattr(rows, "STEPS", 1)
    report = Report("t")
    add_samples(report, estimator, validation)
    assert "of which 1 are predicted here" in report.html()


def test_long_texts_are_cut() -> None:
    texts = [name * 30 for name in NAMES]
    estimator, validation = fitted(elman.Classifier(**{**QUICK, "epochs": 1}), texts, LABELS)
    cells = [row[1] for row in page_of(estimator, validation).table(" input")]
    assert {len(cell) for cell in cells} == {160}
    assert all(cell.endswith("…") for cell in cells)


def test_sentences_with_their_spans_and_what_is_right_of_them() -> None:
    X = [["to", "Rome", "&"], ["New", "York"], [], ["to", "Oslo", "on", "monday"]] * 6
    y = [["O", "B-city", "O"], ["B-city", "I-city"], [], ["O", "B-city", "O", "B-<day>"]] * 6
    X, y = (
        [[*one, *([more(k)] if one else [])] for k, one in enumerate(part)]
        for part, more in ((X, str), (y, "O".format))
    )
    estimator, validation = fitted(elman.Tagger(**QUICK | {"epochs": 12, "learning_rate": 0.02}), X, y)
    page = page_of(estimator, validation)
    truth = [estimator.codecs_["output"].decode(one) for one in validation.targets]
    found = [estimator.codecs_["output"].decode(one) for one in estimator.numbers(validation.inputs)]
    pairs = [(a, b) for one, other in zip(truth, found, strict=True) for a, b in zip(one, other, strict=True)]
    right, whole = sum(a == b for a, b in pairs), sum(a == b for a, b in zip(truth, found, strict=True))
    said = f"{right} of {len(pairs)} tags are predicted right, {right / len(pairs):.1%}; all of them in {whole} of"
    assert said in " ".join(page.words.split())
    kinds, sentences = (next(table for table in page.tables if name in table[0]) for name in ("kind", "sentence"))
    there = {kind: sum(tag == f"B-{kind}" for one in truth for tag in one) for kind in ("city", "<day>")}
    said = {kind: sum(tag == f"B-{kind}" for one in found for tag in one) for kind in ("city", "<day>")}
    assert {row[0]: [int(row[1]), int(row[2])] for row in kinds[1:]} == {
        kind: [there[kind], said[kind]] for kind in there if there[kind] + said[kind]
    }
    assert len(sentences) > 1
    marked = sum("New Yorkcity" in row[1] for row in sentences[1:])
    assert marked or not any(one == ["B-city", "I-city"] for one in truth)
    estimator.codecs_["output"].scheme = "plain"
    assert "the most frequent mistakes" in page_of(estimator, validation).words.lower() or right == len(pairs)


def test_states_over_time() -> None:
    states = [(x[:, 0] > 0).astype(int).tolist() for x in SERIES]
    estimator, validation = fitted(elman.Tagger(**QUICK), SERIES, states)
    page = page_of(estimator, validation)
    (caption,) = (one for one in page.captions if one.startswith("Tags over time."))
    assert caption.endswith("The tags: 1 0, 2 1.")
    assert page.tables[0][0][1:3] == ["0", "1"]  # the confusion matrix
