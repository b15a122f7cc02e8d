from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from elman.datasets import load, names, spoken_commands
from elman.tables import read_table


def test_the_list(run) -> None:
    rows = [line.split("\t") for line in run("data", "list").out.splitlines()]
    assert rows[0] == ["name", "task", "rows", "licence", "where"]
    assert [row[0] for row in rows[1:]] == names()
    assert rows[2] == ["surnames", "classify", "20,103", "MIT", "here"]


def test_what_has_to_be_fetched_or_made(run, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    where = {row[0]: row[-1] for row in (line.split("\t") for line in run("data", "list").out.splitlines())}
    assert (where["births"], where["prompts-it"], where["spoken-commands"]) == ("here", "to fetch", "to make")
    shown = run("data", "show", "spoken-commands").out
    assert "made on this computer by espeak-ng and flite" in shown
    assert "elman data fetch spoken-commands" in shown
    spoken_commands.sounds_folder().mkdir(parents=True)
    assert "spoken-commands\ttranscribe\t3,000\tnone: made on this computer\tmade\n" in run("data", "list").out


def test_one_is_shown(run, monkeypatch, tmp_path) -> None:
    out = run("data", "show", "births").out
    for said in ("Births per day", "CC0-1.0", "births on that day", "1969-01-01", "8486"):
        assert said in out
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "elman data fetch weather" in run("data", "show", "weather").out


def test_missing_numbers_are_shown_as_such(run, monkeypatch) -> None:
    table = pd.DataFrame({"ds": pd.to_datetime(["2020-01-01", "2020-01-02"]), "births": [1.5, np.nan]})
    monkeypatch.setattr("elman.datasets.load", lambda name: table)
    assert run("data", "show", "births").out.splitlines()[-2:] == ["2020-01-01  1.5", "2020-01-02  -"]


def test_rows_too_wide_for_the_terminal_stand_upright(run, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    table = pd.DataFrame({"ds": ["a", "b"], "births": ["text " * 30, ""], "third": [1, 2]})
    monkeypatch.setattr("elman.datasets.load", lambda name: table)
    ds, births, third = run("data", "show", "births").out.splitlines()[-3:]
    assert (ds.split(), third.split()) == (["ds", "a", "b"], ["third", "1", "2"])
    assert len(births) <= 30
    assert "…" in births


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_one_is_exported(run, refused, suffix: str) -> None:
    file = f"b.{suffix}"
    assert run("data", "export", "births", "-o", file) == (0, "", "")
    assert read_table(file).reset_index(drop=True).equals(load("births"))
    assert "exists already" in refused("data", "export", "births", "-o", file)
    assert run("data", "export", "births", "-o", file, "--force").status == 0


def test_standard_output_is_csv(run) -> None:
    assert run("data", "export", "employment").out.startswith("unique_id,ds,y\nnonfarm,2006-01-01,135450.0\n")


def test_what_data_refuses(refused, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("other.tgz").write_bytes(b"not it")
    assert "no data set 'birth'; there are: births" in refused("data", "show", "birth")
    assert "nothing to fetch" in refused("data", "fetch", "births")
    assert "SHA-256" in refused("data", "fetch", "moby-dick", "--from", "other.tgz")
    assert "a table's name ends in" in refused("data", "export", "births", "-o", "b.xls")
