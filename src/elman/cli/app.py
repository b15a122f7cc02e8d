"""The program `elman`: its verbs, and the one place where an error becomes one line on stderr and an exit status."""

import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from elman import __version__
from elman.cli import data, train
from elman.cli.demo import demo
from elman.cli.evaluate import evaluate
from elman.cli.explore import explore
from elman.cli.generate import generate
from elman.cli.groups import group
from elman.cli.info import info
from elman.cli.inspect import inspect
from elman.cli.launch import RESUME, rank_here
from elman.cli.predict import predict
from elman.cli.shown import drop_output
from elman.cli.warmup import warmup
from elman.errors import InputError

WRONG_INPUT, INTERRUPTED = 2, 130

# typer 0.12 takes it from click, newer ones have their own; either way BadParameter is a UsageError is a ClickException
ClickException: type[Exception] = typer.BadParameter.__mro__[2]

PURPOSE = "Recurrent neural networks: a sequence goes in, a sequence comes out."

app = group(PURPOSE)
app.add_typer(train.app, name="train")
app.command()(predict)
app.command()(generate)
app.command()(evaluate)
app.command()(info)
app.command()(explore)
app.command()(inspect)
app.add_typer(data.app, name="data")
app.command()(demo)
app.command()(warmup)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"elman {__version__}")
        raise typer.Exit


@app.callback(help=PURPOSE, invoke_without_command=True)
def _elman(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and leave Python with its exit status.

    Args:
        arguments: what stands after `elman`; None: those of the process.
    """
    # Threads that spin while they wait make torch many times slower when something else runs on the same cores, and
    # threads that sleep at once a third slower when nothing does: these spin for a moment and then sleep.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # else somebody has put another in its place
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    command = typer.main.get_command(app)
    try:
        words = list(sys.argv[1:] if arguments is None else arguments)
        status = command.main(args=words, prog_name="elman", standalone_mode=False, obj=words)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except InputError as error:
        return _complain(str(error))
    except ClickException as error:
        return _complain(_usage(error))
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return drop_output()


def _usage(error: Exception) -> str:
    """What is wrong with the arguments, and where help is."""
    said = str(getattr(error, "format_message", error.__str__)()).rstrip(".")
    context = getattr(error, "ctx", None)
    return f"{said}; see {context.command_path} --help" if context is not None else said


def _complain(message: str) -> int:
    line = " ".join(message.split())
    if rank_here() and RESUME not in os.environ:
        return WRONG_INPUT  # torchrun by hand: the first rank has the same to say
    sys.stderr.write(f"elman: {line}\n")
    return WRONG_INPUT
