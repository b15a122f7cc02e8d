"""What decides a score: functions of the benchmarks and all that they reach by name, and nothing else."""

import functools
import importlib
import itertools
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
HELD = "CONSTANT = 3\n\n\ndef scale(value):\n    return CONSTANT * value\n\n\ndef unused():\n    return 1\n"
TASK = '''"""A task's file."""

import numpy as np

from elman import datasets
from quality import NAME_held
from quality.NAME_held import scale as scaled

LIMIT = 10


class Model:
    """A model."""

    def run(self, value):
        return helper(value)


def helper(value):
    """Help."""
    return min(value, LIMIT)  # a comment


def ours(data, run):
    return {"accuracy": scaled(Model().run(data))}


def other(data, run):
    return {"accuracy": 1}


def made(horizon):
    def inner(data, run):
        return {"accuracy": horizon}

    return inner


def whole(data, run):
    return NAME_held.scale(1)


def loads(run):
    return datasets.load("births")


shown = lambda data, run: other(data, run)
'''


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Write the two files with something replaced, as modules of the folder with names of their own."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import quality

    monkeypatch.setattr(quality, "__path__", [*quality.__path__, str(tmp_path)])
    numbers = itertools.count()

    def write(old: str = "", new: str = "") -> Any:
        name = f"task{next(numbers)}"
        for path, text in ((f"{name}_held.py", HELD), (f"{name}.py", TASK)):
            (tmp_path / path).write_text(text.replace(old, new).replace("NAME", name), encoding="utf-8")
        importlib.invalidate_caches()
        return importlib.import_module(f"quality.{name}")

    yield write
    for name in [name for name in sys.modules if name.startswith("quality.task")]:
        del sys.modules[name]


def decided_by(*functions: Any) -> str:
    """Without the names of the modules, which are new each time."""
    from quality import deciding

    found: dict[tuple[str, str], str] = {}
    values = [value for function in functions for value in deciding._entered(function, found)]
    assert deciding.decided_by(*functions) == deciding.decided_by(*functions)
    return re.sub(r"task\d+", "task", repr((values, sorted(found.items()))))


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("min(value", "max(value", True),
        ("LIMIT = 10", "LIMIT = 11", True),
        ("CONSTANT = 3", "CONSTANT = 4", True),
        ("return CONSTANT *", "return CONSTANT +", True),
        ("# a comment", "# another", False),
        ('"""Help."""', '"""Help anybody."""', False),
        ('{"accuracy": 1}', '{"accuracy": 2}', False),
        ("def unused():\n    return 1", "def unused():\n    return 2", False),
    ],
)
def test_what_a_function_reaches(written: Any, old: str, new: str, changed: bool) -> None:
    assert (decided_by(written().ours) != decided_by(written(old, new).ours)) is changed


def test_a_module_as_a_whole(written: Any) -> None:
    assert decided_by(written().whole) != decided_by(
        written("def unused():\n    return 1", "def unused():\n    pass").whole
    )


def test_what_is_given_to_a_function(written: Any) -> None:
    task = written()
    assert decided_by(task.made(28)) != decided_by(task.made(24))
    assert decided_by(task.made(task.ours)) != decided_by(task.made(task.other))
    assert decided_by(functools.partial(task.ours, limit=1)) != decided_by(functools.partial(task.ours, limit=2))
    assert decided_by(task.ours, task.other) != decided_by(task.ours)
    assert decided_by(task.shown) != decided_by(written('{"accuracy": 1}', '{"accuracy": 2}').shown)


def test_what_nobody_can_see_is_refused(written: Any) -> None:
    task = written()
    for value in (print, object(), functools.partial(task.ours, model=object()), task.made({}), lambda data, run: {}):
        with pytest.raises(ValueError, match="nobody can see how"):
            decided_by(value)


def test_files_of_elman(written: Any) -> None:
    from quality import classify, deciding

    files = {path.relative_to(deciding.FOLDER).as_posix() for path in deciding._files_of_elman("elman", "datasets")}
    assert {"datasets/__init__.py", "datasets/registry.py", "datasets/readers.py", "files/replace.py"} <= files
    assert not any(path.startswith(("tasks", "nn", "cli")) for path in files)
    all_files = {
        path.relative_to(deciding.FOLDER).as_posix() for path in deciding._files_of_elman("elman", "Classifier")
    }
    assert files < all_files
    assert {"tasks/classifier.py", "kernels/product.py"} <= all_files
    assert not any(path.startswith(("cli", "reports")) for path in all_files)
    for function, reached in (
        (classify.surnames_ours, all_files),
        (classify.surnames, files),
        (written().loads, files),
    ):
        found: dict[tuple[str, str], str] = {}
        list(deciding._entered(function, found))
        assert {name for module, name in found if module == "elman"} == reached
        assert (("quality.classify", "held_out") in found) is (function is classify.surnames)
