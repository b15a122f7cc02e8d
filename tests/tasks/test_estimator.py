"""What all estimators share: scikit-learn's protocol, equal trainings, and that nothing is left behind."""

import pickle
from contextlib import nullcontext
from pathlib import PurePath
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score

import elman
from elman.codecs import Sound
from elman.equations import Parameter

QUICK: dict[str, Any] = {"hidden_size": 6, "epochs": 2, "batch_size": 4, "num_threads": 1, "verbose": 0}
generator = np.random.default_rng(0)
TEXTS = ["".join(generator.choice(list("abc"), T)) for T in (3, 1, 7, 4, 4, 5, 2, 6, 8, 1, 3, 5, 9, 2, 6, 4)]
RAGGED = [generator.normal(size=(T, 2)) for T in (3, 1, 7, 4, 4, 5, 2, 6, 8, 1, 3, 5, 9, 2, 6, 4)]
BLOCK = generator.normal(size=(16, 5, 2))
LABELS = [["no", "yes"][k % 2] for k in range(16)]
TARGETS = [text[::-1].upper() for text in TEXTS]
WORDS = [list(text) for text in TEXTS]
IMAGES = generator.integers(256, size=(16, 64, 64, 3), dtype=np.uint8)

SOUNDS = [
    Sound(PurePath(f"{k}.wav"), generator.normal(size=(6 * len(text), 40)).astype(np.float32), 8000)
    for k, text in enumerate(TEXTS)
]
JOBS: dict[str, tuple[Any, Any, Any]] = {
    "classify texts": (elman.Classifier, TEXTS, LABELS),
    "classify sequences": (elman.Classifier, RAGGED, LABELS),
    "classify a block": (elman.Classifier, BLOCK, LABELS),
    "regress texts": (elman.Regressor, TEXTS, [float(len(text)) for text in TEXTS]),
    "regress sequences": (elman.Regressor, RAGGED, [x.sum(0) for x in RAGGED]),
    "regress each step": (elman.Regressor, RAGGED, [x[:, 0].cumsum() for x in RAGGED]),
    "regress a block": (elman.Regressor, BLOCK, BLOCK.cumsum(1)),
    "tag words": (elman.Tagger, WORDS, [[["O", "B-a"][word == "a"] for word in words] for words in WORDS]),
    "tag sequences": (elman.Tagger, RAGGED, [(x[:, 0] > 0).astype(int).tolist() for x in RAGGED]),
    "transcribe": (elman.Transcriber, SOUNDS, TARGETS),
    "translate": (elman.Translator, TEXTS, TARGETS),
    "caption": (elman.Captioner, IMAGES, TARGETS),
    "classify images": (elman.Classifier, IMAGES, LABELS),
}
EVERY_JOB = pytest.mark.parametrize("job", JOBS)


@elman.cell(gates="z", state="h", params={"a": Parameter(0.5, (0.0, 1.0))}, constants={"k": 0.75})
def halfway(z: Any, h_prev: Any, a: Any, k: Any) -> Any:
    return k * (a * h_prev + (1 - a) * elman.tanh(z))


def fitted(job: str, **options: Any) -> Any:
    kind, X, y = JOBS[job]
    return kind(**{**QUICK, **options}).fit(X, y)


def results(estimator: Any, X: Any) -> list[np.ndarray]:
    """All that it says about X."""
    if isinstance(estimator, elman.Classifier):
        return [estimator.predict_proba(X), estimator.predict(X)]
    if isinstance(estimator, elman.Captioner | elman.Translator):
        found = estimator.hypotheses(X, attention=True)
        return [np.array([[one.text, one.score] for one in several]) for several in found] + [
            several[0].attention for several in found
        ]
    return [np.asarray(one) for one in estimator.predict(X)]


