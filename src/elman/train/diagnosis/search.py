"""What went wrong in a step whose loss or gradient is no finite number: where first, and most likely why."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from elman.nn import Recurrent
from elman.train.diagnosis import causes
from elman.train.diagnosis.replay import Step, first_non_finite_state, gradient_step
from elman.train.diagnosis.watch import Break, Call, Gradient, Place, Watch, cuda_devices, valid_steps


@dataclass(frozen=True)
class Diagnosis:
    """Where numbers went non-finite first, and the likely cause; `str` of it is one line for people.

    Args:
        place: such as "recurrent layer 2 of 2 (recurrent), time step 113, row 4, counting from 0". Layers count from
            1, as in "2 of 2"; time steps, rows of the batch, features and units from 0, as indices do. Empty where
            everything was finite.
        cause: with its evidence, and what to do.
        row: of the batch, where it is known.
    """

    place: str
    cause: str
    row: int | None = None

    def __str__(self) -> str:
        where = f"NaN or infinity came up first in {self.place}" if self.place else "NaN or infinity did not come again"
        return f"{where}; likely cause: {self.cause}"


def diagnose(model: nn.Module, run: Callable[[], Tensor], learning_rate: float) -> Diagnosis:
    """Compute a batch again whose step failed, and find where its numbers went non-finite first.

    Modules are followed by hooks in the order in which they run. Recurrent layers are looked into: by layer, then by
    time in each direction's own order, then by row; what lies past a row's length is no place. Where the loss is
    finite, the gradient is followed back in the same way. The model and torch's random state are as before afterwards.

    Args:
        model: with the parameters with which the step began.
        run: computes the loss of the batch, seeding first whatever draws random numbers. It is called two or three
            times.
        learning_rate: of the step.

    Example:
        >>> import elman, torch
        >>> net = elman.Network(input_size=2, hidden_size=3, output_size=1)
        >>> x = torch.zeros(4, 5, 2)
        >>> x[1, 3, 0] = torch.nan
        >>> diagnose(net, lambda: net(x)[0].square().sum(), learning_rate=0.01).place
        'the input, time step 3, row 1, feature 0, counting from 0'
    """
    with _as_it_was(model):
        with torch.no_grad(), valid_steps(model) as valid:
            finite = bool(torch.isfinite(run()).all())
        watch = Watch(model, valid, backward=finite)
        with torch.set_grad_enabled(finite), watch.on():
            loss = run()
        search = _Search(model, watch, loss, learning_rate)
        found = search.in_backward() if finite else search.in_forward()
        return found or Diagnosis(
            "",
            "an event of one time, as the loss and all gradients of the batch were finite when it was computed again: "
            "try again, and if it comes back, look for what is not the same from run to run",
        )


@contextmanager
def _as_it_was(model: nn.Module) -> Iterator[None]:
    """Training modes, buffers and torch's random numbers are restored at the end."""
    modes = [(module, module.training) for module in model.modules()]
    buffers = [(module, name, one) for module in model.modules() for name, one in module._buffers.items()]
    before = [None if one is None else one.clone() for _, _, one in buffers]
    with torch.random.fork_rng(devices=cuda_devices()):
        try:
            yield
        finally:
            for module, mode in modes:
                module.training = mode
            with torch.no_grad():
                for (module, name, one), value in zip(buffers, before, strict=True):
                    module._buffers[name] = one
                    if one is not None and value is not None:
                        one.copy_(value)


