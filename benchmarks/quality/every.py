"""All benchmarks, by name and by task."""

import importlib
from pathlib import Path

from quality.benchmark import Benchmark

_FILES = ("classify", "regress", "tag", "forecast", "generate", "caption")


def every() -> dict[str, Benchmark]:
    """Read the tasks' files; the order is theirs."""
    here = [task for task in _FILES if (Path(__file__).parent / f"{task}.py").exists()]
    found = {one.name: one for task in here for one in importlib.import_module(f"quality.{task}").BENCHMARKS}
    for name, benchmark in found.items():
        if benchmark.task not in here:
            raise ValueError(f"{name}: its file should be quality/{benchmark.task}.py")
    return found


def chosen(names: list[str] | None) -> list[Benchmark]:
    """Those of some tasks or with some names; None or an empty list: all.

    Raises:
        ValueError: a name is neither.
    """
    known = every()
    found: dict[str, Benchmark] = {}
    for name in names or known:
        of_name = {each: one for each, one in known.items() if name in (each, one.task)}
        if not of_name:
            raise ValueError(f"{name!r} is neither a task nor a benchmark, expected of {', '.join(known)}")
        found |= of_name
    return list(found.values())