def assert_same_bits(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", [elman.Classifier, elman.Regressor, elman.Translator])
def test_parameters_follow_the_protocol(kind: Any) -> None:
    one = kind(hidden_size=12, cell=halfway)
    assert repr(one).replace("\n", "").replace(" ", "") == (
        f"{kind.__name__}(cell=<cellhalfway:gatesz;stateh>,hidden_size=12)"
    )
    assert one.set_params(epochs=3, dropout=0.1) is one
    copy = clone(one)
    assert copy is not one
    assert copy.get_params() == one.get_params()
    assert (copy.epochs, copy.dropout, copy.cell) == (3, 0.1, halfway)
    with pytest.raises(ValueError, match="Invalid parameter 'hidden'"):
        one.set_params(hidden=3)
    with pytest.raises(TypeError, match="units"):
        kind(units=3)
    assert (is_classifier(one), is_regressor(one)) == (kind is elman.Classifier, kind is elman.Regressor)


@EVERY_JOB
def test_a_pickle_predicts_the_same_bits(job: str) -> None:
    kind, X, _ = JOBS[job]
    one = fitted(job, cell=halfway)
    assert pickle.loads(pickle.dumps(kind(cell=halfway))).get_params() == kind(cell=halfway).get_params()
    assert_same_bits(results(pickle.loads(pickle.dumps(one)), X), results(one, X))


@EVERY_JOB
def test_fit_changes_no_parameter_and_keeps_nothing_of_an_earlier_fit(job: str) -> None:
    kind, X, y = JOBS[job]
    fresh = kind(**QUICK)
    before = fresh.get_params()
    fresh.fit(X[4:], y[4:])
    assert fresh.get_params() == before
    another = fitted(job).fit(X[4:], y[4:])
    assert_same_bits(results(another, X), results(fresh, X))
    assert another.history_.to_config() == fresh.history_.to_config()


@EVERY_JOB
def test_an_estimator_is_fit_for_cross_validation(job: str) -> None:
    kind, X, y = JOBS[job]
    scores = cross_val_score(kind(**QUICK), X, y, cv=2, error_score="raise")
    assert np.isfinite(scores).all()
    half = kind(**QUICK)
    first, second = np.arange(8), np.arange(8, 16)
    if kind is not elman.Classifier:  # whose folds are stratified
        rows = [X[k] for k in second], [y[k] for k in second]
        assert scores[0] == half.fit(*rows).score([X[k] for k in first], [y[k] for k in first])


@pytest.mark.parametrize("job", ["classify texts", "regress each step", "regress a block", "translate"])
def test_grid_search_in_two_processes(job: str) -> None:
    kind, X, y = JOBS[job]
    grid = {"cell": ["elman", halfway], "hidden_size": np.array([3, 5])}
    search = GridSearchCV(kind(**QUICK), grid, n_jobs=2, cv=2, error_score="raise").fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len(search.cv_results_["params"]) == 4
    best = search.best_estimator_
    assert best.model_config_["hidden_size"] == best.hidden_size
    assert len(search.predict(X)) == 16


@EVERY_JOB
def test_callers_random_numbers_threads_and_data_are_left_alone(job: str) -> None:
    kind, X, y = JOBS[job]
    copies = [[one if isinstance(one, str) else np.array(one) for one in side] for side in (X, y)]
    torch.set_num_threads(2)
    try:
        torch.manual_seed(3)
        np.random.seed(3)
        before = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index, union-attr]
        kind(**QUICK, dropout=0.5).fit(X, y).predict(X)
        assert torch.equal(torch.get_rng_state(), before[0])
        np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # type: ignore[index]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    for side, copy in zip((X, y), copies, strict=True):
        for one, other in zip(side, copy, strict=True):
            np.testing.assert_array_equal(one, other)


def test_num_threads_holds_in_training_and_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    forward = elman.Recurrent.forward

    def watched(*args: Any, **named: Any) -> Any:
        seen.append(torch.get_num_threads())
        return forward(*args, **named)

    monkeypatch.setattr(elman.Recurrent, "forward", watched)
    torch.set_num_threads(2)
    try:
        one = fitted("classify texts", num_threads=1)
        trained = len(seen)
        one.predict(TEXTS)
    finally:
        torch.set_num_threads(1)
    assert len(seen) > trained
    assert set(seen) == {1}


