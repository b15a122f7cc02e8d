"""Watching the values that go forward through a model and the gradients that come back, by hooks."""

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from elman.nn import Recurrent, Unroll
from elman.nn.arguments import read_lengths
from elman.state import State


class Part(NamedTuple):
    """A module by its name; a whole one is not looked into: it has no modules inside, or is a recurrent layer."""

    name: str
    module: nn.Module
    whole: bool

    def __str__(self) -> str:
        kind = type(self.module).__name__
        return f"{self.name} ({kind})" if self.name else f"the model ({kind})"


class Call(NamedTuple):
    """One call of a part: what it takes to do it again, and the largest finite numbers of its tensors.

    Args:
        part: the module.
        args: of the call.
        kwargs: of the call.
        random_states: before it, of the CPU and of CUDA devices.
        read: the largest number that it was given, but for a state.
        began: the largest number of the state that it was given.
        gave: the largest number of its results.
    """

    part: Part
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    random_states: list[Tensor]
    read: float = 0.0
    began: float = 0.0
    gave: float = 0.0

    def argument(self, position: int, name: str) -> Any:
        """An argument, however it was given; None where it was not."""
        return self.args[position] if len(self.args) > position else self.kwargs.get(name)


@dataclass(frozen=True)
class Place:
    """Where a tensor holds a number that is not finite: its index, the same in words, the row of the batch if known."""

    index: tuple[int, ...]
    words: str
    row: int | None
    value: float
    others: int


class Break(NamedTuple):
    """Where values went non-finite first.

    Args:
        kind: "data" or "state" if they came so from outside; "output" of a whole part; "inside" a part but in none of
            its own parts; "between" two parts.
        call: of the part that gave them, or that read them.
        place: in the tensor.
        after: the part that had run last.
    """

    kind: str
    call: Call
    place: Place
    after: Part | None


class Gradient(NamedTuple):
    """The gradient by one of the tensors that a call gave: its place among them, and where it is non-finite."""

    call: Call
    number: int
    value: Tensor | None  # kept for recurrent layers
    place: Place | None


