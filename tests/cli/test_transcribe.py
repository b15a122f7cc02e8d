"""Transcribing on the command line: a table of sounds and texts, files one by one, and what is told and refused."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import morse
import numpy as np
import pandas as pd
import pytest
import soundfile

import elman

Run = Callable[..., Any]
QUICK = ["--epochs", "1", "--hidden-size", "4", "--num-threads", "1", "--verbose", "0", "--num-layers", "1"]

TRAIN = ["train", "transcribe", "sounds.csv", "--audio", "file", "--text", "said", "-o", "m.safetensors"]


@pytest.fixture
def table(run: Run, tmp_path: Path) -> list[Path]:
    """A table of sounds in a folder beside it, one of which cannot be read, and one whose text is too long."""
    (tmp_path / "clips").mkdir()
    files, texts = morse.write_morse(tmp_path / "clips", 24)
    files[5].write_bytes(b"damaged")
    texts[7] = "e" * 300
    with (tmp_path / "sounds.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [("file", "said"), *((f"clips/{path.name}", text) for path, text in zip(files, texts, strict=True))]
        )
    return files


@pytest.fixture
def trained(table: list[Path], run: Run) -> list[Path]:
    assert run(*TRAIN, *QUICK, "--no-bidirectional").status == 0
    return table


def test_a_table_is_learned_from_and_what_does_not_fit_is_told(table: list[Path], run: Run, tmp_path: Path) -> None:
    status, out, err = run(*TRAIN, *QUICK)
    assert status == 0
    assert "transcribe: file → said" in out
    assert "both directions" in out
    assert "sequences   22\n" in out
    assert "elman: left out 1 of 24 files: clips/0-5.wav cannot be read as audio" in err
    assert "elman: left out 1 of 23 sounds that are too short for their text: clips/0-7.wav has " in err
    page = (tmp_path / "m.report.html").read_text(encoding="utf-8")
    assert "are transcribed exactly" in page
    model = elman.load("m.safetensors")
    assert isinstance(model, elman.Transcriber)
    assert model.level == "characters"


def test_strict_refuses_both(table: list[Path], refused: Callable[..., str], run: Run) -> None:
    assert "0-5.wav cannot be read as audio" in refused(*TRAIN, *QUICK, "--strict")
    soundfile.write(table[5], morse.tone("e"), morse.RATE)
    assert "0-7.wav has " in refused(*TRAIN, *QUICK, "--strict")


def test_files_are_transcribed_while_they_are_read(trained: list[Path], run: Run) -> None:
    paths = [f"clips/{path.name}" for path in trained[:3]]
    model = elman.load("m.safetensors")
    expected = [text or '""' for text in model.predict([Path(path) for path in paths])]
    status, out, err = run("predict", "m.safetensors", *paths)
    assert (status, err) == (0, "")
    assert out.splitlines() == [f"{path}\t{text}" for path, text in zip(paths, expected, strict=True)]


def test_json_has_scores_and_the_times_of_words(trained: list[Path], run: Run) -> None:
    model = elman.load("m.safetensors")
    status, out, _ = run("predict", "m.safetensors", "clips/0-1.wav", "--json", "--beam", "5")
    [record] = map(json.loads, out.splitlines())
    [[best, *_]] = model.hypotheses([Path("clips/0-1.wav")], beam=5)
    assert status == 0
    assert (record["file"], record["text"]) == ("clips/0-1.wav", best.text)
    assert record["score"] == pytest.approx(best.score, abs=1e-5)
    [alignment] = model.align([Path("clips/0-1.wav")], [best.text])
    assert record["words"] == [vars(word) for word in alignment.words]


def test_a_table_is_transcribed_into_a_table(trained: list[Path], run: Run, tmp_path: Path) -> None:
    assert run("predict", "m.safetensors", "--file", "sounds.csv", "-o", "out.csv").status == 0
    frame = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)
    assert list(frame.columns) == ["file", "text", "score", "error"]
    assert len(frame) == 24
    assert "cannot be read" in frame["error"][5]


def test_a_language_model_searches_along(trained: list[Path], run: Run, refused: Callable[..., str]) -> None:
    Path("texts.csv").write_text("text\n" + "\n".join(["tea eat", "note", "ten", "ionian"] * 10), encoding="utf-8")
    assert run("train", "generate", "texts.csv", "--text", "text", "-o", "lm.safetensors", *QUICK).status == 0
    plain = run("evaluate", "m.safetensors", "sounds.csv", "--json")
    with_model = run(
        *("evaluate", "m.safetensors", "sounds.csv", "--json", "--language-model", "lm.safetensors"),
        *("--language-weight", "0.3", "--symbol-bonus", "4", "--beam", "4"),
    )
    assert (plain.status, with_model.status) == (0, 0), with_model.err
    assert set(json.loads(plain.out)) == {"sequences", "character_error_rate", "word_error_rate", "exact_match"}
    assert json.loads(plain.out) != json.loads(with_model.out)
    given = ["clips/0-1.wav", "--language-model", "lm.safetensors", "--symbol-bonus", "4"]
    assert run("predict", "m.safetensors", *given).out != run("predict", "m.safetensors", "clips/0-1.wav").out
    found = run("predict", "m.safetensors", *given, "--json")
    assert json.loads(found.out)["text"] == run("predict", "m.safetensors", *given).out.strip().split("\t")[1]
    message = refused("predict", "m.safetensors", "clips/0-1.wav", "--language-model", "m.safetensors")
    assert "the language model: m.safetensors was trained to transcribe, expected a Generator" in message
    message = refused("predict", "lm.safetensors", "tea", "--language-model", "lm.safetensors")
    assert "--language-model is not for lm.safetensors, which was trained to generate: leave it out" in message
    assert "--beam is not for lm.safetensors" in refused("evaluate", "lm.safetensors", "texts.csv", "--beam", "2")
    assert "--language-weight" in refused("evaluate", "m.safetensors", "sounds.csv", "--language-weight", "nan")


@pytest.mark.parametrize("direction", ["--no-bidirectional", "--bidirectional"])
def test_of_a_file_that_is_damaged_later_the_beginning_is_heard(
    table: list[Path], run: Run, tmp_path: Path, direction: str
) -> None:
    assert run(*TRAIN, *QUICK, direction).status == 0
    soundfile.write("long.flac", 0.1 * np.random.default_rng(0).standard_normal(morse.RATE * 40), morse.RATE)
    data = bytearray(Path("long.flac").read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    Path("long.flac").write_bytes(data)
    status, out, err = run("predict", "m.safetensors", "long.flac")
    assert status == 0
    assert out.startswith("long.flac\t")
    assert out.count("\n") == 1
    # the damage begins near 20 s: 19 blocks of 1.024 s come before it
    assert "elman: only the beginning was heard: long.flac cannot be read as audio after 19.46 s" in err
    status, said, err = run("predict", "m.safetensors", "long.flac", "--json")
    assert json.loads(said)["text"] == out.strip().split("\t")[1].replace('""', "")
    assert "only the beginning was heard: long.flac" in err
    status, _, err = run("predict", "m.safetensors", "long.flac", "--strict")
    assert (status, err.count("\n")) == (2, 1)


def test_files_that_are_no_sound(trained: list[Path], run: Run, refused: Callable[..., str]) -> None:
    Path("empty.wav").touch()
    assert "empty.wav is empty: it has 0 bytes" in refused("predict", "m.safetensors", "empty.wav")
    assert "lost.wav is not there" in refused("predict", "m.safetensors", "lost.wav")
    status, out, err = run("predict", "m.safetensors", "clips/0-0.wav", "empty.wav")
    assert status == 0
    assert out.splitlines()[1] == "empty.wav\t-\tempty.wav is empty: it has 0 bytes"
    assert "left out 1 of 2 files" in err
    soundfile.write("stereo.wav", np.zeros((16_000, 2)), 16_000)
    err = run("predict", "m.safetensors", "stereo.wav").err
    for said in ("several channels, mixed to one", "another sample rate, changed to 8000 Hz", "silent, nothing above"):
        assert said in err


def test_what_the_command_does_not_take(table: list[Path], refused: Callable[..., str]) -> None:
    assert "--stream reads texts and numbers, not audio files" in refused(*TRAIN, *QUICK, "--stream")
    assert "column 'said' is both input and target" in refused(
        *("train", "transcribe", "sounds.csv", "--audio", "said", "--text", "said", "-o", "m.safetensors")
    )
    assert "stack is" in refused(*TRAIN, *QUICK, "--stack", "0")


def test_a_network_without_memory_and_what_info_says(table: list[Path], run: Run) -> None:
    status, out, err = run(*TRAIN, *QUICK, "--baseline", "feedforward", "--stack", "2", "--hidden-size", "24")
    assert status == 0, err
    assert "steps around" in out or "step itself" in out
    assert "character error rate" in out.splitlines()[-3]
    info = run("info", "m.safetensors").out
    assert "transcribe: file → said" in info
    assert "sound at 8,000 Hz, 40 log-mel channels every 10 ms, 2 frames a step" in info
