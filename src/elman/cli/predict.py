"""`elman predict MODEL`: what a model gives for sequences from the command line or from a table."""

import dataclasses
import json
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

    from elman.cli.columns import Table
    from elman.tasks import Classifier, Regressor, Translator
    from elman.tasks.estimator import Estimator

STEPS_SHOWN = 6


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
        table = _from_arguments(sequences or [], estimator)
    else:
        from elman.cli.columns import read_columns

        columns = dataclasses.replace(columns_of(metadata, model, text, inputs), target=None)
        table = read_columns(file, columns, estimator.task)
    records = PREDICT[estimator.task](estimator, table, beam)
    if output is not None:
        _write(records, table, output, force, as_json)
    elif as_json:
        for record in records:
            typer.echo(_json(record))
    else:
        show_rows([_plain(record) for record in records])
    for note in [*table.notes, *unknown_symbols(estimator, table.X)]:
        tell(note)


def _from_arguments(sequences: list[str], estimator: "Estimator") -> "Table":
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
    return Table(Columns(), X, [], pd.DataFrame({"sequence": range(len(X))}), list(range(len(X))))


def _named(table: "Table") -> list[dict[str, Any]]:
    """What each record begins with: the text, or the name of the sequence."""
    from elman.cli.columns import GROUP

    if table.columns.text is not None:
        return [{table.columns.text: text} for text in table.X]
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
    return [{**name, "prediction": one.tolist()} for name, one in zip(_named(table), values, strict=True)]


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
    values = given["prediction"]
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


def _write(records: list[dict[str, Any]], table: "Table", output: str, force: bool, as_json: bool) -> None:
    """A table of one row for each sequence, or for each step of the long form; with --json the lines as they are."""
    if as_json:
        with replace_file(output, overwrite=force) as temporary:
            Path(temporary).write_text("".join(f"{_json(one)}\n" for one in records), encoding="utf-8", newline="\n")
        return

    import numpy as np
    import pandas as pd

    from elman.cli.columns import GROUP, ORDER
    from elman.tables import write_table

    values = [one.get("prediction") for one in records]
    if table.rows is None or not isinstance(values[0], list):
        nested = ("probabilities", "hypotheses")
        frame = pd.DataFrame([{key: value for key, value in one.items() if key not in nested} for one in records])
    else:
        predicted = np.full(len(table.frame), np.nan)
        for rows, one in zip(table.rows, values, strict=True):
            predicted[rows] = one
        frame = table.frame[[name for name in (GROUP, ORDER) if name in table.frame]].assign(prediction=predicted)
    write_table(frame, output, overwrite=force)
