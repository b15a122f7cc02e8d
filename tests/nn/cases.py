"""The cells that every battery runs over, and layers with weights that no two numbers of which are alike."""

from contextlib import AbstractContextManager
from unittest import mock

import torch

import elman
from elman import CELLS, Parameter, cell, exp, maximum, minimum, sigmoid, tanh, where
from elman.nn import Path
from elman.nn.torch_operator import OPERATORS


@cell(
    gates="z r n",
    split="n",
    state="h c",
    params={"slope": Parameter(1.3, range=(0, None), per="layer"), "leak": Parameter(0.4, range=(0, 1))},
    constants={"tau": 3.0},
    masks="keep",
)
def rich(z, r, n_x, n_h, h_prev, c_prev, slope, leak, tau, keep):
    """Every kind of thing a cell may have."""
    c = c_prev * exp(-1 / tau) + slope * tanh(n_x + sigmoid(r) * n_h)
    h = (1 - leak) * h_prev + leak * tanh(z + minimum(maximum(c, -1.5), 1.5) * where(z < 0.1, 0.1, 0.3))
    return keep * h_prev + (1 - keep) * h, c


@cell(gates="z", state="h")
def logarithmic(z, h_prev):
    """A step that is NaN on some numbers, 0 among them."""
    return tanh(elman.log(elman.absolute(z)))


EVERY = {**CELLS, "rich": rich, "logarithmic": logarithmic}
SMOOTH = {name: one for name, one in EVERY.items() if name != "logarithmic"}
EVERY_PATH = [(name, path) for path in ("kernel", "reference") for name in EVERY]
EVERY_PATH += [(name, "torch") for name, one in EVERY.items() if one in OPERATORS]
"""Each cell with each implementation that it has."""


def build(name, *sizes, seed=0, **options):
    """A layer with all parameters drawn anew, the cell's own and the initial state too."""
    layer = elman.Recurrent(EVERY[name], *sizes, **options)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=generator, dtype=torch.float64) * 1.4 - 0.7)
    return layer


def randn(*shape, seed=0, dtype=torch.float32, requires_grad=False):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_(requires_grad)


def masks_of(layer, B, T=None, seed=9):
    """Masks of zeros and ones for a cell that has masks, else none."""
    steps = () if T is None else (T,)
    shape = (layer.num_layers * layer.num_directions, *steps, B, layer.hidden_size)
    generator = torch.Generator().manual_seed(seed)
    dtype = layer.weight_hh_l0.dtype
    return {one: torch.randint(0, 2, shape, generator=generator).to(dtype) for one in layer.cell.masks} or None


def states(state):
    """The tensors of a state in any of its forms."""
    if isinstance(state, elman.State):
        return [state[name] for name in state]
    return [state] if isinstance(state, torch.Tensor) else list(state)


def forced(path: str) -> AbstractContextManager:
    """Every call takes this path."""
    return mock.patch("elman.nn.stack.choose", return_value=Path(path, "the test wants it"))


def close(ours, theirs, tolerance=1e-10):
    """Whether two tensors are equal to within a part of the largest value."""
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    largest = theirs.abs().max().item() if theirs.numel() else 0.0
    torch.testing.assert_close(ours, theirs, rtol=0, atol=tolerance * max(largest, 1e-3))
    return True
