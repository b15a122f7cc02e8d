"""The input end: rows of the embedding for symbols, vectors untouched."""

import torch

from elman.models.inputs import SequenceInput


def test_symbols_are_rows_of_the_embedding() -> None:
    end = SequenceInput(5, 3, dropout=0.5).eval()
    symbols = torch.tensor([[4, 0, 2], [1, 1, 3]])
    assert end.output_size == 3
    assert end.embedding is not None
    torch.testing.assert_close(end(symbols), end.embedding.weight[symbols], rtol=0, atol=0)


def test_dropout_is_of_embeddings_and_of_training() -> None:
    torch.manual_seed(0)
    end = SequenceInput(5, 40, dropout=0.5)
    symbols = torch.arange(5).unsqueeze(0)
    dropped = end(symbols)
    assert end.embedding is not None
    assert 0.3 < (dropped == 0).float().mean() < 0.7
    kept = dropped != 0
    torch.testing.assert_close(dropped[kept], 2 * end.embedding.weight.unsqueeze(0)[kept])


def test_vectors_stay_as_they_are() -> None:
    end = SequenceInput(4, 0, dropout=0.9)  # in training mode: values that were measured are never zeroed
    vectors = torch.randn(2, 3, 4)
    assert end.output_size == 4
    assert end(vectors) is vectors
    assert list(end.parameters()) == []


def test_symbol_dropout_reads_the_unknown_symbol_in_training_only() -> None:
    torch.manual_seed(0)
    end = SequenceInput(5, 3, dropout=0.0, symbol_dropout=0.3)
    assert end.embedding is not None
    symbols = torch.full((20, 50), 4)
    unknown = (end(symbols) == end.embedding.weight[0]).all(-1)
    assert 0.2 < unknown.float().mean() < 0.4
    torch.testing.assert_close(end.eval()(symbols), end.embedding.weight[symbols], rtol=0, atol=0)
