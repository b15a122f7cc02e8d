"""What every inspection starts from: one sequence as a recurrent layer reads it."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from elman.errors import InputError
from elman.nn import Network, Recurrent
from elman.state import State

Output = Callable[[Tensor, State], Tensor]


class Unrolled(NamedTuple):
    """What a layer gives for B sequences.

    Shape:
        h (B, T, D*H), of the last layer; last, the state after the last step, (B, L*D, H) each; states, of every layer
        at every step, (L*D, B, T, H) for each state of the cell
    """

    h: Tensor
    last: State
    states: dict[str, Tensor]


@dataclass(frozen=True)
class Reading:
    """One sequence as a recurrent layer reads it, and what is made of its states.

    `elman.inspect(model, raw input)` gives it of a trained model; of a layer or a `Network` of your own, `of_layer`.

    Shape:
        x (T, I); start (1, L*D, H) for each state of the cell; blank (I,)

    Args:
        layer: in `eval` mode; with all of its layers and directions.
        x: what it reads: vectors, or embeddings of symbols.
        steps: what each step is called: a letter, a word, a time.
        start: the state before the first step.
        output: of hidden states of the last layer (B, T, D*H) and the state after the last step the outputs before any
            softmax, (B, U, O): U is T where there is one for each step, and 1 where there is one for all. None: a layer
            without an output.
        names: what each of the O outputs is called.
        asked: what each of the U outputs is for.
        scores: whether the outputs are the scores of alternatives, of which a softmax makes probabilities; else values.
        blank: what stands for "nothing" at a step: the unknown symbol, or the mean.
        part: which network of a model it is: "network", "encoder" or "decoder".
    """

    layer: Recurrent
    x: Tensor
    steps: tuple[str, ...]
    start: State
    output: Output | None = None
    names: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    scores: bool = True
    blank: Tensor | None = None
    part: str = "network"

    @classmethod
    def of_layer(cls, layer: nn.Module, x: Any, start: State | None = None) -> Self:
        """The reading of a `Recurrent` layer or a `Network`.

        Shape:
            x (T, I)

        Raises:
            InputError: it is neither, or its dtype or x does not fit.
        """
        recurrent = layer.hidden if isinstance(layer, Network) else layer
        if not isinstance(recurrent, Recurrent):
            raise InputError(f"layer is a {type(layer).__name__}, expected one of elman's: RNN, LSTM, GRU, Network ...")
        weight = recurrent.all_weights[0][0]
        if weight.dtype not in (torch.float32, torch.float64):
            raise InputError(f"the layer's weights are {weight.dtype}, expected float32 or float64: layer.float()")
        x = torch.as_tensor(x, dtype=weight.dtype, device=weight.device)
        if x.dim() != 2 or x.shape[1] != recurrent.input_size:
            raise InputError(f"x has shape {tuple(x.shape)}, expected (T, {recurrent.input_size}): one sequence")
        steps = tuple(map(str, range(1, len(x) + 1)))
        start = recurrent.initial_state(1) if start is None else start
        one = cls(recurrent, x, steps, start, blank=torch.zeros_like(x[0]) if len(x) else None)
        if not isinstance(layer, Network):
            return one
        names = tuple(f"y {k}" for k in range(1, layer.output.out_features + 1))
        return replace(one, output=lambda h, _: layer.output(h), names=names, asked=steps, scores=False)

    def unroll(
        self, x: Tensor | None = None, start: State | None = None, masks: Mapping[str, Tensor] | None = None
    ) -> Unrolled:
        """Run the layer, on other sequences or from another state if they are given; gradients go through it.

        Shape:
            x (B, T, I), start (B, L*D, H) each
        """
        x = self.x.unsqueeze(0) if x is None else x
        start = self.start if start is None else start
        if start.batch_size != len(x):
            start = start.select([0] * len(x))
        layer = copy.copy(self.layer)  # shares the weights
        layer.return_states, layer.batch_first = True, True
        h, last, states = layer(x, start, masks=masks)
        return Unrolled(h, last, states)

    def outputs(self, x: Tensor | None = None, start: State | None = None) -> Tensor:
        """What the model makes of it, before any softmax, (B, U, O).

        Raises:
            InputError: the layer has no output.
        """
        if self.output is None:
            raise InputError("a layer alone has no output: inspect a Network, or a trained model")
        h, last, _ = self.unroll(x, start)
        return self.output(h, last)
