"""Learning part by part: equal to one pass over the whole, with state, optimiser and average going on."""

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError

import elman
from elman.errors import InputError

OPTIONS: dict[str, Any] = {"hidden_size": 5, "num_threads": 1, "verbose": 0, "dropout": 0.0}
generator = np.random.default_rng(0)
SERIES = [generator.normal(size=(240, 2)) for _ in range(3)]
TARGETS = [x[:, 0] + np.concatenate([[0.0], x[:-1, 1]]) for x in SERIES]


def weights(estimator: Any) -> list[np.ndarray]:
    return [one.detach().numpy().copy() for one in estimator.model_.state_dict().values()]


def part(begin: int, end: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    return [x[begin:end] for x in SERIES], [y[begin:end] for y in TARGETS]


def test_parts_that_go_on_are_one_pass_over_the_whole() -> None:
    """A window is a step, so six parts of two windows are one part of twelve, to the bit."""
    options = {**OPTIONS, "per": "step", "window": 20, "cell": "lstm"}
    whole = elman.Regressor(**options).partial_fit(*part(0, 240))
    # equal codecs: both learn them from the whole, in a part that changes nothing, since its rate is tiny
    first = elman.Regressor(**options, learning_rate=1e-30).partial_fit(*part(0, 240))
    parts = pickle.loads(pickle.dumps(first)).set_params(learning_rate=whole.learning_rate)
    parts.continuation_.optimizer = {}
    for begin in range(0, 240, 40):
        parts.partial_fit(*part(begin, begin + 40), goes_on=begin > 0)
    assert len(parts.history_.epochs) == 7
    for found, expected in zip(weights(parts), weights(whole), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert parts.continuation_.state["h"].shape == (3, 1, 5)

    anew = pickle.loads(pickle.dumps(first)).set_params(learning_rate=whole.learning_rate)
    anew.continuation_.optimizer = {}
    for begin in range(0, 240, 40):
        anew.partial_fit(*part(begin, begin + 40))
    assert any((found != expected).any() for found, expected in zip(weights(anew), weights(whole), strict=True))


def test_it_learns_as_data_arrives() -> None:
    regressor = elman.Regressor(**OPTIONS, learning_rate=0.02, window=16)
    for epoch in range(12):
        for begin in range(0, 240, 40):
            regressor.partial_fit(*part(begin, begin + 40), goes_on=epoch + begin > 0 and begin > 0)
    assert regressor.score(SERIES, TARGETS) > 0.9


def test_classes_that_come_later_are_named_at_first() -> None:
    names, labels = ["anna", "otto", "ida", "max"] * 5, ["f", "m", "f", "m"] * 5
    late = elman.Classifier(**OPTIONS).partial_fit(names, labels, classes=["f", "m", "x"])
    assert late.classes_.tolist() == ["f", "m", "x"]
    late.partial_fit(["kim"], ["x"])
    assert late.predict_proba(["kim"]).shape == (1, 3)
    soon = elman.Classifier(**OPTIONS).partial_fit(names, labels)
    with pytest.raises(InputError, match="'x'"):
        soon.partial_fit(["kim"], ["x"])


def test_the_average_is_kept_and_the_weights_go_on() -> None:
    classifier = elman.Classifier(**OPTIONS, average=0.9)
    for _ in range(3):
        classifier.partial_fit(["ab", "ba", "aa", "bb"] * 4, ["x", "y", "x", "y"] * 4)
    raw = classifier.continuation_.weights
    for name, averaged in classifier.model_.state_dict().items():
        assert not torch.equal(averaged, raw[name])
    assert int(classifier.continuation_.average["steps"]) == 3 * 2


def test_what_cannot_go_on_is_refused() -> None:
    regressor = elman.Regressor(**OPTIONS)
    with pytest.raises(InputError, match="goes_on is True, but there is no state to go on from"):
        regressor.partial_fit(*part(0, 40), goes_on=True)
    regressor.partial_fit(*part(0, 40))
    with pytest.raises(InputError, match="X has 1 sequences, but the last partial_fit had 3: give the next piece"):
        regressor.partial_fit(SERIES[:1], TARGETS[:1], goes_on=True)
    translator = elman.Translator(**OPTIONS).partial_fit(["ab", "b"], ["AB", "B"])
    with pytest.raises(InputError, match="goes_on is True"):
        translator.partial_fit(["ab"], ["AB"], goes_on=True)


def test_fit_begins_anew_and_parts_go_on_from_it() -> None:
    X, y = part(0, 60)
    one = elman.Regressor(**OPTIONS, epochs=2, window=0, per="step").partial_fit(X, y).fit(X, y)
    fitted = weights(one)
    one.set_params(learning_rate=1e-30).partial_fit(X, y)
    for found, expected in zip(weights(one), fitted, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12)
    wider = [np.concatenate([x, x], 1) for x in X]
    one.fit(wider, y).partial_fit(wider, y)
    assert one.predict(wider)[0].shape == (60,)


def test_a_training_that_failed_leaves_no_model() -> None:
    X, y = part(0, 60)
    one = elman.Regressor(**OPTIONS, epochs=2).fit(X, y)
    with pytest.raises(InputError, match="training stopped"):
        one.set_params(learning_rate=1e30, optimizer="sgd", cell="elman_relu", clip=0.0, warm_up=0.0).fit(X, y)
    with pytest.raises(NotFittedError):
        one.predict(X)
    first = elman.Regressor().set_params(**one.get_params()).set_params(max_skipped=1, window=8)
    with pytest.raises(InputError, match="training stopped"):
        first.partial_fit(X, y)
    assert not hasattr(first, "model_")


@pytest.mark.parametrize(
    ("name", "value"), [("hidden_size", 9), ("optimizer", "sgd"), ("average", 0.5), ("checkpoints", "folder")]
)
def test_what_may_not_change_between_parts_is_refused(name: str, value: Any) -> None:
    one = elman.Regressor(**OPTIONS).partial_fit(*part(0, 40)).set_params(**{name: value})
    with pytest.raises(InputError, match="checkpoints are for fit" if name == "checkpoints" else f"{name} is "):
        one.partial_fit(*part(40, 80))


def test_lanes_are_not_shorter_than_a_window() -> None:
    one = elman.Regressor(**OPTIONS, window=64, epochs=1)
    for steps, lanes in ((240, 4), (130, 2), (65, 2), (5000, 8)):
        X = [generator.normal(size=(steps, 1))]
        coded, _ = elman.Regressor(**OPTIONS, validation_fraction=0, per="step").prepared(X, [X[0][:, 0]])
        assert one.settings(coded).batch_size == lanes
