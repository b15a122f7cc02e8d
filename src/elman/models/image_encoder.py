"""What an image is to a decoder: regions to look at, and a first state."""

import copy
import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman.equations import Cell
from elman.errors import InputError
from elman.models.attention import Memory
from elman.nn.recurrent import find_cell
from elman.state import State

COLOURS = 3
GRID = 8  # regions of a side, about
GROUPS = 8  # of channels, that are normalised together
EXPECTED = "(B, M, R, R) or (B, N, M): M numbers for each of N or R by R regions"


class Convolutions(nn.Module):
    """Squares of pixels to 8 by 8 regions or so: blocks of two convolutions, of which the first halves the sides.

    Each convolution but the first is normalised over groups of channels, which does not depend on the batch; the first
    is not, so that what colour a region has is not lost in how it differs from others. The second one of a block is
    added to the first.

    Args:
        side: S, pixels; blocks halve it until 8 or less more than that are left.
        channels: M, numbers of a region; half as many in the block before, and so on.

    Shape:
        images (B, 3, S, S) -> (B, M, R, R)

    Source: Wu and He, Group Normalization (2018); He, Zhang, Ren and Sun, Deep Residual Learning for Image
    Recognition (2016)
    """

    def __init__(self, side: int, channels: int) -> None:
        super().__init__()
        halvings = 1
        while side / 2**halvings >= 1.5 * GRID:
            halvings += 1
        sizes = [
            COLOURS,
            *(max(channels // 2**k // GROUPS * GROUPS, GROUPS) for k in range(halvings - 1, 0, -1)),
            channels,
        ]
        self.halving = nn.ModuleList(_convolution(a, b, 2, a != COLOURS) for a, b in itertools.pairwise(sizes))
        self.staying = nn.ModuleList(_convolution(b, b, 1, True) for b in sizes[1:])

    def forward(self, images: Tensor) -> Tensor:
        """The regions."""
        for halving, staying in zip(self.halving, self.staying, strict=True):
            images = halving(images)
            images = images + staying(images)
        return images


def _convolution(inputs: int, outputs: int, stride: int, is_normalised: bool) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=not is_normalised)
    groups = GROUPS if outputs % GROUPS == 0 else 1
    return nn.Sequential(convolution, *([nn.GroupNorm(groups, outputs)] if is_normalised else []), nn.SiLU())


class ImageEncoder(nn.Module):
    """Gives the regions of an image, each with what was learned of its place, and the decoder's first state.

    The decoder's first state is made of the mean of the regions: h_0 = tanh(W_h m + b_h), and other states, such as an
    LSTM's c, without the tanh.

    Args:
        side: S, pixels.
        cell: the decoder's.
        hidden_size: H, the decoder's.
        num_layers: L, the decoder's.
        dropout: the probability of zeroing a number of a region in training.
        channels: M, numbers of a region.
        augment: in training an image is moved by up to this part of its side, and made larger or smaller by up to it.
        module: in place of the convolutions, from images (B, 3, S, S) to (B, M, R, R') or (B, N, M). If nothing of it
            is to be learned (`requires_grad`), it stays as it is in `eval` mode.

    Raises:
        InputError: the module gives something else.
    """

    def __init__(
        self,
        side: int,
        cell: Cell | str,
        hidden_size: int,
        num_layers: int,
        dropout: float,
        channels: int,
        augment: float = 0.0,
        module: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.side, self.hidden_size, self.num_layers, self.augment = side, hidden_size, num_layers, augment
        self.module = Convolutions(side, channels) if module is None else copy.deepcopy(module)
        self.grid, self.memory_size = self._measured()
        regions = self.grid[0] * self.grid[1]
        self.places = nn.Parameter(0.02 * torch.randn(regions, self.memory_size))
        self.dropout = nn.Dropout(dropout)
        self.bridge = nn.ModuleDict(
            {name: nn.Linear(self.memory_size, num_layers * hidden_size) for name in find_cell(cell).state}
        )

    def train(self, mode: bool = True) -> "ImageEncoder":
        """As torch has it; a module of which nothing is learned stays as it is."""
        super().train(mode)
        if not any(one.requires_grad for one in self.module.parameters()):
            self.module.eval()
        return self

    def forward(self, inputs: Tensor, lengths: Tensor) -> tuple[State, Memory]:
        """The decoder's first state, (B, L, H) each, and what it will look at, (B, N, M).

        Shape: inputs (B, S, 3 S), rows of pixels; lengths (B,), which are all S.
        """
        regions = self.regions(inputs)
        values = self.dropout(regions + self.places)
        mean = self.dropout(regions.mean(1))
        first = {name: one(mean).reshape(len(inputs), self.num_layers, -1) for name, one in self.bridge.items()}
        name = next(iter(first))
        first[name] = first[name].tanh()
        return State(**first), Memory(values, torch.full((len(inputs),), values.shape[1]))

    def regions(self, inputs: Tensor) -> Tensor:
        """What is seen in each region, from the top left, row by row; (B, S, 3 S) -> (B, N, M)."""
        images = inputs.reshape(len(inputs), self.side, self.side, COLOURS).permute(0, 3, 1, 2)  # (B, 3, S, S)
        if self.training and self.augment:
            images = _moved(images, self.augment)
        seen = self.module(images)
        return seen.flatten(2).transpose(1, 2) if seen.ndim == 4 else seen  # type: ignore[no-any-return]

    def _measured(self) -> tuple[tuple[int, int], int]:
        """Rows and columns of regions (of a sequence one row), and M."""
        was_training = self.module.training
        of_module = next(self.module.parameters(), torch.zeros(0))
        try:
            with torch.no_grad():
                seen = self.module.eval()(torch.zeros(2, COLOURS, self.side, self.side, device=of_module.device))
        except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError) as error:
            reason = " ".join(str(error).split())
            raise InputError(
                f"encoder takes no images (B, 3, {self.side}, {self.side}): {reason}; expected a module that gives "
                f"{EXPECTED}"
            ) from error
        self.module.train(was_training)
        if not isinstance(seen, Tensor) or seen.ndim not in (3, 4) or len(seen) != 2 or not seen.is_floating_point():
            found = f"shape {tuple(seen.shape)}" if isinstance(seen, Tensor) else f"a {type(seen).__name__}"
            raise InputError(f"encoder gives {found} for images (2, 3, {self.side}, {self.side}), expected {EXPECTED}")
        if seen.ndim == 4:
            return (seen.shape[2], seen.shape[3]), seen.shape[1]
        return (1, seen.shape[1]), seen.shape[2]


def _moved(images: Tensor, most: float) -> Tensor:
    """Each image moved and scaled at random; what comes in from outside is like the edge.

    Shape: (B, 3, S, S)
    """
    B = len(images)
    scale = 1 + most * (2 * torch.rand(B, 1, device=images.device) - 1)
    shift = 2 * most * (2 * torch.rand(B, 2, device=images.device) - 1)  # a side is 2 long
    grid = torch.cat([torch.diag_embed(scale.expand(B, 2)), shift.unsqueeze(2)], 2)  # (B, 2, 3)
    places = F.affine_grid(grid, list(images.shape), align_corners=False)
    return F.grid_sample(images, places, padding_mode="border", align_corners=False)
