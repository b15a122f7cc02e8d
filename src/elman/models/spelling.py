"""Words read by their characters: a small recurrent network over each distinct word of a batch."""

import torch
from torch import Tensor, nn

from elman.equations import Cell
from elman.nn import Recurrent

END = 2  # fills up a word, as `elman.codecs` has it


class Spelling(nn.Module):
    """A vector for each word out of its characters: the last states of a network that reads them from both ends.

    Args:
        num_characters: how many there are.
        cell: of that network.
        size: of the vector; half of it comes from each direction, so it is even.
    """

    def __init__(self, num_characters: int, cell: Cell | str, size: int) -> None:
        super().__init__()
        self.size = size
        self.embedding = nn.Embedding(num_characters, size // 2)
        self.recurrent = Recurrent(cell, size // 2, size // 2, batch_first=True, bidirectional=True, init="orthogonal")

    def forward(self, characters: Tensor) -> Tensor:
        """The vectors of words; equal words of a batch are read once.

        Shape:
            characters (..., C), filled up with `END` -> (..., size)
        """
        words = characters.flatten(0, -2)
        if len(words) == 0:
            return self.embedding.weight.new_zeros(*characters.shape[:-1], self.size)
        distinct, places = torch.unique(words, dim=0, return_inverse=True)  # (W, C)
        lengths = (distinct != END).sum(1)
        _, last = self.recurrent(self.embedding(distinct), self.recurrent.initial_state(len(distinct)), lengths.cpu())
        vectors: Tensor = last[last.names[0]].flatten(1)  # (W, size)
        return vectors[places].reshape(*characters.shape[:-1], self.size)
