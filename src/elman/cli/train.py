"""`elman train TASK FILE -o MODEL`: a network learns from a table."""

import dataclasses
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.flags import FileArgument, Force, Strict, takes
from elman.cli.groups import group
from elman.cli.shown import show_pairs, show_rows, tell
from elman.errors import InputError
from elman.files import check_writable
from elman.tasks.options import ClassifierOptions, Options, RegressorOptions, TranslatorOptions, check

if TYPE_CHECKING:
    from elman.cli.columns import Columns, Table
    from elman.tasks.estimator import Estimator

SUFFIX = ".safetensors"

Output = Annotated[str, typer.Option("--output", "-o", metavar="MODEL", help="The model to write, a .safetensors file")]
Baseline = Annotated[
    str | None,
    typer.Option(metavar="feedforward", help="Train a network without memory as well, and compare"),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option("--input", metavar="COL", help="Column of numbers that the network reads; repeatable"),
]

app = group("Train a network on a table: translate, classify or regress.")


@app.command()
@takes(TranslatorOptions)
def translate(
    file: FileArgument,
    source: Annotated[str, typer.Option(metavar="COL", help="Column of the texts to translate")],
    target: Annotated[str, typer.Option(metavar="COL", help="Column of their translations")],
    output: Output,
    force: Force = False,
    strict: Strict = False,
    baseline: Annotated[str | None, typer.Option(hidden=True)] = None,
    **options: Any,
) -> None:
    """Text in, another text out: spelling to sound, one language to another."""
    from elman.cli.columns import Columns

    if baseline is not None:
        raise InputError(
            "--baseline is for classify and regress: a network without memory cannot write a text of another length"
        )
    _train(
        "translate",
        file,
        Columns(text=source, target=target),
        output,
        force,
        strict,
        None,
        TranslatorOptions(**options),
    )


@app.command()
@takes(ClassifierOptions)
def classify(
    file: FileArgument,
    label: Annotated[str, typer.Option(metavar="COL", help="Column of the classes")],
    output: Output,
    text: Annotated[str | None, typer.Option(metavar="COL", help="Column of the texts to read")] = None,
    inputs: Inputs = None,
    force: Force = False,
    strict: Strict = False,
    baseline: Baseline = None,
    **options: Any,
) -> None:
    """Sequence in, its class out: a text, or numbers in time.

    Numbers stand in columns of lists (JSON lines, Parquet), or in the long form: a row for each time step, with the
    columns unique_id and ds, which name the sequence and order its steps.
    """
    from elman.cli.columns import Columns

    if (text is None) == (not inputs):
        raise InputError(
            "the network reads a text or numbers: give --text COL, or --input COL for each column of numbers"
        )
    columns = Columns(text=text, inputs=tuple(inputs or ()), target=label)
    _train("classify", file, columns, output, force, strict, baseline, ClassifierOptions(**options))


@app.command()
@takes(RegressorOptions)
def regress(
    file: FileArgument,
    target: Annotated[str, typer.Option(metavar="COL", help="Column of the numbers to give")],
    output: Output,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="COL", help="Column of numbers to read; repeatable", show_default="all"),
    ] = None,
    text: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of texts to read, in place of numbers")
    ] = None,
    ahead: Annotated[
        int, typer.Option(min=0, help="Give the target of so many steps later; its past may then be read too")
    ] = 0,
    force: Force = False,
    strict: Strict = False,
    baseline: Baseline = None,
    **options: Any,
) -> None:
    """Sequence in, numbers out: one at each time step, or one for the whole.

    Numbers stand in columns of lists (JSON lines, Parquet), or in the long form: a row for each time step, with the
    columns unique_id and ds, which name the sequence and order its steps.
    """
    from elman.cli.columns import Columns

    if text is not None and inputs:
        raise InputError("the network reads a text or numbers: give --text or --input, not both")
    per = options["per"] or ("sequence" if text is not None else "step")
    if ahead and (text is not None or per != "step"):
        raise InputError("--ahead looks ahead in a sequence of numbers with a target at each step: leave it out")
    columns = Columns(text, tuple(inputs or ()), target, per, ahead)
    _train("regress", file, columns, output, force, strict, baseline, RegressorOptions(**options))


