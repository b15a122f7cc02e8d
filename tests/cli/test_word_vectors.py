"""Word vectors on the command line: training with them, in memory or streamed; words that only they know."""

import json
from pathlib import Path

import numpy as np
import pytest

import elman

QUICK = ["--epochs", "2", "--hidden-size", "4", "--num-threads", "1"]
TRAIN = ["train", "classify", "texts.csv", "--text", "text", "--label", "label", "-o", "m.safetensors", *QUICK]


@pytest.fixture
def texts(run) -> None:
    rows = [("good film", "yes"), ("bad film", "no"), ("good plot too", "yes"), ("bad acting", "no")] * 6
    Path("texts.csv").write_text("text,label\n" + "".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8")
    Path("v.txt").write_text("4 2\ngood 1 0.5\nbad -1 0.5\nawful -1 0.25\nfilm 0 1\n", encoding="utf-8")


def test_training_says_what_the_file_knows(run, texts) -> None:
    done = run(*TRAIN, "--word-vectors", "v.txt", "--validation-fraction", "0")
    assert done.status == 0, done.err
    assert "elman: v.txt knows 3 of 6 words, 67% of the text\n" in done.err
    assert "text, 6 words, 3 of them with word vectors" in run("info", "m.safetensors").out
    facts = json.loads(run("info", "m.safetensors", "--json").out)
    assert facts["codecs"]["input"]["pretrained"] == 3
    assert "word_vectors" not in facts["options"]
    assert b"v.txt" not in Path("m.safetensors").read_bytes()


def test_words_that_only_the_file_knows(run, texts) -> None:
    run(*TRAIN, "--word-vectors", "v.txt")
    before = run("predict", "m.safetensors", "Awful film", "--json")
    assert before.err == "elman: 1 word not seen in training, read as unknown: 'Awful'\n"
    after = run("predict", "m.safetensors", "Awful film zzz", "Awful", "--json", "--word-vectors", "v.txt")
    assert after.err.splitlines() == [
        "elman: 1 word not seen in training, read by the vectors of v.txt",
        "elman: 1 word not seen in training, read as unknown: 'zzz'",
    ]
    model = elman.load("m.safetensors")
    model.add_words("v.txt", ["Awful"])
    expected = model.predict_proba(["Awful film zzz", "Awful"])
    for line, row in zip(after.out.splitlines(), expected, strict=True):
        assert list(json.loads(line)["probabilities"].values()) == pytest.approx(row.tolist(), abs=1e-6)
    Path("test.csv").write_text("text,label\nAwful film,no\ngood film,yes\n", encoding="utf-8")
    measured = json.loads(run("evaluate", "m.safetensors", "test.csv", "--json", "--word-vectors", "v.txt").out)
    assert measured["log_loss"] == pytest.approx(model.evaluate(["Awful film", "good film"], ["no", "yes"])["log_loss"])


def test_streamed_training_reads_them_too(run, texts, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    stream = [*TRAIN, "--word-vectors", "v.txt", "--stream", "--validation-fraction", "0.3", "--force"]
    models = []
    for _ in range(2):  # the second opens what is in the cache
        done = run(*stream)
        assert done.status == 0, done.err
        models.append(Path("m.safetensors").read_bytes())
    assert models[0] == models[1]
    one = elman.load("m.safetensors")
    vectors = one.model_.input.vectors.numpy()
    symbols = one.codecs_["input"].symbols
    known = {"good": [1, 0.5], "bad": [-1, 0.5], "film": [0, 1]}
    assert len(vectors) == one.codecs_["input"].pretrained
    np.testing.assert_array_equal(vectors, [known[word] for word in symbols[-len(vectors) :]])
    Path("v.txt").write_text("good 2 1\nplot 3 3\n", encoding="utf-8")  # another file is encoded with anew
    assert run(*stream).status == 0
    one = elman.load("m.safetensors")
    assert set(one.codecs_["input"].symbols[-one.codecs_["input"].pretrained :]) <= {"good", "plot"}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--word-vectors", "vv.txt"], "no such file: vv.txt; did you mean v.txt?"),
        (["--word-vectors", "v.txt", "--level", "characters"], "but the model reads characters: expected words"),
        (["--word-vectors", "v.txt", "--embedding-size", "3"], "embedding_size is 3, but the vectors of v.txt have 2"),
    ],
)
@pytest.mark.parametrize("stream", ["--stream", "--no-stream"])
def test_refusals_leave_nothing_behind(run, texts, refused, flags, message, stream, monkeypatch, tmp_path_factory):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    assert message in refused(*TRAIN, *flags, stream, "--verbose", "0", "--validation-fraction", "0.3")


def test_a_model_without_them(run, classifier, refused) -> None:
    Path("v.txt").write_text("good 1 0.5\n", encoding="utf-8")
    line = refused("predict", classifier, "good", "--word-vectors", "v.txt")
    assert "v.txt says nothing to this model, which was trained without word vectors" in line