@EVERY_JOB
def test_equal_trainings_are_equal_and_the_callers_seed_does_not_matter(job: str) -> None:
    _, X, _ = JOBS[job]
    torch.manual_seed(1)
    one = fitted(job, dropout=0.3)
    torch.manual_seed(2)
    other = fitted(job, dropout=0.3)
    assert_same_bits(results(one, X), results(other, X))
    weights = fitted(job, dropout=0.3, random_state=1).model_.state_dict()
    assert any(not torch.equal(one.model_.state_dict()[name], weight) for name, weight in weights.items())


@EVERY_JOB
def test_nothing_in_gives_nothing_out(job: str) -> None:
    one = fitted(job)
    found = one.predict([])
    assert len(found) == 0
    assert type(found) is type(one.predict(JOBS[job][1][:2])) or job == "regress a block"
    if isinstance(one, elman.Classifier):
        assert one.predict_proba([]).shape == (0, 2)
    if job == "regress sequences":
        assert found.shape == (0, 2)


@pytest.mark.parametrize("job", [job for job in JOBS if job not in ("caption", "classify images")])  # none is empty
def test_an_empty_sequence_is_data(job: str) -> None:
    kind, X, y = JOBS[job]
    empty: Any = type(X[0])() if isinstance(X[0], str | list) else np.zeros((0, 2))
    empty = Sound(PurePath("empty.wav"), np.zeros((0, 40), np.float32), 8000) if job == "transcribe" else empty
    X = [*X, empty, X[0]]
    per_step = job in ("regress each step", "regress a block", "tag words", "tag sequences")
    y = [*y, np.zeros((0, *np.shape(y[0])[1:])) if per_step else y[0], y[0]]
    unusable = job in ("transcribe", "translate")  # to learn from, not to predict
    with pytest.warns(elman.DataWarning, match="left out 1 of 18") if unusable else nullcontext():
        one = kind(**QUICK).fit(X, y)
    found = one.predict([empty, X[0], empty])
    assert len(found) == 3
    np.testing.assert_array_equal(found[0], found[2])
    assert len(one.predict([empty])) == 1


@pytest.mark.parametrize("job", ["transcribe", "translate", "caption"])
def test_pairs_with_an_empty_text_are_left_out_and_counted(job: str) -> None:
    kind, X, y = JOBS[job]
    one = kind(**{**QUICK, "validation_fraction": 0})
    with pytest.warns(elman.DataWarning, match="^left out 2 of 16 pairs, with an empty text$"):
        one.fit(X, ["", *y[1:-1], " \n"])
    same = kind(**{**QUICK, "validation_fraction": 0}).fit(X[1:-1], y[1:-1])
    assert one.predict(X) == same.predict(X)
    with pytest.warns(elman.DataWarning, match="^left out 2 of 16 pairs, with an empty text$"):
        assert one.evaluate(X, ["", *y[1:-1], " \n"]) == same.evaluate(X[1:-1], y[1:-1])
    with pytest.raises(elman.InputError, match="there is no pair without an empty text: y has 16 texts"):
        one.fit(X, [""] * 16)


@EVERY_JOB
def test_an_unfitted_one_says_so(job: str, tmp_path: Any) -> None:
    kind, X, _ = JOBS[job]
    for use in (lambda one: one.predict(X), lambda one: one.save(tmp_path / "m.safetensors")):
        with pytest.raises(NotFittedError, match=f"this {kind.__name__} is not fitted yet: call fit, or elman.load"):
            use(kind())
    assert not hasattr(elman.Classifier(), "classes_")


