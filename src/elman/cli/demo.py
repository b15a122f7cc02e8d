"""`elman demo`: watch a recurrent network learn how English words are pronounced."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    cell: Annotated[
        str | None,
        typer.Option(help="Train with this cell alone: lstm, gru, elman, ...", show_default="lstm, then elman"),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for models and pictures.")] = Path(
        "elman-demo"
    ),
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that is not empty.")] = False,
    random_state: Annotated[int, typer.Option(min=0, help="Seed of the words chosen and of the training.")] = 0,
    num_threads: Annotated[
        int | None, typer.Option(min=1, help="Threads to compute with.", show_default="as PyTorch chooses")
    ] = None,
) -> None:
    """Train spelling to sound on 25,000 English words, and see how well it reads words it never saw.

    Takes about two minutes on two cores; Ctrl-C goes on with the best model so far.
    """
    from elman.cli.pronunciations import demonstrate  # torch, which --help does not wait for

    demonstrate(
        output,
        cells=("lstm", "elman") if cell is None else (cell,),
        force=force,
        random_state=random_state,
        num_threads=num_threads,
    )
