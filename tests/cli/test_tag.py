"""`elman train tag` and what follows: CoNLL and tables, what is left out, shown and refused."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import elman

QUICK = ["--epochs", "1", "--hidden-size", "4", "--num-threads", "1", "--verbose", "0"]
SENTENCES = [
    (["fly", "to", "New", "York"], ["O", "O", "B-city", "I-city"]),
    (["on", "monday"], ["O", "B-day"]),
    (["fly", "on", "friday"], ["O", "O", "B-day"]),
    (["to", "Rome"], ["O", "B-city"]),
] * 4


def conll(sentences: Any = SENTENCES) -> str:
    return "".join("".join(f"{w}\t{t}\n" for w, t in zip(*one, strict=True)) + "\n" for one in sentences)


def write(name: str, sentences: Any = SENTENCES) -> str:
    """The sentences in one of the forms, by the file's name."""
    rows = pd.DataFrame([{"text": " ".join(x), "tags": " ".join(y)} for x, y in sentences])
    if name.endswith(".conll"):
        Path(name).write_text(conll(sentences), encoding="utf-8")
    elif name == "long.csv":
        steps = [(k, t, *one) for k, (x, y) in enumerate(sentences) for t, one in enumerate(zip(x, y, strict=True))]
        pd.DataFrame(steps, columns=["unique_id", "ds", "text", "tags"]).sort_values("ds", kind="stable").to_csv(
            name, index=False
        )
    elif name.endswith(".csv"):
        rows.to_csv(name, index=False)
    elif name.endswith(".jsonl"):
        lines = [json.dumps({"text": x, "tags": y}) for x, y in sentences]
        Path(name).write_text("\n".join(lines), encoding="utf-8")
    return name


def text_flags(name: str) -> list[str]:
    return [] if name.endswith(".conll") else ["--text", "text"]


@pytest.mark.parametrize("name", ["a.conll", "a.csv", "long.csv", "a.jsonl"])
def test_every_form_gives_the_same_model(run, name: str) -> None:
    write(name)
    trained = run("train", "tag", name, *text_flags(name), "-o", "m.safetensors", *QUICK)
    assert (trained.status, trained.err) == (0, "")
    assert "elman predict m.safetensors 'fly to New York'" in trained.out
    expected = elman.Tagger(epochs=1, hidden_size=4, num_threads=1, verbose=0)
    expected.fit([x for x, _ in SENTENCES], [y for _, y in SENTENCES])
    model: Any = elman.load("m.safetensors")
    weights, others = expected.model_.state_dict(), model.model_.state_dict()
    assert all((weights[key] == others[key]).all() for key in weights)
    measured = json.loads(run("evaluate", "m.safetensors", name, "--json").out)
    assert measured == {
        "sequences": 16,
        **expected.evaluate([x for x, _ in SENTENCES], [y for _, y in SENTENCES]),
    }


@pytest.fixture
def model(run) -> str:
    """One that has learned the sentences by heart."""
    one = elman.Tagger(hidden_size=16, epochs=60, num_threads=1, verbose=0, validation_fraction=0, learning_rate=0.01)
    one.fit([x for x, _ in SENTENCES], [y for _, y in SENTENCES]).save("m.safetensors")
    return "m.safetensors"


def test_sentences_and_their_tags_are_shown(run, model) -> None:
    assert run("predict", model, "fly to New York", "").out == 'fly to New York\tO O B-city I-city\n""\t""\n'
    found = json.loads(run("predict", model, "on monday", "--json").out)
    assert found == {
        "text": "on monday",
        "words": ["on", "monday"],
        "tags": ["O", "B-day"],
        "spans": [{"text": "monday", "kind": "day", "start": 1, "stop": 2}],
    }
    Path("words.conll").write_text("to\nRome\n\non\nmonday\n", encoding="utf-8")
    run("predict", model, "--file", "words.conll", "-o", "out.csv")
    assert Path("out.csv").read_text(encoding="utf-8") == "text,tags\nto Rome,O B-city\non monday,O B-day\n"
    write("long.csv")
    run("predict", model, "--file", "long.csv", "--text", "text", "-o", "words.csv")
    asked, found = pd.read_csv("long.csv"), pd.read_csv("words.csv")
    assert found["tag"].tolist() == asked["tags"].tolist()
    assert found[["unique_id", "ds", "text"]].equals(asked[["unique_id", "ds", "text"]])


def test_on_a_terminal_spans_are_marked() -> None:
    from elman.cli.predictions.tag import marked

    spans = [{"kind": "city", "start": 1, "stop": 3}, {"kind": "day", "start": 3, "stop": 4}]
    assert marked(["to", "New", "York", "today"], [], spans) == "to [New York: city] [today: day]"
    assert marked(["a", "dog"], ["DET", "NOUN"], None) == "a/DET dog/NOUN"


def test_words_and_characters_never_seen_are_counted_and_shown(run, model) -> None:
    err = run("predict", model, "fly to Łódź on monday").err
    assert "1 word not seen in training, read by their characters" in err
    assert "not seen in training, read as unknown: 'Ł'" in err


def test_tags_never_seen_are_counted_and_shown(run, model) -> None:
    write("new.conll", [(["to", "Rome"], ["O", "B-town"]), (["on", "monday"], ["O", "B-day"])])
    measured = run("evaluate", model, "new.conll", "--json")
    assert measured.err == "elman: 1 of 4 steps have a tag not seen in training ('B-town'): counted as errors\n"
    assert json.loads(measured.out)["span_recall"] == 0.5


