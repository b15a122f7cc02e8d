"""A model that is given what it does not read: the message says what it was trained to, and what it reads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tones import write_tones

QUICK = ["--epochs", "1", "--hidden-size", "4", "--num-layers", "1", "--num-threads", "1", "--verbose", "0"]
READS = "m.safetensors was trained to transcribe and reads audio files"


@pytest.fixture
def transcriber(run: Callable[..., Any], tmp_path: Path) -> str:
    (tmp_path / "sounds").mkdir()
    files, words = write_tones(tmp_path / "sounds", 12)
    rows = [f"sounds/{file.name},{word}" for file, word in zip(files, words, strict=True)]
    Path("sounds.csv").write_text("\n".join(["audio,text", *rows]), encoding="utf-8")
    (tmp_path / "images").mkdir()
    Image.new("RGB", (9, 9)).save("images/a.png")
    assert run("train", "transcribe", "sounds.csv", "-o", "m.safetensors", *QUICK).status == 0
    return "m.safetensors"


def test_all_sounds_of_a_folder_are_transcribed(run: Callable[..., Any], transcriber: str) -> None:
    status, out, _ = run("predict", transcriber, "sounds")
    assert status == 0
    assert [line.partition("\t")[0] for line in out.splitlines()] == sorted(map(str, Path("sounds").glob("*.wav")))


def test_a_transcriber_says_that_it_reads_sounds(refused: Callable[..., str], transcriber: str) -> None:
    predict = ["predict", transcriber]
    assert f"images/a.png is an image, but {READS}" in refused(*predict, "images/a.png")
    assert f"images/a.png is an image, but {READS}" in refused(*predict, "images/a.png", "--json")
    assert f"'some text' is no file, but {READS}" in refused(*predict, "some text")
    Path("images.csv").write_text("image,caption\nimages/a.png,black\n", encoding="utf-8")
    message = f"no column 'audio' in images.csv; it has: image, caption; {READS}"
    assert message in refused(*predict, "--file", "images.csv")
    assert f"images.csv has images, but {READS}" in refused(*predict, "--file", "images.csv", "--audio", "image")
    assert message in refused("evaluate", transcriber, "images.csv", "--target", "caption")


def test_a_model_of_texts_does_not_read_the_name_of_a_file(
    run: Callable[..., Any], refused: Callable[..., str], classifier: str
) -> None:
    Image.new("RGB", (9, 9)).save("a.png")
    message = f"a.png is an image, but {classifier} was trained to classify and reads texts"
    assert message in refused("predict", classifier, "a.png")
    assert run("predict", classifier, "b.png").status == 0  # no file: a text like any other
