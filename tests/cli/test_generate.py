"""`elman train generate`, `elman generate` and what other verbs say of a generator."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import elman
from elman.cli.generate import visible

QUICK = ["--epochs", "1", "--hidden-size", "4", "--num-threads", "1", "--verbose", "0"]
SOME = ["--validation-fraction", "0.3"]
TEXT = "the cat sat on the mat. the dog sat on the log.\n" * 6


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("elman.tasks.encoded_files.encoded_folder", lambda: tmp_path / "cache")


@pytest.fixture
def text_file(run):
    Path("t.txt").write_text(TEXT, encoding="utf-8")
    return "t.txt"


@pytest.fixture
def writer(run, text_file):
    done = run("train", "generate", text_file, "-o", "m.safetensors", *QUICK)
    assert done.status == 0, done.err
    assert "generate: plain text" in done.out
    assert "Next:  elman generate m.safetensors\n" in done.out
    return "m.safetensors"


def test_it_writes_what_python_writes(run, writer):
    expected = elman.load(writer).generate("the ", 40, seed=3, temperature=0.7, top_k=9, top_p=0.95)
    options = ["--prompt", "the ", "--length", "40", "--seed", "3", "--temperature", "0.7", "--top-k", "9"]
    done = run("generate", writer, *options, "--top-p", "0.95")
    assert (done.status, done.out, done.err) == (0, expected + "\n", "")
    record = json.loads(run("generate", writer, *options, "--top-p", "0.95", "--json").out)
    how = {"prompt": "the ", "seed": 3, "temperature": 0.7, "top_k": 9, "top_p": 0.95}
    assert record == {"text": expected, "ended": False, "number": 0, **how}


def test_several_texts_are_those_of_python_and_a_seed_that_is_drawn_is_told(run, writer):
    lines = run("generate", writer, "--count", "3", "--length", "9", "--json").out.splitlines()
    records = [json.loads(line) for line in lines]
    seeds = {record["seed"] for record in records}
    assert len(seeds) == 1
    found = [record["text"] for record in records]
    assert found == elman.load(writer).generate("", 9, seed=seeds.pop(), count=3)


def test_a_symbol_of_a_prompt_that_was_never_seen_is_counted(run, writer):
    done = run("generate", writer, "--prompt", "the \N{SNOWMAN}\N{SNOWMAN}", "--length", "1", "--seed", "0")
    assert done.status == 0
    assert done.out.startswith("the \N{SNOWMAN}\N{SNOWMAN}")
    assert done.err == "elman: --prompt has 2 symbols not seen in training, read as unknown: '\N{SNOWMAN}'\n"


def test_a_table_gives_documents_in_memory_and_in_a_stream(run, names, refused):
    for number, stream in enumerate(("--no-stream", "--stream")):
        done = run(
            "train", "generate", str(names), "--text", "name", "-o", f"{number}.safetensors", stream, *QUICK, *SOME
        )
        assert done.status == 0, done.err
        assert "generate: name" in done.out
        assert elman.load(f"{number}.safetensors").ends_ == 1
    done = run("evaluate", "0.safetensors", str(names))
    bits = elman.load("0.safetensors").evaluate(_names(names))["bits_per_character"]
    assert f"bits per character  {bits:.4f}" in done.out
    done = run("predict", "0.safetensors", "--file", str(names), "--json")
    assert [json.loads(line)["name"] for line in done.out.splitlines()] == _names(names)
    assert "name its column of texts with --text COL" in refused(
        "train", "generate", str(names), "-o", "x.safetensors", *QUICK
    )
    assert "no column 'nme' in names.csv" in refused(
        "train", "generate", str(names), "--text", "nme", "-o", "x.safetensors"
    )


def test_standard_input_is_one_text(run, monkeypatch, text_file):
    with Path(text_file).open("rb") as given:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(given))
        done = run("train", "generate", "-", "-o", "a.safetensors", *QUICK)
    assert done.status == 0, done.err
    assert run("train", "generate", text_file, "-o", "b.safetensors", *QUICK).status == 0
    one, other = (elman.load(f"{name}.safetensors") for name in "ab")
    assert one.ends_ == 0
    assert one.generate("the", 30, seed=0) == other.generate("the", 30, seed=0)


def _names(table):
    return [line.split(",")[0].strip('"') for line in table.read_text(encoding="utf-8").splitlines()[1:]]


def test_a_text_is_predicted_and_measured(run, writer, text_file):
    record = json.loads(run("predict", writer, "the cat", "--json").out)
    generator = elman.load(writer)
    assert record["bits_per_character"] == pytest.approx(generator.bits_per_character(["the cat"])[0], abs=1e-6)
    probabilities = generator.predict_proba(["the cat"])[0]
    (symbol, p), *_ = record["next"].items()
    assert symbol == generator.predict(["the cat"])[0]
    assert p == pytest.approx(probabilities.max(), abs=1e-6)
    assert len(record["next"]) == 5
    shown = run("predict", writer, "the cat").out.split("\t")
    assert shown[:2] == ["the cat", f"{record['bits_per_character']:.3f}"]
    found = json.loads(run("evaluate", writer, text_file, "--json").out)
    assert found == {"sequences": 1, **generator.evaluate(TEXT)}
    info = run("info", writer).out
    assert "generate: plain text" in info


def test_a_feedforward_network_is_trained_beside_it(run, text_file):
    options = [*QUICK[:-2], "--verbose", "1", "--window", "2", "--hidden-size", "32"]
    done = run("train", "generate", text_file, "-o", "m.safetensors", "--baseline", "feedforward", *options)
    assert done.status == 0, done.err
    assert re.search(r"^feedforward +\d+ +last (step|2 steps) +[\d,]+ +\d\.\d{4}$", done.out, re.MULTILINE)
    assert done.err.count("elman: feedforward on the last") == 2


def test_a_report_has_texts_and_is_painted(run, writer):
    page = Path("m.report.html").read_text(encoding="utf-8")
    assert "What the model writes at temperature 0.5:" in page
    painted = re.search(r'<pre class="painted"[^>]*>(.*?)</pre>', page, re.DOTALL)
    generator = elman.load(writer)
    _, validation = generator.prepared(Path("t.txt"))
    held_out = generator.codecs_["input"].decode(validation.inputs.values)
    assert re.sub("<[^>]*>", "", painted[1]) == held_out
    shades = re.findall(r'class="s(\d)"', painted[1])
    assert len(set(shades)) > 1


def test_a_closed_pipe_ends_it_quietly(writer, tmp_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "elman", "generate", writer, "--length", "1000000", "--seed", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    assert len(process.stdout.read(10)) == 10
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 141


def test_it_goes_on_from_a_checkpoint_to_the_same_bytes(run, text_file):
    whole = run("train", "generate", text_file, "-o", "a.safetensors", *QUICK, "--epochs", "3")
    assert whole.status == 0
    options = [text_file, "-o", "b.safetensors", *QUICK, "--epochs", "3"]
    assert run("train", "generate", *options).status == 0
    Path("b.safetensors").unlink()
    newest = max(Path("b.checkpoints").glob("step-*.safetensors"))
    newest.unlink()
    assert run("train", "generate", *options, "--resume").status == 0
    assert Path("a.safetensors").read_bytes() == Path("b.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--temperature", "-1"], "temperature is -1.0, expected a number from 0"),
        (["--top-p", "1.5"], "top_p is 1.5"),
        (["--top-k", "0"], "top_k is 0"),
        (["--length", "0"], "length is 0, expected a whole number, at least 1"),
        (["--count", "0"], "count is 0"),
        (["--seed", "-3"], "seed is -3"),
    ],
)
def test_what_nothing_can_be_written_with_is_refused(refused, writer, arguments, said):
    assert said in refused("generate", writer, *arguments)


def test_files_that_nothing_can_be_learned_from_are_refused(run, refused, classifier):
    for name, data, said in (
        ("empty.txt", b"", "empty.txt is empty: expected a text"),
        ("one.txt", b"a", "expected at least 2"),
        ("latin.txt", "caf\u00e9 ".encode("latin-1") * 20, "latin.txt line 1 is not UTF-8 (byte 0xe9)"),
    ):
        Path(name).write_bytes(data)
        Path("cache").mkdir(exist_ok=True)
        status, out, err = run("train", "generate", name, "-o", "x.safetensors", *QUICK)
        assert (status, out) == (2, "")
        assert said in err.splitlines()[-1]
        assert not Path("x.safetensors").exists()
    assert "was trained to classify" in refused("generate", classifier)
    assert "no such file" in refused("generate", "none.safetensors")


def test_nothing_that_is_written_commands_the_terminal():
    assert visible("a\x1b[31m\tb\n\r\u00e9\u202e") == "a\\x1b[31m\tb\n\\r\u00e9\\u202e"
