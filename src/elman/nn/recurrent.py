"""The recurrent layer: any cell, unrolled over time, in a stack of layers and one or both directions."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

import elman.nn.pytree  # noqa: F401 - a State goes through torch.export and torch.vmap
from elman.equations import CELLS, Cell
from elman.errors import InputError
from elman.nn import kernel, stack
from elman.nn.arguments import check_batch_sizes, read_lengths, read_masks, read_state, under_autocast
from elman.nn.initialise import check_method, from_unbounded, initialise, to_unbounded
from elman.nn.layer_by_layer import Unrolled
from elman.nn.path import choose
from elman.nn.weights import Weights
from elman.state import State

HiddenState = Tensor | tuple[Tensor, ...] | State


def find_cell(cell: Cell | str) -> Cell:
    """A cell itself, or one of those that come with elman by its name.

    Raises:
        InputError: there is none of that name.
    """
    if isinstance(cell, Cell):
        return cell
    if cell not in CELLS:
        raise InputError(f"cell is {cell!r}, expected a cell or one of {', '.join(CELLS)}")
    return CELLS[cell]


class Recurrent(nn.Module):
    """A cell unrolled over time: h_t = f(W_xh x_t + W_hh h_{t-1} + b), for any equation f.

    The arguments, the names and shapes of the parameters and the results are those of torch.nn.RNN; beyond it there
    are `lengths`, a `State` in and out, a trained initial state and all states of all layers.

    Args:
        cell: a cell, or the name of one of `elman.CELLS`.
        input_size: I, the number of features of x_t.
        hidden_size: H, the number of hidden units.
        num_layers: L, layers one above the other; each reads the output of the one below.
        bias: whether there are b_ih and b_hh.
        batch_first: whether input and output are (B, T, ...) in place of (T, B, ...). States are not affected.
        dropout: the probability with which an output of any layer but the last is zeroed in training.
        bidirectional: whether a second set of weights reads each sequence from its end to its start.
        init: how the weights start, "torch", "orthogonal" or "identity"; see `elman.nn.initialise`.
        train_initial_state: whether the initial state is a parameter (L*D, H), from 0; used where `hx` is None.
        return_states: whether `forward` also gives every state of every layer at every step.
        single_bias: whether b_ih is the only bias, as in a textbook; for cells without split gates.
        checkpoint: keep for backpropagation only the states every so many time steps, and compute what lies between
            again; True for about sqrt(T) of them. Less memory, more time, the same gradients to the bit.
        memory_budget: bytes that what is kept may take in one layer; where it would be more, there are checkpoints.
            Under torch.compile neither has an effect: backward keeps nothing and runs all of the forward pass again.
        device: of the parameters.
        dtype: of the parameters.

    Parameters:
        weight_ih_l{k}: (G*H, I) for k = 0, (G*H, D*H) above. The rows are the gates in the cell's order.
        weight_hh_l{k}: (G*H, H).
        bias_ih_l{k}, bias_hh_l{k}: (G*H,). A gate that is not split has the sum of both.
        {name}_l{k}: (H,) or (1,) for a parameter `name` of the cell; `cell_parameters` gives its value.
        {state}_0: (L*D, H) with `train_initial_state`.
        Those of the reverse direction end in `_reverse`.

    Raises:
        InputError: an argument is out of its range.

    Example:
        >>> import elman, torch
        >>> layer = elman.Recurrent("leaky_elman", input_size=3, hidden_size=5, batch_first=True)
        >>> output, h_n = layer(torch.ones(2, 4, 3), lengths=[4, 2])
        >>> output.shape, h_n.shape
        (torch.Size([2, 4, 5]), torch.Size([1, 2, 5]))
    """

    def __init__(
        self,
        cell: Cell | str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        init: str = "torch",
        train_initial_state: bool = False,
        return_states: bool = False,
        single_bias: bool = False,
        checkpoint: int | bool | None = None,
        memory_budget: int | None = None,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.cell = find_cell(cell)
        for name, value in (
            ("input_size", input_size),
            ("hidden_size", hidden_size),
            ("num_layers", num_layers),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(f"{name} is {value!r}, expected a whole number of at least 1")
        flags = {"bias": bias, "batch_first": batch_first, "bidirectional": bidirectional, "single_bias": single_bias}
        flags |= {"train_initial_state": train_initial_state, "return_states": return_states}
        for name, flag in flags.items():
            if not isinstance(flag, bool):
                raise InputError(f"{name} is {flag!r}, expected True or False")
        if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout <= 1:
            raise InputError(f"dropout is {dropout!r}, expected a probability from 0 to 1")
        if dropout > 0 and num_layers == 1:
            warnings.warn(f"dropout={dropout} has no effect with num_layers=1: it acts between layers", stacklevel=2)
        if single_bias and self.cell.split:
            raise InputError(
                f"single_bias=True is for cells without split gates; {self.cell.name!r} splits "
                f"{', '.join(self.cell.split)}, which needs both biases: leave it out"
            )
        check_method(init, self.cell)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.num_directions = bidirectional, 2 if bidirectional else 1
        self.init, self.train_initial_state, self.return_states = init, train_initial_state, return_states
        self.single_bias = single_bias
        if checkpoint is not None and (not isinstance(checkpoint, int) or checkpoint < 1):
            raise InputError(f"checkpoint is {checkpoint!r}, expected the time steps of a segment, True, or None")
        whole = isinstance(memory_budget, int) and not isinstance(memory_budget, bool)
        if memory_budget is not None and not (whole and memory_budget > 0):
            raise InputError(f"memory_budget is {memory_budget!r}, expected a number of bytes, or None")
        self.checkpoint, self.memory_budget = checkpoint, memory_budget

        rows = len(self.cell.gates) * hidden_size
        to = {"device": device, "dtype": dtype}
        for suffix, size in zip(self._suffixes(), self._input_sizes(), strict=True):
            shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, size), "weight_hh": (rows, hidden_size)}
            if bias:
                shapes |= {"bias_ih": (rows,)} if single_bias else {"bias_ih": (rows,), "bias_hh": (rows,)}
            for name, parameter in self.cell.parameters.items():
                if name in shapes:
                    raise InputError(
                        f"the cell {self.cell.name!r} has a parameter {name!r}, as the layer does: rename it"
                    )
                shapes[name] = (hidden_size if parameter.per == "unit" else 1,)
            for name, shape in shapes.items():
                self.register_parameter(f"{name}{suffix}", nn.Parameter(torch.empty(shape, **to)))  # type: ignore[arg-type]
        if train_initial_state:
            for name in self.cell.state:
                start = torch.empty(num_layers * self.num_directions, hidden_size, **to)  # type: ignore[arg-type]
                self.register_parameter(f"{name}_0", nn.Parameter(start))
        self._flat_names = [name for name in self._parameters if not name.endswith("_0")]
        self.reset_parameters()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Of a layer that was pickled before it had all of today's options."""
        super().__setstate__({"checkpoint": None, "memory_budget": None, **state})  # type: ignore[no-untyped-call]
        self._flat_names = [name for name in self._parameters if not name.endswith("_0")]

    @property
    def _dtype(self) -> torch.dtype:
        return self._named("weight_hh_l0").dtype

    def _named(self, name: str) -> Tensor:
        """A parameter, or what stands in its place under torch.func.functional_call or a parametrization."""
        tensor: Tensor = getattr(self, name)
        return tensor

    def _suffixes(self) -> list[str]:
        ends = ("", "_reverse")[: self.num_directions]
        return [f"_l{layer}{end}" for layer in range(self.num_layers) for end in ends]

    def _input_sizes(self) -> list[int]:
        above = self.num_directions * self.hidden_size
        return [above if k >= self.num_directions else self.input_size for k in range(len(self._suffixes()))]

    def _raw(self, suffix: str) -> Weights:
        def named(name: str) -> Tensor:
            return self._named(name + suffix)

        return Weights(
            named("weight_ih"),
            named("weight_hh"),
            named("bias_ih") if self.bias else None,
            named("bias_hh") if self.bias and not self.single_bias else None,
            [named(name) for name in self.cell.parameters],
        )

    def reset_parameters(self) -> None:
        """Draw the weights anew, as `init` says, and set the cell's parameters and the initial state to their start."""
        raw = [self._raw(suffix) for suffix in self._suffixes()]
        initialise(self.init, raw, self.hidden_size)
        with torch.no_grad():
            for one in raw:
                for parameter, number in zip(self.cell.parameters.values(), one.parameters, strict=True):
                    number.fill_(to_unbounded(parameter))
            if self.train_initial_state:
                for name in self.cell.state:
                    self._named(f"{name}_0").zero_()

    def cell_parameters(self, layer: int = 0, reverse: bool = False) -> dict[str, Tensor]:
        """The values of the cell's own trainable numbers in one layer, each inside its range; (H,) or (1,) each."""
        raw = self._raw(self._suffixes()[layer * self.num_directions + reverse])
        values = zip(self.cell.parameters.items(), raw.parameters, strict=True)
        return {name: from_unbounded(parameter, number) for (name, parameter), number in values}

    def initial_state(self, batch_size: int) -> State:
        """The state before the first step, (B, L*D, H) each: zeros, or the trained one."""
        shape = (self.num_layers * self.num_directions, self.hidden_size)
        if self.train_initial_state:
            starts = {name: self._named(f"{name}_0") for name in self.cell.state}
            return State(**{name: start.expand(batch_size, *shape) for name, start in starts.items()})
        return State.zeros(dict.fromkeys(self.cell.state, shape), batch_size, like=self._named("weight_hh_l0"))

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The weights and biases of each layer and direction, as torch.nn.RNN lists them."""
        return [self._raw(suffix)._replace(parameters=()).flat() for suffix in self._suffixes()]

    def flatten_parameters(self) -> None:
        """Do nothing; torch.nn.RNN has it for cuDNN, and code that calls it runs unchanged."""

    def forward(
        self,
        input: Tensor | PackedSequence,
        hx: HiddenState | None = None,
        lengths: Tensor | Sequence[int] | None = None,
        masks: Mapping[str, Tensor] | None = None,
    ) -> Any:
        """Unroll the layers over the input.

        Shape:
            input (T, B, I), (B, T, I) with `batch_first`, (T, I) for one sequence, or a PackedSequence; output the
            same with D*H features, 0 past a sequence's end; final state (L*D, B, H) for each state of the cell.

        Args:
            input: the sequences.
            hx: the initial state: None for zeros (or the trained one), a tensor, a tuple of tensors in the order of
                the cell's states, or a `State`.
            lengths: (B,) the number of valid steps of each sequence, in any order, 0 allowed.
            masks: for each mask of the cell, (L*D, B, H), or (L*D, T, B, H) where it differs by step; of the input's
                dtype or bool.

        Returns:
            (output, state), or (output, state, states) with `return_states`. The state is the last valid one of
            each sequence, in the form of `hx`: a State for a State, else as torch.nn gives it. `states` has a tensor
            (L*D, T, B, H), or (L*D, B, T, H) with `batch_first`, for each name of a state.

        Raises:
            InputError: a shape, a dtype or a length does not fit.
        """
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx, lengths, masks)
        x = self.time_first(input)
        batched = input.dim() == 3
        if not batched and lengths is not None:
            raise InputError("lengths is given with one sequence alone: cut the sequence to its length")
        output, final, states = self._unroll(x, self._initial(hx, x, batched), lengths, masks)
        if self.batch_first and batched:
            output, states = output.transpose(0, 1), [one.transpose(1, 2) for one in states]
        if not batched:
            output, states = output.squeeze(1), [one.squeeze(2) for one in states]
            final = [one.squeeze(1) for one in final] if not isinstance(hx, State) else final
        state = self._in_form_of(hx, final)
        return (
            (output, state, dict(zip(self.cell.state, states, strict=True))) if self.return_states else (output, state)
        )

    def time_first(self, input: Tensor) -> Tensor:
        """The input of `forward`, checked, with the time steps first: (T, B, I).

        Raises:
            InputError: its type, shape or dtype does not fit.
        """
        if not isinstance(input, Tensor):
            raise InputError(f"input is a {type(input).__name__}, expected a tensor or a PackedSequence")
        if input.dim() not in (2, 3):
            raise InputError(f"input has {input.dim()} dimensions, expected 3, or 2 for one sequence alone")
        if input.shape[-1] != self.input_size:
            raise InputError(
                f"input has {input.shape[-1]} features, but this {type(self).__name__} was built with "
                f"input_size={self.input_size}"
            )
        if input.dtype != self._dtype and not under_autocast(input):
            raise InputError(
                f"input is {input.dtype}, but the weights are {self._dtype}: convert one, "
                "with input.to(...) or layer.to(...)"
            )
        device = self._named("weight_hh_l0").device
        if input.device != device:
            raise InputError(f"input is on {input.device}, but the weights on {device}: move one with .to(...)")
        if input.dim() == 2:
            return input.unsqueeze(1)
        return input.transpose(0, 1) if self.batch_first else input

    def _unroll(
        self,
        x: Tensor,
        state: list[Tensor],
        lengths: Tensor | Sequence[int] | None,
        masks: Mapping[str, Tensor] | None,
    ) -> Unrolled:
        lengths = None if lengths is None else read_lengths(lengths, x.shape[1])
        dropout_masks = self._dropout_masks(x)
        weights = self._weights()
        LD = self.num_layers * self.num_directions
        given = read_masks(masks, self.cell, LD, self.hidden_size, x)
        sizes = (self.num_layers, self.num_directions, self.return_states)
        # The registered operator has shapes without numbers, which compilers, fake tensors and the meta device ask for.
        # A functorch transform differentiates and batches a loop; of an operator it would give silent zeros.
        if not _is_traced(x) or torch._C._are_functorch_transforms_active():
            return stack.unroll(self.cell, x, state, weights, lengths, given, dropout_masks, *sizes, *self._memory)
        from elman.nn.registered import unroll

        groups = [[x], state, weights, given, dropout_masks]
        if under_autocast(x):
            # Autocast does not reach into the operator. What PyTorch's own runs is in autocast's dtype; the loop, whose
            # states autocast leaves in the dtype of the weights, is all in that.
            path = choose(self.cell, [x, *state, *weights], given, self.return_states)
            dtype = torch.get_autocast_dtype(x.device.type) if path.name == "torch" else self._dtype
            dtype = self._dtype if self._dtype == torch.float64 else dtype  # which autocast leaves alone
            groups = [[one.to(dtype) for one in group] for group in groups]
        results = unroll(groups[0][0], *groups[1:], lengths, self.cell.text, *sizes)
        n = len(self.cell.state)
        return Unrolled(results[0], results[1 : 1 + n], results[1 + n :])

    def _dropout_masks(self, x: Tensor) -> list[Tensor]:
        """What the inputs of the layers above the first are multiplied with; (..., D*H) for an input (..., I).

        Drawn in the order in which torch.nn draws them, and not inside the operator, which must be pure.
        """
        if not self.training or self.dropout == 0:
            return []
        ones = x.new_ones(*x.shape[:-1], self.num_directions * self.hidden_size)
        return [F.dropout(ones, self.dropout) for _ in range(self.num_layers - 1)]

    @property
    def _memory(self) -> tuple[int | bool | None, int | None]:
        return self.checkpoint, self.memory_budget

    def _weights(self) -> list[Tensor]:
        """`Weights.flat()` of each layer and direction, the cell's own numbers inside their ranges."""
        if not self.cell.parameters and not self.single_bias:
            # Most calls of a small layer are short: not through nn.Module's __getattr__ for what is no parametrization.
            there = self._parameters
            return [there.get(name) if name in there else self._named(name) for name in self._flat_names]  # type: ignore[misc]
        flat: list[Tensor] = []
        for suffix in self._suffixes():
            raw = self._raw(suffix)
            values = zip(self.cell.parameters.values(), raw.parameters, strict=True)
            raw = raw._replace(parameters=[from_unbounded(p, number) for p, number in values])
            if self.single_bias and raw.bias_ih is not None:  # operators add two
                raw = raw._replace(bias_hh=torch.zeros_like(raw.bias_ih))
            flat += raw.flat()
        return flat

    def _initial(self, hx: HiddenState | None, x: Tensor, batched: bool) -> list[Tensor]:
        """The initial states, (L*D, B, H) each, from what the caller gave."""
        if hx is None and not self.train_initial_state:
            zeros = self._named("weight_hh_l0").new_zeros(
                self.num_layers * self.num_directions, x.shape[1], self.hidden_size
            )
            return [zeros] * len(self.cell.state)
        if hx is None:
            return [one.transpose(0, 1) for one in self.initial_state(x.shape[1]).values()]
        LD = self.num_layers * self.num_directions
        return read_state(hx, self.cell.state, LD, self.hidden_size, x, self._dtype, batched)

    def _in_form_of(self, hx: HiddenState | None, final: list[Tensor]) -> HiddenState:
        if isinstance(hx, State):
            return State(**{name: one.transpose(0, 1) for name, one in zip(self.cell.state, final, strict=True)})
        return final[0] if len(final) == 1 else tuple(final)

    def _forward_packed(
        self,
        input: PackedSequence,
        hx: HiddenState | None,
        lengths: object,
        masks: Mapping[str, Tensor] | None,
    ) -> Any:
        if lengths is not None:
            raise InputError("lengths is given with a PackedSequence, which has its own: leave it out")
        data, sizes, order, back = input
        check_batch_sizes(sizes, len(data))
        steps = data[:1].expand(len(sizes), -1).unsqueeze(1).expand(-1, int(sizes[0]), -1)  # (T, B, I), for its shape
        self.time_first(data)
        state, weights = self._initial(hx, steps, True), self._weights()
        given = read_masks(masks, self.cell, self.num_layers * self.num_directions, self.hidden_size, steps)
        path = choose(self.cell, [steps, *state, *weights], given, self.return_states)
        by_step = self.return_states or any(one.dim() == 4 for one in given)
        if path.name == "kernel" and not by_step and not _is_traced(data):
            if order is not None:
                state, given = [one[:, order] for one in state], [one[..., order, :] for one in given]
            numbers = (self._dropout_masks(data), self.num_layers, self.num_directions, False)
            results = kernel.unroll(self.cell, data, state, weights, None, given, *numbers, *self._memory, sizes)
            final = results.final if back is None else [one[:, back] for one in results.final]
            return PackedSequence(results.output, sizes, order, back), self._in_form_of(hx, final)
        x, lengths = pad_packed_sequence(input, self.batch_first)
        output, *rest = self.forward(x, hx, lengths, masks)
        output = output.transpose(0, 1) if self.batch_first else output  # (T, B, D*H)
        if order is not None:
            output, lengths = output[:, order], lengths[order.cpu()]
        data = pack_padded_sequence(output, lengths).data
        return (PackedSequence(data, sizes, order, back), *rest)

    def extra_repr(self) -> str:
        """The arguments, as torch.nn shows them."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if type(self) is Recurrent:
            parts.insert(0, self.cell.name)
        defaults = {
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0.0,
            "bidirectional": False,
        }
        ours = {
            "init": "torch",
            "train_initial_state": False,
            "return_states": False,
            "single_bias": False,
            "checkpoint": None,
            "memory_budget": None,
        }
        for name, default in (defaults | ours).items():
            if getattr(self, name) != default:
                parts.append(f"{name}={getattr(self, name)}")
        return ", ".join(parts)


def _is_traced(x: Tensor) -> bool:
    """Whether a compiler, a fake tensor or the meta device asks for shapes."""
    return torch.compiler.is_compiling() or x.is_meta or isinstance(x, FakeTensor)
