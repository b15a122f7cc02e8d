"""`elman inspect`: which input is read, what its page is called and shows, and what is refused."""

import io
from pathlib import Path

import pandas as pd
import pytest
from eight import SMALL, trained
from pages import Page

import elman


@pytest.fixture
def generator(run) -> str:
    elman.Generator(**SMALL).fit(["red cat", "blue dog"] * 9).save("g.safetensors")
    return "g.safetensors"


def answer(path: str) -> str:
    """What stands in a page before the first picture of the inside."""
    words = Page(Path(path).read_text(encoding="utf-8")).words
    return words[: words.index("Hidden states")]


def test_a_text_and_where_its_page_goes(run, classifier, refused) -> None:
    done = run("inspect", classifier, "Rossi!")
    assert (done.status, done.out) == (0, "m.inspect.html\n")
    assert done.err == "elman: 1 symbol not seen in training, read as unknown: '!'\n"
    share = elman.load(classifier).predict_proba(["Rossi!"])[0]
    assert f"{share.max():.4f}" in answer("m.inspect.html")
    page = Path("m.inspect.html").read_bytes()
    assert b"Inside m.safetensors: Rossi!" in page
    assert "m.inspect.html exists already" in refused("inspect", classifier, "Smith")
    assert Path("m.inspect.html").read_bytes() == page
    assert run("inspect", classifier, "Smith", "--output", "x.html").out == "x.html\n"
    assert "Inside m.safetensors: Smith" in answer("x.html")


def test_a_row_of_a_file_beside_which_others_say_what_units_stand_for(run, classifier, names, refused) -> None:
    table = pd.read_csv(names, keep_default_na=False)
    assert run("inspect", classifier, str(names), "--row", "17").status == 0
    words = Page(Path("m.inspect.html").read_text(encoding="utf-8")).words
    assert f"Inside m.safetensors: {table['name'][16]}" in words
    assert "judged by 19 inputs" in words
    assert "--row is 20, but names.csv has 19 rows" in refused(
        "inspect", classifier, str(names), "--row", "20", "--force"
    )
    assert "the input has no step to look into" in refused("inspect", classifier, str(names), "--row", "19", "--force")
    assert "no column 'who' in names.csv" in refused("inspect", classifier, str(names), "--text", "who", "--force")


def test_a_plain_text_and_standard_input(run, generator, monkeypatch) -> None:
    Path("t.txt").write_text("red dog", encoding="utf-8")
    run("inspect", generator, "t.txt")
    from_file = Path("g.inspect.html").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"red dog")))
    assert run("inspect", generator, "-", "--force").status == 0
    assert Path("g.inspect.html").read_bytes() == from_file
    assert run("inspect", generator, "red dog", "--force").status == 0
    assert Path("g.inspect.html").read_bytes() == from_file


def test_a_series_of_a_table(run, refused) -> None:
    days = pd.date_range("2026-01-01", periods=40)
    parts = [pd.DataFrame({"unique_id": key, "ds": days, "y": days.day_of_week + k}) for k, key in enumerate("ab")]
    pd.concat(parts).to_csv("s.csv", index=False)
    options = ["--epochs", "1", "--hidden-size", "4", "--cell", "elman", "--num-threads", "1", "--verbose", "0"]
    run("train", "forecast", "s.csv", "--target", "y", "--horizon", "3", *options, "-o", "f.safetensors")
    assert run("inspect", "f.safetensors", "s.csv", "--row", "2").status == 0
    assert "Inside f.safetensors: b" in answer("f.inspect.html")
    assert "What it expects." in answer("f.inspect.html")
    assert "no such file: b" in refused("inspect", "f.safetensors", "b", "--force")


def test_a_media_file_and_numbers(run, refused, tmp_path) -> None:
    captioner, image = trained("caption", tmp_path / "shapes")
    captioner.save("c.safetensors")
    assert run("inspect", "c.safetensors", str(image)).status == 0
    assert captioner.predict([image])[0] in answer("c.inspect.html")
    assert "name one of them" in refused("inspect", "c.safetensors", str(image.parent), "--force")
    assert "is no file, but c.safetensors was trained to caption" in refused("inspect", "c.safetensors", "x", "--force")
    regressor, _ = trained("regress", tmp_path)
    regressor.save("r.safetensors")
    assert run("inspect", "r.safetensors", "[0, 1, 0.5]").status == 0
    assert "not a JSON array" in refused("inspect", "r.safetensors", "zero", "--force")
    Path("s.csv").write_text("unique_id,ds,x\na,0,0\na,1,1\nb,0,0.5\nb,1,2\n", encoding="utf-8")
    assert "give --input COL" in refused("inspect", "r.safetensors", "s.csv", "--force")
    assert run("inspect", "r.safetensors", "s.csv", "--input", "x", "--row", "2", "--force").status == 0
    assert "Inside r.safetensors: b" in answer("r.inspect.html")


def test_what_cannot_be_inspected_is_refused_before_anything_is_written(refused, generator) -> None:
    Path("no.safetensors").write_bytes(b"no model")
    assert "no.safetensors" in refused("inspect", "no.safetensors", "a")
    assert "--output is page.pdf: the name of a page ends in .html" in refused(
        "inspect", generator, "a", "-o", "page.pdf"
    )
    assert "no such file: texts.csv" in refused("inspect", generator, "texts.csv")
    assert "no such file: a b, in which" in refused("inspect", generator, "a b", "--row", "1")
    assert "more than the 1,000 of a report" in refused("inspect", generator, "a" * 2000)
    assert "Missing argument 'INPUT'" in refused("inspect", generator)
