import io
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import elman
from elman.files import read_model, write_model
from elman.tables import read_table

QUICK = ["--epochs", "1", "--hidden-size", "4", "--num-threads", "1", "--verbose", "0"]


@pytest.fixture
def translator(run) -> str:
    Path("words.csv").write_text(
        "".join(f"{w},{w.upper()}\n" for w in ("word", "ab", "ba", "cab", "bb")), encoding="utf-8"
    )
    run("train", "translate", "words.csv", "--source", "word", "--target", "WORD", "-o", "t.safetensors", *QUICK)
    return "t.safetensors"


@pytest.fixture
def regressor(run, steps) -> str:
    run("train", "regress", "steps.csv", "--target", "y", "--input", "x", "-o", "r.safetensors", *QUICK)
    return "r.safetensors"


def test_a_line_for_each_text(run, classifier) -> None:
    status, out, err = run("predict", classifier, "Rossi", "", "Mueller\tZ")
    model = elman.load(classifier)
    texts = ["Rossi", "", "Mueller\tZ"]
    best = model.predict_proba(texts).max(1)
    rows = zip(["Rossi", '""', "Mueller\\tZ"], model.predict(texts), best, strict=True)
    assert status == 0
    assert out == "".join(f"{text}\t{label}\t{p:.3f}\n" for text, label, p in rows)
    assert err == "elman: 6 symbols not seen in training, read as unknown: 'l', 'M', 'u', '\\t', 'Z'\n"


def test_a_text_may_look_like_a_flag(run, classifier) -> None:
    assert run("predict", classifier, "--", "--Rossi").out.startswith("--Rossi\t")


def test_json_has_all_probabilities(run, classifier) -> None:
    records = [json.loads(line) for line in run("predict", classifier, "Rossi", "", "--json").out.splitlines()]
    assert [record["text"] for record in records] == ["Rossi", ""]
    for record in records:
        assert record["probabilities"].keys() == {"en", "it"}
        assert record["probabilities"][record["label"]] == record["probability"] >= 0.5


def test_a_file_and_standard_input_give_the_same(run, classifier, names, monkeypatch) -> None:
    from_file = run("predict", classifier, "--file", str(names))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(names.read_bytes())))
    assert run("predict", classifier, "--file", "-").out == from_file.out
    assert len(from_file.out.splitlines()) == 19
    Path("other.tsv").write_text("who\tlanguage\nRossi\t\n\t\n", encoding="utf-8")
    done = run("predict", classifier, "--file", "other.tsv", "--text", "who")
    assert done.out.startswith("Rossi\t")
    assert done.err == "elman: left out 1 of 2 rows with a missing value\n"


def test_a_beam_gives_its_hypotheses(run, translator) -> None:
    (record,) = map(json.loads, run("predict", translator, "ab", "--beam", "2", "--json").out.splitlines())
    found = elman.load(translator).hypotheses(["ab"], beam=2)[0]
    assert record["translation"] == found[0].text
    assert [one["text"] for one in record["hypotheses"]] == [one.text for one in found]
    assert len(found) == 2
    assert run("predict", translator, "ab", "--beam", "2").out == "ab\t" + (found[0].text or '""') + "\n"


def test_numbers_from_json_and_from_a_table(run, regressor, steps) -> None:
    expected = elman.load(regressor).predict([np.array([[0.0], [1.0], [2.0]])])[0]
    (line,) = run("predict", regressor, "[0, 1, 2]", "--json").out.splitlines()
    assert json.loads(line) == {"sequence": 0, "prediction": expected.tolist()}
    assert run("predict", regressor, "[]").out == '0\t""\n'
    assert run("predict", regressor, "--file", "steps.csv").out.splitlines()[0] == "s0\t" + " ".join(
        f"{value:.6g}" for value in expected
    )
    assert run("predict", regressor, "--file", "steps.csv", "-o", "p.csv").out == ""
    table, source = read_table("p.csv"), read_table("steps.csv")
    assert table.columns.tolist() == ["unique_id", "ds", "prediction"]
    assert table[["unique_id", "ds"]].equals(source[["unique_id", "ds"]])  # in the order of the file
    assert table["prediction"].iloc[:3].tolist() == pytest.approx([expected[2], expected[0], expected[1]])


def test_two_numbers_at_a_time_are_two_columns(run, steps) -> None:
    X = [np.arange(3.0)[:, None] + k for k in range(4)]
    flags = {"epochs": 1, "hidden_size": 4, "num_threads": 1, "validation_fraction": 0, "verbose": 0}
    for y, count in (([np.hstack([x, -x]) for x in X], 36), ([(x.sum(), x.max()) for x in X], 12)):
        elman.Regressor(**flags).fit(X, y).save("two.safetensors")
        assert run("predict", "two.safetensors", "--file", "steps.csv", "--input", "x", "-o", f"{count}.csv").err == ""
        (record,) = map(json.loads, run("predict", "two.safetensors", "[0, 1, 2]", "--json").out.splitlines())
        table = read_table(f"{count}.csv").query("unique_id == 's0'")
        table = table.sort_values("ds") if "ds" in table else table
        assert len(read_table(f"{count}.csv")) == count
        found = table[["prediction_1", "prediction_2"]].to_numpy()
        assert found == pytest.approx(np.array([record["prediction_1"], record["prediction_2"]]).T.reshape(-1, 2))


