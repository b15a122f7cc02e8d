"""Attention: each step of a decoder looks at every step of the source, as much as fits."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Memory:
    """What a decoder looks at: one vector for each step of a source, such as an encoder's outputs.

    Shape:
        values: (B, T, M)
        lengths: (B,)

    Args:
        values: the vectors; those at and past a source's length are not looked at.
        lengths: how many vectors each source has; 0 is allowed.
    """

    values: Tensor
    lengths: Tensor

    def select(self, rows: Tensor) -> "Memory":
        """The sources that `rows` (R,) names, in that order; one may come several times."""
        return Memory(self.values[rows], self.lengths[rows.to(self.lengths.device)])


class Attention(nn.Module):
    """a_ut = softmax_t(h_u^T W_a m_t),  context_u = sum_t a_ut m_t

    Luong's "general" attention: all steps of the decoder at once, as three batched products. A source of length 0
    gives a context of 0.

    Args:
        hidden_size: H, of the decoder's hidden states h.
        memory_size: M, of the memory's vectors m.

    Source: Luong, Pham and Manning, Effective Approaches to Attention-based Neural Machine Translation
    (2015), section 3.1.

    Example:
        >>> attention = Attention(hidden_size=4, memory_size=6)
        >>> context, weights = attention(torch.ones(1, 2, 4), Memory(torch.ones(1, 3, 6), torch.tensor([3])))
        >>> context.shape, weights.shape
        (torch.Size([1, 2, 6]), torch.Size([1, 2, 3]))
    """

    def __init__(self, hidden_size: int, memory_size: int) -> None:
        super().__init__()
        self.projection = nn.Linear(hidden_size, memory_size, bias=False)

    def forward(self, hidden: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """What the decoder sees at each step, and where it looks.

        Shape: hidden (B, U, H) -> context (B, U, M), weights (B, U, T).
        """
        scores = torch.bmm(self.projection(hidden), memory.values.transpose(1, 2))
        steps = torch.arange(memory.values.shape[1], device=scores.device)
        outside = (steps >= memory.lengths.to(scores.device).unsqueeze(1)).unsqueeze(1)  # (B, 1, T)
        # The lowest finite number, not -inf: a row that is outside everywhere must not become NaN.
        weights = scores.masked_fill(outside, torch.finfo(scores.dtype).min).softmax(-1)
        weights = weights.masked_fill(outside, 0.0)
        return torch.bmm(weights, memory.values), weights
