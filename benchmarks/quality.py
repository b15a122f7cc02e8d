"""How good the tasks are on real data, beside honest baselines.

`python benchmarks/quality.py [TASK | TASK-DATASET ...]` writes `benchmarks/results/TASK-DATASET.json` for each, and
`--page` writes `docs/quality.md` out of these files. What a benchmark is and how one is added: `quality/benchmark.py`.
Every score is kept as it is found, under all that decides it (the program, the data, the packages, the run), so a run
that was stopped goes on where it was. Baselines beyond scikit-learn: `pip install -r benchmarks/requirements.txt`;
those that lack a package are named as not run.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from elman.files import replace_file
from quality.benchmark import Benchmark, Run
from quality.every import chosen, every
from quality.page import page
from quality.result import judged, result
from quality.running import run_missing

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "quality.md"
KEPT = "kept"  # folder of the single scores, in that of the results


def main(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[TASK | TASK-DATASET ...]", help="Which  [default: all]")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Runs, with the seeds 0, 1, ...  [default: as the benchmark has it]")
    ] = None,
    num_threads: Annotated[int, typer.Option(min=1, help="Threads to compute with")] = 1,
    rows: Annotated[int | None, typer.Option(min=100, help="Some rows only: to try it, no result to quote")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs at most: to try it, no result to quote")] = None,
    results: Annotated[Path, typer.Option(help="Folder of the results")] = RESULTS,
    write_page: Annotated[bool, typer.Option("--page", help="Write the page of what is there; run nothing")] = False,
) -> None:
    """Train, score on held-out data beside baselines, write RESULTS/TASK-DATASET.json and print a table."""
    if write_page:
        if names:
            raise typer.BadParameter("--page shows all results there are: give it no names")
        try:
            write(results, PAGE if results.resolve() == RESULTS.resolve() else results / PAGE.name)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        return
    if (rows or epochs) and results.resolve() == RESULTS.resolve():
        raise typer.BadParameter(
            "a run with --rows or --epochs is no result to quote: give another folder by --results"
        )
    try:
        asked = chosen(names)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    results.mkdir(parents=True, exist_ok=True)
    try:
        for benchmark in asked:
            run(benchmark, seeds or benchmark.seeds, Run(0, rows, epochs, num_threads), results)
    except KeyboardInterrupt:
        typer.echo("stopped: what was found is kept, and the same command goes on", err=True)
        raise typer.Exit(130) from None


def run(benchmark: Benchmark, seeds: int, asked: Run, results: Path) -> None:
    """Do what is missing of one benchmark, write its file and print its table."""
    flags = {"--seeds": seeds, "--num-threads": asked.num_threads, "--rows": asked.rows, "--epochs": asked.epochs}
    told = " ".join(f"{flag} {value}" for flag, value in flags.items() if value is not None)
    runs = [Run(seed, asked.rows, asked.epochs, asked.num_threads) for seed in range(seeds)]
    parts, not_run = run_missing(benchmark, runs, results / KEPT, lambda line: typer.echo(line, err=True))
    command = f"python benchmarks/quality.py {benchmark.name} {told}"
    found = result(benchmark, parts, not_run, command, asked.num_threads)
    _write(results / f"{benchmark.name}.json", _as_text(found))
    Console().print(_table(benchmark, found))


def write(results: Path, place: Path) -> None:
    """Write the page; bars that were changed since a run are judged anew, from its scores.

    Raises:
        ValueError: a result is of other metrics or models than its benchmark has now.
    """
    found = read(results)
    for name, each in found.items():
        _write(results / f"{name}.json", _as_text(each))
    _write(place, page(every(), found))
    typer.echo(f"{place}: {len(found)} benchmarks")


def read(results: Path) -> dict[str, dict[str, Any]]:
    """The results there are, by name, judged by the bars of today."""
    files = {name: results / f"{name}.json" for name in every()}
    return {
        name: judged(every()[name], json.loads(file.read_text(encoding="utf-8")))
        for name, file in files.items()
        if file.is_file()
    }


def _as_text(found: Mapping[str, Any]) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _write(place: Path, text: str) -> None:
    with replace_file(place) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _table(benchmark: Benchmark, found: Mapping[str, Any]) -> Table:
    table = Table("model", "metric", "mean", "by seed", title=benchmark.name)
    for model, scored in found["models"].items():
        for metric, each in scored["metrics"].items():
            table.add_row(model, metric, f"{each['score']:.4f}", " ".join(f"{one:.4f}" for one in each["scores"]))
    for model, why in found["not_run"].items():
        table.add_row(model, "not run", "", why)
    for bar in found["bars"]:
        state = {True: "met", False: "missed", None: "not judged"}[bar["met"]]
        table.add_row(
            f"bar: {bar['than']}", bar["metric"], "" if bar["value"] is None else f"{bar['value']:.4f}", state
        )
    return table


if __name__ == "__main__":
    typer.run(main)
