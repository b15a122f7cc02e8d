"""The pictures of docs/tasks.md: each row has one, and they come out of tools/task_pictures.py."""

import importlib
import re
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
LARGEST = 120_000  # bytes of a picture


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "tools")
    return importlib.import_module("task_pictures")


def test_each_task_has_a_page_a_command_and_a_picture(tool: ModuleType) -> None:
    rows = [line.split("|")[1:-1] for line in (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8").splitlines()]
    found = [[cell.strip() for cell in row] for row in rows if len(row) == 5][2:]
    names = [re.sub(r"^\[(\w+)\]\(tasks/\1\.md\)$", r"\1", row[0]) for row in found]
    assert names == list(tool.PICTURES)
    assert set(names) >= {path.stem for path in (ROOT / "docs" / "tasks").glob("*.md")}
    for name, row in zip(names, found, strict=True):
        assert row[3].startswith(f"`elman train {name} ")
        assert f"(images/tasks/{name}.svg)" in row[4]


def test_the_pictures_are_small_and_whole(tool: ModuleType) -> None:
    files = sorted((ROOT / "docs" / "images" / "tasks").iterdir())
    assert {file.name for file in files} == {f"{name}.svg" for name in tool.PICTURES}
    for file in files:
        assert file.stat().st_size < LARGEST
        assert ElementTree.parse(file).getroot().tag.endswith("svg")


def test_a_picture_is_drawn_equal_twice(tool: ModuleType, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        tool.main(["tag"], tmp_path / folder)
    first = (tmp_path / "a" / "tag.svg").read_bytes()
    assert first == (tmp_path / "b" / "tag.svg").read_bytes()
    assert len(first) > 5000


def test_an_unknown_task_is_refused(tool: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no picture of paint; there are: classify"):
        tool.main(["paint"], tmp_path)
    assert list(tmp_path.iterdir()) == []
