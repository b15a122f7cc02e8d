"""The regressor: per step and per sequence, missing values, windows, validation by time; and that memory is learned."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

import elman
from elman.tasks.regressor import as_targets

QUICK: dict[str, Any] = {"hidden_size": 6, "epochs": 2, "batch_size": 4, "num_threads": 1, "verbose": 0}
generator = np.random.default_rng(0)
SIZES = (3, 1, 7, 4, 4, 5, 2, 6, 8, 1, 3, 5)
VECTORS = [generator.normal(size=(T, 2)) for T in SIZES]
NAN = np.nan


def values(sequences: list[np.ndarray], outputs: int) -> list[np.ndarray]:
    return [np.stack([x.sum(1), x[:, 0] * 100, x[:, 1] - 7], 1)[:, :outputs] for x in sequences]


@pytest.mark.parametrize("outputs", [1, 3])
def test_shapes_per_step(outputs: int) -> None:
    one = elman.Regressor(**QUICK).fit(VECTORS, values(VECTORS, outputs))
    for found, x in zip(one.predict(VECTORS), VECTORS, strict=True):
        assert found.shape == ((len(x),) if outputs == 1 else (len(x), outputs))
    block = one.predict(np.zeros((4, 5, 2)))
    assert isinstance(block, np.ndarray)
    assert block.shape == ((4, 5) if outputs == 1 else (4, 5, outputs))
    ragged = np.empty(2, object)
    ragged[:] = VECTORS[:2]
    assert [len(found) for found in one.predict(ragged)] == [3, 1]


@pytest.mark.parametrize("outputs", [1, 3])
def test_shapes_per_sequence(outputs: int) -> None:
    y = np.array([x.mean(0) for x in values(VECTORS, outputs)])
    one = elman.Regressor(**QUICK).fit(VECTORS, y[:, 0] if outputs == 1 else y)
    assert one.predict(VECTORS).shape == ((12,) if outputs == 1 else (12, 3))


def test_predictions_are_in_the_units_of_the_targets() -> None:
    """Before anything is learned, of the size of what was to be learned, whatever that is."""
    y = [1000 + x.sum(1) for x in VECTORS]
    found = np.concatenate(elman.Regressor(**QUICK).fit(VECTORS, y).predict(VECTORS))
    assert (abs(found - 1000) < 10).all()


def test_metrics_are_over_the_values_that_are_there() -> None:
    generator = np.random.default_rng(1)
    y = values(VECTORS, 3)
    one = elman.Regressor(**QUICK).fit(VECTORS, y)
    for target in y:
        target[generator.random(target.shape) < 0.4] = NAN
    truth, found = np.concatenate(y), np.concatenate(one.predict(VECTORS))
    there = [~np.isnan(truth[:, o]) for o in range(3)]
    pairs = [(truth[there[o], o], found[there[o], o]) for o in range(3)]
    measured = one.evaluate(VECTORS, y)
    for o, pair in enumerate(pairs, start=1):
        assert measured.pop(f"r2_{o}") == pytest.approx(r2_score(*pair))
        assert measured.pop(f"mae_{o}") == pytest.approx(mean_absolute_error(*pair))
        assert measured.pop(f"rmse_{o}") == pytest.approx(np.sqrt(mean_squared_error(*pair)))
    assert measured == {
        "r2": pytest.approx(np.mean([r2_score(*pair) for pair in pairs])),
        "mae": pytest.approx(np.mean([mean_absolute_error(*pair) for pair in pairs])),
        "rmse": pytest.approx(np.sqrt(np.mean([mean_squared_error(*pair) for pair in pairs]))),
    }
    assert one.score(VECTORS, y) == one.evaluate(VECTORS, y)["r2"]
    y = values(VECTORS, 3)
    assert one.score(VECTORS, y) == pytest.approx(r2_score(np.concatenate(y), found))
    with pytest.raises(elman.InputError, match="y has 2 values at a time, but this model was trained on 3"):
        one.evaluate(VECTORS, values(VECTORS, 2))
    with pytest.raises(elman.InputError, match="y has 1 values that are not missing, expected at least 2"):
        one.evaluate(VECTORS[1:2], [target[:1] for target in y[1:2]])


def test_missing_targets_are_never_scored() -> None:
    """Loss and gradients by hand: the mean of squared errors over what is there, nothing from the rest or padding."""
    generator = np.random.default_rng(1)
    y = values(VECTORS, 2)
    for target in y:
        target[generator.random(target.shape) < 0.4] = NAN
    one = elman.Regressor(**QUICK, validation_fraction=0).fit(VECTORS, y)
    coded, _ = one.prepared(VECTORS, y)
    batch = coded.examples(torch.device("cpu")).collate(np.arange(len(coded)))
    one.model_.zero_grad()
    found = one.loss(one.model_, batch)
    total, count = found.total, found.count
    (total / count).backward()  # type: ignore[no-untyped-call]
    gradients = [p.grad.clone() for p in one.model_.parameters()]  # type: ignore[union-attr]

    one.model_.zero_grad()
    codec = one.codecs_["output"]
    by_hand, there = torch.zeros(()), 0
    for x, target in zip(coded.inputs, y, strict=True):
        if np.isnan(target).all():
            continue
        found, _ = one.model_(torch.from_numpy(x).unsqueeze(0), torch.tensor([len(x)]))
        for t, o in np.argwhere(~np.isnan(target)):
            by_hand = by_hand + (found[0, t, o] - (target[t, o] - codec.mean[o]) / codec.std[o]) ** 2
            there += 1
    (by_hand / there).backward()  # type: ignore[no-untyped-call]
    assert count == there
    assert total.item() == pytest.approx(by_hand.item(), rel=1e-4)
    for found, parameter in zip(gradients, one.model_.parameters(), strict=True):
        assert parameter.grad is not None
        torch.testing.assert_close(found, parameter.grad, rtol=1e-3, atol=1e-6)


def test_missing_inputs_are_marked() -> None:
    generator = np.random.default_rng(1)
    gaps = [np.where(generator.random(x.shape) < [0.3, 0], NAN, x) for x in VECTORS]
    one = elman.Regressor(**QUICK).fit(gaps, [x.sum(1) for x in VECTORS])
    assert one.model_config_["input_size"] == 3  # only the first feature had gaps
    assert all(np.isfinite(found).all() for found in one.predict(gaps))
    mean = one.codecs_["input"].mean[0]
    gap, filled = (one.predict([np.array([[value, 1.0]])])[0][0] for value in (NAN, mean))
    assert gap != filled


def test_few_sequences_are_validated_on_their_end() -> None:
    generator = np.random.default_rng(1)
    X = [generator.normal(size=(T, 2)) for T in (20, 3, 10, 1)]
    y = [x.sum(1) for x in X]
    y[2][8:] = NAN  # its end is that of its targets
    one = elman.Regressor(validation_fraction=0.2)
    training, validation = one.prepared(X, y)
    assert validation is not None
    assert [len(x) for x in training.inputs] == [16, 2, 6, 1]
    assert [len(x) for x in validation.inputs] == [20, 3, 10, 1]
    scored = [np.flatnonzero(~np.isnan(target[:, 0])).tolist() for target in validation.targets]
    assert scored == [[16, 17, 18, 19], [2], [6, 7], []]
    assert one.codecs_["input"].mean == pytest.approx(np.concatenate([X[0][:16], X[1][:2], X[2][:6], X[3]]).mean(0))
    many, aside = one.prepared(X * 3, y * 3)
    assert aside is not None
    assert {len(x) for x in [*many.inputs, *aside.inputs]} == {20, 3, 10, 1}


def test_a_sequence_without_any_target_is_left_out() -> None:
    y = [x.sum(1) for x in VECTORS]
    y[3][:] = NAN
    training, validation = elman.Regressor().prepared(VECTORS, y)
    assert len(training) + len(validation or []) == 11
    with pytest.raises(elman.InputError, match="y has no value that is not missing"):
        elman.Regressor().prepared(VECTORS, [np.full(len(x), NAN) for x in VECTORS])


@pytest.mark.parametrize(
    ("y", "per", "message"),
    [
        ([[1.0, 2.0], [1.0]], None, r"y\[0\] has shape \(2,\), but X\[0\] has 3 steps"),
        ([1.0, 2.0], "step", r"y\[0\] has shape \(\), but X\[0\] has 3 steps: expected one target for each step"),
        ([[1.0] * 3, [1.0] * 2], "sequence", r"expected one target for each step, or one number"),
        ([1.0, NAN], None, r"y\[1\] is missing: leave its sequence out"),
        ([np.ones((3, 2)), np.ones((2, 3))], None, r"y\[1\] has 3 values for each step, but those before it have 2"),
        ([["a"], 1.0], None, r"y cannot be read as numbers"),
    ],
)
def test_targets_that_do_not_fit_are_refused(y: Any, per: str | None, message: str) -> None:
    with pytest.raises(elman.InputError, match=message) as refused:
        as_targets([np.zeros((3, 1)), np.zeros((2, 1))], y, per)
    assert "\n" not in str(refused.value)


def test_a_text_has_one_target() -> None:
    texts, y = ["ab", "cd", "ef"], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]  # as many numbers as letters
    targets, in_step = as_targets(texts, y, None)
    assert (len(targets), in_step) == (3, False)
    with pytest.raises(elman.InputError, match="per is 'step', but X holds texts"):
        as_targets(texts, y, "step")


@pytest.mark.parametrize("cell", ["lstm", "elman"])
def test_it_learns_a_sum_with_a_delay(cell: str) -> None:
    generator = np.random.default_rng(1)
    X = [generator.normal(size=(generator.integers(10, 30), 1)) for _ in range(80)]
    y = [x[:, 0] + np.concatenate([[0, 0], x[:-2, 0]]) for x in X]
    options: dict[str, Any] = {"hidden_size": 24, "epochs": 50, "batch_size": 8, "learning_rate": 0.01}
    one = elman.Regressor(cell=cell, num_threads=1, verbose=0, **options).fit(X[:60], y[:60])
    assert one.score(X[60:], y[60:]) > 0.95


def test_it_learns_the_mean_of_a_sequence() -> None:
    generator = np.random.default_rng(1)
    X = [generator.normal(size=(generator.integers(3, 9), 2)) for _ in range(150)]
    y = np.array([[x[:, 0].mean(), 50 * x[0, 1]] for x in X])
    options: dict[str, Any] = {"hidden_size": 16, "epochs": 40, "batch_size": 8, "learning_rate": 0.01}
    one = elman.Regressor(pooling="mean", num_threads=1, verbose=0, **options).fit(X[:120], y[:120])
    assert one.score(X[120:], y[120:]) > 0.9


def test_a_long_sequence_is_learned_in_pieces() -> None:
    generator = np.random.default_rng(1)
    x = generator.normal(size=(600, 1))
    y = x[:, 0] + np.concatenate([[0, 0], x[:-2, 0]])
    options: dict[str, Any] = {"hidden_size": 16, "epochs": 40, "batch_size": 4, "learning_rate": 0.01, "window": 25}
    one = elman.Regressor(cell="elman", num_threads=1, verbose=0, **options).fit([x[:500]], [y[:500]])
    assert one.score([x[500:]], [y[500:]]) > 0.95


def test_attention_finds_the_step_that_matters() -> None:
    """The target is the second channel at the one step where the first is 1: neither the last state nor a mean."""
    generator = np.random.default_rng(3)
    X = [np.column_stack([np.zeros(T), generator.normal(size=T)]) for T in generator.integers(4, 12, 200)]
    places = [int(generator.integers(len(x))) for x in X]
    for x, place in zip(X, places, strict=True):
        x[place, 0] = 1.0
    y = [x[place, 1] for x, place in zip(X, places, strict=True)]
    options = {"hidden_size": 8, "epochs": 30, "batch_size": 16, "learning_rate": 0.02, "num_threads": 1, "verbose": 0}
    one = elman.Regressor(cell="elman", pooling="attention", **options).fit(X[:160], y[:160])
    assert one.score(X[160:], y[160:]) > 0.8
