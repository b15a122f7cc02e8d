"""`elman predict MODEL`: what a model gives for sequences from the command line or from a table."""

import dataclasses
import json
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.flags import Force, InputColumns, Json, ModelArgument, TextColumn
from elman.cli.shown import show_rows, tell
from elman.errors import InputError
from elman.files import check_writable, replace_file

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from elman.cli.columns import Table
    from elman.tasks import Classifier, Regressor, Translator
    from elman.tasks.estimator import Estimator

STEPS_SHOWN = 6
RESULTS = re.compile(r"label|probability|probabilities|prediction(_\d+)?|translation|score|hypotheses")


def predict(
    model: ModelArgument,
    sequences: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SEQUENCE]...", help="Texts, or numbers as JSON: '[1, 2.5]', '[[1, 2], [3, 4]]'"),
    ] = None,
    file: Annotated[str | None, typer.Option(metavar="FILE", help="A table of sequences; - is standard input")] = None,
    text: TextColumn = None,
    inputs: InputColumns = None,
    beam: Annotated[
        int | None, typer.Option(min=1, help="Hypotheses that beam search carries; for translations")
    ] = None,
    as_json: Json = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write a table: .csv, .tsv, .jsonl or .parquet"),
    ] = None,
    force: Force = False,
) -> None:
    """Give the label, the numbers or the translation of each sequence."""
    if not sequences and file is None:
        raise InputError(f"nothing to predict: give texts or numbers after {shlex.quote(model)}, or --file FILE")
    if sequences and file is not None:
        raise InputError("there are both sequences and --file: give one of them")
    if output is not None:
        check_writable(output, overwrite=force)

    from elman.cli.models import columns_of, open_model, unknown_symbols

    estimator, metadata = open_model(model)
    if beam is not None and estimator.task != "translate":
        raise InputError(f"--beam is for models that translate, {model} was trained to {estimator.task}: leave it out")
    if file is None:
        table = _from_arguments(sequences or [], estimator, metadata)
    else:
        from elman.cli.columns import read_columns

        columns = dataclasses.replace(columns_of(metadata, model, text, inputs), target=None)
        table = read_columns(file, columns, estimator.task)
    records = PREDICT[estimator.task](estimator, table, beam)
    if output is not None:
        _write(records, table, output, force, as_json, estimator)
    elif as_json:
        for record in records:
            typer.echo(_json(record))
    else:
        show_rows([_plain(record) for record in records])
    for note in [*table.notes, *unknown_symbols(estimator, table.X)]:
        tell(note)


def _from_arguments(sequences: list[str], estimator: "Estimator", metadata: dict[str, Any]) -> "Table":
    import numpy as np
    import pandas as pd

    from elman.cli.columns import Columns, Table

    if estimator.codecs_["input"].kind == "text":
        return Table(Columns(text="text"), list(sequences), [], pd.DataFrame({"text": sequences}), [])
    size = estimator.codecs_["input"].input_size
    example = "'[1, 2.5]'" if size == 1 else f"'[[{', '.join('1' * size)}], ...]'"
    X = []
    for given in sequences:
        try:
            array = np.array(json.loads(given), dtype=np.float64)
        except (ValueError, TypeError, RecursionError):
            array = np.zeros(())
        if array.ndim == 0 or array.ndim > 2:
            raise InputError(
                f"{given!r} is not a JSON array of numbers, which this model reads: give such as {example}, or --file"
            )
        X.append(array)
    kept = metadata.get("columns")
    columns = Columns(ahead=kept.get("ahead", 0) if isinstance(kept, dict) else 0)
    return Table(columns, X, [], pd.DataFrame({"sequence": range(len(X))}), list(range(len(X))))


def _named(table: "Table") -> list[dict[str, Any]]:
    """What each record begins with: the text, or the name of the sequence; a result keeps its own name."""
    from elman.cli.columns import GROUP

    if table.columns.text is not None:
        title = "text" if RESULTS.fullmatch(table.columns.text) else table.columns.text
        return [{title: text} for text in table.X]
    name = GROUP if GROUP in table.frame.columns else "sequence"
    return [{name: key} for key in table.keys]


