"""Doing what is missing of a benchmark: each score is kept as it is found, under all that decides it."""

import hashlib
import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from elman.files import replace_file
from quality.benchmark import ELMAN, Benchmark, Run, Scores
from quality.deciding import decided_by
from quality.interruption import interruption

PACKAGES = ("elman", "torch", "scikit-learn", "numpy", "pandas")

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """One score: of elman or a baseline, with one seed."""

    model: str
    seed: int
    scores: dict[str, float]
    seconds: float
    sizes: dict[str, int]
    processor_seconds: float | None = None  # of all threads, whatever else runs; None: kept before it was measured


def run_missing(benchmark: Benchmark, runs: list[Run], kept: Path, tell: Tell) -> tuple[list[Part], dict[str, str]]:
    """Do what is not kept yet; interrupted, it loses what it was just doing.

    Args:
        benchmark: what to run.
        runs: one for each seed.
        kept: folder of the scores that were found before.
        tell: is called with a line before and after each score.

    Returns:
        All parts, elman's first, and why each baseline was not run that was not.
    """
    not_run = {
        name: f"{' and '.join(missing)} not installed"
        for name, baseline in benchmark.baselines.items()
        if (missing := baseline.missing())
    }
    parts: list[Part] = []
    for position, run in enumerate(runs):
        data: list[Any] = []  # loaded when it is first needed
        elman_seconds: float | None = None
        for model in (ELMAN, *benchmark.baselines):
            once = model != ELMAN and not benchmark.baselines[model].by_seed
            if model in not_run or (once and position):
                continue
            timed = model != ELMAN and benchmark.baselines[model].timed
            asked = replace(run, elman_seconds=elman_seconds if timed else None)
            parts.append(_found_or_done(benchmark, model, asked, data, kept, tell))
            if model == ELMAN:
                ours = parts[-1]
                elman_seconds = ours.seconds if ours.processor_seconds is None else ours.processor_seconds
    return parts, not_run


def _found_or_done(benchmark: Benchmark, model: str, run: Run, data: list[Any], kept: Path, tell: Tell) -> Part:
    key = {**deciding(benchmark, model), **asdict(run)}
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode("utf-8")).hexdigest()
    place = kept / benchmark.name / f"{digest[:32]}.json"
    if place.is_file():
        return Part(**json.loads(place.read_text(encoding="utf-8"))["part"])
    tell(f"{benchmark.name}, seed {run.seed}: {model} …")
    if not data:
        data += benchmark.data(run)
    content, sizes = data
    started, before = time.perf_counter(), time.process_time()
    with threadpool_limits(run.num_threads), interruption() as interrupted:  # threads of NumPy's libraries
        scores = checked(benchmark, model, _function(benchmark, model)(content, run))
        if interrupted():
            raise KeyboardInterrupt
    seconds, processor_seconds = time.perf_counter() - started, time.process_time() - before
    part = Part(model, run.seed, scores, round(seconds, 2), sizes, round(processor_seconds, 2))
    place.parent.mkdir(parents=True, exist_ok=True)
    with replace_file(place) as temporary:
        temporary.write_text(json.dumps({"key": key, "part": asdict(part)}, indent=1) + "\n", encoding="utf-8")
    found = ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
    tell(f"{benchmark.name}, seed {run.seed}: {model} {found} in {part.seconds:.0f} s")
    return part


def _function(benchmark: Benchmark, model: str) -> Callable[[Any, Run], Scores]:
    return benchmark.elman if model == ELMAN else benchmark.baselines[model].run


def checked(benchmark: Benchmark, model: str, scores: Scores) -> dict[str, float]:
    """Scores as floats, in the order of the metrics.

    Raises:
        ValueError: one is of no metric, or elman's lack one.
    """
    wanted = [metric.name for metric in benchmark.metrics]
    other = set(scores) - set(wanted)
    lacking = [name for name in wanted if name not in scores]
    if other or not scores or (model == ELMAN and lacking):
        raise ValueError(f"{benchmark.name}: {model} gave {', '.join(scores) or 'nothing'}, expected {wanted}")
    return {name: float(scores[name]) for name in wanted if name in scores}


def deciding(benchmark: Benchmark, model: str) -> dict[str, Any]:
    """All that decides a score, beside the run: the data, the program, the packages and the machine."""
    packages = () if model == ELMAN else benchmark.baselines[model].packages
    return {
        "benchmark": benchmark.name,
        "metrics": [metric.name for metric in benchmark.metrics],
        "model": model,
        "program": decided_by(benchmark.data, _function(benchmark, model)),
        "versions": versions(packages),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def versions(modules: tuple[str, ...] = ()) -> dict[str, str]:
    """Of Python, of the packages that every benchmark uses, and of those that hold some modules."""
    held = packages_distributions() if modules else {}
    found = {"python": platform.python_version()}
    for name in (*PACKAGES, *(distribution for module in modules for distribution in held.get(module, [module]))):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # a module that no package owns, such as one beside the benchmark
    return found
