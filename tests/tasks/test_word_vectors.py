"""Word vectors in training and prediction: rows of the file, frozen or tuned; words that only the file knows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import elman
from elman.codecs import UNKNOWN, codec_from_config
from elman.errors import InputError
from elman.files import read_model

QUICK: dict[str, Any] = {"hidden_size": 6, "epochs": 2, "batch_size": 4, "num_threads": 1, "verbose": 0}
E = 4
generator = np.random.default_rng(0)
FILE_WORDS = ["red", "green", "blue", "paris", "never", "seen"]
ROWS = {word: np.float32(generator.normal(size=E).round(3)) for word in FILE_WORDS}
TEXTS = ["Red green", "blue own", "green green red", "own Paris", "blue", "red blue own", "green", "other own"] * 2
LABELS = ["a" if "green" in text or "other" in text else "b" for text in TEXTS]
TASKS: dict[str, tuple[Any, list[Any]]] = {
    "classify": (elman.Classifier, LABELS),
    "regress": (elman.Regressor, [float(len(text)) for text in TEXTS]),
    "translate": (elman.Translator, [text.upper() for text in TEXTS]),
}


def written(path: Path, rows: dict[str, Any] = ROWS) -> str:
    path.write_text("".join(f"{word} {' '.join(map(str, row))}\n" for word, row in rows.items()), encoding="utf-8")
    return str(path)


@pytest.fixture
def file(tmp_path: Path) -> str:
    return written(tmp_path / "vectors.txt")


def row(estimator: Any, word: str) -> np.ndarray:
    """The vector that a model reads for a word."""
    ids = torch.from_numpy(estimator.codecs_["input"].encode(word)).unsqueeze(0)
    found: np.ndarray = estimator.model_.eval().input(ids)[0, 0].detach().numpy()
    return found


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("tune", [False, True])
def test_words_begin_with_their_rows(task: str, tune: bool, file: str, tmp_path: Path) -> None:
    kind, y = TASKS[task]
    one = kind(**QUICK, word_vectors=file, tune_vectors=tune).fit(TEXTS, y)
    assert one.model_config_["embedding_size"] == E
    known = [word for word in ("red", "Red", "green", "Paris") if word in one.codecs_["input"].symbols]
    assert len(known) >= 3  # a word that stands once may be set aside for validation
    for word in known:
        form = word.lower()
        assert np.array_equal(row(one, word), ROWS[form]) is not tune
        assert np.abs(row(one, word) - ROWS[form]).max() < 0.1  # tuned: from there
    assert one.codecs_["input"].symbols[:2] == ["own", "other"]  # those that the file does not know come first
    one.save(tmp_path / "m.safetensors")
    assert b"vectors.txt" not in (tmp_path / "m.safetensors").read_bytes()
    again = elman.load(tmp_path / "m.safetensors")
    assert again.word_vectors is None
    assert again.tune_vectors is tune
    assert np.array_equal(row(again, "red"), row(one, "red"))
    assert list(again.predict(TEXTS)) == list(one.predict(TEXTS))


def test_what_is_learned(file: str) -> None:
    def weights(epochs: int, tune: bool) -> tuple[np.ndarray, np.ndarray]:
        one = elman.Classifier(**{**QUICK, "epochs": epochs}, word_vectors=file, tune_vectors=tune, average=0)
        one.fit(TEXTS, LABELS)
        return row(one, "own"), row(one, "red")

    for tune in (False, True):
        (own, red), (later_own, later_red) = weights(1, tune), weights(4, tune)
        assert not np.array_equal(own, later_own)
        assert np.array_equal(red, later_red) is not tune


def test_rare_words_that_the_file_knows_stay(tmp_path: Path) -> None:
    """Of a thousand texts, words that stand once are left out: not those that have a vector."""
    texts = ["common words here"] * 1000 + ["red once"]
    file = written(tmp_path / "v.txt")
    labels = ["a", "b"] * 500 + ["a"]
    options = {**QUICK, "epochs": 1, "batch_size": 500, "validation_fraction": 0, "hidden_size": 2}
    codecs = [
        elman.Classifier(**options, **more).fit(texts, labels).codecs_["input"] for more in ({}, {"word_vectors": file})
    ]
    assert [codec.unknown("red once") for codec in codecs] == [["red", "once"], ["once"]]


def synonyms(n: int) -> tuple[list[str], list[str], list[str], dict[str, np.ndarray]]:
    """Texts whose class follows from one of many words; in the test other words with vectors near those."""
    random = np.random.default_rng(1)
    directions = random.normal(size=(2, 12))
    words = {f"{part}{k}": k % 2 for part in ("train", "test") for k in range(40)}
    rows = {word: np.float32(directions[side] + random.normal(size=12) / 3) for word, side in words.items()}
    rows |= {f"filler{k}": np.float32(random.normal(size=12)) for k in range(10)}
    parts = []
    for part in ("train", "test"):
        told = [f"{part}{k}" for k in random.integers(0, 40, n)]
        parts.append([f"filler{a} {word} filler{b}" for word, (a, b) in zip(told, random.integers(0, 10, (n, 2)))])  # noqa: B905
    labels = [["even", "odd"][words[text.split()[1]]] for text in parts[1]]
    return parts[0], parts[1], labels, rows


def test_vectors_help_with_words_that_training_has_not_seen(tmp_path: Path) -> None:
    """Every telling word of the test is new; with its vector, which is like those of training, it tells."""
    train, test, truth, rows = synonyms(200)
    file = written(tmp_path / "v.txt", rows)
    labels = [["even", "odd"][int(text.split()[1][5:]) % 2] for text in train]
    options = {**QUICK, "hidden_size": 16, "epochs": 30, "batch_size": 20, "level": "words"}
    plain = elman.Classifier(**options).fit(train, labels)
    assert plain.score(test, truth) < 0.65
    for tune in (False, True):
        one = elman.Classifier(**options, word_vectors=file, tune_vectors=tune).fit(train, labels)
        assert one.score(test, truth) < 0.65
        before = one.predict_proba(train)
        new = len({text.split()[1] for text in test})
        assert one.add_words(file, test) == new
        assert one.add_words(file, test) == 0
        assert one.score(test, truth) > 0.9
        np.testing.assert_array_equal(one.predict_proba(train), before)
        one.save(tmp_path / "m.safetensors")
        again = elman.load(tmp_path / "m.safetensors")
        np.testing.assert_array_equal(again.predict_proba(test), one.predict_proba(test))
        assert read_model(tmp_path / "m.safetensors").metadata["codecs"]["input"]["pretrained"] == len(rows) - 40 + new


def test_words_that_come_after_training(file: str) -> None:
    one = elman.Classifier(**QUICK, word_vectors=file).fit(TEXTS, LABELS)
    assert one.add_words(file, ["Never red", "unheard seen"]) == 2
    assert np.array_equal(row(one, "Never"), ROWS["never"])
    assert one.codecs_["input"].encode("unheard seen").tolist()[0] == UNKNOWN
    one.partial_fit(TEXTS[:4], LABELS[:4])
    assert np.array_equal(row(one, "seen"), ROWS["seen"])


def test_a_stream_reads_them_as_the_estimator_does(file: str, tmp_path: Path) -> None:
    one = elman.Classifier(**{**QUICK, "bidirectional": False}, word_vectors=file).fit(TEXTS, LABELS)
    one.save(tmp_path / "m.safetensors")
    stream = elman.Stream.load(tmp_path / "m.safetensors")
    ids = one.codecs_["input"].encode("red own Paris")
    scores = [stream.step(np.array([symbol])) for symbol in ids][-1]
    expected = one.predict_proba(["red own Paris"])[0]
    np.testing.assert_allclose(torch.from_numpy(np.asarray(scores)).softmax(-1).numpy()[0], expected, rtol=1e-5)


def test_parts_and_the_network_without_memory(file: str) -> None:
    from elman.tasks.baseline import fit_feedforward, parameters

    options = {**QUICK, "word_vectors": file, "validation_fraction": 0.3}
    first = elman.Classifier(**options).partial_fit(TEXTS, LABELS)
    assert np.array_equal(row(first, "red"), ROWS["red"])
    with pytest.raises(InputError, match=r"tune_vectors is True, but the first partial_fit had False"):
        first.set_params(tune_vectors=True).partial_fit(TEXTS, LABELS)
    one = elman.Classifier(**options).fit(TEXTS, LABELS)
    plain = fit_feedforward(one, TEXTS, LABELS)
    assert np.array_equal(row(plain, "red"), ROWS["red"])
    assert parameters(plain.model_) == pytest.approx(parameters(one.model_), rel=0.02)  # frozen ones count on no side


def test_resume_refuses_other_vectors(file: str, tmp_path: Path) -> None:
    options = {**QUICK, "checkpoints": str(tmp_path / "checkpoints"), "word_vectors": file}
    elman.Classifier(**options).fit(TEXTS, LABELS)
    moved = tmp_path / "moved.txt"  # the same rows wherever they stand, among whatever else
    written(moved, {**ROWS, "further": ROWS["red"]})
    elman.Classifier(**{**options, "word_vectors": str(moved)}).fit(TEXTS, LABELS, resume=True)
    written(moved, {**ROWS, "red": -ROWS["red"]})
    with pytest.raises(InputError, match="word_vectors"):
        elman.Classifier(**{**options, "word_vectors": str(moved)}).fit(TEXTS, LABELS, resume=True)


def test_equal_trainings_give_equal_bytes(file: str, tmp_path: Path) -> None:
    other = Path(file).rename(tmp_path / "elsewhere.vec")
    copies = []
    for k, path in enumerate((written(tmp_path / "again.txt"), str(other))):
        elman.Classifier(**QUICK, word_vectors=path).fit(TEXTS, LABELS).save(tmp_path / f"{k}.safetensors")
        copies.append((tmp_path / f"{k}.safetensors").read_bytes())
    assert copies[0] == copies[1]


def refused(task: str, file: str, X: Any = TEXTS, **options: Any) -> None:
    kind, y = TASKS[task]
    kind(**{**QUICK, "word_vectors": file, **options}).fit(X, y)


@pytest.mark.parametrize(
    ("task", "options", "message"),
    [
        ("classify", {"level": "characters"}, r"word_vectors is .*vectors.txt, but the model reads characters"),
        ("regress", {"level": "subwords"}, r"word_vectors is .*vectors.txt, but the model reads subwords"),
        ("translate", {"source_level": "characters"}, r"but the model reads characters: expected words"),
        ("classify", {"embedding_size": 5}, r"embedding_size is 5, but the vectors of .*vectors.txt have 4 numbers"),
        ("classify", {"X": [np.zeros((3, 2))] * 16}, r"but the model reads sequences of numbers: expected words"),
        (
            "classify",
            {"X": ["xyz abc"] * 16, "validation_fraction": 0},
            r"vectors.txt knows none of the 2 words of the training data, such as",
        ),
        ("classify", {"word_vectors": "nowhere.txt"}, r"no such file: nowhere.txt"),
    ],
)
def test_what_does_not_fit_is_refused(task: str, options: dict[str, Any], message: str, file: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        refused(task, file, **options)
    assert "\n" not in str(caught.value)


def test_embedding_size_may_be_said(file: str) -> None:
    refused("classify", file, embedding_size=E)


def test_words_that_cannot_be_added(file: str, tmp_path: Path) -> None:
    plain = elman.Classifier(**QUICK, level="words").fit(TEXTS, LABELS)
    with pytest.raises(InputError, match=r"says nothing to this model, which was trained without word vectors"):
        plain.add_words(file, ["never"])
    one = elman.Classifier(**QUICK, word_vectors=file).fit(TEXTS, LABELS)
    message = r"has other vectors than this model was trained with: give the file of its training"
    for k, rows in enumerate(
        ({w: r[:2] for w, r in ROWS.items()}, {w: -r for w, r in ROWS.items()}, {"never": [1] * E})
    ):
        with pytest.raises(InputError, match=message):
            one.add_words(written(tmp_path / f"{k}.txt", rows), ["never"])
    assert one.codecs_["input"].unknown("never") == ["never"]
    with pytest.raises(Exception, match="not fitted"):
        elman.Classifier().add_words(file, ["never"])


SENTENCES = [text.split() for text in TEXTS]
TAGS = [["colour" if word.lower() in ROWS else "other" for word in sentence] for sentence in SENTENCES]


@pytest.mark.parametrize("characters", [False, True])
@pytest.mark.parametrize("tune", [False, True])
def test_a_tagger_s_words(characters: bool, tune: bool, file: str, tmp_path: Path) -> None:
    options = {**QUICK, "word_vectors": file, "tune_vectors": tune, "characters": characters, "crf": False}
    one = elman.Tagger(**options, validation_fraction=0).fit(SENTENCES, TAGS)

    def vector(word: str) -> np.ndarray:
        encoded = torch.from_numpy(one.codecs_["input"].encode([word])).unsqueeze(0)
        found: np.ndarray = one.model_.eval().input(encoded)[0, 0, :E].detach().numpy()
        return found

    for word, form in (("red", "red"), ("Paris", "paris")):
        assert np.array_equal(vector(word), ROWS[form]) is not tune
        assert np.abs(vector(word) - ROWS[form]).max() < 0.1
    assert one.codecs_["input"].unknown(["Seen", "own", "unheard of"]) == ["Seen", "unheard of"]
    before = one.predict(SENTENCES)
    assert one.add_words(file, [["Seen", "own"], ["unheard of"]]) == 1
    assert np.array_equal(vector("Seen"), ROWS["seen"])
    assert list(map(list, one.predict(SENTENCES))) == list(map(list, before))
    one.save(tmp_path / "m.safetensors")
    again = elman.load(tmp_path / "m.safetensors")
    assert list(map(list, again.predict([["Seen", "red"]]))) == list(map(list, one.predict([["Seen", "red"]])))
    with pytest.raises(InputError, match="but the model reads sequences of numbers"):
        elman.Tagger(**options).fit([np.zeros((3, 1))] * 4, [["a", "b", "a"]] * 4)


@pytest.mark.parametrize("tune", [False, True])
def test_a_generator_s_words(tune: bool, file: str, tmp_path: Path) -> None:
    options = {**QUICK, "word_vectors": file, "tune_vectors": tune, "level": "words", "validation_fraction": 0}
    one = elman.Generator(**options).fit(TEXTS)
    assert np.array_equal(row(one, "red"), ROWS["red"]) is not tune
    assert np.abs(row(one, "red") - ROWS["red"]).max() < 0.1
    written_text = one.generate("red", length=5, seed=0)
    assert elman.Generator(**{**options, "epochs": 1}).fit(TEXTS).history_.epochs
    one.save(tmp_path / "m.safetensors")
    assert elman.load(tmp_path / "m.safetensors").generate("red", length=5, seed=0) == written_text
    with pytest.raises(InputError, match="this model writes the words that it reads"):
        one.add_words(file, ["never"])
    with pytest.raises(InputError, match="but the model reads characters"):
        elman.Generator(**{**options, "level": "characters"}).fit(TEXTS)
    tied = elman.Generator(**options, tie_embeddings=True)
    if tune:
        for generator in (one, tied.fit(TEXTS)):  # the other words have the scale of the vectors
            deviation = float(generator.model_.input.embedding.weight[:3].detach().std())
            assert deviation == pytest.approx(np.std(list(ROWS.values())), rel=0.7)
    else:
        with pytest.raises(InputError, match="tie_embeddings is True and tune_vectors False"):
            tied.fit(TEXTS)


def test_a_generator_of_a_file(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "t.txt").write_text("\n".join(TEXTS * 3), encoding="utf-8")
    options = {**QUICK, "word_vectors": file, "level": "words"}
    for _ in range(2):  # encoded, then from the cache
        one = elman.Generator(**options).fit(tmp_path / "t.txt")
        assert np.array_equal(row(one, "red"), ROWS["red"])
    plain = elman.Generator(**{**options, "word_vectors": None}).fit(tmp_path / "t.txt")
    assert plain.codecs_["input"].pretrained == 0


@pytest.mark.parametrize("pretrained", [-1, 9, "many"])
def test_a_model_file_that_counts_wrong(pretrained: Any, file: str) -> None:
    config = elman.Classifier(**QUICK, word_vectors=file).fit(TEXTS, LABELS).codecs_["input"].to_config()
    assert codec_from_config(config).to_config() == config
    with pytest.raises(InputError, match="description of the text codec is damaged"):
        codec_from_config({**config, "pretrained": pretrained})
