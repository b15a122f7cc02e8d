"""What a model reads at each time step: symbols, or vectors."""

import torch
import torch.nn.functional as F
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
        frozen: how many symbols, the last ones, have vectors that training does not change: others have trained them
            (`put`), or they came after training (`append`).
    """

    def __init__(
        self,
        input_size: int,
        embedding_size: int,
        dropout: float,
        symbol_dropout: float = 0.0,
        spelling: Spelling | None = None,
        frozen: int = 0,
    ) -> None:
        super().__init__()
        self.symbol_dropout = symbol_dropout
        self.output_size = (embedding_size or input_size) + (spelling.size if spelling else 0)
        self.embedding = nn.Embedding(input_size - frozen, embedding_size) if embedding_size else None
        self.vectors = nn.Parameter(torch.zeros(frozen, embedding_size), requires_grad=False) if frozen else None
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
        embedded = self._looked_up(inputs, self.embedding)
        return self.dropout(torch.cat([embedded, *spelt], -1) if spelt else embedded)  # type: ignore[no-any-return]

    def _looked_up(self, symbols: Tensor, embedding: nn.Embedding) -> Tensor:
        if self.vectors is None:
            return embedding(symbols)  # type: ignore[no-any-return]
        theirs = symbols - embedding.num_embeddings
        own = embedding(symbols.masked_fill(theirs >= 0, 0))
        return F.embedding(theirs.clamp(min=0), self.vectors).where((theirs >= 0).unsqueeze(-1), own)

    def whole(self) -> nn.Embedding | None:
        """One embedding of all symbols, also of those that are not learned; None where the input is vectors."""
        if self.embedding is None or self.vectors is None:
            return self.embedding
        table = torch.cat([self.embedding.weight.detach(), self.vectors])
        return nn.Embedding(len(table), table.shape[1], _weight=table)

    @torch.no_grad()
    def put(self, vectors: Tensor, deviation: float = 1.0) -> None:
        """Give the last symbols these vectors, frozen or not, and bring the others, which are random, to their scale.

        Shape:
            vectors (K, E)

        Args:
            vectors: those of the last symbols.
            deviation: with which the others were drawn.
        """
        assert self.embedding is not None
        self.embedding.weight.mul_((float(vectors.std(correction=0)) or 1.0) / deviation)
        if self.vectors is not None:
            self.vectors.copy_(vectors)
        else:
            self.embedding.weight[-len(vectors) :] = vectors

    def append(self, vectors: Tensor) -> None:
        """Have further symbols, after all others, with these vectors; training does not change them.

        Shape:
            vectors (K, E)
        """
        assert self.embedding is not None
        vectors = vectors.to(self.embedding.weight)
        before = vectors[:0] if self.vectors is None else self.vectors
        self.vectors = nn.Parameter(torch.cat([before, vectors]), requires_grad=False)
