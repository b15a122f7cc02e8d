"""What a model reads at each time step: symbols, or vectors."""

from torch import Tensor, nn


class SequenceInput(nn.Module):
    """The input end of a model: an embedding for symbols, or the vectors as they are.

    Shape:
        symbols (B, T) -> (B, T, E); vectors (B, T, I) -> (B, T, I)

    Args:
        input_size: how many symbols there are, or I.
        embedding_size: E for symbols; 0 says that the input is vectors.
        dropout: the probability with which a number of an embedding is zeroed in training.
    """

    def __init__(self, input_size: int, embedding_size: int, dropout: float) -> None:
        super().__init__()
        self.output_size = embedding_size or input_size
        self.embedding = nn.Embedding(input_size, embedding_size) if embedding_size else None
        self.dropout = nn.Dropout(dropout if embedding_size else 0.0)

    def forward(self, inputs: Tensor) -> Tensor:
        """The vectors that the layers above read."""
        return inputs if self.embedding is None else self.dropout(self.embedding(inputs))
