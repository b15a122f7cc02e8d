"""For models that exist already: torch's recurrent layers anywhere inside a module exchanged for ours."""

import copy as copying
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.utils import _pytree

from elman.errors import InputError
from elman.nn.gru import GRU
from elman.nn.lstm import LSTM
from elman.nn.recurrent import Recurrent
from elman.nn.rnn import RNN

_OURS: Final[dict[type[nn.RNNBase], type[RNN] | type[GRU] | type[LSTM]]] = {nn.RNN: RNN, nn.GRU: GRU, nn.LSTM: LSTM}
_SECONDS: Final = 2.0  # of measuring, about
_ROUNDS: Final = (5, 50)
_ITSELF: Final = "the model itself"


@dataclass
class Acceleration:
    """What `accelerate` did; `print` shows it.

    Args:
        swapped: the layers that are elman's now, by their names in the model.
        left: why others stayed torch's, by name.
        gain: how many times as fast the model is in evaluation; None without an input, or off the CPU.
        gain_training: the same forward and backward, where the model is in training mode.
        difference: the largest difference of its outputs, in evaluation.
    """

    swapped: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    gain: float | None = None
    gain_training: float | None = None
    difference: float | None = None

    def __str__(self) -> str:
        """A few lines."""
        lines = [f"{name} is elman.{layer} now" for name, layer in self.swapped.items()] or ["no layer was exchanged"]
        lines += [f"{name} stays torch's: {reason}" for name, reason in self.left.items()]
        if self.gain is not None:
            lines.append(f"{self.gain:.2f} times as fast in evaluation")
        if self.gain_training is not None:
            lines.append(f"{self.gain_training:.2f} times as fast in training, forward and backward")
        if self.difference is not None:
            lines.append(f"the outputs differ by {self.difference:.1e} at the most")
        return "\n".join(lines)


def accelerate(model: nn.Module, input: Any = None, copy: bool = False) -> tuple[nn.Module, Acceleration]:
    """Exchange every torch.nn.RNN, GRU and LSTM inside a model for elman's, which compute the same.

    One thing torch.nn.RNN and GRU allow and these do not: to change their output in place (`output += 1`) before
    `backward`. It is what they keep; torch.nn.LSTM refuses it too, with the same message.

    Names, `state_dict`, hooks, training mode and `requires_grad` stay, modules that are shared stay shared, and the
    parameters are the same objects: an optimiser goes on with them. Only `isinstance(layer, torch.nn.LSTM)` is no
    longer true.

    Args:
        model: any module; a torch.nn.LSTM itself too.
        input: what to measure the gain on: a tensor, a tuple of the model's arguments, or a dict of them by name. It is
            run through copies of the model, in turn with the layers as they were and as they are.
        copy: whether to leave the model as it is and return a copy.

    Returns:
        (model, report): the model, or what stands in its place, and what was done; `print(report)`.

    Raises:
        InputError: the model is no module.

    Example:
        >>> import elman, torch
        >>> model = torch.nn.Sequential(torch.nn.LSTM(3, 5))
        >>> model, report = elman.accelerate(model)
        >>> print(report)
        0 is elman.LSTM(3, 5) now
    """
    if not isinstance(model, nn.Module):
        raise InputError(f"model is a {type(model).__name__}, expected a torch.nn.Module")
    if copy:
        model = copying.deepcopy(model)
    before = None
    if input is not None:
        before = copying.deepcopy(model)
        _evaluated(before, input)  # so that an input that does not fit is refused before anything is changed
    model, report = _swapped(model)
    if before is not None:
        _measure(before, copying.deepcopy(model), input, report)
    return model, report


def _swapped(model: nn.Module) -> tuple[nn.Module, Acceleration]:
    report = Acceleration()
    ours: dict[nn.Module | None, nn.Module] = {}
    for name, module in model.named_modules():  # each module once, however often it is shared
        if not isinstance(module, nn.RNNBase):
            continue
        reason = _why_not(module)
        if reason is not None:
            report.left[name or _ITSELF] = reason
            continue
        ours[module] = _equal(module)
        report.swapped[name or _ITSELF] = repr(ours[module])
    for parent in list(model.modules()):
        for name, child in parent._modules.items():
            if child in ours:
                parent._modules[name] = ours[child]
    return ours.get(model, model), report


