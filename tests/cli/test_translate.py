"""Translating on the command line: forms of pairs, what is left out, pictures, and models of other tasks."""

import io
import json
from pathlib import Path

import pytest

import elman
from elman.tables.pairs import read_pairs

QUICK = ["--epochs", "1", "--hidden-size", "4", "--num-threads", "1", "--verbose", "0"]
PAIRS = [
    ("Hi.", "Salut."),
    ('"Go!"', "Va !"),
    ("Stop it.", "Arrête."),
    ("Who?", "Qui ?"),
    ("Run, Tom!", "Cours, Tom !"),
]


@pytest.fixture
def pairs(run) -> str:
    """As Tatoeba has them: an attribution behind, no header, no quoting."""
    lines = [f"{source}\t{target}\tby CK & {k}\n" for k, (source, target) in enumerate(PAIRS)]
    Path("fra.txt").write_text("".join(lines) + "\n", encoding="utf-8-sig", newline="\r\n")
    return "fra.txt"


@pytest.fixture
def translator(run, pairs) -> str:
    assert run("train", "translate", pairs, "-o", "t.safetensors", *QUICK).status == 0
    return "t.safetensors"


def test_lines_of_pairs_are_taken_as_they_are(run, pairs, translator) -> None:
    done = run("train", "translate", pairs, "-o", "u.safetensors", *QUICK)
    assert done.err == "elman: fra.txt is read as tab-separated pairs without a header; the first: 'Hi.' → 'Salut.'\n"
    assert "translate: 1 → 2" in done.out
    model = elman.load(translator)
    quick = {"epochs": 1, "hidden_size": 4, "num_threads": 1, "verbose": 0}
    same = elman.Translator(**quick).fit([source for source, _ in PAIRS], [target for _, target in PAIRS])
    assert model.codecs_["output"].symbols == same.codecs_["output"].symbols
    assert model.predict(["Hi."]) == same.predict(["Hi."])
    done = run("evaluate", translator, pairs, "--json")
    assert json.loads(done.out) == {"sequences": 5, **model.evaluate(*zip(*PAIRS, strict=True))}
    (first, *_) = map(json.loads, run("predict", translator, "--file", pairs, "--json").out.splitlines())
    assert (first["text"], first["translation"]) == ("Hi.", model.predict(["Hi."])[0])
    Path("one.txt").write_text("Hi.\nWho?\n", encoding="utf-8")  # nothing but sources
    assert len(run("predict", translator, "--file", "one.txt").out.splitlines()) == 2


def test_the_other_way_round_and_from_standard_input(run, pairs, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path(pairs).read_bytes())))
    back = ["--source", "2", "--target", "1", "-o", "b.safetensors", *QUICK]
    assert run("train", "translate", "-", *back).status == 0
    assert set(elman.load("b.safetensors").codecs_["input"].symbols) >= set("Salut")


def test_tables_with_a_header(run, refused) -> None:
    for name, delimiter in (("t.csv", ","), ("t.tsv", "\t")):
        rows = [("en", "fr"), *((a.replace(",", ""), b.replace(",", "")) for a, b in PAIRS if '"' not in a)]
        Path(name).write_text("".join(f"{a}{delimiter}{b}\n" for a, b in rows), encoding="utf-8")
        done = run("train", "translate", name, "--source", "en", "--target", "fr", "-o", f"{name}.safetensors", *QUICK)
        assert (done.status, done.err) == (0, "")
        assert "sequences   4" in done.out
    Path("n.tsv").write_text("2\t1\nb\ta\nd\tc\ne\tf\n", encoding="utf-8")  # a header of numbers
    run("train", "translate", "n.tsv", "-o", "n.safetensors", *QUICK, "--validation-fraction", "0")
    assert elman.load("n.safetensors").codecs_["input"].symbols == ["a", "c", "f"]
    said = refused("train", "translate", "t.csv", "-o", "m.safetensors")
    assert (
        "t.csv is a table with a header: name what to read with --source COL and --target COL; it has: en, fr" in said
    )
    assert "give both --source COL" in refused("train", "translate", "t.csv", "--source", "en", "-o", "m.safetensors")
    assert "no column 'de' in t.csv; it has: en, fr" in refused(
        "train", "translate", "t.csv", "--source", "en", "--target", "de", "-o", "m.safetensors"
    )
    assert "is both input and target" in refused(
        "train", "translate", "t.csv", "--source", "en", "--target", "en", "-o", "m.safetensors"
    )
    assert "t.csv is a table with a header: name what to read with --source COL;" in refused(
        "predict", "n.safetensors", "--file", "t.csv"
    )


