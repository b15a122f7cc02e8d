"""`elman info MODEL`: what is inside a model file. It reads the file alone, without PyTorch."""

import json
import math
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.flags import Json, ModelArgument
from elman.cli.shown import show_pairs
from elman.errors import InputError, counted
from elman.tasks.description import WIRINGS, codec_facts, codec_line, letter, network_equations

if TYPE_CHECKING:
    pass


def info(
    model: ModelArgument,
    latex: Annotated[bool, typer.Option("--latex", help="Show the equations as LaTeX")] = False,
    as_json: Json = False,
) -> None:
    """Show a model's equation, layers, shapes, number of parameters and training."""
    from elman.files import read_model
    from elman.files.model import VERSION

    found = read_model(model)
    if found.metadata.get("kind") == "stream":
        raise InputError(f"{model} holds a stream, which elman.Stream.load reads and shows")
    try:
        described = {"format": VERSION, **_described(found.metadata, found.tensors, latex or as_json)}
        if latex and not as_json:
            typer.echo(described["latex"])
        elif as_json:
            typer.echo(json.dumps(described, ensure_ascii=False))
        else:
            _show(model, described)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{model}: the description of the model is damaged: {error!r}") from error


def _described(metadata: dict[str, Any], tensors: dict[str, Any], latex: bool) -> dict[str, Any]:
    from elman.equations import Cell

    config = {key: value for key, value in metadata["model"].items() if key != "cell"}
    cell = Cell.from_config(metadata["model"]["cell"]) if "cell" in metadata["model"] else None
    return {
        "task": metadata["task"],
        "columns": metadata.get("columns"),
        "cell": cell and cell.name,
        "equations": network_equations(cell, config),
        "latex": cell.latex() if cell and latex else None,
        "gates": cell.gates if cell else (),
        "model": config,
        "parameters": sum(math.prod(array.shape) for array in tensors.values()),
        "tensors": {name: list(array.shape) for name, array in tensors.items()},
        "codecs": {end: codec_facts(one) for end, one in metadata["codecs"].items()},
        "options": metadata["options"],
        "history": metadata["history"],
    }


def _show(path: str, described: dict[str, Any]) -> None:
    config, columns = described["model"], described["columns"]
    cell = "" if described["cell"] is None else f"{described['cell']}, "
    layers = config.get("num_layers", 1)
    size = f"{layers} layer{'s' if layers > 1 else ''} of {config['hidden_size']} hidden units"
    pairs = [
        ("task", described["task"] + (f": {_columns(columns)}" if columns else "")),
        ("network", cell + WIRINGS[config["kind"]]),
        ("layers", size + (", both directions" if config.get("bidirectional") else "")),
        ("parameters", f"{described['parameters']:,}"),
        *((end, codec_line(one)) for end, one in described["codecs"].items()),
        ("file", f"format {described['format']}, {os.path.getsize(path):,} bytes"),  # noqa: PTH202
    ]
    show_pairs(path, pairs)
    typer.echo()
    show_pairs("Equations", ())
    for line in described["equations"]:
        typer.echo(f"  {line}")
    typer.echo()
    gates = described["gates"]
    stacked = f", the rows of W_xh and W_hh for the gates {' '.join(gates)}" if len(gates) > 1 else ""
    show_pairs(f"Weights{stacked}", _weights(described["tensors"]), 42)
    typer.echo()
    _show_history(described["history"])
    typer.echo()
    show_pairs("Options", ((name, _value(value)) for name, value in described["options"].items()), 21)


def _columns(columns: dict[str, Any]) -> str:
    one = next((columns[name] for name in ("text", "audio", "image") if columns.get(name) is not None), None)
    read = one or ", ".join(columns["inputs"])
    if columns["target"] is None:
        return read or "plain text"
    target = columns["target"] if isinstance(columns["target"], str) else ", ".join(columns["target"])
    return f"{read} → {target}" + (f", {columns['ahead']} ahead" if columns["ahead"] else "")


def _weights(tensors: dict[str, list[int]]) -> list[tuple[str, str]]:
    """Each tensor with its name in the textbook, where it has one, and its shape."""
    rows = []
    for name, shape in tensors.items():
        rows.append((name, f"{letter(name):<6}{' × '.join(map(str, shape))}"))
    return rows


def _show_history(history: dict[str, Any]) -> None:
    epochs, metric = history["epochs"], history["metric"]
    if not epochs:
        show_pairs("Training", [("", "no epoch was finished")])
        return
    value = "metric" if metric is not None else "validation_loss"
    sign = -1 if metric is not None and history["higher_is_better"] else 1
    last = epochs[-1]
    best = last  # as `History.best` has it
    if last[value] is not None:
        best = min(epochs, key=lambda epoch: (sign * epoch[value], epoch["validation_loss"] or 0.0))
    ended = {"patience": ", stopped for want of progress", "interrupted": ", interrupted"}.get(history["ended"], "")
    show_pairs(f"Training: {counted(len(epochs), 'epochs')}{ended}", ())
    names = ["training_loss", "validation_loss", *(["metric"] if metric is not None else [])]
    titles = [(metric if name == "metric" else name).replace("_", " ") for name in names]
    typer.echo(f"  {'':<6}{'epoch':>6}" + "".join(f"{title:>22}" for title in titles))
    for title, epoch in (("first", epochs[0]), ("best", best), ("last", last)):
        values = ("-" if epoch[name] is None else f"{epoch[name]:.4f}" for name in names)
        typer.echo(f"  {title:<6}{epoch['number']:>6}" + "".join(f"{one:>22}" for one in values))


def _value(value: Any) -> str:
    return "-" if value is None else str(value)
