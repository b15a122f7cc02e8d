"""A call of a recurrent layer done again, to see every step of it: its states, or the gradients by them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from elman.equations import Cell
from elman.nn import Recurrent, reference
from elman.nn.arguments import read_lengths, read_masks
from elman.nn.weights import Weights, read_flat
from elman.state import State
from elman.train.diagnosis.watch import Call

STEPS = 20  # over which growth is measured
MEMORY = 2**29  # bytes, about, that a loop over time may keep for its gradients: so many rows go through it at once


class Step(NamedTuple):
    """One step of a recurrent layer where something went wrong.

    Args:
        layer: from 0.
        reverse: whether in the direction from the end.
        time: from 0.
        row: of the batch.
        growth: the factor by which numbers grew at each step on the way there; None where it cannot be told.
    """

    layer: int
    reverse: bool
    time: int
    row: int
    growth: float | None


def first_non_finite_state(layer: Recurrent, call: Call) -> Step | None:
    """The first layer, in it the first step in its direction's own order, and there the first row; None if none is."""
    gave = layer.return_states
    layer.return_states = True
    try:
        with torch.no_grad(), _random_numbers_of(call):
            states = list(layer.forward(*call.args, **call.kwargs)[2].values())
    finally:
        layer.return_states = gave
    batch_first = layer.batch_first and states[0].dim() == 4
    states = [one if one.dim() == 4 else one.unsqueeze(2) for one in states]
    states = [one.transpose(1, 2) if batch_first else one for one in states]  # (L*D, T, B, H)
    sizes = torch.stack([_size(one) for one in states]).amax(0)  # (L*D, T, B)
    lengths = _lengths(layer, call, *sizes.shape[1:])
    return _first(layer, sizes, lengths, backward=False)