@pytest.mark.parametrize(
    ("job", "X", "y", "message"),
    [
        ("classify texts", TEXTS, LABELS[:3], r"X has 16 sequences, but y has 3 labels"),
        ("classify texts", TEXTS, None, r"y is None: give what each sequence of X is to give"),
        ("regress each step", RAGGED, None, r"y is None: give what each sequence of X is to give"),
        ("classify texts", TEXTS, ["no"] * 16, r"all 16 labels are 'no': expected at least two classes"),
        ("classify texts", [*TEXTS[:15], 3.0], LABELS, r"X\[15\] is 3.0, but X\[0\] is a text"),
        ("classify texts", [*RAGGED[:15], "abc"], LABELS, r"X\[15\] is a str, not numbers"),
        ("classify texts", [], [], r"X is empty: expected at least one sequence"),
        ("classify texts", "abc", ["a", "b", "c"], r"X is one text, .*: give \[X\]"),
        ("classify texts", TEXTS, [*LABELS[:15], None], r"label 15 is missing \(None\): leave its row out"),
        ("classify texts", ["ab"] * 16, LABELS, r"too little data to set some aside .*16 rows of 1 group,"),
        ("classify sequences", [*RAGGED[:15], np.ones((3, 4))], LABELS, r"X\[15\] has 4 features .* but X\[0\] has 2"),
        ("classify sequences", [*RAGGED[:15], np.array([[1.0, np.inf]])], LABELS, r"infinite or too large at step 0"),
        ("regress sequences", RAGGED, [1.0] * 15, r"X has 16 sequences, but y has 15 targets"),
        ("regress sequences", RAGGED, ["much"] * 16, r"y cannot be read as numbers"),
        ("tag words", WORDS, [["O"]] * 16, r"X\[0\] has 3 words, but y\[0\] has 1 tags"),
        ("tag words", WORDS, [["O", "B-a"]] * 3, r"X has 16 sequences, but y has 3"),
        ("tag words", WORDS, [*[["O"] * len(x) for x in WORDS]], r"all 70 labels are 'O'"),
        (
            "tag words",
            [["a", "b"]] * 16,
            [*[["O", "B-a"]] * 15, ["I-a", "O"]],
            r"y\[15\]\[0\] is 'I-a' at the beginning",
        ),
        ("tag words", [["a"]] * 16, [3] * 16, r"y\[0\] is 3, expected a list of tags"),
        ("translate", TEXTS, TARGETS[:3], r"X has 16 texts, but y has 3"),
        ("translate", RAGGED, TARGETS, r"X holds sequences of numbers, expected texts"),
        ("translate", TEXTS, RAGGED, r"y holds sequences of numbers, expected texts"),
    ],
)
def test_data_that_does_not_fit_is_refused(job: str, X: Any, y: Any, message: str) -> None:
    with pytest.raises(elman.InputError, match=message) as refused:
        JOBS[job][0](**QUICK).fit(X, y)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("job", "X", "message"),
    [
        ("classify texts", RAGGED, r"X holds sequences of numbers, but this model was trained on texts"),
        ("regress sequences", TEXTS, r"X holds texts, but this model was trained on sequences of numbers"),
        ("classify sequences", [RAGGED[0], np.zeros((0, 2)), np.ones((3, 4))], r"X\[2\] has 4 features"),
        ("regress each step", [np.ones((3, 4))], r"X\[0\] has 4 features, but .* fitted on 2"),
        ("tag words", RAGGED, r"X holds sequences of numbers, but this model was trained on lists of words"),
        ("tag sequences", ["a b"], r"X holds lists of words, but this model was trained on sequences of numbers"),
        ("translate", "abc", r"X is one text, .*: give \[X\]"),
        ("translate", "", r"X is one text, .*: give \[X\]"),
        ("regress a block", 5, r"X is 5, expected a list"),
    ],
)
def test_predict_refuses_what_it_was_not_trained_on(job: str, X: Any, message: str) -> None:
    with pytest.raises(elman.InputError, match=message) as refused:
        fitted(job).predict(X)
    assert "\n" not in str(refused.value)
