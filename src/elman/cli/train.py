"""`elman train TASK FILE -o MODEL`: a network learns from a table; here the words of each task alone."""

import dataclasses
import inspect
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from elman.cli.flags import option_flags
from elman.cli.groups import group
from elman.cli.training import Job, run
from elman.errors import InputError, MissingColumn
from elman.tasks.options import (
    CaptionerOptions,
    ClassifierOptions,
    ForecasterOptions,
    GeneratorOptions,
    Options,
    RegressorOptions,
    TaggerOptions,
    TranscriberOptions,
    TranslatorOptions,
)

Inputs = Annotated[
    list[str] | None,
    typer.Option("--input", metavar="COL", help="Column of numbers that the network reads; repeatable"),
]

app = group(
    "Train a network on a table or a text: translate, caption, transcribe, classify, regress, tag, forecast or "
    "generate."
)


def trains(
    options: type[Options], *, without: Collection[str] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a command `TASK` of a function of the job, the network's options and the words that are the task's alone.

    Args:
        options: the task's; each is a flag.
        without: fields of `Job` that help does not show, since this task refuses them.
    """

    def decorate(task: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(task).parameters.values())[2:]
        flags = option_flags(options)
        of_job = [_job_flag(field, hidden=field.name in without) for field in dataclasses.fields(Job)[1:]]
        context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        parameters = [one.replace(kind=one.KEYWORD_ONLY) for one in (context, of_job[0], *own, *of_job[1:], *flags)]

        def command(context: typer.Context, **given: Any) -> None:
            job = Job(context.obj, **{one.name: given.pop(one.name) for one in of_job})
            chosen = options(**{one.name: given.pop(one.name) for one in flags})
            task(job, chosen, **given)

        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {one.name: one.annotation for one in parameters}
        return app.command(task.__name__, help=inspect.getdoc(task))(command)

    return decorate


@contextmanager
def _columns_named_by(*flags: str) -> Iterator[None]:
    """Say how columns are named that need not be, where one is missing."""
    try:
        yield
    except MissingColumn as error:
        raise InputError(f"{error}: name its columns with {' COL and '.join(flags)} COL") from None


def _job_flag(field: "dataclasses.Field[Any]", *, hidden: bool) -> inspect.Parameter:
    annotation: Any = field.type
    if hidden:
        annotation = Annotated[annotation.__args__[0], typer.Option(hidden=True)]
    default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


@trains(TranslatorOptions, without=("baseline",))
def translate(
    job: Job,
    options: TranslatorOptions,
    source: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of the texts to translate; in lines of pairs its number")
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of their translations; in lines of pairs its number")
    ] = None,
) -> None:
    """Text in, another text out: spelling to sound, one language to another.

    Pairs stand in a table, whose columns are named; or in lines with tabs between source, target and whatever else,
    without a header and with any name but that of another table (.tsv, .txt): their columns are 1 and 2.
    """
    from elman.cli.columns import Columns
    from elman.cli.pair_columns import FIRST, SECOND, is_bare

    if job.baseline is not None:
        raise InputError(
            "--baseline is not for translate: a network without memory cannot write a text of another length"
        )
    if (source is None) != (target is None):
        raise InputError(
            "one side of the pairs is named: give both --source COL and --target COL, or none of them for lines of "
            "source, tab and target"
        )
    columns = Columns(text=source or FIRST, target=target or SECOND)
    if job.stream and is_bare(job.file, columns):
        raise InputError(
            f"--stream reads tables, and {job.file} has no header: write one above the pairs, and name its columns "
            "with --source and --target; or leave it out"
        )
    if is_bare(job.file, columns):
        job = dataclasses.replace(job, stream=False)
    run("translate", job, columns, options)


@trains(CaptionerOptions, without=("baseline", "stream"))
def caption(
    job: Job,
    options: CaptionerOptions,
    image: Annotated[
        str,
        typer.Option(metavar="COL", help="Column of the images; paths from the table's folder, or its folder Images"),
    ] = "image",
    text: Annotated[str, typer.Option("--caption", "--text", metavar="COL", help="Column of the texts")] = "caption",
) -> None:
    """Image in, a text about it out.

    The table has an image and a text in each row; an image may stand in several rows, with another text in each.
    """
    from elman.cli.columns import Columns

    if job.baseline is not None:
        raise InputError("--baseline is not for caption: a network without memory cannot write a text")
    if job.stream:
        raise InputError("a captioner learns from images in memory: leave out --stream")
    with _columns_named_by("--image", "--caption"):
        run("caption", dataclasses.replace(job, stream=False), Columns(image=image, target=text), options)


@trains(ClassifierOptions)
def classify(
    job: Job,
    options: ClassifierOptions,
    label: Annotated[str, typer.Option(metavar="COL", help="Column of the classes")],
    text: Annotated[str | None, typer.Option(metavar="COL", help="Column of the texts to read")] = None,
    audio: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of audio files to hear; paths from the table's folder")
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Column of images to read row by row; paths from the table's folder"),
    ] = None,
    inputs: Inputs = None,
) -> None:
    """Sequence in, its class out: a text, a sound, an image, or numbers in time.

    Numbers stand in columns of lists (JSON lines, Parquet), or in the long form: a row for each time step, with the
    columns unique_id and ds, which name the sequence and order its steps.
    """
    from elman.cli.columns import Columns

    if sum((text is not None, audio is not None, image is not None, bool(inputs))) != 1:
        raise InputError(
            "the network reads a text, a sound, an image or numbers: give --text COL, --audio COL, --image COL, or "
            "--input COL for each column of numbers"
        )
    columns = Columns(text=text, inputs=tuple(inputs or ()), target=label, audio=audio, image=image)
    run("classify", job, columns, options)


@trains(RegressorOptions)
def regress(
    job: Job,
    options: RegressorOptions,
    target: Annotated[list[str], typer.Option(metavar="COL", help="Column of the numbers to give; repeatable")],
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
) -> None:
    """Sequence in, numbers out: one at each time step, or one for the whole.

    Numbers stand in columns of lists (JSON lines, Parquet), or in the long form: a row for each time step, with the
    columns unique_id and ds, which name the sequence and order its steps.
    """
    from elman.cli.columns import Columns, one_or_all

    if text is not None and inputs:
        raise InputError("the network reads a text or numbers: give --text or --input, not both")
    per = options.per or ("sequence" if text is not None else "step")
    if ahead and (text is not None or per != "step"):
        raise InputError("--ahead looks ahead in a sequence of numbers with a target at each step: leave it out")
    run("regress", job, Columns(text, tuple(inputs or ()), one_or_all(target), per, ahead), options)


@trains(GeneratorOptions)
def generate(
    job: Job,
    options: GeneratorOptions,
    text: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of texts, each a document  [default: one plain text]")
    ] = None,
) -> None:
    """Text in, more text like it out: a plain text (.txt, .txt.gz), or a column of texts with an end.

    A plain text may be of any size: it is read in a stream, and kept encoded on the disk.
    """
    from elman.cli.columns import Columns
    from elman.cli.documents import check_plain_text

    if text is None:
        check_plain_text(job.file)
    run("generate", job, Columns(text=text), options)


@trains(TaggerOptions, without=("stream",))
def tag(
    job: Job,
    options: TaggerOptions,
    text: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of the sentences; of a CoNLL file its number")
    ] = None,
    inputs: Inputs = None,
    tags: Annotated[
        str, typer.Option(metavar="COL", help="Column of the tags; of a CoNLL file its number, from the end -1")
    ] = "tags",
) -> None:
    """Sequence in, a tag for each of its steps out: names in sentences, parts of speech, states of a series.

    Sentences stand in a CoNLL file (.conll, .conllu, .bio, .iob or another name that is no table's: a word on each
    line, its tag in the last column, a blank line after each sentence); or in a table: a sentence in each row, words
    and tags with blanks between or in lists; or in the long form, with the columns unique_id and ds, a word in each
    row. Numbers (--input) stand in lists or in the long form.
    """
    from elman.cli.columns import Columns

    if text is not None and inputs:
        raise InputError("the network reads words or numbers: give --text or --input, not both")
    if job.stream:
        raise InputError("a tagger learns from data in memory: leave out --stream")
    job = dataclasses.replace(job, stream=False)
    run("tag", job, Columns(text, tuple(inputs or ()), tags, "step"), options)


@trains(ForecasterOptions, without=("stream",))
def forecast(
    job: Job,
    options: ForecasterOptions,
    target: Annotated[str, typer.Option(metavar="COL", help="Column of the numbers to forecast")],
    past: Annotated[
        list[str] | None, typer.Option(metavar="COL", help="Column of numbers known up to now; repeatable")
    ] = None,
    future: Annotated[
        list[str] | None, typer.Option(metavar="COL", help="Column of numbers known ahead as well; repeatable")
    ] = None,
    static: Annotated[
        list[str] | None, typer.Option(metavar="COL", help="Column with one number for each series; repeatable")
    ] = None,
) -> None:
    """Series in, their future out: one model over many series.

    The table has a row for each time step: the columns unique_id, which names the series (not needed for one), and ds,
    the time: a date, a date and a time, or a whole number.
    """
    from elman.cli.columns import Columns

    if job.stream:
        raise InputError("--stream is not for forecast, which reads its table whole: leave it out")
    several = tuple(past or ()), tuple(future or ()), tuple(static or ())
    options = dataclasses.replace(options, target=target, strict=job.strict)
    options.past, options.future, options.static = several
    read = (target, *(name for names in several for name in names))
    run("forecast", dataclasses.replace(job, stream=False), Columns(inputs=read, target=target), options)


@trains(TranscriberOptions, without=("stream",))
def transcribe(
    job: Job,
    options: TranscriberOptions,
    audio: Annotated[
        str, typer.Option(metavar="COL", help="Column of audio files to hear; paths from the table's folder")
    ] = "audio",
    text: Annotated[str, typer.Option(metavar="COL", help="Column of what is said in them")] = "text",
) -> None:
    """Sound in, the text that is said in it out: WAV, FLAC, OGG and what they are called in a table with their texts.

    The lists of LJSpeech (metadata.csv) and Common Voice (validated.tsv) are taken as they are.

    With --no-bidirectional the network can transcribe while somebody speaks, and files longer than memory.
    """
    from elman.cli.columns import Columns

    if job.stream:
        raise InputError("--stream reads texts and numbers, not audio files: leave it out")
    options = dataclasses.replace(options, strict=job.strict)
    with _columns_named_by("--audio", "--text"):
        run("transcribe", dataclasses.replace(job, stream=False), Columns(audio=audio, target=text), options)
