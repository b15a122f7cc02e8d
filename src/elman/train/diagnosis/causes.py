"""Likely causes of numbers that are not finite, each with its evidence and a remedy, in words."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from elman.nn import Recurrent
from elman.train.diagnosis.replay import Step
from elman.train.diagnosis.watch import Call, Place, largest

LARGE = 1e6  # beyond what weights, scaled data and states are in a training that works
GROWS = 1.01
OF_THE_LOSS = (
    "the targets hold NaN, infinite or very large values, or the loss takes the logarithm or root of a number that has "
    "none, or divides by 0"
)
OF_THE_DERIVATIVE = "a derivative that is not finite though the value is, as that of a root or a logarithm at 0"
OF_ARITHMETIC = "a division by 0, a root or logarithm of a number that has none, or an overflow in the model's own code"
PARTIAL = ("log", "sqrt", "div", "power", "exp")  # operations of an equation that give no finite number for some


HIGHEST = 0.1  # a learning rate that anybody would try


def too_fast(learning_rate: float) -> str:
    """The cause of last resort, and what stands behind weights that are too large."""
    return f"learning_rate={learning_rate:g} is too high, try {min(learning_rate / 10, HIGHEST):g}"


def non_finite_parameter(model: nn.Module) -> str | None:
    """The first parameter that is not finite by itself."""
    for name, value in model.named_parameters():
        bad = ~torch.isfinite(value.detach())
        if bad.any():
            index = bad.nonzero()[0].tolist()
            number = _named(float(value.detach()[tuple(index)]))
            remedy = "go on from a checkpoint or a model file whose weights are finite"
            return f"the parameter {name} is {number} at {index}, before this step already: {remedy}"
    return None


def of_data(place: Place) -> str:
    """The input came so."""
    feature = f"feature {place.index[2]} of the data" if len(place.index) == 3 else "the data"
    others = f", and {place.others} more in this batch" if place.others else ""
    return f"{feature} is {_named(place.value)} there{others}: mend, fill or leave out such values"


def of_state(place: Place, learning_rate: float) -> str:
    """The carried state came so."""
    begun = f"the state was {_named(place.value)} already when this window began"
    return f"{begun}, so it went wrong in a window before: {too_fast(learning_rate)}"


def of_recurrent(layer: Recurrent, call: Call, step: Step, what: str, learning_rate: float) -> str:
    """Of one step of a recurrent layer; `what` grows there, "states" or "gradients"."""
    suffix = f"_l{step.layer}{'_reverse' if step.reverse else ''}"
    grows = step.growth is not None and step.growth > GROWS
    begun = f"; the state was as large as {call.began:.0e} already when the window began" if call.began > LARGE else ""
    unstable = _unstable(call, layer, suffix, what, step.growth if grows else None, learning_rate)
    if unstable and (grows or begun):
        return unstable + begun
    if weights := _large_weights(call, suffix, learning_rate):
        return weights + begun
    if step.layer == 0 and call.read > LARGE:
        return f"its input is as large as {call.read:.0e}: scale the data to about 1{begun}"
    if grows:
        found = f"{what} grow by {step.growth:.2f} at each time step on the way there"
        return f"{found}: use a learning_rate below {learning_rate:g}, a shorter window or another cell{begun}"
    if begun:
        return f"{begun[2:]}: {too_fast(learning_rate)}"
    return unstable or _partial(layer) or too_fast(learning_rate)


def of_part(call: Call, learning_rate: float) -> str:
    """Of any other part that gives, or passes back, what is not finite."""
    if weights := _large_weights(call, "", learning_rate):
        return weights
    if call.read > LARGE:
        return f"what it reads is as large as {call.read:.0e}: scale the data, or {too_fast(learning_rate)}"
    return f"{call.part} gives no finite number for what it reads, though that is finite and small"


def of_gradient(loss: Tensor, learning_rate: float) -> str:
    """Of a gradient that overflows while all values are small."""
    size = largest(loss)
    if size > LARGE:
        return f"the loss is as large as {size:.0e}: scale the targets to about 1, or {too_fast(learning_rate)}"
    return too_fast(learning_rate)


def large(calls: Sequence[Call], learning_rate: float) -> str | None:
    """The first call in which numbers became large, and why; None where all are small."""
    for number, call in enumerate(calls):
        if call.read > LARGE:
            reads = "the data are" if number == 0 else f"what {call.part} reads is"
            return f"{reads} as large as {call.read:.0e}: scale the data to about 1"
        if call.began > LARGE:
            found = f"the state was as large as {call.began:.0e} already when the window began"
            return f"{found}: {_why_large(call, learning_rate)}"
        if call.gave > LARGE:
            found = f"{call.part} gives numbers as large as {call.gave:.0e}"
            return f"{found}: {_why_large(call, learning_rate)}"
    return None


def _why_large(call: Call, learning_rate: float) -> str:
    layer = call.part.module
    if isinstance(layer, Recurrent):
        suffix = max(layer._suffixes(), key=lambda one: _radius(layer, one))
        if unstable := _unstable(call, layer, suffix, "states", None, learning_rate):
            return unstable
    return _large_weights(call, "", learning_rate) or too_fast(learning_rate)


def _unstable(
    call: Call, layer: Recurrent, suffix: str, what: str, growth: float | None, learning_rate: float
) -> str | None:
    """Whether a cell multiplies its state by more than 1 at each step, with nothing that bounds it."""
    radius = _radius(layer, suffix)
    if radius <= 1:
        return None
    name, size = _full(call, f"weight_hh{suffix}"), f"{radius:.2f}" if radius < 1000 else f"{radius:.0e}"
    grow = (
        "can grow at each time step" if growth is None else f"grow by {growth:.2f} at each time step on the way there"
    )
    return (
        f"{name} has spectral radius {size}, above 1, and with relu {what} {grow}: use a learning_rate below "
        f"{learning_rate:g}, a lower clip or another cell, and for a layer of your own init='identity'"
    )


def _radius(layer: Recurrent, suffix: str) -> float:
    """The spectral radius of W_hh, for a cell of one gate that goes through ReLU; of others it says little: 0."""
    if len(layer.cell.gates) > 1 or all(line.operation != "relu" for line in layer.cell.program.lines):
        return 0.0
    matrix = getattr(layer, f"weight_hh{suffix}").detach().double().cpu()
    return float(torch.linalg.eigvals(matrix).abs().max()) if torch.isfinite(matrix).all() else 0.0


def _large_weights(call: Call, suffix: str, learning_rate: float) -> str | None:
    sizes = {
        name: float(one.detach().abs().max())
        for name, one in call.part.module.named_parameters()
        if name.endswith(suffix) and one.numel()
    }
    name = max(sizes, key=sizes.__getitem__, default="")
    if not name or not sizes[name] > LARGE:
        return None
    return f"{_full(call, name)} holds weights as large as {sizes[name]:.0e}: {too_fast(learning_rate)}"


def _partial(layer: Recurrent) -> str | None:
    found = sorted({line.operation for line in layer.cell.program.lines}.intersection(PARTIAL))
    if not found:
        return None
    return (
        f"the equation of the cell {layer.cell.name!r} has {', '.join(found)}, which gives no finite number for "
        "some values: keep it away from them with maximum(...) or where(...)"
    )


def _named(value: float) -> str:
    return "NaN" if math.isnan(value) else str(value)


def _full(call: Call, name: str) -> str:
    return f"{call.part.name}.{name}" if call.part.name else name
