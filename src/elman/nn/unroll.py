"""A step that is no equation of elman's, unrolled by a loop: for what lies outside the class of cells."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from elman.errors import InputError
from elman.nn.arguments import check_range, check_tensors, read_lengths
from elman.state import State


class Unroll(nn.Module):
    """A torch module that computes one step, unrolled over time.

    For cells that are no equation elementwise in the units: with a LayerNorm inside, a product with a gated state,
    a second product. Such a cell runs as the loop that it is, and has what every layer here has: lengths, a state in
    and out, batches.

    Args:
        step: called as `step(x_t, state)` with x_t (B, I) and a `State` of arrays (B, size); gives the new State. The
            first of its arrays is the output.
        state_sizes: by name, the size of each array of the state: `{"h": 64}`.

    Example:
        >>> import elman, torch
        >>> class NormedElman(torch.nn.Module):
        ...     def __init__(self, I, H):
        ...         super().__init__()
        ...         self.product, self.norm = torch.nn.Linear(I + H, H), torch.nn.LayerNorm(H)
        ...     def forward(self, x, state):
        ...         z = self.product(torch.cat([x, state["h"]], -1))
        ...         return elman.State(h=torch.tanh(self.norm(z)))
        >>> layer = elman.Unroll(NormedElman(3, 8), {"h": 8})
        >>> output, state = layer(torch.ones(2, 5, 3), lengths=[5, 3])  # (B, T, I) -> (B, T, H)
    """

    def __init__(self, step: nn.Module, state_sizes: Mapping[str, int]) -> None:
        super().__init__()
        if not state_sizes:
            raise InputError("state_sizes is empty, expected at least one name with its size: {'h': 64}")
        for name, size in state_sizes.items():
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise InputError(f"state_sizes has {size!r} for {name}, expected a whole number of at least 1")
        self.step = step
        self.state_sizes = dict(state_sizes)

    def forward(
        self, x: Tensor, state: State | None = None, lengths: Tensor | Sequence[int] | None = None
    ) -> tuple[Tensor, State]:
        """Run the step over all time steps.

        Shape:
            x (B, T, I) -> output (B, T, H), 0 past a sequence's end; each array of the state (B, size).

        Args:
            x: the sequences.
            state: the state to start from; without it zeros.
            lengths: (B,) the number of valid steps of each sequence.

        Raises:
            InputError: a shape or a length does not fit, or the step gives another state than `state_sizes` says.
        """
        if x.dim() != 3:
            raise InputError(f"x has {x.dim()} dimensions, expected 3: batch, time steps, features")
        B, T, _ = x.shape
        if state is None:
            state = State.zeros({name: (size,) for name, size in self.state_sizes.items()}, B, like=x)
        else:
            self._check("state", state, B)
            check_tensors("state", state)
        ends = None if lengths is None else check_range(read_lengths(lengths, B), T)
        ends = torch.full((B,), T, device="cpu") if ends is None else ends
        first = next(iter(self.state_sizes))
        outputs = []
        for t in range(T):
            rows = (t < ends).nonzero().squeeze(1).to(x.device)  # only these, so that padding reaches no gradient
            if len(rows) == 0:
                outputs.append(torch.zeros_like(state[first]))
                continue
            whole = len(rows) == B
            new = self.step(x[:, t], state) if whole else self.step(x[rows, t], state.select(rows))
            if t == 0:
                self._check("the step's result", new, len(rows))
            new = {name: new[name] for name in self.state_sizes}
            if whole:
                state = State(**new)
                outputs.append(state[first])
                continue
            new = {name: one.to(state[name].dtype) for name, one in new.items()}
            state = State(**{name: state[name].index_copy(0, rows, one) for name, one in new.items()})
            outputs.append(torch.zeros_like(state[first]).index_copy(0, rows, new[first]))
        return (torch.stack(outputs, 1) if outputs else x.new_zeros(B, 0, self.state_sizes[first])), state

    def _check(self, what: str, state: State, B: int) -> None:
        shapes = {name: (B, size) for name, size in self.state_sizes.items()}
        if not isinstance(state, State):
            raise InputError(f"{what} is a {type(state).__name__}, expected a State of {', '.join(shapes)}")
        if set(state) != set(shapes):
            raise InputError(f"{what} is a State of {', '.join(state)}, but state_sizes has {', '.join(shapes)}")
        for name, shape in shapes.items():
            if tuple(state[name].shape) != shape:
                raise InputError(
                    f"{what}: {name} has shape {tuple(state[name].shape)}, expected {shape}: batch, size in state_sizes"
                )