@dataclass(frozen=True)
class _Search:
    """For the place and the cause in what was watched while the batch was computed."""

    model: nn.Module
    watch: Watch
    loss: Tensor
    learning_rate: float

    def in_forward(self) -> Diagnosis | None:
        """Where the loss is not finite."""
        if self.watch.found is not None:
            return self._of_values(self.watch.found)
        if torch.isfinite(self.loss).all():
            return None
        cause = causes.non_finite_parameter(self.model) or self._large() or causes.OF_THE_LOSS
        return Diagnosis("the loss, while all that the modules give is finite", cause)

    def in_backward(self) -> Diagnosis | None:
        """Where the loss is finite."""
        parameters = {name: one for name, one in self.model.named_parameters() if one.requires_grad}
        if not self.loss.requires_grad:
            return None
        found = torch.autograd.grad(self.loss, list(parameters.values()), allow_unused=True)
        named = zip(parameters, found, strict=True)
        gradients = {name: one.coalesce().values() if one.is_sparse else one for name, one in named if one is not None}
        bad = [name for name, one in gradients.items() if not torch.isfinite(one).all()]
        if not bad:
            return self._of_norm(parameters, gradients)
        if self.watch.found is not None:  # as before a tanh, which makes 1 of an infinity
            return self._of_values(self.watch.found)
        if cause := causes.non_finite_parameter(self.model):
            return Diagnosis(f"the gradient of {bad[-1]}", cause)
        return self._on_the_way_back({name: parameters[name] for name in bad})

    def _large(self) -> str | None:
        return causes.large(self.watch.calls, self.learning_rate)

    def _of_values(self, found: Break) -> Diagnosis:
        place, layer = found.place, found.call.part.module
        if found.kind == "data":
            return Diagnosis(_counted("the input", place), causes.of_data(place), place.row)
        if found.kind == "state":
            return Diagnosis(_counted("", place), causes.of_state(place, self.learning_rate), place.row)
        parameter = causes.non_finite_parameter(self.model)
        if found.kind == "output" and isinstance(layer, Recurrent):
            step = first_non_finite_state(layer, found.call)
            if step is not None:
                cause = parameter or causes.of_recurrent(layer, found.call, step, "states", self.learning_rate)
                return Diagnosis(_words(found.call, step), cause, step.row)
        own = causes.of_part(found.call, self.learning_rate) if found.kind == "output" else causes.OF_ARITHMETIC
        return Diagnosis(_counted(_where(found), place), parameter or self._large() or own, place.row)

    def _on_the_way_back(self, bad: dict[str, nn.Parameter]) -> Diagnosis:
        """Down from the loss to the first gradient that is not finite, by what a part gave or by its own parameter."""
        above: list[Gradient] = []
        for of_call in _by_call(self.watch.gradients):
            part, place = of_call[0].call.part, next((one.place for one in of_call if one.place), None)
            if place is not None and above and isinstance(above[0].call.part.module, Recurrent):
                return self._through(above, f"the gradient on its way back through {above[0].call.part}")
            if place is not None:
                where = f"the gradient on its way back from {above[0].call.part if above else 'the loss'} to {part}"
                return Diagnosis(_counted(where, place), self._large() or causes.OF_THE_DERIVATIVE, place.row)
            own = {id(one) for one in part.module.parameters()}
            for name, parameter in bad.items():
                if id(parameter) in own:
                    return self._through(of_call, f"the gradient of {name}")
            above = of_call
        cause = self._large() or causes.of_gradient(self.loss, self.learning_rate)
        return Diagnosis(f"the gradient of {list(bad)[-1]}", cause)

    def _of_norm(self, parameters: dict[str, nn.Parameter], gradients: dict[str, Tensor]) -> Diagnosis | None:
        """Of gradients that are finite, but the sum of whose squares is not."""
        if not gradients or torch.isfinite(nn.utils.get_total_norm(list(gradients.values()))):
            return None
        sizes = {name: float(one.abs().max()) for name, one in gradients.items() if one.numel()}
        name = max(sizes, key=sizes.__getitem__)
        where = f"the norm of the gradients, which are finite but as large as {sizes[name]:.0e} in {name}"
        for of_call in _by_call(self.watch.gradients):
            if any(one is parameters[name] for one in of_call[0].call.part.module.parameters()):
                return self._through(of_call, where)
        return Diagnosis(where, self._large() or causes.of_gradient(self.loss, self.learning_rate))

    def _through(self, of_call: list[Gradient], where: str) -> Diagnosis:
        """Of a part that gets finite gradients, and gives others; of a recurrent layer's steps what can be said."""
        call = of_call[0].call
        layer = call.part.module
        packed = isinstance(layer, Recurrent) and isinstance(call.argument(0, "input"), PackedSequence)
        if not isinstance(layer, Recurrent) or layer.return_states or packed:  # of which no step can be seen
            return Diagnosis(where, self._large() or causes.of_gradient(self.loss, self.learning_rate))
        values = {one.number: one.value for one in of_call if one.value is not None}
        step, finite = gradient_step(layer, call, values)
        cause = causes.of_recurrent(layer, call, step, "gradients", self.learning_rate)
        if finite:
            return Diagnosis(f"{where}; gradients are largest at {_words(call, step)}", cause, step.row)
        return Diagnosis(f"the gradient on its way back through {_words(call, step)}", cause, step.row)


def _by_call(gradients: list[Gradient]) -> list[list[Gradient]]:
    """Those of one call together, in the order in which the last of each came."""
    calls: dict[int, list[Gradient]] = {}
    for one in gradients:
        calls[id(one.call)] = [*calls.pop(id(one.call), []), one]
    return list(calls.values())


def _where(found: Break) -> str:
    part, after = found.call.part, found.after or "the input"
    if found.kind == "between":
        return f"the computation between {after} and {part}"
    return f"the computation of {part}, after {after}" if found.kind == "inside" else f"the output of {part}"


def _counted(what: str, place: Place) -> str:
    words = ", ".join(one for one in (what, place.words) if one)
    return f"{words}, counting from 0" if place.index else words


def _words(call: Call, step: Step) -> str:
    layers = getattr(call.part.module, "num_layers", 1)
    direction = ", reverse direction" if step.reverse else ""
    where = f"recurrent layer {step.layer + 1} of {layers} ({call.part.name or 'the model'}){direction}"
    return f"{where}, time step {step.time}, row {step.row}, counting from 0"
