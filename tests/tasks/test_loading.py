"""A model file: what comes out predicts the same bits; what is damaged is refused in one line that names the file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import elman
from elman.equations import Parameter
from elman.files import read_model, write_model

QUICK: dict[str, Any] = {"hidden_size": 6, "epochs": 2, "batch_size": 4, "num_threads": 1, "verbose": 0}
generator = np.random.default_rng(0)
SIZES = (3, 1, 7, 4, 4, 5, 2, 6, 8, 1)
TEXTS = ["b" + "".join(generator.choice(list("ab é"), T - 1)) for T in SIZES]  # none is blank
VECTORS = [generator.normal(size=(T, 2)) for T in SIZES]
GAPS = [np.where(generator.random(x.shape) < 0.3, np.nan, x) for x in VECTORS]
LABELS = [["no", "yes"][k % 2] for k in range(10)]
TARGETS = [text[::-1].upper() for text in TEXTS]
SUMS = [np.nansum(x, 0) for x in VECTORS]
STEPS = [x[:, 0].cumsum() for x in VECTORS]
STEPS_GAPS = [np.where(generator.random(len(x)) < 0.3, np.nan, x[:, 0]) for x in VECTORS]


@elman.cell(
    gates="u z",
    split="z",
    state="h s",
    params={"a": Parameter(0.5, (0.0, 1.0)), "b": Parameter(0.1, per="layer")},
    constants={"k": 0.75},
)
def own(u: Any, z_x: Any, z_h: Any, h_prev: Any, s_prev: Any, a: Any, b: Any, k: Any) -> Any:
    s = a * s_prev + (1 - a) * elman.tanh(z_x + elman.sigmoid(u) * z_h) + b
    return k * elman.sin(s), s


@elman.cell(gates="z", state="h")
def impostor(z: Any, h_prev: Any) -> Any:
    return elman.sin(z)


IMPOSTOR = elman.Cell(**{**vars(impostor), "name": "elman"})  # another equation under a known name

C, R, T = elman.Classifier, elman.Regressor, elman.Translator
JOBS: dict[str, tuple[Any, Any, Any, dict[str, Any]]] = {
    "classify characters": (C, TEXTS, LABELS, {"level": "characters", "pooling": "max"}),
    "classify words": (C, TEXTS, LABELS, {"level": "words", "cell": "gru", "num_layers": 2}),
    "classify subwords": (C, TEXTS, [k % 3 for k in range(10)], {"level": "subwords", "bidirectional": False}),
    "classify vectors": (C, VECTORS, [k % 2 == 0 for k in range(10)], {"cell": own, "pooling": "mean"}),
    "classify gaps": (C, GAPS, LABELS, {"cell": "peephole_lstm"}),
    "classify impostor": (C, VECTORS, LABELS, {"cell": IMPOSTOR}),
    "regress characters": (R, TEXTS, SUMS, {"cell": own}),
    "regress words": (R, TEXTS, SUMS, {"level": "words"}),
    "regress sequences": (R, VECTORS, SUMS, {"cell": "leaky_elman", "bidirectional": True}),
    "regress gaps": (R, GAPS, [x[0] for x in SUMS], {}),
    "regress steps": (R, VECTORS, STEPS, {"cell": own, "num_layers": 2, "window": 4}),
    "regress steps with gaps": (R, GAPS, STEPS_GAPS, {"cell": "minimal_gated_unit"}),
    "translate characters": (T, TEXTS, TARGETS, {"cell": own}),
    "translate words": (T, TEXTS, TARGETS, {"source_level": "words", "target_level": "words", "beam": 2}),
    "translate subwords": (T, TEXTS, TARGETS, {"source_level": "subwords", "target_level": "subwords"}),
}
EVERY_JOB = pytest.mark.parametrize("job", JOBS)


def fitted(job: str, **options: Any) -> Any:
    kind, X, y, own_options = JOBS[job]
    return kind(**{**QUICK, **own_options, **options}).fit(X, y)


def results(estimator: Any, X: Any) -> list[Any]:
    if estimator.task == "classify":
        return [*estimator.predict_proba(X), *estimator.predict(X).tolist()]
    if estimator.task == "translate":
        found = estimator.hypotheses(X, attention=True)
        return [part for several in found for one in several for part in (one.text, one.score, one.attention)]
    return list(estimator.predict(X))


@EVERY_JOB
def test_a_loaded_model_predicts_the_same_bits(job: str, tmp_path: Path) -> None:
    kind, X, y, _ = JOBS[job]
    one, path = fitted(job), tmp_path / "m.safetensors"
    one.save(path)
    state = torch.get_rng_state()
    other = elman.load(str(path))
    assert torch.equal(torch.get_rng_state(), state)
    assert type(other) is kind
    for found, expected in zip(results(other, X), results(one, X), strict=True):
        np.testing.assert_array_equal(found, expected)
        assert type(found) is type(expected)
    assert other.evaluate(X, y) == one.evaluate(X, y)
    assert not other.model_.training
    machine = {"device": "cpu", "num_threads": None, "verbose": 1}  # options that a file does not have
    assert other.get_params() == {**one.get_params(), **machine}
    assert other.history_.to_config() == one.history_.to_config()
    other.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("job", ["classify vectors", "regress steps with gaps", "translate subwords"])
def test_equal_trainings_give_equal_bytes(job: str, tmp_path: Path) -> None:
    files = []
    for name, options in {"a": {}, "b": {"num_threads": None, "verbose": 1}, "c": {"random_state": 1}}.items():
        (tmp_path / name).mkdir()
        fitted(job, **options).save(tmp_path / name / f"{name}.safetensors")
        files.append((tmp_path / name / f"{name}.safetensors").read_bytes())
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_the_file_holds_no_time_and_no_path(tmp_path: Path) -> None:
    one = fitted("regress steps")
    one.save(tmp_path / "here.safetensors", columns={"target": "y"})
    about = read_model(tmp_path / "here.safetensors").metadata
    assert about["columns"] == {"target": "y"}
    assert about["options"] == json.loads(json.dumps(about["options"]))
    text = json.dumps(about)
    assert not any(word in text for word in ("seconds", "here", str(tmp_path), "num_threads"))
    assert all(epoch.seconds is not None for epoch in one.history_.epochs)


def test_numpys_numbers_can_be_saved_and_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    fitted("classify vectors", hidden_size=np.int64(5), dropout=np.float32(0.5)).save(path)
    assert elman.load(path).hidden_size == 5  # type: ignore[attr-defined]
    before = path.read_bytes()
    with pytest.raises(elman.InputError, match="exists"):
        fitted("classify words").save(path, overwrite=False)
    with pytest.raises(elman.InputError, match="nowhere"):
        fitted("classify words").save(tmp_path / "nowhere" / "m.safetensors")
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["m.safetensors"]


Change = Callable[[dict[str, Any], dict[str, np.ndarray]], Any]
WEIGHT = "recurrent.weight_hh_l0"


def put(*place: Any) -> Change:
    """The last of `place` in the metadata, at what comes before it."""

    def change(about: dict[str, Any], _: dict[str, np.ndarray]) -> None:
        *path, key, value = place
        for step in path:
            about = about[step]
        about[key] = value

    return change


DAMAGE: dict[str, tuple[Change, str]] = {
    "tensor missing": (lambda _, tensors: tensors.pop(WEIGHT), f"has no tensor {WEIGHT}"),
    "tensor extra": (lambda _, tensors: tensors.update(more=np.ones(2)), "a tensor more of shape"),
    "wrong shape": (lambda _, tensors: tensors.update({WEIGHT: np.ones((3, 3))}), f"tensor {WEIGHT} has shape"),
    "huge": (put("model", "hidden_size", 10**6), "its configuration asks for"),
    "no task": (lambda about, _: about.pop("task"), "the task is None, expected one of caption, classify, "),
    "unknown task": (put("task", "paint"), "the task is 'paint', expected one of"),
    "another task": (put("task", "regress"), "damaged"),
    "odd task": (put("task", ["classify"]), "the task is "),
    "no model": (lambda about, _: about.pop("model"), "damaged: KeyError"),
    "odd model": (put("model", []), "damaged"),
    "unknown kind": (put("model", "kind", "Transformer"), "the model is a 'Transformer', expected one of"),
    "another kind": (put("model", "kind", "EncoderDecoder"), "damaged"),
    "unknown argument": (put("model", "heads", 3), "damaged"),
    "wrong size": (put("model", "input_size", 7), "the model has input_size=7, but its codec has 2"),
    "bad size": (put("model", "hidden_size", "six"), "hidden_size is 'six'"),
    "bad dropout": (put("model", "dropout", 7), "dropout"),
    "unknown operation": (put("model", "cell", "lines", [["import", "os"]]), "import"),
    "no cell": (lambda about, _: about["model"].pop("cell"), "damaged"),
    "unknown cell": (put("options", "cell", "rnn"), "cell is 'rnn'"),
    "odd cell": (put("options", "cell", [1]), "no cell that elman wrote"),
    "unknown option": (put("options", "heads", 3), "damaged: TypeError.*heads"),
    "bad option": (put("options", "pooling", "first"), "pooling is 'first'"),
    "odd option": (put("options", "level", ["words"]), "level is "),
    "no codecs": (lambda about, _: about.pop("codecs"), "damaged"),
    "one codec": (lambda about, _: about["codecs"].pop("output"), "damaged: KeyError"),
    "unknown codec": (put("codecs", "input", {"kind": "smell"}), "the codec kind 'smell' is unknown"),
    "another codec": (
        put("codecs", "output", {"kind": "series", "mean": [0.0], "std": [1.0], "indicators": []}),
        "output codec",
    ),
    "damaged codec": (put("codecs", "output", "classes", "no"), "codec is damaged|labels"),
    "history": (put("history", {"epochs": [{"number": 1}]}), "damaged"),
    "odd history": (put("history", 3), "damaged"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_model_is_refused(what: str, tmp_path: Path) -> None:
    fitted("classify vectors").save(tmp_path / "good.safetensors")
    about, tensors = read_model(tmp_path / "good.safetensors")
    change, message = DAMAGE[what]
    change(about, tensors)
    path = tmp_path / "bad.safetensors"
    write_model(path, tensors, about)
    with pytest.raises(elman.InputError, match=message) as refused:
        elman.load(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_translator_lacks_what_it_learned(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    fitted("translate words").save(path)
    about, tensors = read_model(path)
    for learned in ({}, {"longer_": "much"}, None):
        write_model(path, tensors, {**about, "learned": learned})
        with pytest.raises(elman.InputError, match=r"m\.safetensors: .*damaged"):
            elman.load(path)


def test_not_a_number_or_not_a_model(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    one = fitted("classify vectors")
    with torch.no_grad():
        one.model_.readout.bias.fill_(torch.nan)
    with pytest.raises(elman.InputError, match=r"m\.safetensors: tensor 'readout.bias' holds NaN"):
        one.save(path)
    elman.State(h=np.zeros((1, 2, 3))).save(path)
    with pytest.raises(elman.InputError, match=r"m\.safetensors: the task is None"):
        elman.load(path)
    path.write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(elman.InputError, match=r"m\.safetensors is not a safetensors file"):
        elman.load(path)
    with pytest.raises(elman.InputError, match=r"none\.safetensors: there is no such file"):
        elman.load(tmp_path / "none.safetensors")