def test_numbers_of_a_later_step_are_called_so(run, steps) -> None:
    run("train", "regress", "steps.csv", "--target", "x", "--ahead", "1", "--input", "x", "-o", "r.safetensors", *QUICK)
    assert json.loads(run("predict", "r.safetensors", "[1, 2]", "--json").out).keys() == {
        "sequence",
        "prediction_1_ahead",
    }
    run("predict", "r.safetensors", "--file", "steps.csv", "-o", "p.csv")
    assert read_table("p.csv").columns.tolist() == ["unique_id", "ds", "prediction_1_ahead"]


def test_a_text_column_named_as_a_result_keeps_its_texts(run, classifier) -> None:
    Path("t.csv").write_text("label\nRossi\nSmith\n", encoding="utf-8")
    run("predict", classifier, "--file", "t.csv", "--text", "label", "-o", "p.csv")
    table = read_table("p.csv")
    assert table.columns.tolist() == ["text", "label", "probability"]
    assert table["text"].tolist() == ["Rossi", "Smith"]


def test_tables_and_json_lines_are_written(run, refused, classifier, names) -> None:
    run("predict", classifier, "--file", str(names), "-o", "p.parquet")
    table = read_table("p.parquet")
    assert table.columns.tolist() == ["name", "label", "probability"]
    assert len(table) == 19
    assert "p.parquet exists already" in refused("predict", classifier, "A", "-o", "p.parquet")
    printed = run("predict", classifier, "A", "--json").out
    assert run("predict", classifier, "A", "--json", "-o", "p.parquet", "--force").status == 0
    assert Path("p.parquet").read_text(encoding="utf-8") == printed
    assert "a table's name ends in" in refused("predict", classifier, "A", "-o", "p.xls")


def test_what_predict_refuses(refused, classifier, regressor, names) -> None:
    for arguments, said in (
        ((classifier,), "--file FILE"),
        ((classifier, "A", "--file", "names.csv"), "one of them"),
        ((classifier, "A", "--beam", "2"), "--beam is not for"),
        ((classifier, "--file", "names.csv", "--text", "who"), "no column 'who' in names.csv; it has: name, language"),
        ((classifier, "--file", "names.csv", "--input", "name"), "reads texts: give --text COL"),
        ((classifier, "--file", "absent.csv"), "no such file"),
        ((regressor, "--file", "names.csv"), "no column 'x'"),
        ((regressor, "--file", "names.csv", "--text", "name"), "reads numbers: give --input COL"),
        ((regressor, "one"), "'one' is not a JSON array of numbers"),
        ((regressor, "3"), "'3' is not a JSON array"),
        ((regressor, "[[1, 2]]"), "2 features"),
        ((regressor, "[1e999]"), "infinite"),
    ):
        assert said in refused("predict", *arguments)


def test_a_model_without_columns_reads_arguments_and_asks_for_columns(run, refused) -> None:
    model = elman.Classifier(epochs=1, hidden_size=4, num_threads=1, validation_fraction=0, verbose=0)
    model.fit(["a", "b", "ab"], [1, 2, 1]).save("p.safetensors")
    assert run("predict", "p.safetensors", "a").status == 0
    Path("t.csv").write_text("t,n\na,1\nb,2\nab,1\n", encoding="utf-8")
    assert "give --text COL" in refused("predict", "p.safetensors", "--file", "t.csv")
    assert "give --target COL" in refused("evaluate", "p.safetensors", "t.csv", "--text", "t")


@pytest.mark.parametrize("verb", ["predict", "info", "evaluate"])
def test_a_model_file_that_is_none(refused, classifier, names, verb: str) -> None:
    def complaint(path: str) -> str:
        return refused(verb, path, *{"predict": ["A"], "info": [], "evaluate": ["names.csv"]}[verb])

    content = Path(classifier).read_bytes()
    assert "no such file" in complaint("absent.safetensors")
    assert "names.csv" in complaint("names.csv")
    for name, damaged in (
        ("short", content[:-10]),
        ("empty", b""),
        ("flipped", content[:-1] + bytes([content[-1] ^ 1])),
    ):
        Path(f"{name}.safetensors").write_bytes(damaged)
        assert f"{name}.safetensors" in complaint(f"{name}.safetensors")
    save_file({"a": np.zeros(2)}, "foreign.safetensors")
    assert "not one of elman's" in complaint("foreign.safetensors")

    def rewritten(name: str, old: bytes, new: bytes) -> str:
        changed = content.replace(old, new)
        assert len(changed) == len(content) != content.count(old)
        Path(name).write_bytes(changed)
        return complaint(name)

    assert "newer elman" in rewritten("newer.safetensors", b'\\"version\\":1', b'\\"version\\":9')
    tensors = load_file(classifier)
    tensors["readout.bias"][:] = np.nan
    save_file(tensors, "nan.safetensors", {"elman": json.dumps({"package": "elman", "version": 1})})
    assert "NaN" in complaint("nan.safetensors")


def test_a_wrong_shape(refused, classifier) -> None:
    metadata, tensors = read_model(classifier)
    write_model("wrong.safetensors", tensors | {"readout.bias": np.zeros(7, np.float32)}, metadata)
    assert "readout.bias has shape (7,)" in refused("predict", "wrong.safetensors", "A")
    write_model("hollow.safetensors", {}, {"task": "classify"})
    for verb in (("predict", "hollow.safetensors", "A"), ("info", "hollow.safetensors")):
        assert "damaged" in refused(*verb)
