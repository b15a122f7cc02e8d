"""A training on the command line: what is checked before, what is written and shown after."""

import dataclasses
import os
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elman.cli.flags import FileArgument, Force, Stream, Strict
from elman.cli.launch import RANK_LOST, RESUME, launch, rank_here, resume_command, without_ranks
from elman.cli.predictions import prediction_of
from elman.cli.shown import show_pairs, show_rows, tell
from elman.errors import InputError
from elman.files import check_writable, read_model
from elman.tasks.options import Options, check

if TYPE_CHECKING:
    from elman.cli.columns import Columns, Table
    from elman.cli.training_data import TrainingData
    from elman.tasks.estimator import Estimator

SUFFIX = ".safetensors"


@dataclasses.dataclass(frozen=True)
class Job:
    """What every `elman train` is told besides the network's options; each field but the first is a flag.

    Args:
        words: the command as it was typed, after `elman`.
        file: the table.
        output: the model to write.
        force: whether files that are there may be replaced.
        strict: whether a missing value is refused.
        resume: whether to go on from a checkpoint.
        ranks: how many processes train together.
        stream: whether the file is read in a stream; None: if it is large.
        baseline: "feedforward" to train a network without memory as well.
    """

    words: list[str]
    file: FileArgument
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="MODEL", help="The model to write, a .safetensors file")
    ]
    force: Force = False
    strict: Strict = False
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint, as if nothing had happened")
    ] = False
    ranks: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Processes on this machine that train together; torchrun for several"),
    ] = 1
    stream: Stream = None
    baseline: Annotated[
        str | None, typer.Option(metavar="feedforward", help="Train a network without memory as well, and compare")
    ] = None

    def beside(self, suffix: str) -> Path:
        """The path of another output, which has the model's name."""
        return Path(self.output.removesuffix(SUFFIX) + suffix)


def run(task: str, job: Job, columns: "Columns", options: Options) -> None:
    """Train on a table, write the model, its history and a page on the training, and show what came out.

    Raises:
        InputError: an option, the data or an output is not as it should be.
    """
    check(options)
    if job.file != "-":  # which cannot be read again
        options = dataclasses.replace(options, checkpoints=str(job.beside(".checkpoints")))
    _check_outputs(job)
    if job.baseline not in (None, "feedforward"):
        raise InputError(f"--baseline is {job.baseline!r}, expected feedforward")
    if job.baseline and not options.validation_fraction:
        raise InputError("--baseline compares on validation data: give a --validation-fraction above 0")
    if job.ranks > 1:
        raise typer.Exit(launch(without_ranks(job.words), job.ranks, resume_command=resume_command(job.words)))

    from elman.cli.training_data import is_streamed, training_data
    from elman.train.ranks import here

    streamed = not columns.is_plain_text and is_streamed(job.file, job.stream)
    if job.baseline and streamed:
        raise InputError("--baseline trains many networks on data in memory: leave it out, or give --no-stream")

    started = time.perf_counter()
    try:
        estimator, data = training_data(task, job.file, columns, options, strict=job.strict, stream=streamed)
    except KeyboardInterrupt:
        tell(f"interrupted while {job.file} was read: nothing was written; the same command begins again")
        raise
    first = here() == 0
    if first:  # not before the data is known to be fit for training: an error stands alone
        for note in data.notes:
            tell(note)
    _fit(estimator, job, data)
    seconds = time.perf_counter() - started
    if first and estimator.history_.epochs:
        _show(estimator, data, _written(estimator, job, data), job.output, seconds)
    if estimator.history_.interrupted:
        raise KeyboardInterrupt
    if job.baseline and first and data.table is not None:
        try:
            _compare(estimator, data.table)
        except KeyboardInterrupt:
            tell(f"interrupted: {job.output} is complete, the comparison with a feedforward network is not")
            raise


def _fit(estimator: "Estimator", job: Job, data: "TrainingData") -> None:
    from elman.train.ranks import RankLostError

    history = job.beside(".history.jsonl")
    try:
        estimator.fit_coded(
            data.training,
            data.validation,
            resume=job.resume,
            overwrite=job.force,
            log=history,
            how_to_resume=_how_to_resume(job),
        )
    except RankLostError:
        if RESUME in os.environ:  # the process that started the ranks says which one, and how to go on
            raise typer.Exit(RANK_LOST) from None
        raise


def _written(estimator: "Estimator", job: Job, data: "TrainingData") -> str:
    """Write the model, its history and a page on the training; the names of all of them."""
    from elman.tasks.report import training_report

    estimator.save(job.output, columns=data.columns.to_config())
    history, page = job.beside(".history.jsonl"), job.beside(".report.html")
    estimator.history_.write(history)
    training_report(estimator, data.validation, data=str(data.columns)).write(page)
    return f"{job.output}, {history}, {page}"