class Watch:
    """Hooks on every part of a model, inside `with watch.on()`.

    Args:
        model: any module.
        valid: what is no padding, (B, T) or (T, B) as the sequences lie, by that shape; see `valid_steps`.
        backward: follow gradients too.
    """

    def __init__(self, model: nn.Module, valid: Mapping[tuple[int, ...], Tensor], backward: bool = False) -> None:
        self.parts = list(_parts("", model))
        self.calls: list[Call] = []
        self.found: Break | None = None
        self.gradients: list[Gradient] = []
        self._valid, self._backward = valid, backward
        orders = [part.module.batch_first for part in self.parts if isinstance(part.module, Recurrent | nn.RNNBase)]
        self._batch_first = all(orders)
        self._last: Part | None = None
        self._entered: list[Call] = []
        self._begun = False

    @contextmanager
    def on(self) -> Iterator["Watch"]:
        """The hooks are there; afterwards they are gone."""
        handles: list[Any] = []
        try:
            for part in self.parts:
                before, after = self._hooks(part)
                handles.append(part.module.register_forward_pre_hook(before, with_kwargs=True))
                handles.append(part.module.register_forward_hook(after, with_kwargs=True))
            yield self
        finally:
            for handle in handles:
                handle.remove()

    def _hooks(self, part: Part) -> tuple[Any, Any]:
        def before(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            call = Call(part, args, kwargs, _random_states())
            given = list(_given(call, self._batch_first))
            read, began = (
                largest([one for name, one in given if bool(name) == is_state]) for is_state in (False, True)
            )
            self._entered.append(call._replace(read=read, began=began))
            if self.found is None:
                self._check_given(self._entered[-1], given)
            self._begun = True

        def after(_: nn.Module, args: object, kwargs: object, output: Any) -> None:
            call = self._entered.pop()
            call = call._replace(gave=largest(output))
            if self.found is None:
                kind = "output" if part.whole else "inside"
                for _name, one in tensors(output, batch_first=self._batch_first):
                    if self.found is None and (place := self._place(one)) is not None:
                        self.found = Break(kind, call, place, self._last)
            if part.whole:
                if self._backward:
                    self._follow(call, output)
                if self.found is None:
                    self.calls.append(_without_arguments(call))
                self._last = part

        return before, after

    def _check_given(self, call: Call, given: list[tuple[str, Tensor]]) -> None:
        for name, one in given:
            place = self._place_in_state(name, one) if name else self._place(one)
            if place is not None and self.found is None:
                kind = "between" if self._begun else "state" if name else "data"
                self.found = Break(kind, call, place, self._last)

    def _follow(self, call: Call, output: Any) -> None:
        """Note the gradients by what a call gave, when they come."""
        keeps = isinstance(call.part.module, Recurrent)
        call = call if keeps else _without_arguments(call)

        def note(number: int, gradient: Tensor | None) -> None:
            if gradient is None:  # of a Function that takes it for 0
                return
            value = gradient.detach() if keeps else None
            self.gradients.append(Gradient(call, number, value, self._place(gradient, latest=True)))

        for number, (_, one) in enumerate(tensors(output)):
            if one.requires_grad:
                one.register_hook(partial(note, number))  # type: ignore[no-untyped-call]

    def _place(self, one: Tensor, latest: bool = False) -> Place | None:
        """The first place, in time and then by rows, where a tensor is non-finite and no padding."""
        bad = ~torch.isfinite(one.detach())
        valid = self._valid.get(tuple(one.shape[:2]))
        if valid is not None:
            bad = bad & valid.to(bad.device).view(*valid.shape, *[1] * (bad.dim() - 2))
        if not bad.any():
            return None
        is_sequence = one.dim() == 3 or (one.dim() == 2 and valid is not None)
        time = (1 if self._batch_first else 0) if is_sequence else None
        index = _first_index(bad) if time is None else _first_in_time(bad, time, latest)
        value, others = float(one.detach()[index]), int(bad.sum()) - 1
        if time is not None:
            row = index[1 - time]
            feature = f", feature {index[2]}" if len(index) == 3 else ""
            return Place(index, f"time step {index[time]}, row {row}{feature}", row, value, others)
        if len(index) in (1, 2):
            feature = f", feature {index[1]}" if len(index) == 2 else ""
            return Place(index, f"row {index[0]}{feature}", index[0], value, others)
        return Place(index, f"index {list(index)}" if index else "", None, value, others)

    def _place_in_state(self, name: str, one: Tensor) -> Place | None:
        """As `_place`, in a state (B, L*D, H)."""
        bad = ~torch.isfinite(one.detach())
        if not bad.any():
            return None
        index = _first_index(bad)
        layer = f"layer {index[1] + 1} of {one.shape[1]}, " if len(index) == 3 else ""
        words = f"the state {name}, {layer}row {index[0]}, unit {index[-1]}"
        return Place(index, words, index[0], float(one.detach()[index]), int(bad.sum()) - 1)


@contextmanager
def valid_steps(model: nn.Module) -> Iterator[dict[tuple[int, ...], Tensor]]:
    """Collect which steps are no padding, from the lengths that recurrent layers are given inside the `with`.

    A shape that comes with two different lengths, or also without, is left out: there all steps count.
    """
    found: dict[tuple[int, ...], Tensor | None] = {}
    valid: dict[tuple[int, ...], Tensor] = {}

    def note(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        call = Call(Part("", module, True), args, kwargs, [])
        x = call.argument(0, "input" if isinstance(module, Recurrent) else "x")
        if not isinstance(x, Tensor) or x.dim() != 3:
            return
        time_first = isinstance(module, Recurrent) and not module.batch_first
        lengths = call.argument(2, "lengths")
        T, B = x.shape[:2] if time_first else (x.shape[1], x.shape[0])
        lengths = torch.full((B,), T) if lengths is None else read_lengths(lengths, B).cpu()
        inside = torch.arange(T) < lengths.unsqueeze(1)
        inside = inside.t() if time_first else inside
        shape = tuple(x.shape[:2])
        before = found.setdefault(shape, inside)
        if before is not None and not torch.equal(before, inside):
            found[shape] = None

    readers = [part.module for part in _parts("", model) if isinstance(part.module, Recurrent | Unroll)]
    handles = [reader.register_forward_pre_hook(note, with_kwargs=True) for reader in readers]
    try:
        yield valid
    finally:
        for handle in handles:
            handle.remove()
        valid.update({shape: inside for shape, inside in found.items() if inside is not None})


def tensors(value: Any, name: str = "", batch_first: bool = True) -> Iterator[tuple[str, Tensor]]:
    """The tensors of numbers inside arguments or results; those of a `State` with their names."""
    if isinstance(value, Tensor):
        if value.is_floating_point():
            yield name, value
    elif isinstance(value, PackedSequence):
        yield name, pad_packed_sequence(value, batch_first)[0]
    elif isinstance(value, State):
        for key, one in value.items():
            yield from tensors(one, key, batch_first)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from tensors(one, name, batch_first)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from tensors(one, name, batch_first)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from tensors(getattr(value, field.name), name, batch_first)


def _first_index(bad: Tensor) -> tuple[int, ...]:
    first = bad.flatten().to(torch.uint8).argmax()  # nonzero() would take 24 bytes for each of millions
    return tuple(int(one) for one in torch.unravel_index(first, bad.shape))


def _first_in_time(bad: Tensor, time: int, latest: bool) -> tuple[int, ...]:
    times = bad.transpose(0, time).flatten(1).any(1).nonzero().flatten()
    t = int(times[-1 if latest else 0])
    index = _first_index(bad.select(time, t))
    return (*index[:time], t, *index[time:])


def _given(call: Call, batch_first: bool) -> Iterator[tuple[str, Tensor]]:
    """What a call was given; a recurrent layer's initial state, in any of its forms, as (B, L*D, H) with names."""
    module, state = call.part.module, call.argument(1, "hx")
    if not isinstance(module, Recurrent) or state is None or isinstance(state, State):
        yield from tensors((call.args, call.kwargs), batch_first=batch_first)
        return
    yield from tensors(call.argument(0, "input"), batch_first=batch_first)
    for name, (_, one) in zip(module.cell.state, tensors(state), strict=True):
        yield name, one.transpose(0, 1) if one.dim() == 3 else one.unsqueeze(0)


def _parts(name: str, module: nn.Module, seen: set[int] | None = None) -> Iterator[Part]:
    seen = set() if seen is None else seen
    if id(module) in seen:
        return
    seen.add(id(module))
    whole = isinstance(module, Recurrent | Unroll) or is_parametrized(module) or not any(module.children())
    yield Part(name, module, whole)
    if not whole:
        for child, one in module.named_children():
            yield from _parts(f"{name}.{child}" if name else child, one, seen)


def _without_arguments(call: Call) -> Call:
    return call._replace(args=(), kwargs={}, random_states=[])


def cuda_devices() -> list[int]:
    """Those that are there, if any is in use."""
    return list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]


def _random_states() -> list[Tensor]:
    """Of the CPU and of CUDA devices, where there are any in use."""
    return [torch.get_rng_state(), *(torch.cuda.get_rng_state(device) for device in cuda_devices())]


def largest(values: Any) -> float:
    """The largest magnitude of the finite numbers in arguments or results."""
    sizes = [one.detach().abs().nan_to_num(0.0, posinf=0.0).max() for _, one in tensors(values) if one.numel()]
    return max(map(float, sizes), default=0.0)