def _why_not(module: nn.RNNBase) -> str | None:
    """What keeps a layer from being exchanged; None if nothing does."""
    if type(module) not in _OURS:
        return f"it is a {type(module).__name__}, a class of its own, which may do more than its base"
    if module.proj_size:
        return (
            f"it has proj_size={module.proj_size}, which elman's LSTM has not: train one with a torch.nn.Linear "
            "behind it instead"
        )
    expected = [name for names in module._all_weights for name in names]
    if list(module._parameters) != expected or module._modules or module._buffers:
        return "its weights are not parameters of the usual names (weight_norm, spectral_norm, pruning, ...)"
    return None


def _equal(theirs: nn.RNNBase) -> Recurrent:
    """Our layer with everything that theirs has."""
    options: dict[str, Any] = {"nonlinearity": theirs.nonlinearity} if isinstance(theirs, nn.RNN) else {}
    dropout = theirs.dropout if theirs.num_layers > 1 else 0.0  # where it has no effect we would warn
    kind = _OURS[type(theirs)]
    ours = kind(
        theirs.input_size,
        theirs.hidden_size,
        theirs.num_layers,
        bias=theirs.bias,
        batch_first=theirs.batch_first,
        dropout=dropout,
        bidirectional=theirs.bidirectional,
        device="meta",
        **options,
    )
    plain = nn.Module().__dict__  # parameters, hooks, training: the same objects, so that handles to hooks stay good
    torchs: Any = type(theirs)
    of_torch = torchs(1, 1, device="meta").__dict__
    for name, value in theirs.__dict__.items():
        if name in plain or name not in of_torch:  # or set by the user
            ours.__dict__[name] = value
    return ours


def _measure(before: nn.Module, after: nn.Module, input: Any, report: Acceleration) -> None:
    with torch.random.fork_rng(devices=[]):
        pairs = zip(_leaves(_evaluated(before, input)), _leaves(_evaluated(after, input)), strict=True)
        report.difference = max((_difference(a, b) for a, b in pairs), default=0.0)
        if any(one.device.type != "cpu" for one in before.parameters()):
            return
        training = before.training
        report.gain = _gain(lambda: _evaluated(before, input), lambda: _evaluated(after, input))
        if training and any(one.requires_grad for one in before.parameters()):
            report.gain_training = _gain(lambda: _trained(before, input), lambda: _trained(after, input))


def _call(model: nn.Module, input: Any) -> Any:
    if isinstance(input, Mapping):
        return model(**input)
    # A PackedSequence is a tuple, and one argument.
    return model(*input) if isinstance(input, tuple) and not isinstance(input, PackedSequence) else model(input)


def _evaluated(model: nn.Module, input: Any) -> Any:
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            return _call(model, input)
    finally:
        for module, training in modes.items():
            module.training = training


def _trained(model: nn.Module, input: Any) -> None:
    outputs = [one for one in _leaves(_call(model, input)) if one.requires_grad]
    if outputs:
        torch.autograd.backward([one.sum() for one in outputs])


def _leaves(outputs: Any) -> list[Tensor]:
    """The floating point tensors of what a model gives."""
    leaves = [one.data if isinstance(one, PackedSequence) else one for one in _pytree.tree_leaves(outputs)]
    return [one for one in leaves if isinstance(one, Tensor) and one.is_floating_point()]


def _difference(a: Tensor, b: Tensor) -> float:
    same = (a == b) | (a.isnan() & b.isnan())
    return (a - b).abs().masked_fill(same, 0).max().item() if a.numel() else 0.0


def _gain(theirs: Callable[[], Any], ours: Callable[[], Any]) -> float:
    """The median of their time over ours, measured in turn."""

    def seconds(run: Callable[[], Any]) -> float:
        began = time.perf_counter()
        run()
        return time.perf_counter() - began

    for run in (theirs, ours):  # the first call compiles
        run()
    once = seconds(theirs) + seconds(ours)
    rounds = min(max(round(_SECONDS / max(once, 1e-6)), _ROUNDS[0]), _ROUNDS[1])
    return median(seconds(theirs) / seconds(ours) for _ in range(rounds))
