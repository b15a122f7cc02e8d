"""The classifier: classes keep their types, metrics are scikit-learn's, and what only memory can tell is learned."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score, log_loss, recall_score

import elman
from elman.codecs.padding import pad

QUICK: dict[str, Any] = {"hidden_size": 6, "epochs": 2, "batch_size": 4, "num_threads": 1, "verbose": 0}
LEARN: dict[str, Any] = {"hidden_size": 24, "dropout": 0, "batch_size": 16, "learning_rate": 0.01, "num_threads": 1}
generator = np.random.default_rng(0)
TEXTS = ["".join(generator.choice(list("abc"), T)) for T in (3, 1, 7, 4, 4, 5, 2, 6, 8, 1, 3, 5)]


@pytest.mark.parametrize(
    "names",
    [["x", "y", "zz"], [3, -1, 10], [0.5, 2.0, -3.25], [False, True], list(np.arange(3)), list(np.array(["é", "b"]))],
    ids=lambda names: type(names[0]).__name__,
)
def test_classes_keep_their_types(names: list[Any]) -> None:
    labels = [names[k % len(names)] for k in range(12)]
    one = elman.Classifier(**QUICK).fit(TEXTS, labels)
    np.testing.assert_array_equal(one.classes_, np.unique(labels))
    assert one.classes_.dtype == np.unique(labels).dtype
    predicted = one.predict(TEXTS)
    assert predicted.shape == (12,)
    assert predicted.dtype == one.classes_.dtype
    probabilities = one.predict_proba(TEXTS)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-6)
    np.testing.assert_array_equal(predicted, np.unique(labels)[probabilities.argmax(1)])


def test_metrics_are_scikit_learns() -> None:
    labels = [text[-1] for text in TEXTS]
    one = elman.Classifier(**QUICK).fit(TEXTS, labels)
    predicted, probabilities = one.predict(TEXTS), one.predict_proba(TEXTS).astype(np.float64)
    assert one.score(TEXTS, labels) == accuracy_score(labels, predicted)
    assert one.evaluate(TEXTS, labels) == {
        "accuracy": accuracy_score(labels, predicted),
        "macro_f1": pytest.approx(f1_score(labels, predicted, average="macro")),
        "log_loss": pytest.approx(log_loss(labels, probabilities / probabilities.sum(1, keepdims=True))),
    }


def test_a_label_never_seen_counts_as_wrong() -> None:
    """As in scikit-learn; only the log loss, which would be infinite, is over the others."""
    labels = [text[-1] for text in TEXTS]
    one = elman.Classifier(**QUICK).fit(TEXTS, labels)
    truth = ["q", "r", "q", *labels[3:]]
    with pytest.warns(elman.DataWarning, match=r"^3 of 12 sequences have a label not seen in training \('q', 'r'\): "):
        found = one.evaluate(TEXTS, truth)
    predicted, shares = one.predict(TEXTS), one.predict_proba(TEXTS)[3:].astype(np.float64)
    assert found == {
        "accuracy": accuracy_score(truth, predicted),
        "macro_f1": pytest.approx(f1_score(truth, predicted, average="macro", labels=sorted(set(truth)))),
        "log_loss": pytest.approx(log_loss(labels[3:], shares / shares.sum(1, keepdims=True))),
    }


def test_evaluation_says_what_does_not_fit() -> None:
    one = elman.Classifier(**QUICK).fit(TEXTS, [text[-1] for text in TEXTS])
    with pytest.raises(elman.InputError, match="label 'q' is none of the classes 'a', 'b', 'c'"):
        one.evaluate(["abc"], ["q"])  # not one of them is known: it is the wrong column
    for measure in (one.evaluate, one.score):
        with pytest.raises(elman.InputError, match="X has 2 sequences and y 1 labels"):
            measure(["abc", "b"], ["a"])
    with pytest.raises(elman.InputError, match="X has 0 sequences and y 0 labels"):
        one.evaluate([], [])


def test_predictions_do_not_depend_on_the_batch() -> None:
    one = elman.Classifier(**QUICK).fit(TEXTS, [text[-1] for text in TEXTS])
    together = one.predict_proba(TEXTS)
    alone = np.concatenate([one.predict_proba([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_the_history_tells_the_validation_accuracy_of_the_kept_model() -> None:
    """Half of the rows are set aside, texts that are equal on one side; their accuracy is the best epoch's."""
    texts = [text * k for text in ("a", "b", "ab", "ba", "aab") for k in (1, 2, 3)] * 2
    labels = [text[0] for text in texts]
    one = elman.Classifier(**{**QUICK, "epochs": 8, "learning_rate": 0.02}, validation_fraction=0.5)
    training, validation = one.prepared(texts, labels)
    assert validation is not None
    sides = [{tuple(x) for x in side.inputs} for side in (training, validation)]
    assert not sides[0] & sides[1]
    one.fit(texts, labels)
    predicted = one.scores(validation.inputs).argmax(1)
    best = one.history_.best
    assert best is not None
    assert one.history_.watched == "accuracy"
    assert best.metric == accuracy_score([int(target) for target in validation.targets], predicted)


@pytest.mark.parametrize("cell", ["lstm", "elman"])
def test_it_learns_to_recall_the_first_symbol(cell: str) -> None:
    generator = np.random.default_rng(1)
    texts = ["".join(generator.choice(list("abcd"), generator.integers(3, 12))) for _ in range(500)]
    labels = [text[0] for text in texts]
    one = elman.Classifier(cell=cell, bidirectional=False, epochs=30, verbose=0, **LEARN).fit(texts[:300], labels[:300])
    assert one.score(texts[300:], labels[300:]) > 0.95


