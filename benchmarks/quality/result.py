"""What a benchmark's file holds: the scores of all, and how they stand to the bars."""

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np

from quality.benchmark import ELMAN, Bar, Benchmark
from quality.running import Part, versions
from speed.machine import names


def result(
    benchmark: Benchmark, parts: list[Part], not_run: Mapping[str, str], command: str, num_threads: int
) -> dict[str, Any]:
    """Gather the parts; a spread is the standard deviation over the seeds (n - 1), None of one seed."""
    models: dict[str, dict[str, Any]] = {}
    for part in parts:
        model = models.setdefault(part.model, {"metrics": {}, "seconds": []})
        model["seconds"].append(part.seconds)
        for metric, value in part.scores.items():
            model["metrics"].setdefault(metric, {"scores": []})["scores"].append(value)
    for model in models.values():
        for found in model["metrics"].values():
            values = found["scores"]
            found["score"] = float(np.mean(values))
            found["spread"] = float(np.std(values, ddof=1)) if len(values) > 1 else None
    first = benchmark.metrics[0]
    ours = [part for part in parts if part.model == ELMAN]
    baselines = {name: model["metrics"] for name, model in models.items() if name != ELMAN}
    packages = tuple(package for name in baselines for package in benchmark.baselines[name].packages)
    machine = names()
    return judged(
        benchmark,
        {
            "task": benchmark.task,
            "dataset": benchmark.dataset,
            "metric": first.name,
            "higher_is_better": first.higher_is_better,
            **models[ELMAN]["metrics"][first.name],
            "baselines": {name: each[first.name]["score"] for name, each in baselines.items() if first.name in each},
            "metrics": {metric.name: metric.higher_is_better for metric in benchmark.metrics},
            "models": models,
            "not_run": dict(not_run),
            "seeds": [part.seed for part in ours],
            "sizes": {name: [part.sizes[name] for part in ours] for name in ours[0].sizes},
            "seconds": round(sum(part.seconds for part in parts), 1),
            "command": command,
            "versions": versions(packages),
            "machine": {
                "cpu": machine["cpu"],
                "system": f"{platform.system()} {platform.machine()}",
                "threads": num_threads,
            },
        },
    )


def judged(benchmark: Benchmark, found: Mapping[str, Any]) -> dict[str, Any]:
    """The same with the benchmark's bars: whether each is met, and the margin, negative where it is missed.

    Raises:
        ValueError: it is the result of another benchmark.
    """
    metrics = {metric.name: metric.higher_is_better for metric in benchmark.metrics}
    models = {*found.get("models", ()), *found.get("not_run", ())}
    if found.get("metrics") != metrics or models != {ELMAN, *benchmark.baselines}:
        raise ValueError(f"the result of {benchmark.name} has other metrics or models than it has now: run it again")
    return {**found, "bars": [_judge(benchmark, bar, found["models"]) for bar in benchmark.bars]}


def _judge(benchmark: Benchmark, bar: Bar, models: Mapping[str, Any]) -> dict[str, Any]:
    value = models[ELMAN]["metrics"][bar.metric]["score"]
    judgement: dict[str, Any] = {"metric": bar.metric, "than": bar.than, "within": bar.within, "or_equal": bar.or_equal}
    if isinstance(bar.than, str):
        other = models.get(bar.than, {"metrics": {}})["metrics"].get(bar.metric)
        if other is None:
            return {**judgement, "value": None, "margin": None, "met": None}
        limit, equal = other["score"], bar.or_equal
    else:
        limit, equal = bar.than, True
    if bar.within is not None:
        margin = bar.within - abs(value - limit)
    else:
        higher = benchmark.metric(bar.metric).higher_is_better
        if higher is None:
            raise ValueError(f"{benchmark.name}: {bar.metric} is better neither higher nor lower: its bar needs within")
        margin = value - limit if higher else limit - value
    return {**judgement, "value": limit, "margin": margin, "met": margin > 0 or (equal and margin == 0)}
