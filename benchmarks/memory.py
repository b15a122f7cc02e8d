"""How much memory training over a long sequence takes: elman with checkpoints in time beside torch.

`python benchmarks/memory.py [--cell CELL] [--steps T] [--json F]`

Each works in a process of its own: the highest resident memory of a forward and backward pass, less what was resident
before it. Weights, input and output gradient are there before; the output and the gradients are not. Both must give the
same gradients.
"""

import json as files
import subprocess
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from speed import machine
from speed.grid import CELLS, Case

Cell = StrEnum("Cell", list(CELLS))
Who = StrEnum("Who", ["elman", "torch"])
WARM_UP_STEPS = 256  # what is loaded, compiled and kept for good is no memory of the pass
MIB = 2**20


def case_of(cell: str, steps: int) -> Case:
    """One long sequence of a few features."""
    return Case("memory", cell, H=64, I=8, B=1, T=steps)


def measure(who: str, cell: str, steps: int, place: Path) -> dict[str, float]:
    """Train once in this process; writes the numbers to `place` and gives bytes and seconds."""
    import gc
    import time
    from dataclasses import replace

    import numpy as np
    import torch

    from speed import torch_peers, work

    torch.set_num_threads(1)
    build = torch_peers.checkpointed if who == "elman" else torch_peers.layer
    drawn = work.draw(case_of(cell, steps))
    short = min(steps, WARM_UP_STEPS)
    build(replace(drawn, x=drawn.x[:short], dy=drawn.dy[:short]))[0]()
    call, _ = build(drawn)
    gc.collect()
    before = _reset_peak()
    started = time.perf_counter()
    y, gradients = call()
    seconds = time.perf_counter() - started
    peak = _peak() - before
    np.savez(place, y=y.detach().numpy(), **{f"gradient_{k}": one.numpy() for k, one in enumerate(gradients)})
    return {"peak_bytes": peak, "seconds": seconds}


def _status(field: str) -> int:
    """Bytes from Linux's account of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def _reset_peak() -> int:
    """Forget the highest resident memory up to now; gives the present one."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM")


def compare(cell: str, steps: int) -> dict[str, Any]:
    """Both in turn, each in a fresh process.

    Raises:
        DifferenceError: their outputs or gradients are not the same.
    """
    import numpy as np

    from speed.measuring import compare as compare_numbers

    found: dict[str, Any] = {"cell": cell, "T": steps}
    numbers = {}
    with tempfile.TemporaryDirectory() as folder:
        for who in Who:
            place = Path(folder) / f"{who}.npz"
            command = [sys.executable, __file__, "--cell", cell, "--steps", str(steps), "--alone", who]
            done = subprocess.run(
                [*command, "--numbers", str(place)], check=False, stdout=subprocess.PIPE, encoding="utf-8"
            )
            if done.returncode:
                raise SystemExit(done.returncode)
            found[who] = files.loads(done.stdout)
            with np.load(place) as stored:
                numbers[who] = dict(stored)
    case = case_of(cell, steps)
    found |= {"H": case.H, "I": case.I, "B": case.B}
    found["max_abs_diff"] = compare_numbers(case, "torch", numbers["elman"], numbers["torch"])
    found["share_of_torch"] = found["elman"]["peak_bytes"] / found["torch"]["peak_bytes"]
    found["output_bytes"] = 4 * steps * case.B * case.H  # which any layer has to give
    return found


def main(
    cell: Annotated[list[Cell] | None, typer.Option(help="May be repeated  [default: all]")] = None,
    steps: Annotated[int, typer.Option(min=1, help="T, the length of the sequence")] = 100_000,
    json: Annotated[Path | None, typer.Option(metavar="F", help="File to write")] = None,
    alone: Annotated[Who | None, typer.Option(hidden=True)] = None,
    numbers: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Measure, print a table and write it as JSON."""
    if not Path("/proc/self/clear_refs").exists():
        raise SystemExit("only Linux tells the highest memory of one call: /proc/self/clear_refs is missing here")
    machine.prepare(1)
    cells = [str(one) for one in cell or Cell]
    if alone is not None and numbers is not None:
        print(files.dumps(measure(alone, cells[0], steps, numbers)))
        return
    from speed import report
    from speed.measuring import DifferenceError

    rows = []
    for one in cells:
        try:
            rows.append(compare(one, steps))
        except DifferenceError as error:
            raise SystemExit(str(error)) from error
    if json is not None:
        command = f"python benchmarks/memory.py --steps {steps}" + "".join(f" --cell {one}" for one in cell or ())
        report.save(json, {"rows": rows, "command": command, "machine": machine.names()})
    Console().print(_table(rows, steps))


def _table(rows: list[dict[str, Any]], steps: int) -> Table:
    heads = ("cell", "elman MiB", "torch MiB", "elman/torch", "elman s", "torch s", "output alone MiB")
    table = Table(*heads, title=f"peak memory of training, T = {steps:,}")
    for row in rows:
        mib = [f"{row[who]['peak_bytes'] / MIB:,.1f}" for who in Who]
        seconds = [f"{row[who]['seconds']:.2f}" for who in Who]
        share = f"{100 * row['share_of_torch']:.1f} %"
        table.add_row(row["cell"], *mib, share, *seconds, f"{row['output_bytes'] / MIB:,.1f}")
    return table


if __name__ == "__main__":
    typer.run(main)
