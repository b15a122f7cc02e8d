"""An output layer whose weights are those of the embedding."""

import torch
from torch import Tensor, nn

from elman.errors import InputError
from elman.nn.readout import read_out


class TiedReadout(nn.Module):
    """y_t = W_ho h_t + b_o with W_ho = E P: one vector of each symbol serves to read it and to write it.

    E is the embedding's matrix. Where its vectors are as long as the hidden state, there is no P and W_ho = E.

    Shape:
        (..., H) -> (..., V)

    Args:
        embedding: E, (V, E). It is drawn anew, with the deviation 1 / sqrt(E), so that first outputs are small.
        hidden_size: H.

    Parameters:
        projection: P, (E, H), if there is one. bias: b_o, (V,).

    Source: Press and Wolf, Using the Output Embedding to Improve Language Models (2017).
    """

    def __init__(self, embedding: nn.Embedding, hidden_size: int) -> None:
        super().__init__()
        self.in_features, self.out_features = hidden_size, embedding.num_embeddings
        symbols, size = embedding.weight.shape
        self._embedding = (embedding,)  # in a tuple: it belongs to the input end, whose state_dict has it
        nn.init.normal_(embedding.weight, std=size**-0.5)
        self.bias = nn.Parameter(torch.zeros(symbols))
        self.projection = nn.Parameter(torch.empty(size, hidden_size)) if size != hidden_size else None
        if self.projection is not None:
            nn.init.orthogonal_(self.projection)

    @property
    def weight(self) -> Tensor:
        """W_ho, (V, H)."""
        embedding: Tensor = self._embedding[0].weight
        if self.projection is None:
            return embedding
        if self.training:
            return embedding @ self.projection
        # in float64, so that a stream, which multiplies with another library, comes to the same numbers
        return (embedding.double() @ self.projection.double()).to(embedding.dtype)

    def forward(self, input: Tensor) -> Tensor:
        """The outputs of hidden states."""
        return read_out(input, self.weight, self.bias)


def tied(embedding: nn.Embedding | None, hidden_size: int, output_size: int) -> TiedReadout:
    """The output layer for an input end.

    Raises:
        InputError: its input is no symbols, or others than the output's.
    """
    if embedding is None or embedding.num_embeddings != output_size:
        found = "vectors" if embedding is None else f"{embedding.num_embeddings} symbols"
        raise InputError(
            f"tie_embeddings is True, but the model reads {found} and gives {output_size} outputs: it needs as many "
            "symbols at both ends"
        )
    return TiedReadout(embedding, hidden_size)
