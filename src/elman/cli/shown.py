"""How results look: on a terminal aligned and cut to its width, in a pipe whole and with tabs between."""

import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import typer
from rich.cells import cell_len, set_cell_size

from elman.errors import DataWarning

BROKEN_PIPE = 141
GAP = 2
NARROWEST = 8


def show_rows(rows: Sequence[Sequence[str]], *, aligned: bool = False) -> None:
    """Print one line for each row, on a terminal or where `aligned` asks for it with its cells under each other."""
    clean = [[one_line(cell) for cell in row] for row in rows]
    if not (aligned or sys.stdout.isatty()):
        for row in clean:
            typer.echo("\t".join(row))
        return
    widths = [max(map(cell_len, column)) for column in zip(*clean, strict=True)]
    free = shutil.get_terminal_size().columns - GAP * (len(widths) - 1)
    widest = max(widths)
    while widest > NARROWEST and sum(min(size, widest) for size in widths) > free:
        widest -= 1
    for row in clean:
        cells = [_cut(cell, min(size, widest)) for cell, size in zip(row, widths, strict=True)]
        typer.echo((" " * GAP).join(cells).rstrip())


def show_pairs(title: str, pairs: Iterable[tuple[str, str]], width: int = 12) -> None:
    """Print a title and, below it, names with their values; the names take `width` places at least."""
    pairs = list(pairs)
    width = max([width, *(len(name) + GAP for name, _ in pairs)])
    typer.secho(title, bold=True)
    for name, value in pairs:
        typer.echo(f"  {typer.style(f'{name:<{width}}', dim=True)}{value}")


def tell(message: str) -> None:
    """Say on stderr what is no result."""
    typer.echo(f"elman: {message}", err=True)


@contextmanager
def telling_warnings(say: Callable[[str], None] | None = None) -> Iterator[None]:
    """Say what is warned of data as other notes are said, on stderr if nothing else is given."""

    def show(message: Warning | str, category: type[Warning], *more: Any, **named: Any) -> None:
        if issubclass(category, DataWarning):
            (say or tell)(str(message))
        else:
            otherwise(message, category, *more, **named)

    with warnings.catch_warnings():
        warnings.simplefilter("always", DataWarning)
        otherwise = warnings.showwarning
        warnings.showwarning = show
        yield


def drop_output() -> int:
    """Let what is still buffered go nowhere, after a pipe was closed; gives the exit status for it."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE


def _cut(cell: str, size: int) -> str:
    return set_cell_size(cell, size) if cell_len(cell) <= size else set_cell_size(cell, size - 1) + "…"


def one_line(text: str) -> str:
    """A text with what would break a line written as Python writes it; an empty one is seen."""
    if text == "":
        return '""'
    return "".join(repr(symbol)[1:-1] if not symbol.isprintable() else symbol for symbol in text)
