"""elman's layers and streams, and torch's layers, packed sequences and cells, on the same work."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import elman as package
from speed.work import CHECKED_STEPS, Work

LAYERS = {"elman": "RNN", "elman_relu": "RNN", "gru": "GRU", "lstm": "LSTM"}
Built = tuple[Callable[[], Any], Callable[[], dict[str, np.ndarray]]]


def _make(library: Any, work: Work, **options: Any) -> nn.Module:
    """A layer of torch.nn or elman with the weights of the work."""
    case = work.case
    options |= {"nonlinearity": "relu"} if case.cell == "elman_relu" else {}
    made: nn.Module = getattr(library, LAYERS[case.cell])(case.I, case.H, case.layers, **options)
    named = {f"{name}_l{k}": one for k, weights in enumerate(work.layers) for name, one in weights._asdict().items()}
    made.load_state_dict({name: torch.from_numpy(one) for name, one in named.items()})
    return made.train(case.mode == "train")


def _passes(work: Work, parameters: dict[str, Tensor], forward: Callable[[Tensor], Tensor]) -> Built:
    """The call for whole sequences: forward, and in training backward from the output gradient of the work."""
    x = torch.from_numpy(work.x)
    if work.case.mode == "forward":
        return partial(forward, x), lambda: {"y": work.valid(forward(x).numpy())}
    x = x.clone().requires_grad_()
    dy = torch.from_numpy(work.dy)
    leaves = [x, *parameters.values()]

    def train() -> tuple[Tensor, tuple[Tensor, ...]]:
        y = forward(x)
        return y, torch.autograd.grad(y, leaves, dy)

    def numbers() -> dict[str, np.ndarray]:
        y, gradients = train()
        named = zip(("dx", *parameters), gradients, strict=True)
        return {"y": work.valid(y.detach().numpy()), **{name: one.numpy() for name, one in named}}

    return train, numbers


def elman(work: Work) -> Built:
    """Our layer, or for steps our stream."""
    made = _make(package, work)
    if work.case.mode == "step":
        return _stream(work, made)
    lengths = None if work.lengths is None else torch.from_numpy(work.lengths)
    return _passes(work, dict(made.named_parameters()), lambda x: made(x, None, lengths)[0])


def checkpointed(work: Work) -> Built:
    """Our layer with checkpoints in time."""
    try:
        made = _make(package, work, checkpoint=True)
    except TypeError as error:
        raise SystemExit(f"this version of elman has no checkpoints in time: {error}") from error
    return _passes(work, dict(made.named_parameters()), lambda x: made(x)[0])


def _stream(work: Work, made: nn.Module) -> Built:
    if not hasattr(package, "Stream"):
        raise SystemExit("elman.Stream is not in this version of elman: there are no steps of ours to measure")
    several = {} if work.case.B == 1 else {"batch_size": work.case.B}
    x = work.x[:, 0] if work.case.B == 1 else work.x

    def numbers() -> dict[str, np.ndarray]:
        stream = package.Stream.from_torch(made, **several)
        return {"y": np.stack([stream.step(one).copy() for one in x]).reshape(CHECKED_STEPS, work.case.B, -1)}

    return partial(package.Stream.from_torch(made, **several).step, x[0]), numbers


def layer(work: Work) -> Built:
    """torch.nn's layer; sequences of many lengths with the padding computed, as it is when the loss leaves it out."""
    made = _make(nn, work)
    if work.case.mode != "step":
        return _passes(work, dict(made.named_parameters()), lambda x: made(x)[0])

    def step(x: Tensor, state: Any) -> tuple[Tensor, Any]:
        y, state = made(x[None], state)
        return y[0], state

    return _steps(work, step)


def packed(work: Work) -> Built:
    """torch.nn's layer on a packed sequence, which computes no padding."""
    made, lengths = _make(nn, work), torch.from_numpy(work.lengths)

    def forward(x: Tensor) -> Tensor:
        y, _ = made(pack_padded_sequence(x, lengths, enforce_sorted=False))
        return pad_packed_sequence(y, total_length=work.case.T)[0]

    return _passes(work, dict(made.named_parameters()), forward)


def loop(work: Work) -> Built:
    """torch.nn's cells, called in a loop of Python, as people write it by hand."""
    case = work.case
    options = {"nonlinearity": "relu"} if case.cell == "elman_relu" else {}
    cells = [getattr(nn, f"{LAYERS[case.cell]}Cell")(size, case.H, **options) for size in case.input_sizes()]
    for cell, weights in zip(cells, work.layers, strict=True):
        cell.load_state_dict({name: torch.from_numpy(one) for name, one in weights._asdict().items()})

    def step(x: Tensor, states: list[Any] | None) -> tuple[Tensor, list[Any]]:
        new = []
        for k, cell in enumerate(cells):
            state = cell(x, None if states is None else states[k])
            x = state[0] if case.cell == "lstm" else state
            new.append(state)
        return x, new

    if case.mode == "step":
        return _steps(work, step)

    def forward(x: Tensor) -> Tensor:
        outputs, states = [], None
        for one in x:
            y, states = step(one, states)
            outputs.append(y)
        return torch.stack(outputs)

    named = {f"{name}_l{k}": one for k, cell in enumerate(cells) for name, one in cell.named_parameters()}
    return _passes(work, named, forward)


def _steps(work: Work, step: Callable[[Tensor, Any], tuple[Tensor, Any]]) -> Built:
    """The call for one step: the state stays, and the input is a tensor already."""
    x = torch.from_numpy(work.x)
    kept = [step(x[0], None)[1]]

    def call() -> Tensor:
        y, kept[0] = step(first, kept[0])
        return y

    def numbers() -> dict[str, np.ndarray]:
        outputs, state = [], None
        for one in x:
            y, state = step(one, state)
            outputs.append(y.numpy().copy())
        return {"y": np.stack(outputs)}

    first = x[0]
    return call, numbers
