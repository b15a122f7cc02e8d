"""What a model reads at each time step: symbols, or vectors."""

import torch
from torch import Tensor, nn

from elman.models.spelling import Spelling


class SequenceInput(nn.Module):
    """The input end of a model: an embedding for symbols, or the vectors as they are.

    Shape:
        symbols (B, T) -> (B, T, E); words with their characters (B, T, 1 + C) -> (B, T, E + S); vectors (B, T, I) ->
        (B, T, I)

    Args:
        input_size: how many symbols there are, or I.
        embedding_size: E for symbols; 0 says that the input is vectors.
        dropout: the probability with which a number of an embedding is zeroed in training.
        symbol_dropout: the probability with which a symbol is read as 0, the unknown one, in training; so the network
            learns to do without any one symbol, and what an unknown one means.
        spelling: reads the characters that stand beside each symbol; None: there are none.
    """

    def __init__(
        self,
        input_size: int,
        embedding_size: int,
        dropout: float,
        symbol_dropout: float = 0.0,
        spelling: Spelling | None = None,
    ) -> None:
        super().__init__()
        self.symbol_dropout = symbol_dropout
        self.output_size = (embedding_size or input_size) + (spelling.size if spelling else 0)
        self.embedding = nn.Embedding(input_size, embedding_size) if embedding_size else None
        self.spelling = spelling
        self.dropout = nn.Dropout(dropout if embedding_size else 0.0)

    def forward(self, inputs: Tensor) -> Tensor:
        """The vectors that the layers above read."""
        if self.embedding is None:
            return inputs
        spelt = []
        if self.spelling is not None:
            inputs, characters = inputs[..., 0], inputs[..., 1:]
            spelt = [self.spelling(characters)]
        if self.training and self.symbol_dropout:
            inputs = inputs.masked_fill(torch.rand(inputs.shape, device=inputs.device) < self.symbol_dropout, 0)
        embedded = self.embedding(inputs)
        return self.dropout(torch.cat([embedded, *spelt], -1) if spelt else embedded)  # type: ignore[no-any-return]
