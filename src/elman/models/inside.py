"""Which steps of a batch are sequences, and which only fill it up."""

import torch
from torch import Tensor


def inside(lengths: Tensor, T: int, device: torch.device) -> Tensor:
    """Whether each step is one of its sequence, and not past its end.

    Shape:
        lengths (B,) -> (B, T)

    Example:
        >>> inside(torch.tensor([2, 0]), 3, torch.device("cpu")).tolist()
        [[True, True, False], [False, False, False]]
    """
    return torch.arange(T, device=device) < lengths.to(device).unsqueeze(1)
