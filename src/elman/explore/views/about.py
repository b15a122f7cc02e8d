"""What the model is: its cell, its sizes, its ends, and which views it has."""

from typing import Any

from elman.explore.ask import Ask
from elman.explore.explored import Explored
from elman.explore.inputs import LIMITS, series_columns
from elman.explore.requests import Request, requests
from elman.explore.session import MOST_BYTES, Tab
from elman.explore.views.shown import sample
from elman.nn import Recurrent
from elman.tasks.description import network_equations
from elman.tasks.readings import output_names


def about(tab: Tab, ask: Ask) -> dict[str, Any]:
    """The facts of the model."""
    explored = tab.explored
    estimator = explored.estimator
    layers = recurrent_layers(explored)
    writing = list(layers.values())[-1]
    cell = writing.cell
    codec = estimator.codecs_["input"]
    return {
        "file": explored.file,
        "task": estimator.task,
        "cell": cell.name,
        "equations": cell.mathml(),
        "plain": network_equations(cell, estimator.model_config_),
        "latex": cell.latex(),
        "gates": cell.gates,
        "states": cell.state,
        "num_layers": writing.num_layers,
        "directions": writing.num_directions,
        "hidden_size": writing.hidden_size,
        "parts": list(layers),
        "networks": {
            part: {
                "num_layers": one.num_layers,
                "directions": one.num_directions,
                "hidden_size": one.hidden_size,
                "input_size": one.input_size,
            }
            for part, one in layers.items()
        },
        "parameters": sum(one.numel() for one in estimator.model_.parameters()),
        "input": {
            "kind": codec.kind,
            "level": getattr(codec, "level", None),
            "size": codec.size,
            "names": series_columns(explored) if codec.kind == "series" else None,
            "sample": sample(explored),
        },
        "outputs": outputs(explored),
        "examples": [one.title for one in explored.examples],
        "limits": {**LIMITS, "bytes": MOST_BYTES},
        "views": {name: one.refusal(explored) for name, one in requests().items()},
    }


def outputs(explored: Explored) -> list[str]:
    """What the outputs are called; of a forecaster, how far ahead they are."""
    estimator: Any = explored.estimator
    if estimator.task == "forecast":
        return [f"{k} ahead" for k in range(1, estimator.model_config_["horizon"] + 1)]
    return list(output_names(estimator)[0])


def recurrent_layers(explored: Explored) -> dict[str, Recurrent]:
    """The recurrent layers of each part of the network, in the order in which they run."""
    network: Any = explored.estimator.model_
    if hasattr(network, "decoder"):
        encoder = getattr(network.encoder, "recurrent", None)
        return {**({} if encoder is None else {"encoder": encoder}), "decoder": network.decoder.recurrent}
    return {"network": network.recurrent}


REQUESTS = {"about": Request(about)}