def _classify(estimator: "Classifier", table: "Table", beam: int | None) -> list[dict[str, Any]]:
    classes = estimator.codecs_["output"].classes
    return [
        {
            **name,
            "label": classes[int(row.argmax())],
            "probability": round(float(row.max()), 6),
            "probabilities": {str(label): round(float(p), 6) for label, p in zip(classes, row, strict=True)},
        }
        for name, row in zip(_named(table), estimator.predict_proba(table.X), strict=True)
    ]


def _regress(estimator: "Regressor", table: "Table", beam: int | None) -> list[dict[str, Any]]:
    values: list[np.ndarray] = list(estimator.predict(table.X))
    title = _prediction(table)
    return [{**name, title: one.tolist()} for name, one in zip(_named(table), values, strict=True)]


def _prediction(table: "Table") -> str:
    """What the numbers are called: those of a later step say of how much later."""
    return f"prediction_{table.columns.ahead}_ahead" if table.columns.ahead else "prediction"


def _translate(estimator: "Translator", table: "Table", beam: int | None) -> list[dict[str, Any]]:
    return [
        {
            **name,
            "translation": found[0].text,
            "score": found[0].score,
            "hypotheses": [{"text": one.text, "score": one.score} for one in found],
        }
        for name, found in zip(_named(table), estimator.translate(table.X, beam=beam), strict=True)
    ]


PREDICT: dict[str, Any] = {"classify": _classify, "regress": _regress, "translate": _translate}


def _plain(record: dict[str, Any]) -> list[str]:
    """A record as the cells of a line: the sequence, then what it gives."""
    name, *rest = record.items()
    given = dict(rest)
    if "probability" in given:
        return [str(name[1]), str(given["label"]), f"{given['probability']:.3f}"]
    if "translation" in given:
        return [str(name[1]), given["translation"]]
    ((_, values),) = rest
    if not isinstance(values, list):
        return [str(name[1]), _number(values)]
    shown = [_number(value) for value in values]
    if sys.stdout.isatty() and len(shown) > STEPS_SHOWN:
        shown = [*shown[: STEPS_SHOWN // 2], "...", *shown[-STEPS_SHOWN // 2 :], f"({len(shown)} steps)"]
    return [str(name[1]), " ".join(shown)]


def _number(value: Any) -> str:
    return f"[{', '.join(map(_number, value))}]" if isinstance(value, list) else f"{value:.6g}"


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False, default=str)


def _write(
    records: list[dict[str, Any]], table: "Table", output: str, force: bool, as_json: bool, estimator: "Estimator"
) -> None:
    """A table of one row for each sequence, or for each step of the long form; with --json the lines as they are."""
    if as_json:
        with replace_file(output, overwrite=force) as temporary:
            Path(temporary).write_text("".join(f"{_json(one)}\n" for one in records), encoding="utf-8", newline="\n")
        return

    import pandas as pd

    from elman.tables import write_table

    if estimator.task == "regress":
        frame = _predictions(records, table, estimator)
    else:
        nested = ("probabilities", "hypotheses")
        frame = pd.DataFrame([{key: value for key, value in one.items() if key not in nested} for one in records])
    write_table(frame, output, overwrite=force)


def _predictions(records: list[dict[str, Any]], table: "Table", estimator: "Estimator") -> "pd.DataFrame":
    """The numbers, a column for each that the model gives at a time."""
    import numpy as np
    import pandas as pd

    from elman.cli.columns import GROUP, ORDER

    title, size = _prediction(table), estimator.codecs_["output"].input_size
    config = estimator.model_config_
    in_step = config["kind"] == "InStep" or bool(config.get("in_step"))
    titles = [title] if size == 1 else [f"{title}_{k + 1}" for k in range(size)]
    values = [np.asarray(one.pop(title), np.float64).reshape(-1, size) for one in records]  # (T, size) or (1, size)
    if table.rows is not None and in_step:
        predicted = np.full((len(table.frame), size), np.nan)
        for rows, one in zip(table.rows, values, strict=True):
            predicted[rows] = one
        frame = table.frame[[name for name in (GROUP, ORDER) if name in table.frame]]
        return frame.assign(**dict(zip(titles, predicted.T, strict=True)))
    cells = [[column.tolist() if in_step else float(column[0]) for column in one.T] for one in values]
    return pd.DataFrame(
        [{**name, **dict(zip(titles, cell, strict=True))} for name, cell in zip(records, cells, strict=True)]
    )
