"""Options: each does something, none may have an impossible value, and naming them needs no torch."""

import dataclasses
import functools
import re
import subprocess
import sys
from pathlib import Path, PurePath
from typing import Any, get_args

import numpy as np
import pytest

import elman
from elman.codecs import Sound
from elman.codecs.text import Level
from elman.models.many_to_one import POOLINGS
from elman.tasks.options import (
    CHOICES,
    RANGES,
    CaptionerOptions,
    ClassifierOptions,
    ForecasterOptions,
    GeneratorOptions,
    RegressorOptions,
    TaggerOptions,
    TranscriberOptions,
    TranslatorOptions,
)

QUICK: dict[str, Any] = {"hidden_size": 6, "epochs": 2, "batch_size": 4, "num_threads": 1, "verbose": 0}
TEXTS = ["ab c", "b", "c ab ab", "a b", "cc a", "abc", "b b", "ca ab", "aab", "c c b", "bc", "a"]
WORDS = [text.split() for text in TEXTS]
LABELS = [text[0] for text in TEXTS]
TARGETS = [text.upper() + text[:1] for text in TEXTS]
VECTORS = [np.random.default_rng(T).normal(size=(T, 2)) for T in (5, 3, 9, 7, 4, 8, 6, 2, 11, 6)]
PER_STEP = [x[:, 0].cumsum() for x in VECTORS]
SOUNDS = [
    Sound(PurePath(f"{k}.wav"), np.random.default_rng(k).normal(size=(40 + k, 40)).astype(np.float32), 8000)
    for k in range(len(TEXTS))
]
TASKS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "classify": (elman.Classifier, TEXTS, LABELS),
    "regress": (elman.Regressor, VECTORS, PER_STEP),
    "generate": (functools.partial(elman.Generator, window=5), TEXTS, None),
    "tag": (elman.Tagger, WORDS, [["VN"[word < "b"] for word in words] for words in WORDS]),
    "transcribe": (elman.Transcriber, SOUNDS, TEXTS),
    "translate": (elman.Translator, TEXTS, TARGETS),
}

EVERYWHERE = {
    "cell": "elman",
    "hidden_size": 7,
    "num_layers": 3,
    "bidirectional": None,  # the other one
    "dropout": 0.6,
    "epochs": 3,
    "batch_size": 3,
    "learning_rate": 0.01,
    "clip": 0.001,
    "optimizer": "sgd",
    "warm_up": 0.9,
    "decay": "none",
    "accumulate": 2,
    "batch_steps": 6,
    "weight_decay": 0.7,
    "validation_fraction": 0.3,
    "random_state": 1,
}
CHANGES = [
    (task, name, value)
    for task in TASKS
    for name, value in EVERYWHERE.items()
    if (task, name) not in {("generate", "bidirectional"), ("generate", "batch_steps")}  # refused; of validation alone
] + [
    ("generate", "embedding_size", 5),
    ("generate", "level", "words"),
    ("generate", "window", 3),
    ("generate", "tie_embeddings", True),
    ("generate", "average", 0.9),
    ("classify", "embedding_size", 5),
    ("classify", "level", "words"),
    ("classify", "symbol_dropout", 0.5),
    ("classify", "average", 0.05),
    ("regress", "average", 0.9),
    ("classify", "label_smoothing", 0.3),
    ("classify", "pooling", "mean"),
    ("classify", "pooling", "max"),
    ("classify", "pooling", "attention"),
    ("classify", "class_weight", "balanced"),
    ("regress", "window", 4),
    ("regress", "train_initial_state", True),
    ("tag", "embedding_size", 5),
    ("tag", "symbol_dropout", 0.5),
    ("tag", "characters", None),
    ("tag", "crf", None),
    ("tag", "window", 1),
    ("tag", "train_initial_state", True),
    ("transcribe", "stack", 2),
    ("transcribe", "level", "words"),
    ("transcribe", "frequency_masks", 0),
    ("transcribe", "frequency_warp", 0.1),
    ("transcribe", "tempo", 0.2),
    ("transcribe", "noise", 30),
    ("transcribe", "frequency_width", 30),
    ("transcribe", "time_masks", 0),
    ("transcribe", "time_width", 0.5),
    ("translate", "embedding_size", 5),
    ("translate", "source_level", "words"),
    ("translate", "target_level", "words"),
    ("translate", "max_length", 1),
]


def fitted(task: str, **options: Any) -> Any:
    kind, X, y = TASKS[task]
    return kind(**{**QUICK, **options}).fit(X, y)


