"""Tables of audio files on the command line: trained on, predicted and measured, with bad files named and left out."""

import json
from pathlib import Path

import pandas as pd
import pytest
from tones import write_tone, write_tones

from elman.files import read_model

QUICK = ["--epochs", "2", "--hidden-size", "4", "--num-threads", "1", "--verbose", "0"]


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A table in a folder beside the sounds; its third file is no sound, its sixth is not there."""
    folder = tmp_path / "data"
    (folder / "sounds").mkdir(parents=True)
    files, words = write_tones(folder / "sounds", 14)
    files[2].write_bytes(b"no sound")
    files[5].unlink()
    table = pd.DataFrame({"file": [f"sounds/{path.name}" for path in files], "word": words})
    table.to_csv(folder / "clips.csv", index=False)
    return folder / "clips.csv"


@pytest.fixture
def model(run, clips: Path) -> str:
    status, out, err = run(
        "train", "classify", str(clips), "--audio", "file", "--label", "word", "-o", "m.safetensors", *QUICK
    )
    assert status == 0
    assert "sequences   12" in out
    assert "file → word" in out
    assert f"Next:  elman predict m.safetensors {clips.parent}/sounds/0-0.wav\n" in out
    assert err == (
        f"elman: left out 2 of 14 files: {clips.parent}/sounds/0-2.wav cannot be read as audio: Format not recognised; "
        f"{clips.parent}/sounds/0-5.wav is not there: expected an audio file\n"
    )
    return "m.safetensors"


def test_a_bad_file_gets_an_empty_result_and_the_reason(run, clips: Path, model: str, tmp_path: Path) -> None:
    status, out, err = run("predict", model, "--file", str(clips))
    lines = [line.split("\t") for line in out.splitlines()]
    assert status == 0
    assert [line[0] for line in lines] == pd.read_csv(clips)["file"].tolist()
    assert lines[2] == [
        "sounds/0-2.wav",
        "-",
        f"{clips.parent}/sounds/0-2.wav cannot be read as audio: Format not recognised",
    ]
    assert lines[5][1:] == ["-", f"{clips.parent}/sounds/0-5.wav is not there: expected an audio file"]
    assert {line[1] for k, line in enumerate(lines) if k not in (2, 5)} <= {"up", "down"}
    assert err.startswith("elman: left out 2 of 14 files: ")

    out = run("predict", model, "--file", str(clips), "--json").out
    records = [json.loads(line) for line in out.splitlines()]
    assert records[2] == {
        "file": "sounds/0-2.wav", "label": None, "probability": None, "probabilities": None, "error": lines[2][2]
    }  # fmt: skip
    assert [record["label"] for record in records] == [None if line[1] == "-" else line[1] for line in lines]

    assert run("predict", model, "--file", str(clips), "-o", "found.csv").status == 0
    found = pd.read_csv(tmp_path / "found.csv")
    assert found.columns.tolist() == ["file", "label", "probability", "error"]
    assert found["label"].fillna("-").tolist() == [line[1] for line in lines]
    assert found["error"].notna().tolist() == [k in (2, 5) for k in range(14)]


def test_files_are_given_by_name_too(run, clips: Path, model: str) -> None:
    odd = write_tone(clips.parent / "odd.wav", True, 7, rate=16_000, channels=2)
    status, out, err = run("predict", model, str(odd), str(clips.parent / "sounds" / "0-2.wav"))
    assert status == 0
    assert out.splitlines()[0].split("\t")[0] == str(odd)
    assert err.splitlines() == [
        f"elman: several channels, mixed to one: 1 of 1 files ({odd})",
        f"elman: another sample rate, changed to 8000 Hz: 1 of 1 files ({odd})",
        f"elman: left out 1 of 2 files: {clips.parent}/sounds/0-2.wav cannot be read as audio: Format not recognised",
    ]


def test_a_model_is_measured_on_what_can_be_read(run, clips: Path, model: str) -> None:
    status, out, err = run("evaluate", model, str(clips), "--json")
    assert status == 0
    assert json.loads(out)["sequences"] == 12
    assert err.startswith("elman: left out 2 of 14 files: ")
    table = pd.read_csv(clips)
    table.loc[0, "word"] = "sideways"
    table.to_csv(clips, index=False)
    err = run("evaluate", model, str(clips)).err
    assert (
        "elman: 1 of 12 sequences have a label not seen in training ('sideways'): they count as wrong; "
        "the log loss is over the others\n"
    ) in err


def test_strict_refuses_a_bad_file(refused, clips: Path, model: str) -> None:
    train = ("train", "classify", str(clips), "--audio", "file", "--label", "word", "-o", "n.safetensors", *QUICK)
    for command in (train, ("predict", model, "--file", str(clips)), ("evaluate", model, str(clips))):
        assert refused(*command, "--strict") == (
            f"elman: {clips.parent}/sounds/0-2.wav cannot be read as audio: Format not recognised\n"
        )


def test_what_is_refused(refused, clips: Path, model: str) -> None:
    train = ("train", "classify", str(clips), "--label", "word", "-o", "n.safetensors")
    assert "give --text COL, --audio COL, --image COL, or --input COL" in refused(*train)
    assert "give --text COL, --audio COL, --image COL, or --input COL" in refused(
        *train, "--audio", "file", "--text", "file"
    )
    assert "--stream reads texts and numbers, not audio files" in refused(*train, "--audio", "file", "--stream")
    assert "no column 'sound' in" in refused(*train, "--audio", "sound")
    assert "m.safetensors was trained to classify and reads audio files: give --audio COL" in refused(
        "predict", model, "--file", str(clips), "--text", "file"
    )
    assert refused("predict", model, "nothing.wav").startswith("elman: nothing.wav is not there: expected")


def test_the_file_says_what_it_hears(run, model: str, tmp_path: Path) -> None:
    assert "sound at 8,000 Hz, 40 log-mel channels every 10 ms" in run("info", model).out
    assert read_model(tmp_path / model).metadata["columns"]["audio"] == "file"
    report = (tmp_path / "m.report.html").read_text(encoding="utf-8")
    assert "Which class is taken for which" in report
