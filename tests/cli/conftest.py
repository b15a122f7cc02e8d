"""The program run in this process, and small tables and models to run it on."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from elman.cli import main

QUICK = ["--epochs", "1", "--hidden-size", "4", "--num-threads", "1", "--verbose", "0"]
QUICK += ["--cell", "lstm", "--num-layers", "1"]


class Ran(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `elman` with these arguments in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capfd.readouterr()
        return Ran(int(ended.value.code or 0), out, err)

    return run


@pytest.fixture
def refused(run: Run, tmp_path: Path) -> Callable[..., str]:
    """Run `elman`, see it refuse: exit status 2, one line on stderr, no file made or changed; give the line."""

    def refused(*arguments: str) -> str:
        before = {
            path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and os.access(path, os.R_OK)
        }
        status, out, err = run(*arguments)
        assert (status, out) == (2, "")
        assert err.startswith("elman: ")
        assert err.count("\n") == 1
        assert err.endswith("\n")
        after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and os.access(path, os.R_OK)}
        assert after == before
        return err

    return refused


@pytest.fixture
def names(run: Run) -> Path:
    """A table of surnames, one of them an empty text."""
    path = Path("names.csv")
    rows = [("Rossi", "it"), ("Bianchi", "it"), ("Ferrari", "it"), ("Smith", "en"), ("Jones", "en"), ("Brown", "en")]
    text = "".join(f"{name}{k},{language}\n" for k in range(3) for name, language in rows)
    path.write_text(f'name,language\n{text}"",en\n', encoding="utf-8")
    return path


@pytest.fixture
def classifier(run: Run, names: Path) -> str:
    """A model trained on `names`."""
    done = run("train", "classify", str(names), "--text", "name", "--label", "language", "-o", "m.safetensors", *QUICK)
    assert done.status == 0, done.err
    return "m.safetensors"


@pytest.fixture
def steps(run: Run) -> Path:
    """Twelve sequences of three steps in the long form, the steps in disorder: y is the sum of x so far."""
    path = Path("steps.csv")
    rows = [
        f"s{k},{t},{k + t},{sum(k + i for i in range(t + 1))},{k % 2},{k * 10}\n" for k in range(12) for t in (2, 0, 1)
    ]
    path.write_text("unique_id,ds,x,y,label,total\n" + "".join(rows), encoding="utf-8")
    return path
