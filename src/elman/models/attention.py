"""Attention: a mean over the steps of a sequence, weighted by how much each step matters."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from elman.models.inside import inside


@dataclass(frozen=True)
class Memory:
    """What a decoder looks at: one vector for each step of a source, such as an encoder's outputs.

    Shape:
        values: (B, T, M)
        lengths: (B,)
        unknown: (B, T), of truth values

    Args:
        values: the vectors; those at and past a source's length are not looked at.
        lengths: how many vectors each source has; 0 is allowed.
        unknown: which steps are of symbols that were not known and may be copied; None: nothing is copied.
    """

    values: Tensor
    lengths: Tensor
    unknown: Tensor | None = None

    def select(self, rows: Tensor) -> "Memory":
        """The sources that `rows` (R,) names, in that order; one may come several times."""
        unknown = None if self.unknown is None else self.unknown[rows]
        return Memory(self.values[rows], self.lengths[rows.to(self.lengths.device)], unknown)


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
        weights = _softmax(torch.bmm(self.projection(hidden), memory.values.transpose(1, 2)), memory.lengths)
        return torch.bmm(weights, memory.values), weights


class AttentionPooling(nn.Module):
    """e_t = v^T tanh(W_a h_t + b_a),  a_t = softmax_t(e_t),  pooled = sum_t a_t h_t

    One vector for a sequence: the mean of its states, weighted by learned scores. A sequence of length 0 gives 0.

    Args:
        size: of the states h.

    Source: Yang, Yang, Dyer, He, Smola and Hovy, Hierarchical Attention Networks for Document Classification (2016),
    equations 5 to 7.

    Example:
        >>> pooling = AttentionPooling(4)
        >>> pooled, weights = pooling(Memory(torch.ones(2, 3, 4), torch.tensor([3, 1])))
        >>> pooled.shape, weights[1].tolist()
        (torch.Size([2, 4]), [1.0, 0.0, 0.0])
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.projection = nn.Linear(size, size)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, memory: Memory) -> tuple[Tensor, Tensor]:
        """The pooled states, and how much each step counts.

        Shape: memory of B sequences of T states (M,) -> pooled (B, M), weights (B, T).
        """
        scores = self.score(torch.tanh(self.projection(memory.values))).transpose(1, 2)  # (B, 1, T)
        weights = _softmax(scores, memory.lengths)
        return torch.bmm(weights, memory.values).squeeze(1), weights.squeeze(1)


def _softmax(scores: Tensor, lengths: Tensor) -> Tensor:
    """Softmax over the steps that a sequence has; 0 at the others, and everywhere for a sequence of length 0.

    Shape: scores (B, U, T), lengths (B,) -> weights (B, U, T).
    """
    outside = ~inside(lengths, scores.shape[2], scores.device).unsqueeze(1)  # (B, 1, T)
    # The lowest finite number, not -inf: a row that is outside everywhere must not become NaN.
    weights = scores.masked_fill(outside, torch.finfo(scores.dtype).min).softmax(-1)
    return weights.masked_fill(outside, 0.0)
