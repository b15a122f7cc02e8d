"""`elman explore`: how it starts, what it offers, and how it ends."""

import re
import signal
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from talking import talking

import elman
from elman.explore import server
from elman.explore.explored import Explored

Run = Callable[..., Any]
Refused = Callable[..., str]
SMALL = {"hidden_size": 4, "epochs": 1, "validation_fraction": 0, "verbose": 0}


@contextmanager
def started(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`elman explore` in a process of its own, and the address that it prints."""
    command = [sys.executable, "-m", "elman", "explore", *arguments, "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/\S+/", process.stdout.readline())
        try:
            assert found is not None, process.communicate()
            yield process, found[0]
        finally:
            process.kill()


def test_it_serves_a_page_until_ctrl_c(classifier: str, names: Path) -> None:
    with started(classifier, str(names), "--port", "0") as (process, address):
        with talking(address) as tab:
            about = tab.ask("about")
            assert about["file"] == classifier
            assert about["examples"][:2] == ["Rossi0", "Bianchi0"]
            assert tab.ask("read", example=1)["input"]["text"] == "Bianchi0"
            process.send_signal(signal.SIGINT)  # while the tab is open
            assert process.wait(60) == 130
        assert process.communicate() == ("", "elman: Ctrl-C ends it\n")


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[Explored]:
    """What is served, in place of serving it."""
    found: list[Explored] = []
    monkeypatch.setattr(server, "serve", lambda explored, port, ready: found.append(explored))
    return found


def test_what_a_file_offers(run: Run, classifier: str, names: Path, offered: list[Explored]) -> None:
    assert run("explore", classifier).status == 0
    assert list(offered[0].examples) == []
    Path("others.csv").write_text("surname,x\n" + "Ro  ssi,1\n" * 120 + f"{'a' * 80},2\n", encoding="utf-8")
    assert run("explore", classifier, "others.csv", "--text", "surname").status == 0
    assert len(offered[1].examples) == 100
    assert (offered[1].examples[0].title, offered[1].examples[0].raw) == ("Ro ssi", "Ro  ssi")


def test_a_plain_text_is_offered_in_passages(run: Run, offered: list[Explored]) -> None:
    Path("t.txt").write_text(f"one two\nthree\n\n\n\n{'word ' * 100}\n\n  \n\n{'a' * 400}\n", encoding="utf-8")
    elman.Generator(hidden_size=4, epochs=1, verbose=0).fit("one two " * 50).save(
        "g.safetensors", columns={"text": None, "inputs": [], "target": None, "per": "step", "ahead": 0}
    )
    done = run("explore", "g.safetensors", "t.txt")
    assert done.status == 0, done.err
    passages = [one.raw for one in offered[0].examples]
    assert passages == ["one two\nthree", ("word " * 60).rstrip(), "a" * 300]
    assert offered[0].examples[0].title == "one two three"


def test_numbers_and_their_names(run: Run, steps: Path, offered: list[Explored]) -> None:
    flags = ("--input", "x", "--input", "total", "--target", "y", "-o", "r.safetensors")
    small = ("--epochs", "1", "--hidden-size", "4", "--num-threads", "1", "--verbose", "0")
    assert run("train", "regress", str(steps), *flags, *small).status == 0
    assert run("explore", "r.safetensors", str(steps)).status == 0
    first = offered[0].examples[0]
    assert first.title == "s0"
    np.testing.assert_array_equal(first.raw, [[0, 0], [1, 0], [2, 0]])
    assert offered[0].metadata["columns"]["inputs"] == ["x", "total"]


def test_a_folder_of_sounds(run: Run, offered: list[Explored]) -> None:
    from tones import write_tones

    Path("sounds").mkdir()
    X, y = write_tones(Path("sounds"), 4)
    elman.Classifier(**SMALL).fit(X, y).save("s.safetensors")
    Path("sounds/broken.wav").write_bytes(b"RIFF")
    done = run("explore", "s.safetensors", "sounds")
    assert done.status == 0, done.err
    assert [one.title for one in offered[0].examples] == [str(path) for path in X]
    assert "broken.wav" in done.err
    assert run("explore", "s.safetensors", str(X[1])).status == 0
    assert [one.title for one in offered[1].examples] == [str(X[1])]


def test_one_input_on_the_command_line(
    run: Run, refused: Refused, offered: list[Explored], classifier: str, steps: Path
) -> None:
    assert run("explore", classifier, "Ro ssi").status == 0
    assert [(one.title, one.raw) for one in offered[0].examples] == [("Ro ssi", "Ro ssi")]
    assert "no such file: names2.csv" in refused("explore", classifier, "names2.csv")
    X = [np.arange(5.0)] * 4
    elman.Regressor(**SMALL, per="step").fit(X, X).save("r.safetensors")
    assert run("explore", "r.safetensors", "[1, 2.5]").status == 0
    np.testing.assert_array_equal(offered[1].examples[0].raw, [1, 2.5])


def test_what_is_no_model_is_refused(refused: Refused, names: Path, classifier: str) -> None:
    assert "nothing.safetensors" in refused("explore", "nothing.safetensors", "--port", "0")
    assert str(names) in refused("explore", str(names), "--port", "0")
    whole = Path(classifier).read_bytes()
    Path("half.safetensors").write_bytes(whole[: len(whole) // 2])
    assert "half.safetensors" in refused("explore", "half.safetensors", "--port", "0")
    assert "no column 'name'" in refused("explore", classifier, _table("other\n1\n"), "--port", "0")
    assert "--port" in refused("explore", classifier, "--port", "70000")


def _table(text: str) -> str:
    Path("other.csv").write_text(text, encoding="utf-8")
    return "other.csv"


def test_a_network_without_memory_is_refused(refused: Refused) -> None:
    model = elman.Classifier(**SMALL)
    coded, _ = model.prepared(["ab", "ba"] * 5, ["x", "y"] * 5)
    config = {
        "kind": "Feedforward",
        "input_size": model.codecs_["input"].size,
        "output_size": 2,
        "hidden_size": 4,
        "window": 3,
        "embedding_size": 4,
    }
    model.fit_coded(coded, None, config)
    model.save("f.safetensors")
    assert "has no memory, and so no hidden state to look at" in refused("explore", "f.safetensors")


def test_a_port_in_use_is_refused(refused: Refused, classifier: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refused("explore", classifier, "--port", str(port), "--no-browser")
    assert said.startswith(f"elman: port {port} cannot be used")
    assert said.endswith("give another one with --port, or 0 for a free one\n")


def test_without_the_extra_it_says_what_to_install(
    refused: Refused, classifier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fastapi", None)
    assert 'pip install "elman[serve]"' in refused("explore", classifier)


def test_the_browser_opens_at_the_address(run: Run, classifier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(server, "serve", lambda explored, port, ready: ready(f"http://127.0.0.1:{port}/t/"))
    assert run("explore", classifier).out == "m.safetensors: http://127.0.0.1:8765/t/\n"
    assert run("explore", classifier, "--port", "1", "--no-browser").status == 0
    assert opened == ["http://127.0.0.1:8765/t/"]
