"""What a benchmark is: a task on a data set, what is scored beside what, and what has to be reached.

A file of this folder that has a task's name holds that task's, as `BENCHMARKS`:

    def data(run: Run) -> tuple[Split, dict[str, int]]:      # what the functions below are given, and sizes to tell
    def ours(split: Split, run: Run) -> Mapping[str, float]: # trains with run.options(), scores what is held out
    def most_frequent(split: Split, run: Run) -> Mapping[str, float]:

    BENCHMARKS = (
        Benchmark(
            task="classify", dataset="surnames", what="...", metrics=(Metric("accuracy", higher_is_better=True),),
            data=data, elman=ours, baselines={"most frequent class": Baseline(most_frequent)},
            bars=(Bar("accuracy", 0.8), Bar("accuracy", "most frequent class")), seeds=3,
        ),
    )

What decides a score is found by name from its function (`deciding.py`), so `what`, `why`, `bars`, `seeds` and other
benchmarks of the file may change without another training.
"""

import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ELMAN = "elman"
Scores = Mapping[str, float]


@dataclass(frozen=True)
class Run:
    """What is asked of one run.

    Args:
        seed: of the training, and of the part held out where that is drawn.
        rows: so many rows of the data set, or the nearest that makes sense, to try it; None: all.
        epochs: passes over the training data, to try it; None: as the benchmark has it.
        num_threads: threads to compute with.
        elman_seconds: of the processor, that elman took with this seed, for a baseline that is `timed`; else None.
    """

    seed: int
    rows: int | None = None
    epochs: int | None = None
    num_threads: int = 1
    elman_seconds: float | None = None

    def options(self, **given: Any) -> dict[str, Any]:
        """Arguments of an estimator: those given, and the seed, the threads and the epochs asked for."""
        asked = {} if self.epochs is None else {"epochs": self.epochs}
        verbose = int(sys.stderr.isatty())
        return {"random_state": self.seed, "num_threads": self.num_threads, "verbose": verbose, **given, **asked}


@dataclass(frozen=True)
class Metric:
    """What is measured; `higher_is_better` is None where it should come near a number, such as a coverage."""

    name: str
    higher_is_better: bool | None


@dataclass(frozen=True)
class Bar:
    """What has to be reached.

    Args:
        metric: of elman, as the mean over the seeds.
        than: a number to reach, or the name of a baseline to be better than.
        within: of the number: it must be no further away than this.
        or_equal: of a baseline: as good as it is enough.
    """

    metric: str
    than: float | str
    within: float | None = None
    or_equal: bool = False


@dataclass(frozen=True)
class Baseline:
    """Another way to the same.

    Args:
        run: gives its scores, all or some of the metrics.
        packages: modules beyond elman's dependencies that it imports; without them it is named as not run.
        by_seed: whether it is run for each seed, or once, since nothing of it is drawn.
        timed: whether it is told `Run.elman_seconds`, so as to take no longer.
    """

    run: Callable[[Any, Run], Scores]
    packages: tuple[str, ...] = ()
    by_seed: bool = True
    timed: bool = False

    def missing(self) -> list[str]:
        """Those of its packages that are not installed."""
        return [name for name in self.packages if importlib.util.find_spec(name) is None]


@dataclass(frozen=True)
class Benchmark:
    """A task on a data set.

    Args:
        task: its name on the command line.
        dataset: the data set's name.
        what: is asked, of which data, how it is split and what was tuned on what; Markdown for the page.
        metrics: the first is the one that counts.
        data: loads and splits: what the functions below are given, and sizes for the page.
        elman: trains and scores elman on what is held out, by all metrics.
        baselines: by name.
        bars: what has to be reached.
        seeds: runs with the seeds 0, 1, ...: 3 where one takes less than 5 minutes.
        why: a bar is missed, in Markdown; shown where one is.
    """

    task: str
    dataset: str
    what: str
    metrics: tuple[Metric, ...]
    data: Callable[[Run], tuple[Any, dict[str, int]]]
    elman: Callable[[Any, Run], Scores]
    baselines: Mapping[str, Baseline]
    bars: tuple[Bar, ...] = ()
    seeds: int = 3
    why: str | None = None

    @property
    def name(self) -> str:
        """As it is asked for, and as its file is called."""
        return f"{self.task}-{self.dataset}"

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        for bar in self.bars:
            self.metric(bar.metric)
            if isinstance(bar.than, str) and bar.than not in self.baselines:
                raise ValueError(f"{self.name}: a bar is the baseline {bar.than!r}, which is none of its own")
        if ELMAN in self.baselines:
            raise ValueError(f"{self.name}: no baseline may be called {ELMAN}")

    def metric(self, name: str) -> Metric:
        """One of its metrics by name.

        Raises:
            ValueError: it has none of that name.
        """
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise ValueError(f"{self.name} has no metric {name!r}: it has {', '.join(one.name for one in self.metrics)}")
