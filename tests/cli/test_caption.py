"""Captions on the command line: from a folder and a table to texts, and what bad input gets."""

import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from shapes import write_shapes, write_table

from elman.files import read_model

QUICK = ["--epochs", "2", "--hidden-size", "4", "--channels", "8", "--image-size", "16", "--num-threads", "1"]
QUICK += ["--verbose", "0"]


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    """A table in a folder with its images; the third is no image, the sixth is not there, the ninth has no caption."""
    folder = tmp_path / "data"
    paths, texts = write_shapes(folder, 24)
    paths[2].write_bytes(b"no image")
    paths[5].unlink()
    texts[8] = " "
    rows = [(path.name, text) for path, text in zip(paths, texts, strict=True)]
    return write_table(folder / "captions.csv", rows)


@pytest.fixture
def model(run, shapes: Path) -> str:
    status, out, err = run("train", "caption", str(shapes), "-o", "m.safetensors", *QUICK)
    assert status == 0
    assert "caption: image → caption" in out
    assert "sequences   21" in out
    assert f"Next:  elman predict m.safetensors {shapes.parent}/0-0.png\n" in out
    assert err.splitlines() == [
        "elman: left out 1 of 24 rows with a missing value",
        f"elman: left out 2 of 23 files: {shapes.parent}/0-2.png cannot be read as an image: Pillow knows no such "
        f"format; {shapes.parent}/0-5.png is not there: expected an image",
    ]
    return "m.safetensors"


def test_a_table_is_captioned_and_bad_files_are_named(run, shapes: Path, model: str, tmp_path: Path) -> None:
    status, out, err = run("predict", model, "--file", str(shapes))
    lines = [line.split("\t") for line in out.splitlines()]
    assert status == 0
    assert [line[0] for line in lines] == pd.read_csv(shapes)["image"].tolist()
    assert lines[5][1:] == ["-", f"{shapes.parent}/0-5.png is not there: expected an image"]
    assert err.startswith("elman: left out 2 of 24 files: ")
    records = [json.loads(line) for line in run("predict", model, "--file", str(shapes), "--json").out.splitlines()]
    assert list(records[0]) == ["image", "caption", "score", "hypotheses"]
    assert [record["caption"] for record in records] == [None if line[1] == "-" else line[1] for line in lines]
    assert len(records[0]["hypotheses"]) == 3
    beam = run("predict", model, "--file", str(shapes), "--json", "--beam", "1").out.splitlines()
    assert len(json.loads(beam[0])["hypotheses"]) == 1
    assert run("predict", model, "--file", str(shapes), "-o", "found.csv").status == 0
    found = pd.read_csv(tmp_path / "found.csv")
    assert found.columns.tolist() == ["image", "caption", "score", "error"]
    assert found["error"].notna().sum() == 2


def test_a_row_without_a_path_gets_an_empty_result_too(run, refused, shapes: Path, model: str, tmp_path: Path) -> None:
    table = pd.read_csv(shapes)
    table.loc[[1, 4], "image"] = ["", "  "]
    table.to_csv(shapes, index=False)
    reasons = [f"{shapes} line {line} has no value in column 'image'" for line in (3, 6)]
    status, out, err = run("predict", model, "--file", str(shapes))
    lines = [line.split("\t") for line in out.splitlines()]
    assert (status, len(lines)) == (0, 24)
    assert [lines[1], lines[4]] == [['""', "-", reason] for reason in reasons]
    assert [k for k, line in enumerate(lines) if line[1] == "-"] == [1, 2, 4, 5]
    assert lines[5][2] == f"{shapes.parent}/0-5.png is not there: expected an image"
    assert err.splitlines()[0] == f"elman: left out 2 of 24 rows: {'; '.join(reasons)}"
    assert run("predict", model, "--file", str(shapes), "-o", "found.csv").status == 0
    found = pd.read_csv(tmp_path / "found.csv")
    assert found["error"][[1, 4]].tolist() == reasons
    assert found["image"].notna().tolist() == [k not in (1, 4) for k in range(24)]
    assert refused("predict", model, "--file", str(shapes), "--strict") == f"elman: {reasons[0]}\n"