def _check_outputs(job: Job) -> None:
    """Check what will be written before hours of work go into it."""
    if Path(job.output).suffix != SUFFIX:
        raise InputError(f"--output is {job.output}: the name of a model ends in {SUFFIX}")
    if job.resume and job.file == "-":
        raise InputError("--resume reads the table again, which standard input cannot give twice: give a file")
    _check_ranks(job)
    newest = max(job.beside(".checkpoints").glob("step-*.safetensors"), default=None)
    if newest is not None and not (job.force or job.resume) and not _has_ended(newest):
        raise InputError(
            f"{newest.parent} has checkpoints of a training that has not ended: go on with it (--resume), or begin "
            "anew (--force)"
        )
    for path in (job.output, job.beside(".history.jsonl"), job.beside(".report.html")):
        check_writable(path, overwrite=job.force or (job.resume and newest is not None))


def _has_ended(checkpoint: Path) -> bool:
    try:
        return read_model(checkpoint).metadata["history"]["ended"] in ("epochs", "patience")
    except InputError:  # damaged: --resume takes the one before, and says so
        return False


def _check_ranks(job: Job) -> None:
    several = job.ranks > 1 or rank_here() is not None
    for wrong, found, remedy in (
        (job.ranks > 1 and job.file == "-", "the table comes from standard input", "give a file"),
        (job.ranks > 1 and rank_here() is not None, "torchrun has started this process", "leave it out"),
        (several and job.baseline is not None, "--baseline trains in one process", "leave one of them out"),
    ):
        if wrong:
            raise InputError(f"--ranks is {job.ranks}, but {found}: {remedy}")


def _how_to_resume(job: Job) -> str:
    """The command; under torchrun, whose own words are not known here, as much as can be said of it."""
    if RESUME in os.environ:
        return os.environ[RESUME]
    return "the same torchrun command with --resume" if rank_here() is not None else resume_command(job.words)


def _show(estimator: "Estimator", data: "TrainingData", written: str, output: str, seconds: float) -> None:
    trained, config = estimator.history_, estimator.model_config_
    layers = f"{config['num_layers']} layers of " if config["num_layers"] > 1 else ""
    ways = ", both directions" if config.get("bidirectional") else ""
    measured = trained.value(trained.best) if trained.best else None
    from elman.tasks.baseline import parameters

    typer.echo()
    show_pairs(
        f"{estimator.task}: {data.columns}",
        [
            ("network", f"{config['cell']['name']}, {layers}{config['hidden_size']} hidden units{ways}"),
            ("parameters", f"{parameters(estimator.model_):,}"),
            ("sequences", f"{data.sequences:,}"),
            (
                "best epoch",
                f"{trained.best_epoch or 'none'} of {len(trained.epochs)}"
                + ("" if measured is None else f", {trained.watched} {measured:.4f}")
                + (", interrupted" if trained.interrupted else ""),
            ),
            ("time", _duration(seconds)),
            ("written", written),
        ],
    )
    example, model = data.example, shlex.quote(output)
    dashes = "-- " if example and example.startswith("-") else ""
    given = dashes + shlex.quote(example) if example else "--file FILE"
    typer.echo(f"\nNext:  {prediction_of(estimator.task).first.format(model=model, given=given)}")
    typer.echo(f"       elman evaluate {model} FILE")
    typer.echo(f"       elman info {model}")


def _compare(estimator: "Estimator", table: "Table") -> None:
    """Train networks without memory, and print them beside the recurrent one."""
    from elman.tasks.baseline import fit_feedforward, parameters

    def announce(window: int, hidden_size: int) -> None:
        if estimator.verbose:
            tell(f"feedforward on the {_seen(estimator, window)}, {hidden_size} hidden units")

    plain = fit_feedforward(estimator, table.X, table.y or None, announce=announce)
    if plain.history_.interrupted:
        raise KeyboardInterrupt
    rows = [("network", "hidden units", "sees", "parameters", estimator.history_.watched or "")]
    for one, name, sees in (
        (estimator, estimator.model_config_.get("cell", {}).get("name", ""), "all steps"),
        (plain, "feedforward", _seen(plain, plain.model_config_["window"])),
    ):
        best = one.history_.best
        measured = one.history_.value(best) if best else None
        value = "" if measured is None else f"{measured:.4f}"
        rows.append((name, str(one.model_config_["hidden_size"]), sees, f"{parameters(one.model_):,}", value))
    typer.echo("\nWith memory and shared weights, and without, on the same validation data:\n")
    show_rows(rows, aligned=True)


def _seen(estimator: "Estimator", window: int) -> str:
    from elman.tasks.baseline import CENTRED

    around = estimator.task in CENTRED
    if window == 1:
        return "step itself" if around else "last step"
    return f"{window} steps around" if around else f"last {window} steps"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