def test_it_learns_parity_of_vectors() -> None:
    generator = np.random.default_rng(1)
    bits = [generator.integers(0, 2, generator.integers(2, 9)) for _ in range(400)]
    parity = [bool(one.sum() % 2) for one in bits]
    one = elman.Classifier(bidirectional=False, epochs=60, verbose=0, **LEARN).fit(bits[:300], parity[:300])
    assert one.score(bits[300:], parity[300:]) > 0.95


WEIGHTS = {"a": 0.5, "b": 3.0, "c": 1.25}
BALANCED = {label: 12 / (3 * sum(text[-1] == label for text in TEXTS)) for label in "abc"}  # n / (k n_c)


@pytest.mark.parametrize("batches", [{"batch_size": 12}, {"batch_size": 4, "accumulate": 3}, {"batch_size": 5}])
@pytest.mark.parametrize("given", [WEIGHTS, "balanced"], ids=["given", "balanced"])
def test_the_loss_is_the_weighted_mean_however_sequences_fell_into_batches(given: Any, batches: dict[str, int]) -> None:
    """sum_i w_i l_i / sum_i w_i with the smoothed cross-entropy l_i, and its gradient's norm, by plain formulas."""
    labels = [text[-1] for text in TEXTS]
    still: dict[str, Any] = {"dropout": 0, "symbol_dropout": 0, "average": 0, "learning_rate": 1e-30, "clip": 0}
    options = {**QUICK, **still, **batches, "epochs": 1, "validation_fraction": 0, "label_smoothing": 0.3}
    one = elman.Classifier(**options, class_weight=given).fit(TEXTS, labels)
    weights = WEIGHTS if given == WEIGHTS else BALANCED
    assert one.class_weight_ == pytest.approx([weights[label] for label in one.classes_], rel=1e-12)

    inputs, lengths = pad([one.codecs_["input"].encode(text) for text in TEXTS])
    shares = one.model_(inputs, lengths).log_softmax(1)
    classes = torch.tensor([list("abc").index(label) for label in labels])
    losses = -0.7 * shares[torch.arange(12), classes] - 0.3 * shares.mean(1)
    w = torch.tensor([weights[label] for label in labels])
    mean = (w * losses).sum() / w.sum()
    assert one.history_.epochs[0].training_loss == pytest.approx(mean.item(), rel=1e-6)
    if batches["batch_size"] * batches.get("accumulate", 1) == 12:  # one step
        mean.backward()
        norm = torch.cat([p.grad.flatten() for p in one.model_.parameters() if p.grad is not None]).norm().item()
        assert one.history_.epochs[0].gradient_norm == pytest.approx(norm, rel=1e-5)


def test_balanced_classes_are_found_though_one_is_rare() -> None:
    generator = np.random.default_rng(2)
    texts = ["".join(generator.choice(list("xy"), 6)) for _ in range(300)]
    labels = ["rare" if text.startswith("xy") and generator.random() < 0.3 else "common" for text in texts]
    options = {**LEARN, "epochs": 12, "verbose": 0, "hidden_size": 12}
    recalls = {}
    for weight in (None, "balanced"):
        one = elman.Classifier(**options, class_weight=weight).fit(texts, labels)
        assert one.history_.watched == ("accuracy" if weight is None else "weighted accuracy")
        recalls[weight] = recall_score(labels, one.predict(texts), pos_label="rare")
    assert recalls[None] < 0.1
    assert recalls["balanced"] > 0.9


def test_class_weights_come_back_from_a_file(tmp_path: Path) -> None:
    options = {**QUICK, "class_weight": {np.int64(3): np.float64(2.0), -1: 4, 10: 0.5}}
    one = elman.Classifier(**options).fit(TEXTS, [(3, -1, 10)[k % 3] for k in range(12)])
    assert one.class_weight_ is not None
    assert one.class_weight_.tolist() == [4.0, 2.0, 0.5]
    one.save(tmp_path / "m.safetensors")
    loaded = elman.load(tmp_path / "m.safetensors")
    assert loaded.partial_fit(TEXTS[:3], [3, -1, 10]).class_weight_.tolist() == [4.0, 2.0, 0.5]


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ("even", "class_weight is 'even', expected 'balanced' or a weight for each label, {label: weight}"),
        ({"a": 0}, "class_weight of 'a' is 0, expected a finite number above 0"),
        ({"a": float("inf")}, "class_weight of 'a' is inf, expected a finite number above 0"),
        ({"a": 1, "q": 2}, "class_weight: label 'q' is none of the classes 'a', 'b', 'c'"),
    ],
)
def test_a_weight_that_cannot_be_is_refused(weight: Any, message: str) -> None:
    with pytest.raises(elman.InputError, match=re.escape(message)):
        elman.Classifier(**QUICK, class_weight=weight).fit(TEXTS, [text[-1] for text in TEXTS])


def test_balancing_needs_all_data_at_once() -> None:
    with pytest.raises(elman.InputError, match="class_weight is 'balanced', which needs all data at once"):
        elman.Classifier(**QUICK, class_weight="balanced").partial_fit(TEXTS, [text[-1] for text in TEXTS])