def test_files_and_folders_are_captioned(run, refused, shapes: Path, model: str, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    paths, _ = write_shapes(folder, 3, seed=1)
    (folder / "notes.txt").write_text("no image", encoding="utf-8")
    of_folder = run("predict", model, str(folder))
    assert of_folder.err == ""
    assert [line.split("\t")[0] for line in of_folder.out.splitlines()] == [str(path) for path in paths]
    assert run("predict", model, *map(str, paths)).out == of_folder.out
    (tmp_path / "nothing").mkdir()
    assert "the folder nothing has no images, whose names end in .png, .jpg," in refused("predict", model, "nothing")
    assert "'notes.txt' is no file, but m.safetensors was trained to caption and reads images" in refused(
        "predict", model, "notes.txt"
    )


def test_pictures_show_where_it_looked(run, shapes: Path, model: str, tmp_path: Path) -> None:
    assert run("predict", model, str(shapes.parent / "0-0.png"), "--pictures", "looked.html").status == 0
    page = (tmp_path / "looked.html").read_text(encoding="utf-8")
    assert "for each step the image again" in page
    assert page.count("<figure>") == 1
    assert run("predict", model, "--file", str(shapes), "--pictures", "all.html").status == 0
    page = (tmp_path / "all.html").read_text(encoding="utf-8")
    assert "The first 8 of 22 are shown; 2 others could not be read." in page
    assert page.count("<figure>") == 8
    report = (tmp_path / "m.report.html").read_text(encoding="utf-8")
    assert "images are described exactly" in report
    assert report.count('<img src="data:image/png;base64,') >= 2
    assert "for each step the image again" in report


def test_a_model_is_measured(run, shapes: Path, model: str) -> None:
    status, out, err = run("evaluate", model, str(shapes), "--json")
    assert status == 0
    measured = json.loads(out)
    assert list(measured) == ["sequences", "exact_match", "symbol_error_rate", "bleu", "chrf"]
    assert measured["sequences"] == 21
    assert "left out 2 of 23 files" in err
    table = pd.read_csv(shapes).rename(columns={"image": "file", "caption": "said"})
    table.to_csv(shapes, index=False)
    again = run("evaluate", model, str(shapes), "--image", "file", "--caption", "said", "--json")
    assert json.loads(again.out) == measured


def test_the_file_says_what_it_sees(run, model: str, tmp_path: Path) -> None:
    out = run("info", model).out
    assert "caption: image → caption" in out
    assert "one to many, with attention over regions" in out
    assert "images of 16 x 16 pixels, three colours" in out
    assert read_model(tmp_path / model).metadata["columns"]["image"] == "image"


def test_flickr8k_is_taken_as_it_is(run, tmp_path: Path) -> None:
    paths, texts = write_shapes(tmp_path / "flickr" / "Images", 12)
    rows = [(path.name, f"{text} , {more}") for path, text in zip(paths, texts, strict=True) for more in "ab"]
    table = write_table(tmp_path / "flickr" / "captions.txt", rows)
    status, out, err = run("train", "caption", str(table), "-o", "m.safetensors", *QUICK)
    assert (status, err) == (0, "")
    assert "sequences   24" in out
    measured = json.loads(run("evaluate", "m.safetensors", str(table), "--json").out)
    assert measured["sequences"] == 24


def test_strict_refuses(refused, shapes: Path, model: str) -> None:
    train = ("train", "caption", str(shapes), "-o", "n.safetensors", *QUICK, "--strict")
    assert "captions.csv line 10 has no value in column 'caption'" in refused(*train)
    pd.read_csv(shapes).drop(index=8).to_csv(shapes, index=False)
    assert "0-2.png cannot be read as an image" in refused(*train)
    assert "0-2.png cannot be read as an image" in refused("predict", model, "--file", str(shapes), "--strict")


def test_what_is_refused(run, refused, shapes: Path, model: str, tmp_path: Path) -> None:
    train = ("train", "caption", str(shapes), "-o", "n.safetensors")
    missing = refused(*train, "--image", "picture")
    assert "no column 'picture' in" in missing
    assert missing.rstrip().endswith("name its columns with --image COL and --caption COL")
    assert "no column 'said' in" in refused(*train, "--caption", "said")
    assert "column 'image' is both input and target" in refused(*train, "--text", "image")
    assert "a captioner learns from images in memory: leave out --stream" in refused(*train, "--stream")
    assert "--baseline is not for caption" in refused(*train, "--baseline", "feedforward")
    assert "image_size is 4, expected a whole number from 8 to 1024" in refused(*train, "--image-size", "4")
    assert "m.safetensors was trained to caption and reads images: give --image COL" in refused(
        "evaluate", model, str(shapes), "--text", "image"
    )
    assert refused("predict", model, "lost.png") == "elman: lost.png is not there: expected an image\n"
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    assert "dot.png has 1 pixel, in which there is nothing to see" in refused("predict", model, "dot.png")


def test_images_are_classified_row_by_row(run, tmp_path: Path) -> None:
    paths, texts = write_shapes(tmp_path, 16)
    rows = [(path.name, text.split()[1]) for path, text in zip(paths, texts, strict=True)]
    write_table(tmp_path / "colours.csv", rows, ("file", "colour"))
    options = ["--epochs", "1", "--hidden-size", "4", "--num-threads", "1", "--verbose", "0"]
    train = ("train", "classify", "colours.csv", "--image", "file", "--label", "colour", "-o", "c.safetensors")
    assert run(*train, *options).status == 0
    out = run("predict", "c.safetensors", str(paths[0])).out
    assert out.split("\t")[1] in {"red", "green", "blue"}
