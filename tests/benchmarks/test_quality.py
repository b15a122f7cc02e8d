"""benchmarks/quality.py: what it writes and keeps, how it judges, and that the page is what its results say."""

import importlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman import datasets
from elman.train.signals import Signals

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def module() -> Iterator[Callable[[str], Any]]:
    """A module of the folder by name; "" is the program, which has the name of the package of its parts."""
    sys.path.insert(0, str(BENCHMARKS))

    def named(name: str) -> Any:
        if name:
            return importlib.import_module(f"quality.{name}")
        specification = importlib.util.spec_from_file_location("quality_program", BENCHMARKS / "quality.py")
        program = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(program)
        return program

    yield named
    sys.path.remove(str(BENCHMARKS))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "quality.py"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, encoding="utf-8", timeout=300)


class Made:
    """A benchmark whose scores are made up, that counts what is run."""

    def __init__(self, module: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
        parts = module("benchmark")
        self.ran: list[tuple[str, int, float | None]] = []
        self.stop_at: tuple[str, int] | None = None
        self.benchmark = parts.Benchmark(
            task="classify",
            dataset="made",
            what="Made up.",
            metrics=(parts.Metric("accuracy", True), parts.Metric("loss", False), parts.Metric("coverage", None)),
            data=lambda run: ({"seed": run.seed}, {"rows": 10 + run.seed}),
            elman=lambda data, run: self.scores("elman", data, run, accuracy=0.8, loss=0.5, coverage=0.78),
            baselines={
                "linear": parts.Baseline(
                    lambda data, run: self.scores("linear", data, run, accuracy=0.7, loss=0.4), timed=True
                ),
                "constant": parts.Baseline(
                    lambda data, run: self.scores("constant", data, run, accuracy=0.1), by_seed=False
                ),
                "foreign": parts.Baseline(lambda data, run: {}, packages=("no_such_package", "json")),
            },
            bars=(
                parts.Bar("accuracy", "linear"),
                parts.Bar("loss", "linear"),
                parts.Bar("coverage", 0.8, within=0.05),
                parts.Bar("accuracy", "foreign"),
                parts.Bar("accuracy", 0.81),
            ),
            why="Because.",
        )
        monkeypatch.setattr(module("running"), "decided_by", lambda *functions: "the same")

    def scores(self, model: str, data: dict[str, int], run: Any, **found: float) -> dict[str, float]:
        assert data == {"seed": run.seed}
        if self.stop_at == (model, run.seed):
            raise KeyboardInterrupt
        self.ran.append((model, run.seed, run.elman_seconds))
        return {name: value + 0.01 * run.seed for name, value in found.items()}


@pytest.fixture
def made(module: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> Made:
    return Made(module, monkeypatch)


def test_no_name_lies_on_both_sides(module: Callable[[str], Any]) -> None:
    names = datasets.load("surnames")["name"].to_numpy(str)
    counted = dict(zip(*np.unique(names, return_counts=True), strict=True))
    for seed in range(3):
        rest, out = module("classify").held_out(names, seed)
        assert not set(names[rest]) & set(names[out])
        assert sorted([*rest, *out]) == list(range(len(names)))
        assert 0.09 < len(out) / len(names) < 0.11
        assert any(counted[name] > 1 for name in names[out])  # those of several languages are held out too


def test_a_small_run_writes_its_result_and_is_not_done_twice(tmp_path: Path) -> None:
    flags = ["--seeds", "2", "--rows", "600", "--epochs", "2", "--results", str(tmp_path)]
    done = run("classify-surnames", *flags)
    assert done.returncode == 0, done.stderr
    assert "TF-IDF + logistic regression" in done.stdout
    written = (tmp_path / "classify-surnames.json").read_text(encoding="utf-8")
    result = json.loads(written)
    assert (result["task"], result["dataset"], result["metric"]) == ("classify", "surnames", "accuracy")
    assert result["higher_is_better"] is True
    assert result["seeds"] == [0, 1]
    assert result["score"] == pytest.approx(np.mean(result["scores"]))
    assert result["spread"] == pytest.approx(np.std(result["scores"], ddof=1))
    assert all(0 < value < 1 for value in [*result["scores"], *result["baselines"].values()])
    assert result["baselines"]["TF-IDF + logistic regression"] > result["baselines"]["most frequent language"]
    assert "--rows 600 --epochs 2" in result["command"]  # a reader sees that it is no full run
    assert result["sizes"]["rows"] == [600, 600]
    assert 0 < sum(result["models"]["elman"]["seconds"]) < result["seconds"]
    again = run("classify-surnames", *flags)
    assert (again.returncode, again.stderr) == (0, "")  # it tells of each score that it looks for
    assert (tmp_path / "classify-surnames.json").read_text(encoding="utf-8") == written
    assert run("--page", "--results", str(tmp_path)).returncode == 0
    page = (tmp_path / "quality.md").read_text(encoding="utf-8")
    assert f"**{result['score']:.4f} ± {result['spread']:.4f}**" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "neither a task nor a benchmark"),
        (["--rows", "600"], "--results"),
        (["classify", "--page"], "names"),
    ],
)
def test_what_it_refuses(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_task_or_a_name(module: Callable[[str], Any]) -> None:
    every = module("every")
    assert [one.name for one in every.chosen(["classify-surnames"])] == ["classify-surnames"]
    assert "classify-surnames" in [one.name for one in every.chosen(["classify"])]
    assert [one.name for one in every.chosen(None)] == list(every.every())
    assert [one.name for one in every.chosen(["classify", "classify-surnames"])] == [
        one.name for one in every.chosen(["classify"])
    ]


def test_what_was_found_is_kept(made: Made, module: Callable[[str], Any], tmp_path: Path) -> None:
    runs = [module("benchmark").Run(seed) for seed in range(2)]
    made.stop_at = ("linear", 1)
    with pytest.raises(KeyboardInterrupt):
        module("running").run_missing(made.benchmark, runs, tmp_path, str)
    first = [(model, seed) for model, seed, _ in made.ran]
    assert first == [("elman", 0), ("linear", 0), ("constant", 0), ("elman", 1)]
    made.stop_at = None
    parts, not_run = module("running").run_missing(made.benchmark, runs, tmp_path, str)
    assert [(model, seed) for model, seed, _ in made.ran[4:]] == [("linear", 1)]
    assert [(part.model, part.seed) for part in parts] == [*first, ("linear", 1)]
    assert not_run == {"foreign": "no_such_package not installed"}
    taken = {part.seed: part.processor_seconds for part in parts if part.model == "elman"}
    assert all(seconds == (taken[seed] if model == "linear" else None) for model, seed, seconds in made.ran)


def test_a_training_cut_short_is_not_kept(made: Made, module: Callable[[str], Any], tmp_path: Path) -> None:
    def cut_short(data: object, run: object) -> dict[str, float]:
        with Signals(terminate=False) as signals:
            signal.raise_signal(signal.SIGINT)
            while signals.received is None:
                time.sleep(0.01)
        return {"accuracy": 0.3, "loss": 1, "coverage": 0}  # in good order, with what it has

    running = module("running")
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            running.run_missing(replace(made.benchmark, elman=cut_short), [module("benchmark").Run(0)], tmp_path, str)
    assert list(tmp_path.iterdir()) == []
    running.run_missing(made.benchmark, [module("benchmark").Run(0)], tmp_path, str)  # an old Ctrl-C is forgotten
    assert len(made.ran) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_ctrl_c_ends_it_in_one_line(tmp_path: Path) -> None:
    flags = ["--seeds", "1", "--rows", "600", "--epochs", "100000", "--results", str(tmp_path)]
    command = [sys.executable, str(BENCHMARKS / "quality.py"), "classify-surnames", *flags]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as process:
        assert "elman" in process.stderr.readline()
        time.sleep(3)  # that it is within the training; before it, the end is the same
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert said.splitlines()[-1] == "stopped: what was found is kept, and the same command goes on"
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("asked", "patched"),
    [({"num_threads": 2}, {}), ({"rows": 500}, {}), ({"epochs": 1}, {}), ({}, {})]
    + [({}, {name: lambda *_: "other"}) for name in ("decided_by", "version")],
    ids=["threads", "rows", "epochs", "nothing", "program", "packages"],
)
def test_what_decides_a_score_makes_it_anew(
    asked: Any, patched: Any, made: Made, module: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = module("benchmark").Run(0)
    module("running").run_missing(made.benchmark, [first], tmp_path, str)
    assert len(made.ran) == 3
    for name, function in patched.items():
        monkeypatch.setattr(module("running"), name, function)
    module("running").run_missing(made.benchmark, [replace(first, **asked)], tmp_path, str)
    assert len(made.ran) == (6 if asked or patched else 3)


def test_a_result_judges_its_bars(made: Made, module: Callable[[str], Any], tmp_path: Path) -> None:
    runs = [module("benchmark").Run(seed) for seed in range(3)]
    parts, not_run = module("running").run_missing(made.benchmark, runs, tmp_path, str)
    result = module("result").result(made.benchmark, parts, not_run, "command", 1)
    assert (result["score"], result["spread"]) == (pytest.approx(0.81), pytest.approx(0.01))
    assert result["baselines"] == {"linear": pytest.approx(0.71), "constant": pytest.approx(0.1)}
    assert result["models"]["linear"]["metrics"]["loss"]["scores"] == pytest.approx([0.4, 0.41, 0.42])
    assert result["models"]["constant"]["metrics"].keys() == {"accuracy"}
    assert result["models"]["constant"]["metrics"]["accuracy"]["spread"] is None
    assert result["sizes"] == {"rows": [10, 11, 12]}
    met = [(bar["met"], bar["margin"] and round(bar["margin"], 6)) for bar in result["bars"]]
    assert met[:4] == [(True, 0.1), (False, -0.1), (True, 0.04), (None, None)]
    page = module("page").page({made.benchmark.name: made.benchmark}, {made.benchmark.name: result})
    assert "| elman | **0.8100 ± 0.0100** | **0.5100 ± 0.0100** | **0.7900 ± 0.0100** |" in page
    assert "| constant | 0.1000 | – | – |" in page
    assert "| foreign | not run | not run | not run | no_such_package not installed |" in page
    assert "- Bar: accuracy above that of linear: met by 0.1000." in page
    assert "- Bar: loss below that of linear: **missed** by 0.1000." in page
    assert "- Bar: coverage within 0.05 of 0.8: met by 0.0400." in page
    assert "- Bar: accuracy above that of foreign: not judged, for want of that baseline's score." in page
    assert "Because." in page


def test_a_result_of_other_metrics_or_models_is_refused(
    made: Made, module: Callable[[str], Any], tmp_path: Path
) -> None:
    parts, not_run = module("running").run_missing(made.benchmark, [module("benchmark").Run(0)], tmp_path, str)
    result = module("result").result(made.benchmark, parts, not_run, "command", 1)
    for change in ({"metrics": made.benchmark.metrics[:2]}, {"baselines": {}}):
        with pytest.raises(ValueError, match="classify-made has other metrics or models than it has now: run it again"):
            module("result").judged(replace(made.benchmark, bars=(), **change), result)


def test_a_bar_that_is_just_reached(made: Made, module: Callable[[str], Any], tmp_path: Path) -> None:
    parts, not_run = module("running").run_missing(made.benchmark, [module("benchmark").Run(0)], tmp_path, str)
    Bar = module("benchmark").Bar
    equal = module("result").result(made.benchmark, parts, not_run, "command", 1)
    equal["models"]["linear"]["metrics"]["accuracy"]["score"] = 0.8
    bars = (Bar("accuracy", 0.8), Bar("accuracy", "linear"), Bar("accuracy", "linear", or_equal=True), Bar("loss", 0.6))
    judged = module("result").judged(replace(made.benchmark, bars=bars), equal)
    assert [bar["met"] for bar in judged["bars"]] == [True, False, True, True]


@pytest.mark.parametrize(
    ("scores", "model"), [({"accuracy": 1, "other": 2}, "linear"), ({"accuracy": 1}, "elman"), ({}, "linear")]
)
def test_scores_that_do_not_fit_their_metrics(
    made: Made, module: Callable[[str], Any], scores: Any, model: str
) -> None:
    with pytest.raises(ValueError, match=f"classify-made: {model} gave"):
        module("running").checked(made.benchmark, model, scores)


def test_a_bar_of_nothing_is_refused(made: Made, module: Callable[[str], Any]) -> None:
    Bar = module("benchmark").Bar
    with pytest.raises(ValueError, match="has no metric 'f1'"):
        replace(made.benchmark, bars=(Bar("f1", 0.5),))
    with pytest.raises(ValueError, match="none of its own"):
        replace(made.benchmark, bars=(Bar("accuracy", "other"),))


def test_the_page_and_the_results_are_of_today(module: Callable[[str], Any]) -> None:
    """Else: python benchmarks/quality.py --page."""
    program = module("")
    results = program.read(program.RESULTS)
    for name, result in results.items():
        written = (program.RESULTS / f"{name}.json").read_text(encoding="utf-8")
        assert json.loads(written) == result, name
        assert "--rows" not in result["command"]
        assert "--epochs" not in result["command"]
    assert program.PAGE.read_text(encoding="utf-8") == module("page").page(module("every").every(), results)