BAD = {
    "a tag that breaks BIO": (
        conll(SENTENCES[:2]) + "to\tO\nRome\tI-city\n\n",
        "a.conll",
        "a.conll line 10 is 'I-city' after 'O', which is not BIO",
    ),
    "a word without a tag": (conll(SENTENCES[:2]) + "to\n\n", "a.conll", "a.conll line 9 has 1 columns"),
    "a tag too few": (
        'text,tags\nto Rome,O B-city\n"on\nmonday",O\nfly,O\n',
        "a.csv",
        "a.csv line 3 has 2 words and 1 tags",
    ),
    "a tag of another form": (
        "text,tags\nto Rome,O B-city\non monday,O day\n",
        "a.csv",
        "a.csv line 3 tag 2 is 'day', expected O, B-... or I-...",
    ),
    "no tags": ("text,tags\nto Rome,O B-city\non monday,\n", "a.csv", "a.csv line 3 has no value in column 'tags'"),
    "no tag": (
        "unique_id,text,tags\na,to,O\na,Rome,B-city\nb,on,\n",
        "a.csv",
        "a.csv line 4 has no value in column 'tags'",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_sentence_is_named_counted_and_left_out(run, refused, what: str) -> None:
    content, name, message = BAD[what]
    run("--version")  # changes to the empty folder
    Path(name).write_text(content, encoding="utf-8")
    command = ["train", "tag", name, *text_flags(name), "-o", "m.safetensors", "--validation-fraction", "0", *QUICK]
    assert message in refused(*command, "--strict")
    trained = run(*command)
    assert trained.status == 0
    lines = trained.err.splitlines()
    assert lines[0].startswith(f"elman: left out: {message}")
    assert lines[1].startswith("elman: left out 1 of ")
    assert Path("m.report.html").exists()


def test_what_it_refuses(run, refused) -> None:
    run("--version")
    Path("a.conll").write_text("to\tI-city\n", encoding="utf-8")
    assert "scheme" not in refused("train", "tag", "a.conll", "-o", "m.safetensors")
    Path("a.conll").write_text("to\tO\nRome\tB-city\nat\tI-day\n", encoding="utf-8")
    assert "no sequence of a.conll can be used: line 3 is 'I-day' after 'B-city'" in refused(
        "train", "tag", "a.conll", "-o", "m.safetensors"
    )
    write("a.csv")
    assert "no column 'words' in a.csv" in refused("train", "tag", "a.csv", "--text", "words", "-o", "m.safetensors")
    assert "no column 'pos' in a.csv" in refused(
        "train", "tag", "a.csv", "--text", "text", "--tags", "pos", "-o", "m.safetensors"
    )
    assert "call a CoNLL file .conll" in refused("train", "tag", "a.csv", "-o", "m.safetensors")
    assert "leave out --stream" in refused("train", "tag", "a.csv", "--text", "text", "-o", "m.safetensors", "--stream")
    assert "--text or --input, not both" in refused(
        "train", "tag", "a.csv", "--text", "text", "--input", "x", "-o", "m.safetensors"
    )


def test_columns_of_conll_have_numbers_and_iob1_is_told(run) -> None:
    run("--version")
    rows = "U.N. NNP I-org\nofficial NN O\n\nRome NNP I-loc\nParis NNP B-loc\n\n" * 5
    Path("eng.train").write_text(f"-DOCSTART- -X- O\n\n{rows}", encoding="utf-8")
    trained = run("train", "tag", "eng.train", "-o", "m.safetensors", *QUICK)
    assert trained.err == (
        "elman: the tags are IOB1, in which a span begins with I-: read as BIO, in which it begins with B-\n"
    )
    assert list(elman.load("m.safetensors").classes_) == ["B-loc", "B-org", "O"]  # type: ignore[attr-defined]
    run("train", "tag", "eng.train", "--tags", "2", "-o", "pos.safetensors", *QUICK)
    assert list(elman.load("pos.safetensors").classes_) == ["NN", "NNP"]  # type: ignore[attr-defined]


def test_series_have_a_state_for_each_step(run) -> None:
    run("--version")
    steps = [(k, t, (t + k) % 7 / 7, "up" if (t + k) % 7 > 3 else "down") for k in range(12) for t in range(9)]
    pd.DataFrame(steps, columns=["unique_id", "ds", "x", "state"]).to_csv("s.csv", index=False)
    trained = run("train", "tag", "s.csv", "--input", "x", "--tags", "state", "-o", "m.safetensors", *QUICK)
    assert "tag: x → state" in trained.out
    assert "accuracy" in json.loads(run("evaluate", "m.safetensors", "s.csv", "--json").out)
    run("predict", "m.safetensors", "--file", "s.csv", "-o", "out.csv")
    assert set(pd.read_csv("out.csv")["tag"]) <= {"up", "down"}
    assert run("predict", "m.safetensors", "[0.1, 0.9]").out.startswith("0\t")


def test_the_baseline_reads_words_around(run) -> None:
    write("a.conll")
    out = run(
        "train", "tag", "a.conll", "-o", "m.safetensors", "--baseline", "feedforward", *QUICK[2:], "--epochs", "1"
    ).out
    assert "span F1" in out
    assert "steps around" in out or "step itself" in out
