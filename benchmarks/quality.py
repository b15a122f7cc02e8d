"""How good the tasks are on real data, beside honest baselines: `python benchmarks/quality.py [TASK-DATASET ...]`.

Each writes `benchmarks/results/TASK-DATASET.json`. Every seed has a held-out part of its own, which nothing but the
final scoring touches: the estimator runs with its defaults and sets its own validation part aside, the baseline's
constant is chosen on validation data and the baseline then refitted on those as well.
"""

import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import Pipeline, make_pipeline

import elman
from elman import datasets
from elman.files import replace_file

RESULTS = Path(__file__).parent / "results"
HELD_OUT = 0.1
CONSTANTS = (1.0, 3.0, 10.0, 30.0)  # of the logistic regression: the inverse of its regularisation
PACKAGES = ("elman", "torch", "scikit-learn", "numpy")


@dataclass(frozen=True)
class Run:
    """What is asked of one run.

    Args:
        seed: of the held-out part and of the training.
        rows: so many random rows of the data set only; None: all.
        epochs: passes over the training data; None: the estimator's default.
        num_threads: threads to compute with.
    """

    seed: int
    rows: int | None
    epochs: int | None
    num_threads: int


@dataclass(frozen=True)
class Scores:
    """What one run gives: the score and those of the baselines on the same held-out part, and its sizes."""

    score: float
    baselines: dict[str, float]
    sizes: dict[str, int]


@dataclass(frozen=True)
class Benchmark:
    """A task on a data set, and how a run of it is scored."""

    task: str
    dataset: str
    metric: str
    higher_is_better: bool
    run: Callable[[Run], Scores]

    @property
    def name(self) -> str:
        """As it is asked for, and as its file is called."""
        return f"{self.task}-{self.dataset}"


def held_out(names: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows held out; all rows of a name lie on one side.

    Shape:
        names (N,) -> indices of the two parts
    """
    rest, out = next(GroupShuffleSplit(1, test_size=HELD_OUT, random_state=seed).split(names, groups=names))
    return rest, out


def classify_surnames(run: Run) -> Scores:
    """Which language a surname comes from: elman.Classifier, and TF-IDF with logistic regression."""
    table = datasets.load("surnames")
    if run.rows is not None:
        table = table.sample(run.rows, random_state=0)
    names, languages = table["name"].to_numpy(str), table["language"].to_numpy(str)
    rest, out = held_out(names, run.seed)
    options: dict[str, Any] = {} if run.epochs is None else {"epochs": run.epochs}
    classifier = elman.Classifier(random_state=run.seed, num_threads=run.num_threads, verbose=0, **options)
    classifier.fit(list(names[rest]), list(languages[rest]))
    score = float((classifier.predict(list(names[out])) == languages[out]).mean())
    linear = _linear_baseline(names[rest], languages[rest], run.seed)
    baselines = {"most frequent language": float((languages[out] == pd.Series(languages[rest]).mode()[0]).mean())}
    baselines["TF-IDF + logistic regression"] = float(linear.score(names[out], languages[out]))
    return Scores(score, baselines, {"rows": len(names), "held_out": len(out)})


def _linear_baseline(names: np.ndarray, languages: np.ndarray, seed: int) -> Pipeline:
    """TF-IDF of 1 to 4 characters and logistic regression: C chosen on validation data, then fitted on them too."""

    def fitted(constant: float, rows: np.ndarray) -> Pipeline:
        vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4))
        return make_pipeline(vectors, LogisticRegression(C=constant, max_iter=1000)).fit(names[rows], languages[rows])

    training, validation = held_out(names, seed)
    best = max(CONSTANTS, key=lambda one: fitted(one, training).score(names[validation], languages[validation]))
    return fitted(best, np.arange(len(names)))


BENCHMARKS = {one.name: one for one in (Benchmark("classify", "surnames", "accuracy", True, classify_surnames),)}


def measured(benchmark: Benchmark, runs: list[Run], command: str) -> dict[str, Any]:
    """Do the runs of a benchmark, one for each seed; gives what its file holds. Spread: standard deviation (n - 1)."""
    started = time.perf_counter()
    scores = [benchmark.run(run) for run in runs]
    values = [one.score for one in scores]
    by_baseline = {name: [one.baselines[name] for one in scores] for name in scores[0].baselines}
    return {
        "task": benchmark.task,
        "dataset": benchmark.dataset,
        "metric": benchmark.metric,
        "higher_is_better": benchmark.higher_is_better,
        "score": float(np.mean(values)),
        "spread": float(np.std(values, ddof=1)) if len(values) > 1 else None,
        "scores": values,
        "baselines": {name: float(np.mean(each)) for name, each in by_baseline.items()},
        "baseline_scores": by_baseline,
        "seeds": [run.seed for run in runs],
        "rows": scores[0].sizes["rows"],
        "held_out": [one.sizes["held_out"] for one in scores],
        "command": command,
        "seconds": round(time.perf_counter() - started, 1),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "machine": f"{platform.system()} {platform.machine()}, {runs[0].num_threads} thread(s)",
    }


def main(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[TASK-DATASET ...]", help="Which  [default: all]")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs, with the seeds 0, 1, ...")] = 3,
    num_threads: Annotated[int, typer.Option(min=1, help="Threads to compute with")] = 1,
    rows: Annotated[int | None, typer.Option(min=100, help="Random rows only: to try it, no result to quote")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs at most: to try it, no result to quote")] = None,
    results: Annotated[Path, typer.Option(help="Folder to write to")] = RESULTS,
) -> None:
    """Train, score on held-out data beside baselines, write RESULTS/TASK-DATASET.json and print a table."""
    chosen = names or list(BENCHMARKS)
    for name in chosen:
        if name not in BENCHMARKS:
            raise typer.BadParameter(f"{name!r} is no benchmark, expected of {', '.join(BENCHMARKS)}")
    if (rows or epochs) and results.resolve() == RESULTS.resolve():
        raise typer.BadParameter(
            "a run with --rows or --epochs is no result to quote: give another folder by --results"
        )
    results.mkdir(parents=True, exist_ok=True)
    asked = {"--seeds": seeds, "--num-threads": num_threads, "--rows": rows, "--epochs": epochs}
    flags = " ".join(f"{flag} {value}" for flag, value in asked.items() if value is not None)
    for name in chosen:
        runs = [Run(seed, rows, epochs, num_threads) for seed in range(seeds)]
        result = measured(BENCHMARKS[name], runs, f"python benchmarks/quality.py {name} {flags}")
        with replace_file(results / f"{name}.json") as temporary:
            temporary.write_text(json.dumps(result, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        Console().print(_table(BENCHMARKS[name], result))


def _table(benchmark: Benchmark, result: dict[str, Any]) -> Table:
    table = Table("model", f"mean {benchmark.metric}", "by seed", title=benchmark.name)
    for model, values in {"elman": result["scores"], **result["baseline_scores"]}.items():
        table.add_row(model, f"{np.mean(values):.4f}", " ".join(f"{value:.4f}" for value in values))
    return table


if __name__ == "__main__":
    typer.run(main)
