"""What a training survives: SIGKILL at random points, full disks, damaged checkpoints.

`python benchmarks/reliability.py resume [--kills N] [--ranks R] [--epochs E] [--cold N] [--seed S] [--json F]`
`python benchmarks/reliability.py files [--kills N] [--seed S] [--json F]`

The exit status is 1 if anything was lost or different. Linux only.
"""

import json as files
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

Seed = Annotated[int, typer.Option(min=0, help="Of the random points")]
Json = Annotated[Path | None, typer.Option(metavar="F", help="File to write, its part of another command stays")]

app = typer.Typer(add_completion=False, help=__doc__)


@app.command()
def resume(
    kills: Annotated[int, typer.Option(min=1, help="For each number of ranks")] = 100,
    ranks: Annotated[list[int] | None, typer.Option(min=1, help="May be repeated  [default: 1 and 2]")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Of a training")] = 120,
    cold: Annotated[
        int, typer.Option(min=0, help="Every so-many'th is a newly started command, not a fork; 0: none")
    ] = 5,
    seed: Seed = 0,
    json: Json = None,
) -> None:
    """Kill a training with truncated backpropagation again and again, resume it, and compare its model file."""
    _prepare()
    from reliability.kills import Trial, words

    console = _console()
    found = []
    with _workplace() as folder:
        for one in ranks or [1, 2]:
            found.append(Trial(folder, one, kills, epochs, cold, seed, _say(console)).run())
    console.print(_of_kills([one.row() for one in found]))
    command = "elman " + " ".join(words(epochs))
    _finish(json, "resume", {"rows": [one.row() for one in found], "training": command})
    raise typer.Exit(int(any(one.differences for one in found)))


@app.command(name="files")
def damaged_files(
    kills: Annotated[int, typer.Option(min=1, help="While a checkpoint is written")] = 200,
    damages: Annotated[int, typer.Option(min=1, help="Of each kind")] = 400,
    epochs: Annotated[int, typer.Option(min=1, help="Of a training on a full disk")] = 20,
    seed: Seed = 0,
    json: Json = None,
) -> None:
    """Kill processes that save, fill the disk, cut checkpoints short and flip their bits; see what is read after it."""
    _prepare()
    from reliability import damage

    console = _console()
    with _workplace() as folder:
        found = damage.all_of(folder, kills, damages, epochs, seed, _say(console))
    for table in damage.tables(found):
        console.print(table)
    _finish(json, "files", found)
    raise typer.Exit(int(found["lost"] + found["silently_wrong"] + len(found["failures"]) > 0))


def _of_kills(rows: list[dict[str, Any]]) -> Table:
    places = list(rows[0]["places"])
    table = Table(
        *("ranks", "kills", *places, "half a file", "cold", "one rank", "trainings", "resumed", "steps", "again"),
        *("different",),
        title="killed with SIGKILL and resumed",
        caption="steps: of one training; again: done again after all kills of forks",
    )
    for row in rows:
        places = row["places"].values()
        after = [row[key] for key in ("halves", "cold", "alone", "trainings", "resumed", "steps", "done_again")]
        table.add_row(*map(str, (row["ranks"], row["kills"], *places, *after, len(row["differences"]))))
    return table


def _prepare() -> None:
    """One thread, also where libraries start theirs when they are imported; then import what forks should find."""
    if not Path("/proc/self/task").is_dir():
        raise SystemExit("only Linux forks, kills and shows processes as this needs it")
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    import torch
    import torch._dynamo  # which torch's optimisers import when the first one is made
    import torch.distributed

    import elman.cli
    import elman.cli.columns
    import elman.tasks.regressor  # noqa: F401

    torch.set_num_threads(1)


@contextmanager
def _workplace() -> Iterator[Path]:
    """A folder that is removed; after a failure it stays, to look at."""
    folder = Path(tempfile.mkdtemp(prefix="elman-reliability-"))
    yield folder
    shutil.rmtree(folder)


def _console() -> Console:
    console = Console(soft_wrap=True)
    return console if console.is_terminal else Console(width=160, soft_wrap=True)


def _say(console: Console) -> Any:
    return lambda line: console.print(line, markup=False, highlight=False)


def _finish(path: Path | None, part: str, result: dict[str, Any]) -> None:
    if path is None:
        return
    from speed import machine, report

    known = files.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    report.save(path, {**known, part: {**result, "machine": machine.names()}})


if __name__ == "__main__":
    app()