def outcome(estimator: Any) -> list[Any]:
    """What a training has come to: its losses, and what it predicts."""
    _, X, _ = TASKS[estimator.task]
    losses = [epoch.training_loss for epoch in estimator.history_.epochs]
    predicted = estimator.predict_proba(X) if estimator.task in ("classify", "generate") else estimator.predict(X)
    return [losses, [np.asarray(one).tolist() for one in predicted]]


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    return {task: outcome(fitted(task)) for task in TASKS}


@pytest.mark.parametrize(("task", "name", "value"), CHANGES)
def test_an_option_changes_something(task: str, name: str, value: Any, plain: dict[str, Any]) -> None:
    if value is None:
        value = not getattr(TASKS[task][0](), name)
    assert outcome(fitted(task, **{name: value})) != plain[task]


def test_batch_steps_bound_the_validation_data_of_a_generator_too() -> None:
    whole, bounded = (elman.Generator(**QUICK, batch_steps=steps).fit(TEXTS) for steps in (100, 6))
    training, _ = whole.prepared(TEXTS)
    assert [one.settings(training).batch_steps for one in (whole, bounded)] == [100, 6]


def test_momentum_is_of_sgd() -> None:
    assert outcome(fitted("regress", optimizer="sgd")) != outcome(fitted("regress", optimizer="sgd", momentum=0.0))


def test_memory_budget_changes_what_is_kept_and_not_what_comes_out(plain: dict[str, Any]) -> None:
    one = fitted("regress", memory_budget=1)
    assert one.model_.recurrent.memory_budget == 1
    assert outcome(one) == plain["regress"]


def test_per_says_what_the_shapes_leave_open() -> None:
    X, y = np.random.default_rng(0).normal(size=(8, 3, 2)), np.arange(24.0).reshape(8, 3)
    assert elman.Regressor(**QUICK).fit(X, y).model_config_["kind"] == "InStep"
    one = elman.Regressor(**QUICK, per="sequence", pooling="max").fit(X, y)
    assert one.model_config_["kind"] == "ManyToOne"
    assert one.model_config_["pooling"] == "max"
    assert one.predict(X).shape == (8, 3)


def test_patience_ends_a_training_early() -> None:
    options = {"epochs": 30, "learning_rate": 0.3, "validation_fraction": 0.3}
    short = fitted("regress", patience=1, **options).history_
    long = fitted("regress", patience=25, **options).history_
    assert short.ended == "patience"
    assert len(short.epochs) < len(long.epochs)


def test_beam_and_length_penalty_change_the_search() -> None:
    translator = fitted("translate")
    assert {len(found) for found in translator.hypotheses(TEXTS)} == {3}
    assert {len(found) for found in translator.set_params(beam=1).hypotheses(TEXTS)} == {1}
    by_total, by_mean = (translator.set_params(beam=4, length_penalty=p).hypotheses(TEXTS) for p in (0, 2))
    shared = 0
    for one, other in zip(by_total, by_mean, strict=True):
        totals, means = ({found.text: found.score for found in several} for several in (one, other))
        for text in totals.keys() & means.keys():
            assert means[text] == pytest.approx(totals[text] / (len(text) + 1) ** 2)
            shared += 1
    assert shared >= len(TEXTS)