def _train(
    task: str,
    file: str,
    columns: "Columns",
    output: str,
    force: bool,
    strict: bool,
    baseline: str | None,
    options: Options,
) -> None:
    check(options)
    history = _outputs(output, force)
    if baseline not in (None, "feedforward"):
        raise InputError(f"--baseline is {baseline!r}, expected feedforward")
    if baseline and not options.validation_fraction:
        raise InputError("--baseline compares on validation data: give a --validation-fraction above 0")

    from elman.cli.columns import read_columns
    from elman.tasks.loading import estimator_class

    table = read_columns(file, columns, task, strict=strict)
    if isinstance(options, RegressorOptions):
        options = dataclasses.replace(options, per=table.columns.per)
    estimator = estimator_class(task)(**dataclasses.asdict(options))
    started = time.perf_counter()
    coded = estimator.prepared(table.X, table.y)
    for note in table.notes:  # not before the data is known to be fit for training: an error stands alone
        tell(note)
    estimator.fit_coded(*coded)
    seconds = time.perf_counter() - started
    if estimator.history_.interrupted and not estimator.history_.epochs:
        tell("interrupted before the end of the first epoch: nothing was written")
        raise KeyboardInterrupt
    estimator.save(output, overwrite=force, columns=dataclasses.asdict(table.columns))
    estimator.history_.write(history)
    _show(estimator, table, output, history, seconds)
    if baseline and not estimator.history_.interrupted:
        try:
            _compare(estimator, table)
        except KeyboardInterrupt:
            tell(f"interrupted: {output} is complete, the comparison with a feedforward network is not")
            raise


def _outputs(output: str, force: bool) -> Path:
    """Where the history goes; both files are checked before hours of work go into them."""
    if Path(output).suffix != SUFFIX:
        raise InputError(f"--output is {output}: the name of a model ends in {SUFFIX}")
    history = Path(output.removesuffix(SUFFIX) + ".history.jsonl")
    check_writable(output, overwrite=force)
    check_writable(history, overwrite=force)
    return history


def _show(estimator: "Estimator", table: "Table", output: str, history: Path, seconds: float) -> None:
    trained, config = estimator.history_, estimator.model_config_
    layers = f"{config['num_layers']} layers of " if config["num_layers"] > 1 else ""
    ways = ", both directions" if config["bidirectional"] else ""
    measured = trained.value(trained.best) if trained.best else None
    from elman.tasks.baseline import parameters

    typer.echo()
    show_pairs(
        f"{estimator.task}: {table.columns}",
        [
            ("network", f"{config['cell']['name']}, {layers}{config['hidden_size']} hidden units{ways}"),
            ("parameters", f"{parameters(estimator.model_):,}"),
            ("sequences", f"{len(table.X):,}"),
            (
                "best epoch",
                f"{trained.best_epoch or 'none'} of {len(trained.epochs)}"
                + ("" if measured is None else f", {trained.watched} {measured:.4f}")
                + (", interrupted" if trained.interrupted else ""),
            ),
            ("time", _duration(seconds)),
            ("written", f"{output}, {history}"),
        ],
    )
    example = next((x for x in table.X if isinstance(x, str) and 0 < len(x) <= 24 and x.isprintable()), None)
    model = shlex.quote(output)
    dashes = "-- " if example and example.startswith("-") else ""
    typer.echo(f"\nNext:  elman predict {model} {dashes + shlex.quote(example) if example else '--file FILE'}")
    typer.echo(f"       elman evaluate {model} FILE")
    typer.echo(f"       elman info {model}")


def _compare(estimator: "Estimator", table: "Table") -> None:
    """Train networks without memory, and print them beside the recurrent one."""
    from elman.tasks.baseline import fit_feedforward, parameters

    def announce(window: int, hidden_size: int) -> None:
        if estimator.verbose:
            tell(f"feedforward on the {_last(window)}, {hidden_size} hidden units")

    plain = fit_feedforward(estimator, table.X, table.y, announce=announce)
    if plain.history_.interrupted:
        raise KeyboardInterrupt
    rows = [("network", "hidden units", "sees", "parameters", estimator.history_.watched or "")]
    for one, name, sees in (
        (estimator, estimator.model_config_.get("cell", {}).get("name", ""), "all steps"),
        (plain, "feedforward", _last(plain.model_config_["window"])),
    ):
        best = one.history_.best
        measured = one.history_.value(best) if best else None
        value = "" if measured is None else f"{measured:.4f}"
        rows.append((name, str(one.model_config_["hidden_size"]), sees, f"{parameters(one.model_):,}", value))
    typer.echo("\nWith memory and shared weights, and without, on the same validation data:\n")
    show_rows(rows, aligned=True)


def _last(window: int) -> str:
    return "last step" if window == 1 else f"last {window} steps"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
