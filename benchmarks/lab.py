"""What the lab of `elman explore` shows as it is proposed: how far back each network remembers, task by task.

`python benchmarks/lab.py [--task NAME] [--seeds N] [--cell NAME]...`

A line for each network: right answers after a third of the batches and after all, and the lag up to which it is nearer
to being right than to guessing, of each seed; seconds are those of the processor, one core.
"""

import os
import time
from typing import Annotated

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
import typer

from elman.explore.lab import Experiment, Lab
from elman.explore.lab_tasks import TASKS
from elman.explore.views.lab import remembers


def main(
    task: Annotated[list[str] | None, typer.Option(help="One of the tasks; all if left out")] = None,
    cell: Annotated[list[str] | None, typer.Option(help="One of the cells")] = None,
    seeds: int = 3,
    steps: int = Experiment.steps,
) -> None:
    """Print the table."""
    torch.set_num_threads(1)
    typer.echo(
        "| task | length | network | weights | right, a third | right, all | remembers | seconds, all networks |"
    )
    typer.echo("|---|---|---|---|---|---|---|---|")
    for name in task or TASKS:
        lines = run(name, tuple(cell or Experiment.cells), seeds, steps)
        typer.echo("\n".join(lines))


def run(task: str, cells: tuple[str, ...], seeds: int, steps: int) -> list[str]:
    """The lines of a task."""
    found: dict[str, list[tuple[float, float, str]]] = {}
    began = time.process_time()
    for seed in range(seeds):
        experiment = Experiment(task, cells, seed=seed, steps=steps, reports=3)
        lab = Lab(experiment)
        first, *_, last = lab
        for name, one in last.measured.items():
            back = remembers(one.by_lag, experiment.of.chance).replace("remembers ", "").replace("steps back", "steps")
            found.setdefault(name, []).append((first.measured[name].accuracy, one.accuracy, back))
    seconds = (time.process_time() - began) / seeds
    weights = {one.name: one.parameters for one in lab.learners}
    return [
        f"| {task} | {experiment.T} | {name} | {weights[name]:,} | {shares(0, rows)} | {shares(1, rows)} "
        f"| {'; '.join(back for *_, back in rows)} | {seconds:.0f} |"
        for name, rows in found.items()
    ]


def shares(column: int, rows: list[tuple[float, float, str]]) -> str:
    """A share of each seed, in percent."""
    return ", ".join(f"{100 * float(row[column]):.0f}" for row in rows) + " %"


if __name__ == "__main__":
    typer.run(main)