@pytest.mark.parametrize("form", ["bare", "table"])
def test_a_pair_whose_side_is_missing_is_left_out_and_named(run, refused, form: str) -> None:
    bare = form == "bare"
    rows = [*PAIRS[:1], ("", "Oui"), ("No", ""), *PAIRS[2:], ("Why", " "), ("And", "")]
    lines = [f"{a}\t{b}\n" for a, b in rows] + ["Alone\n" if bare else "Alone\t\n"]
    Path("p.tsv").write_text(("" if bare else "en\tfr\n") + "".join(lines), encoding="utf-8")
    flags = ["-o", "p.safetensors", *QUICK, *([] if bare else ["--source", "en", "--target", "fr"])]
    source, target, first = ("1", "2", 1) if bare else ("en", "fr", 2)
    said = refused("train", "translate", "p.tsv", "--strict", *flags)
    assert f"p.tsv line {first + 1} has no text in column '{source}': fill it in" in said
    err = run("train", "translate", "p.tsv", *flags).err.splitlines()[int(bare) :]
    assert err == [
        f"elman: left out: p.tsv line {first + 1} has no text in column '{source}'",
        f"elman: left out: p.tsv line {first + 2} has no text in column '{target}'",
        f"elman: left out: p.tsv line {first + 6} has no text in column '{target}'",
        "elman: left out 5 of 9 pairs, of which a side is missing",
    ]
    Path("q.tsv").write_text("" if bare else "en\tfr\n" + "Alone\t\n", encoding="utf-8")
    Path("q.tsv").write_text(("" if bare else "en\tfr\n") + "Alone\t\n", encoding="utf-8")
    assert "no pair of q.tsv is whole: q.tsv line" in refused("train", "translate", "q.tsv", "--force", *flags)


def test_lines_that_are_no_pairs(refused, run, tmp_path) -> None:
    for content, said in (
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("one\ntwo\n", "has 1 column with tabs between, expected 2"),
    ):
        Path("x.txt").write_text(content, encoding="utf-8")
        assert said in refused("train", "translate", "x.txt", "-o", "m.safetensors")
    Path("x.txt").write_bytes(b"a\tb\n\xff\tc\n")
    assert "x.txt line 2 is not UTF-8" in refused("train", "translate", "x.txt", "-o", "m.safetensors")
    assert "no such file" in refused("train", "translate", "absent.txt", "-o", "m.safetensors")
    Path("y.txt").write_text("a\tb\n", encoding="utf-8")
    assert "has 2 columns with tabs between, expected 3" in refused(
        "train", "translate", "y.txt", "--source", "1", "--target", "3", "-o", "m.safetensors"
    )
    assert "--stream reads tables, and y.txt has no header" in refused(
        "train", "translate", "y.txt", "--stream", "-o", "m.safetensors"
    )


def test_nothing_is_quoted_and_every_line_counts(tmp_path) -> None:
    path = tmp_path / "p.txt"
    path.write_text('"a\t"b"\tc\n\n\td\ne\r\n', encoding="utf-8")
    frame = read_pairs(path)
    assert frame.index.tolist() == [1, 3, 4]
    assert frame.fillna("-").to_numpy().tolist() == [['"a', '"b"', "c"], ["-", "d", "-"], ["e", "-", "-"]]


def test_a_source_longer_than_any_in_training(run, translator) -> None:
    done = run("predict", translator, "Hi." * 30)
    assert done.status == 0
    assert "1 of 1 sources is longer than any in training: up to 90 characters, there 9; " in done.err
    assert "cut it into sentences" in done.err


def test_pictures_of_where_it_looked(run, refused, translator, classifier) -> None:
    texts = ["Hi.", "Who?", "日本", *"abcdefgh"]
    plain = run("predict", translator, *texts)
    done = run("predict", translator, *texts, "--pictures", "look.html")
    assert done.out == plain.out
    page = Path("look.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 8
    assert "The first 8 of 11 are shown." in page
    assert all(f"<b>{text}</b>" in page for text in texts[:8])
    assert "look.html exists already" in refused("predict", translator, "Hi.", "--pictures", "look.html")
    assert run("predict", translator, "Hi.", "--pictures", "look.html", "--force").status == 0
    assert Path("look.html").read_text(encoding="utf-8").count("<svg") == 1
    for arguments, said in (
        ((translator, "Hi.", "--pictures", "look.png"), "the name of a page ends in .html"),
        ((translator, "Hi.", "--json", "-o", "a.html", "--pictures", "a.html"), "are both a.html"),
        (
            (classifier, "Hi.", "--pictures", "a.html"),
            "--pictures is not for m.safetensors, which was trained to classify",
        ),
        ((translator, "Hi.", "--pictures", "nowhere/a.html"), "nowhere"),
    ):
        assert said in refused("predict", *arguments)


def test_the_report_shows_where_it_looked(run, translator) -> None:
    page = Path("t.report.html").read_text(encoding="utf-8")
    assert "The pictures show attention" in page


def test_words_and_subwords_are_scored_as_translations(run, pairs) -> None:
    for level in ("words", "subwords"):
        levels = ["--source-level", level, "--target-level", level]
        run("train", "translate", pairs, "-o", f"{level}.safetensors", *QUICK, *levels)
        out = run("evaluate", f"{level}.safetensors", pairs).out
        assert all(name in out for name in ("exact match", "symbol error rate", "bleu", "chrf"))


def test_a_model_of_another_task_says_which_it_is(refused, run, translator, classifier, steps) -> None:
    assert "--beam is not for m.safetensors, which was trained to classify" in refused(
        "predict", classifier, "Hi.", "--beam", "2"
    )
    assert "t.safetensors was trained to translate and reads texts: give --text COL" in refused(
        "predict", translator, "--file", "steps.csv", "--input", "x"
    )
    run("train", "regress", "steps.csv", "--target", "y", "--input", "x", "-o", "r.safetensors", *QUICK)
    assert "'Hi.' is not a JSON array of numbers, which this model reads, trained to regress: give such as" in refused(
        "predict", "r.safetensors", "Hi."
    )