def gradient_step(layer: Recurrent, call: Call, gradients: dict[int, Tensor]) -> tuple[Step, bool]:
    """Where, on its way back, the gradient by a state is non-finite first; or where it is largest, and True.

    Args:
        layer: the recurrent layer.
        call: of it, with an input of at least one step.
        gradients: by the tensors that it gave, by their place among them.
    """
    sizes, lengths = _gradients_by_states(layer, call, gradients)
    found = _first(layer, sizes, lengths, backward=True)
    if found is not None:
        return found, False
    k, t, row = (int(one) for one in torch.unravel_index(sizes.argmax(), sizes.shape))
    reverse = k % layer.num_directions == 1
    times = _order(int(lengths[row]), not reverse)
    growth = _growth(sizes[k, times, row].tolist(), times.index(t))
    return Step(k // layer.num_directions, reverse, t, row, growth), True


def _first(layer: Recurrent, sizes: Tensor, lengths: Tensor, backward: bool) -> Step | None:
    """The first infinite size, (L*D, T, B): from the first layer and step on, or `backward` from the last ones."""
    D = layer.num_directions
    for number in _order(layer.num_layers, backward):
        found = []  # how many steps were done before, in which direction, in which row
        for d in range(D):
            infinite = sizes[number * D + d].isinf()
            for row in infinite.any(0).nonzero().flatten().tolist():
                in_order = infinite[_order(int(lengths[row]), (d == 1) != backward), row].tolist()
                found.append((in_order.index(True), d, row))
        if found:
            done, d, row = min(found)
            times = _order(int(lengths[row]), (d == 1) != backward)
            growth = _growth(sizes[number * D + d, times, row].tolist(), done - 1)
            return Step(number, d == 1, times[done], row, growth)
    return None


def _order(length: int, from_the_end: bool) -> list[int]:
    return list(range(length))[:: -1 if from_the_end else 1]


def _size(vectors: Tensor) -> Tensor:
    """The largest magnitude in each vector, (..., H) -> (...), float64 on the CPU; inf where one is non-finite."""
    return vectors.detach().abs().amax(-1).double().cpu().nan_to_num(torch.inf, torch.inf)


def _growth(sizes: list[float], last: int) -> float | None:
    """The mean factor by which sizes grew at each of the steps before `last`, at most `STEPS` of them."""
    first = max(0, last - STEPS)
    while first < last and sizes[first] == 0:
        first += 1
    if last - first < 3:
        return None
    growth = (sizes[last] / sizes[first]) ** (1 / (last - first))
    return float(growth) if growth > 0 else None


def _lengths(layer: Recurrent, call: Call, T: int, B: int) -> Tensor:
    """(B,), on the CPU."""
    given, lengths = call.argument(0, "input"), call.argument(2, "lengths")
    if isinstance(given, PackedSequence):
        return pad_packed_sequence(given)[1]
    return torch.full((B,), T) if lengths is None else read_lengths(lengths, B).cpu()


@contextmanager
def _random_numbers_of(call: Call) -> Iterator[None]:
    """The random numbers that a call drew are drawn again, and those of now are kept."""
    devices = list(range(len(call.random_states) - 1))
    with torch.random.fork_rng(devices=devices):
        torch.set_rng_state(call.random_states[0])
        for device, state in zip(devices, call.random_states[1:], strict=True):
            torch.cuda.set_rng_state(state, device)
        yield


class _Rows(NamedTuple):
    """What some rows of a call were computed from; rows are the last dimension but one of each tensor."""

    x: Tensor  # (T, B, I), 0 in the padding
    valid: Tensor  # (T, B, 1)
    state: list[Tensor]
    masks: list[Tensor]
    dropout: list[Tensor]
    gradients: dict[int, Tensor]

    def select(self, rows: slice) -> "_Rows":
        def some(tensors: list[Tensor]) -> list[Tensor]:
            return [one[..., rows, :] for one in tensors]

        gradients = {number: one[..., rows, :] for number, one in self.gradients.items()}
        x, valid = some([self.x, self.valid])
        return _Rows(x, valid, some(self.state), some(self.masks), some(self.dropout), gradients)


def _gradients_by_states(layer: Recurrent, call: Call, gradients: dict[int, Tensor]) -> tuple[Tensor, Tensor]:
    """The largest part of the gradient by the states after each step, (L*D, T, B), inf where non-finite; lengths."""
    given, hx, masks = call.argument(0, "input"), call.argument(1, "hx"), call.argument(3, "masks")
    x = layer.time_first(given.detach())
    T, B = x.shape[:2]
    lengths = _lengths(layer, call, T, B)
    valid = (torch.arange(T).unsqueeze(1) < lengths).unsqueeze(2).to(x.device)
    LD = layer.num_layers * layer.num_directions
    with torch.no_grad(), _random_numbers_of(call):
        dropout = layer._dropout_masks(x)
    whole = _Rows(
        x.masked_fill(~valid, 0),
        valid,
        [one.detach() for one in layer._initial(hx, x, given.dim() == 3)],
        [one.detach() for one in read_masks(masks, layer.cell, LD, layer.hidden_size, x)],
        dropout,
        {number: _as_result(layer, given, hx, number, one) for number, one in gradients.items()},
    )
    each = T * LD * layer.hidden_size * x.element_size() * 4 * (len(layer.cell.gates) + len(layer.cell.state))
    count = max(1, MEMORY // max(each, 1))
    parts = [_of_rows(layer, whole.select(slice(start, start + count))) for start in range(0, B, count)]
    return torch.cat(parts, -1), lengths


def _of_rows(layer: Recurrent, given: _Rows) -> Tensor:
    """`_gradients_by_states` of some rows: the reference loop, with a hook on the state after each step."""
    T, B = given.x.shape[:2]
    LD = layer.num_layers * layer.num_directions
    sizes = torch.zeros(LD, T, B, dtype=torch.float64)
    inside = given.valid[..., 0].cpu()

    def note(k: int, t: int, gradient: Tensor) -> None:
        sizes[k, t] = torch.maximum(sizes[k, t], _size(gradient).where(inside[t], 0.0))

    with torch.enable_grad():
        flat = [one.detach().requires_grad_() for one in layer._weights()]
        weights = list(read_flat(flat, layer.cell, LD))
        output, finals = given.x, []
        for number in range(layer.num_layers):
            read = output * given.dropout[number - 1] if number and given.dropout else output
            outputs = []
            for k in range(number * layer.num_directions, (number + 1) * layer.num_directions):
                of_one = ([one[k] for one in given.state], weights[k], [one[k] for one in given.masks])
                reverse = k % layer.num_directions == 1
                one, final = _unrolled(layer.cell, read, *of_one, given.valid, reverse, partial(note, k))
                outputs.append(one)
                finals.append(final)
            output = torch.cat(outputs, -1)
        results = [output, *(torch.stack(one) for one in zip(*finals, strict=True))]
        numbers = list(given.gradients)
        back = [given.gradients[number] for number in numbers]
        torch.autograd.grad([results[number] for number in numbers], flat, back, allow_unused=True)
    return sizes


def _unrolled(
    cell: Cell,
    x: Tensor,
    state: list[Tensor],
    weights: Weights,
    masks: list[Tensor],
    valid: Tensor,
    reverse: bool,
    note: Callable[[int, Tensor], None],
) -> tuple[Tensor, list[Tensor]]:
    """The output (T, B, H) and final states of one layer in one direction; `note(t, gradient)` when they come."""
    z = F.linear(x, weights.weight_ih, weights.bias_ih)
    outputs = [torch.zeros_like(state[0])] * len(z)
    for t in _order(len(z), reverse):
        here = [mask[t] if mask.dim() == 3 else mask for mask in masks]
        new = reference.step(cell, z[t], state, weights, here)
        state = [torch.where(valid[t], after, before) for after, before in zip(new, state, strict=True)]
        for one in state:
            if one.requires_grad:
                one.register_hook(partial(note, t))  # type: ignore[no-untyped-call]
        outputs[t] = torch.where(valid[t], state[0], 0.0)
    return torch.stack(outputs), state


def _as_result(layer: Recurrent, given: Tensor, hx: object, number: int, gradient: Tensor) -> Tensor:
    """A gradient by what a layer gave, as (T, B, D*H) for its output and (L*D, B, H) for a state."""
    if number > 0 and isinstance(hx, State):
        return gradient.transpose(0, 1)
    if given.dim() == 2:
        return gradient.unsqueeze(1)
    return gradient.transpose(0, 1) if number == 0 and layer.batch_first else gradient
