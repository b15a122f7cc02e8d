"""`elman info MODEL`: what is inside a model file. It reads the file alone, without PyTorch."""

import json
import math
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.flags import Json, ModelArgument
from elman.cli.shown import show_pairs
from elman.errors import InputError

if TYPE_CHECKING:
    from elman.equations import Cell

WIRINGS = {
    "ManyToOne": "many to one",
    "InStep": "many to many, in step",
    "EncoderDecoder": "encoder then decoder, with attention",
    "Feedforward": "feedforward on a window",
}
PARTS = {"weight_ih": "W_xh", "weight_hh": "W_hh", "readout.weight": "W_ho", "hidden.weight": "W_xh"}


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
        "equations": [*_hidden(cell), _output(config)],
        "latex": cell.latex() if cell and latex else None,
        "gates": cell.gates if cell else (),
        "model": config,
        "parameters": sum(math.prod(array.shape) for array in tensors.values()),
        "tensors": {name: list(array.shape) for name, array in tensors.items()},
        "codecs": {end: _codec(one) for end, one in metadata["codecs"].items()},
        "options": metadata["options"],
        "history": metadata["history"],
    }


def _hidden(cell: "Cell | None") -> list[str]:
    from elman.cli.equation import plain_equations

    return plain_equations(cell) if cell else ["h_t = tanh(W_xh [x_{t-W+1} ... x_t] + b_h)"]


def _output(config: dict[str, Any]) -> str:
    if config["kind"] == "EncoderDecoder":
        return "y_t = W_ho tanh(W_c [context_t, h_t]) + b_o"
    both = config.get("bidirectional", False)
    step = "[h_t forward; h_t reverse]" if both else "h_t"
    if config["kind"] == "ManyToOne":
        last = "[h_T forward; h_1 reverse]" if both else "h_T"
        steps = f"{step}, t = 1 ... T" if both else "h_1 ... h_T"
        pooled = {"last": last, "mean": f"mean({steps})", "max": f"max({steps})"}[config["pooling"]]
        return f"y = W_ho {pooled} + b_o"
    return f"y_t = W_ho {step} + b_o"


def _codec(config: dict[str, Any]) -> dict[str, Any]:
    if config["kind"] == "text":
        return {"kind": "text", "level": config["level"], "symbols": len(config["symbols"])}
    if config["kind"] == "label":
        return {"kind": "label", "classes": config["classes"]}
    return {"kind": config["kind"], "channels": len(config["mean"]), "may_be_missing": len(config["indicators"])}


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
        *((end, _codec_line(one)) for end, one in described["codecs"].items()),
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
    read = columns["text"] if columns["text"] is not None else ", ".join(columns["inputs"])
    return f"{read} → {columns['target']}" + (f", {columns['ahead']} ahead" if columns["ahead"] else "")


def _codec_line(codec: dict[str, Any]) -> str:
    if codec["kind"] == "text":
        return f"text, {codec['symbols']:,} {codec['level']}"
    if codec["kind"] == "label":
        shown = ", ".join(map(str, codec["classes"][:6])) + (", ..." if len(codec["classes"]) > 6 else "")
        return f"{len(codec['classes'])} classes: {shown}"
    marked = codec["may_be_missing"]
    return f"{codec['channels']} number{'s' if codec['channels'] > 1 else ''} at a time" + (
        f", {marked} with missing values" if marked else ""
    )


def _weights(tensors: dict[str, list[int]]) -> list[tuple[str, str]]:
    """Each tensor with its name in the textbook, where it has one, and its shape."""
    rows = []
    for name, shape in tensors.items():
        letter = next((letter for part, letter in PARTS.items() if part in name), "")
        rows.append((name, f"{letter:<6}{' × '.join(map(str, shape))}"))
    return rows


def _show_history(history: dict[str, Any]) -> None:
    epochs, metric = history["epochs"], history["metric"]
    if not epochs:
        show_pairs("Training", [("", "no epoch was finished")])
        return
    value = "metric" if metric is not None else "validation_loss"
    sign = -1 if metric is not None and history["higher_is_better"] else 1
    last = epochs[-1]
    best = last if last[value] is None else min(epochs, key=lambda epoch: sign * epoch[value])
    ended = {"patience": ", stopped for want of progress", "interrupted": ", interrupted"}.get(history["ended"], "")
    show_pairs(f"Training: {len(epochs)} epochs{ended}", ())
    names = ["training_loss", "validation_loss", *(["metric"] if metric is not None else [])]
    titles = [(metric if name == "metric" else name).replace("_", " ") for name in names]
    typer.echo(f"  {'':<6}{'epoch':>6}" + "".join(f"{title:>18}" for title in titles))
    for title, epoch in (("first", epochs[0]), ("best", best), ("last", last)):
        values = ("-" if epoch[name] is None else f"{epoch[name]:.4f}" for name in names)
        typer.echo(f"  {title:<6}{epoch['number']:>6}" + "".join(f"{one:>18}" for one in values))


def _value(value: Any) -> str:
    return "-" if value is None else str(value)
