import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import elman
from elman.cli import app
from elman.errors import MissingExtra

HEAVY = ("torch", "sklearn", "pandas", "sympy", "pyarrow", "matplotlib")


def elman_process(*arguments: str, **more: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "elman", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        **more,
    )


@pytest.mark.parametrize(
    "verb",
    [(), ("train",), ("train", "translate"), ("train", "classify"), ("train", "regress"), ("predict",), ("evaluate",)]
    + [("info",), ("data",), ("data", "list"), ("data", "show"), ("data", "export"), ("data", "fetch"), ("demo",)],
)
def test_help_is_quick(verb: tuple[str, ...]) -> None:
    script = f"""
import sys
from elman.cli import main
try:
    main([*{verb!r}, "--help"])
except SystemExit as ended:
    assert ended.code == 0, ended.code
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, encoding="utf-8", check=True)
    assert "Usage: elman " + " ".join(verb) in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version(run) -> None:
    assert run("--version") == (0, f"elman {elman.__version__}\n", "")


@pytest.mark.parametrize("verb", [(), ("train",), ("data",)])
def test_a_group_without_a_verb_shows_its_help(run, verb: tuple[str, ...]) -> None:
    status, out, err = run(*verb)
    assert (status, err) == (0, "")
    assert "Commands" in out


def test_verbs_stand_in_the_order_of_use(run) -> None:
    out = run("--help").out
    places = [out.index(f" {verb} ") for verb in ("train", "predict", "evaluate", "info", "data", "demo")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("trian",), "No such command 'trian'. Did you mean 'train'?; see elman --help"),
        (("train", "classify", "f", "--hiden-size", "3"), "--hidden-size"),
        (("train", "classify", "f"), "'--label'; see elman train classify --help"),
        (("train", "classify", "f", "--label", "l", "-o", "m", "--epochs", "x"), "--epochs"),
        (("train", "translate", "f", "--pooling", "last"), "--pooling"),
    ],
)
def test_wrong_usage_is_one_line(refused: Callable[..., str], arguments: tuple[str, ...], said: str) -> None:
    assert said in refused(*arguments)


def test_an_error_is_one_line_in_a_process_of_its_own(tmp_path: Path) -> None:
    done = elman_process("info", "nothing.safetensors", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("elman: nothing.safetensors: there is no such file, expected a model file (.safetensors)\n")


def test_a_missing_extra_is_one_line(refused, names, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    line = refused(
        *("train", "classify", str(names), "--text", "name", "--label", "language", "-o", "m.safetensors"),
        *("--level", "subwords", "--verbose", "0"),
    )
    assert 'pip install "elman[text]"' in line


def test_messages_of_several_lines_become_one(refused, monkeypatch) -> None:
    def fail() -> None:
        raise MissingExtra("one\n  two")

    monkeypatch.setattr("elman.datasets.names", fail)
    assert refused("data", "list") == "elman: one two\n"


def test_ctrl_c_is_no_traceback(run, monkeypatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("elman.datasets.names", interrupt)
    status, _, err = run("data", "list")
    assert (status, err) == (app.INTERRUPTED, "")


@pytest.mark.skipif(os.name != "posix", reason="pipes of the shell")
def test_a_reader_that_goes_away_is_no_error() -> None:
    elman_command = f"{sys.executable} -m elman data export surnames"
    done = subprocess.run(f"{elman_command} | head -1", shell=True, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("name,language\n", "")
