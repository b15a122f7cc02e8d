"""What the documentation shows, runs: docstrings' examples, README's code, and the examples."""

import doctest
import importlib
import pkgutil
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import elman
import elman.cli

ROOT = Path(__file__).parents[1]
MODULES = [
    module.name for module in pkgutil.walk_packages(elman.__path__, "elman.") if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    names = {"elman": elman, "torch": torch, "np": np, **vars(module)}
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.testmod(module, extraglobs=names, optionflags=flags).failed == 0


def test_code_of_the_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    names: dict[str, object] = {}
    torch.manual_seed(0)
    for block in re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        exec(compile(block, "README.md", "exec"), names)
    echo, *others, scores, language = capsys.readouterr().out.splitlines()
    assert float(echo) < 0.01  # 1/3 is the best without memory
    assert others[0] == "1 is elman.GRU(64, 64, num_layers=2, batch_first=True) now"
    assert any(line.startswith("h_t = ") for line in others)
    assert min(map(float, scores.strip("[]").split())) > 0.75
    assert language == "['Italian']"


def test_code_and_commands_of_the_page_on_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for block in re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        exec(compile(block, "training.md", "exec"), names)
    assert capsys.readouterr().out == "7\n"
    lines = re.findall(r"^elman .*$", text, flags=re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        with pytest.raises(SystemExit) as ended:
            elman.cli.main([*shlex.split(line)[1:], *(["--num-threads", "1"] if " train " in line else [])])
        assert not ended.value.code, capsys.readouterr().err
    beside = {"births.history.jsonl", "births.report.html", "births.checkpoints", "two.safetensors"}
    assert beside <= {path.name for path in tmp_path.iterdir()}


def test_code_of_the_page_on_inspection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "inspection.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        exec(compile(block, "inspection.md", "exec"), names)
    for line in re.findall(r"^elman .*$", text, flags=re.MULTILINE):
        with pytest.raises(SystemExit) as ended:
            elman.cli.main(shlex.split(line)[1:])
        assert not ended.value.code, line
    shown = capsys.readouterr().out
    assert "h_t = sigmoid(o) * tanh(c_t) = sigmoid(" in shown
    assert "Edited at step 4 (left out 'a'): the states of layer 0 differ by up to" in shown
    assert names["reading"].steps == ("□", *"aaaabbbb.aaab")
    effect = names["effect"]
    assert max(effect.values()) > 0.3  # some unit matters
    assert (tmp_path / "states.npy").exists()
    assert names["lstm"].whole > 10 > 5 > names["plain"].whole
    assert names["due"].gap < 1e-3
    assert (tmp_path / "count.inspect.html").exists()


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "docs" / "tasks").glob("*.md")))
def test_code_and_commands_of_a_task_s_page(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "tasks" / page).read_text(encoding="utf-8")
    names: dict[str, object] = {}
    blocks = re.findall(r"^```(python|console)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    assert {kind for kind, _ in blocks} == {"python", "console"}
    for kind, block in blocks:
        if kind == "python":
            exec(compile(block, page, "exec"), names)
            continue
        for line in block.splitlines():
            words = shlex.split(line)
            assert words[0] == "elman", line
            with pytest.raises(SystemExit) as ended:
                elman.cli.main([*words[1:], *(["--num-threads", "1"] if words[1] == "train" else [])])
            assert not ended.value.code, line + capsys.readouterr().err


PAGES = [path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    targets = re.findall(r"\]\(([^)#\s]+)\)", path.read_text(encoding="utf-8"))
    assert [one for one in targets if "://" not in one and not (path.parent / one).exists()] == []
