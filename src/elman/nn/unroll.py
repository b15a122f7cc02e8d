"""A step that is no equation of elman's, unrolled by a loop: for what lies outside the class of cells."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from elman.errors import InputError
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
        """
        if x.dim() != 3:
            raise InputError(f"x has {x.dim()} dimensions, expected 3: batch, time steps, features")
        B, T, _ = x.shape
        if state is None:
            state = State.zeros({name: (size,) for name, size in self.state_sizes.items()}, B, like=x)
        ends = torch.full((B,), T) if lengths is None else torch.as_tensor(lengths)
        whole = not ends.is_floating_point() or B == 0
        if ends.shape != (B,) or not whole or (B and not 0 <= int(ends.min()) <= int(ends.max()) <= T):
            raise InputError(f"lengths is {ends.tolist()}, expected {B} whole numbers from 0 to {T}")
        first = next(iter(self.state_sizes))
        outputs = []
        for t in range(T):
            rows = (t < ends).nonzero().squeeze(1).to(x.device)  # only these, so that padding reaches no gradient
            if len(rows) == 0:
                outputs.append(torch.zeros_like(state[first]))
                continue
            if len(rows) == B:
                new = self.step(x[:, t], state)
                state = State(**{name: new[name] for name in self.state_sizes})
                outputs.append(state[first])
                continue
            new = self.step(x[rows, t], state.select(rows))
            new = {name: new[name].to(state[name].dtype) for name in self.state_sizes}
            state = State(**{name: state[name].index_copy(0, rows, one) for name, one in new.items()})
            outputs.append(torch.zeros_like(state[first]).index_copy(0, rows, new[first]))
        return (torch.stack(outputs, 1) if outputs else x.new_zeros(B, 0, self.state_sizes[first])), state
