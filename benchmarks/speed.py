"""How fast elman is beside other packages, on the same work with the same numbers.

`python benchmarks/speed.py --grid train|forward|step|ragged|sweep [--only ID] [--threads N] [--rounds N] [--json F]`

Contestants take turns; a ratio is between times of one round, and above 1 elman is the faster. Peers beside torch:
`pip install -r benchmarks/requirements.txt`. What each row has is said in `docs/speed.md`.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from speed import machine
from speed.grid import GRIDS, Case

Grid = StrEnum("Grid", list(GRIDS))


def chosen(grid: str, only: list[str] | None) -> list[Case]:
    """The cases of a grid, or those with some ids.

    Raises:
        typer.BadParameter: there is no such id in the grid.
    """
    cases = GRIDS[grid]()
    ids = list(dict.fromkeys(case.id for case in cases))
    for one in only or ():
        if one not in ids:
            raise typer.BadParameter(f"{one!r} is no id of the grid {grid}, expected of {', '.join(ids)}")
    return [case for case in cases if not only or case.id in only]


def main(
    grid: Annotated[Grid, typer.Option(help="Which sizes and what is done")],
    only: Annotated[list[str] | None, typer.Option(metavar="ID", help="These rows only; may be repeated")] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads, and cores to pin to")] = 1,
    rounds: Annotated[int, typer.Option(min=5, help="In each of which everyone has a turn")] = 9,
    seconds: Annotated[float, typer.Option(min=0, help="Of one turn at least, with as many calls as fit")] = 0.02,
    json: Annotated[Path | None, typer.Option(metavar="F", help="File to write, anew after every row")] = None,
) -> None:
    """Measure a grid, print a table and write it as JSON."""
    cases = chosen(grid, only)
    if machine.CORES and threads > len(machine.CORES):
        raise typer.BadParameter(f"--threads is {threads}, but this process may use {len(machine.CORES)} core(s)")
    machine.prepare(threads)  # before anything imports numpy
    from speed import report
    from speed.contestants import installed
    from speed.measuring import DifferenceError, Settings, measure

    console = Console(soft_wrap=True)
    console = console if console.is_terminal else Console(width=200, soft_wrap=True)
    peers, missing = installed()
    result: dict[str, Any] = {"grid": str(grid), "machine": machine.describe(threads, missing), "rows": []}
    result["command"] = f"python benchmarks/speed.py --grid {grid} --threads {threads} --rounds {rounds}" + "".join(
        f" --only {one}" for one in only or ()
    )
    console.print(*report.machine_lines(result["machine"]), sep="\n", highlight=False)
    for n, case in enumerate(cases, 1):
        console.print(f"[{n}/{len(cases)}] {case.label}", end=" ", markup=False, highlight=False)
        try:
            row = measure(case, peers, Settings(threads, rounds, seconds))
        except DifferenceError as error:
            console.print("[red]stopped: other numbers[/red]")
            raise SystemExit(f"{error}; what was measured before stands") from error
        console.print(_said(row), markup=False, highlight=False)
        result["rows"].append(row)
        result["machine"]["peak_gflops"] = max(result["machine"]["peak_gflops"], row["peak_gflops"])
        result["summary"] = report.summarise(result["rows"], result["machine"]["autograd_floor_us"])
        result["machine"]["busy"] = machine.warnings(result["machine"], result["rows"])
        if json is not None:
            report.save(json, result)
    console.print(report.table(f"{grid}, {threads} thread(s), microseconds", result["rows"]))
    console.print(*report.summary_lines(result["summary"]), sep="\n", highlight=False)
    for warning in result["machine"]["busy"]:
        console.print(f"[yellow]a busy machine: {warning}[/yellow]", highlight=False)


def _said(row: dict[str, Any]) -> str:
    """A row in one line, as it is done."""
    best = "" if row["best_peer"] is None else f", {row['best_peer']} {row['ratio_best']:.2f} times that"
    failed = "".join(f"; {name} failed: {reason}" for name, reason in row["failures"].items())
    return f"{row['ours_us']:.3g} µs{best}{failed}"


if __name__ == "__main__":
    typer.run(main)