def test_verbose_speaks_up(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for verbose in (0, 1):
        fitted("classify", verbose=verbose)
        said.append(capsys.readouterr().err)
    assert said[0] == ""
    assert "epoch 2/2" in said[1]


def test_sizes_that_are_not_given_follow_the_data() -> None:
    small = elman.Classifier(num_threads=1, verbose=0, epochs=1).fit(TEXTS, LABELS)
    assert small.model_config_["hidden_size"] == 64
    assert small.model_config_["embedding_size"] == 32
    many = elman.Classifier(num_threads=1, verbose=0, epochs=1, batch_size=500).fit(TEXTS * 100, LABELS * 100)
    assert many.model_config_["hidden_size"] > 64


@pytest.mark.parametrize(
    ("task", "options", "message"),
    [
        ("classify", {"hidden_size": 0}, r"hidden_size is 0, expected a whole number from 1"),
        ("classify", {"hidden_size": 2.5}, r"hidden_size is 2.5, expected a whole number from 1"),
        ("classify", {"num_layers": True}, r"num_layers is True, expected a whole number from 1"),
        ("translate", {"embedding_size": -1}, r"embedding_size is -1, expected a whole number from 1"),
        ("translate", {"epochs": 0}, r"epochs is 0, expected a whole number from 1"),
        ("regress", {"batch_size": 0}, r"batch_size is 0, expected a whole number from 1"),
        ("regress", {"window": -5}, r"window is -5, expected a whole number from 0"),
        ("regress", {"dropout": 1.5}, r"dropout is 1.5, expected a number from 0 to below 1"),
        ("regress", {"validation_fraction": -0.1}, r"validation_fraction is -0.1, expected a number from 0 to below 1"),
        ("classify", {"random_state": -1}, r"random_state is -1, expected a whole number from 0"),
        ("classify", {"random_state": None}, r"random_state is None, expected a whole number from 0"),
        ("classify", {"learning_rate": 0}, r"learning_rate is 0, expected a number above 0"),
        ("classify", {"learning_rate": "fast"}, r"learning_rate is 'fast', expected a number above 0"),
        ("classify", {"learning_rate": float("inf")}, r"learning_rate is inf, expected a finite number above 0"),
        ("classify", {"learning_rate": float("nan")}, r"learning_rate is nan, expected a number above 0"),
        ("classify", {"clip": float("inf")}, r"clip is inf, expected a finite number from 0"),
        ("classify", {"average": 1}, r"average is 1, expected a number from 0 to below 1"),
        ("classify", {"validation_fraction": 1}, r"validation_fraction is 1, expected a number from 0 to below 1"),
        ("classify", {"dropout": 1}, r"dropout is 1, expected a number from 0 to below 1"),
        ("classify", {"symbol_dropout": 1.0}, r"symbol_dropout is 1.0, expected a number from 0 to below 1"),
        ("classify", {"label_smoothing": 1.1}, r"label_smoothing is 1.1, expected a number from 0 to 1"),
        ("classify", {"bidirectional": "no"}, r"bidirectional is 'no', expected True or False"),
        ("classify", {"verbose": 3}, r"verbose is 3, expected one of 0, 1, 2"),
        ("classify", {"patience": 0}, r"patience is 0, expected a whole number from 1"),
        ("classify", {"num_threads": 0}, r"num_threads is 0, expected a whole number from 1"),
        ("classify", {"cell": "rnn"}, r"cell is 'rnn', expected a cell or one of elman, .*lstm"),
        ("classify", {"pooling": "first"}, r"pooling is 'first', expected one of last, mean, max"),
        ("classify", {"level": "letters"}, r"level is 'letters', expected one of characters, words, subwords"),
        ("translate", {"source_level": "letters"}, r"source_level is 'letters', expected one of characters, words"),
        ("regress", {"per": "row"}, r"per is 'row', expected one of step, sequence"),
        ("translate", {"beam": 0}, r"beam is 0, expected a whole number from 1"),
        ("translate", {"max_length": 0}, r"max_length is 0, expected a whole number from 1"),
        ("regress", {"device": "tpu"}, r"device is 'tpu', expected one that is there, such as cpu, cuda or mps"),
        ("regress", {"device": "meta"}, r"device is 'meta', expected one that is there, such as cpu, cuda or mps"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_impossible_values_are_refused(task: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(elman.InputError, match=message) as refused:
        fitted(task, **options)
    assert "\n" not in str(refused.value)


def test_numbers_may_be_numpys() -> None:
    options = {"hidden_size": np.int64(6), "dropout": np.float32(0.25), "random_state": np.int32(0)}
    assert outcome(fitted("regress", **options)) == outcome(fitted("regress", dropout=0.25))


OTHERS = (
    "test_captioner.py",
    "test_forecaster.py",
    "test_transcriber.py",
    "test_translator.py",
)  # which show that options of their own change something
KINDS = (
    CaptionerOptions,
    *(ClassifierOptions, ForecasterOptions, GeneratorOptions, RegressorOptions, TaggerOptions),
    *(TranscriberOptions, TranslatorOptions),
)


def test_words_are_declared_once_and_checked() -> None:
    """The tables of what values may be name no option that is not there, and the same values as those who use them."""
    everything = {field.name for kind in KINDS for field in dataclasses.fields(kind)}
    assert everything >= set(RANGES) | set(CHOICES)
    assert CHOICES["level"] == get_args(Level)
    assert CHOICES["pooling"] == POOLINGS
    tested = {name for _, name, _ in CHANGES}
    rest = "".join(
        path.read_text(encoding="utf-8")
        for path in (Path(__file__), *(Path(__file__).with_name(one) for one in OTHERS))
    )
    # where, with how many, and what happens when something goes wrong: see test_estimator.py and test_resume.py
    # and for word vectors test_word_vectors.py
    machine = {
        "word_vectors",
        "tune_vectors",
        "device",
        "num_threads",
        "checkpoints",
        "checkpoint_seconds",
        "max_skipped",
    }
    assert [name for name in everything - tested - machine if not re.search(rf"\b{name}\b", rest)] == []


def test_every_option_has_a_line_of_help() -> None:
    for kind in KINDS:
        assert all(field.metadata["help"] for field in dataclasses.fields(kind))


def test_options_need_no_torch() -> None:
    code = "import sys, elman.tasks.options; print(sorted({'torch', 'sklearn', 'sympy', 'pandas'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    assert found.stdout.strip() == "[]"
