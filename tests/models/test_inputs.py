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


def test_frozen_symbols_are_the_last_and_are_not_learned() -> None:
    """Each symbol is a row of one table, and gradients are those of that table's rows that are learned."""
    torch.manual_seed(0)
    end = SequenceInput(6, 3, dropout=0.0, frozen=2)
    theirs = torch.tensor([[2.0, -2.0, 2.0], [-2.0, 2.0, -2.0]])
    assert end.embedding is not None
    fresh = end.embedding.weight.detach().clone()
    end.put(theirs)
    torch.testing.assert_close(end.embedding.weight, 2 * fresh)  # of the same deviation as theirs
    symbols = torch.tensor([[5, 0, 3], [4, 4, 1]])
    whole = end.whole()
    assert whole is not None
    torch.testing.assert_close(whole(symbols), end(symbols), rtol=0, atol=0)
    table = torch.cat([end.embedding.weight, theirs]).detach().requires_grad_()
    weights = torch.randn(2, 3, 3)
    torch.testing.assert_close(end(symbols), table[symbols], rtol=0, atol=0)
    (end(symbols) * weights).sum().backward()
    (table[symbols] * weights).sum().backward()
    assert table.grad is not None
    torch.testing.assert_close(end.embedding.weight.grad, table.grad[:4])
    assert [name for name, one in end.named_parameters() if one.requires_grad] == ["embedding.weight"]


def test_vectors_that_are_tuned_are_where_learning_begins() -> None:
    end = SequenceInput(6, 3, dropout=0.0)
    theirs = torch.randn(2, 3)
    end.put(theirs)
    assert end.embedding is not None
    torch.testing.assert_close(end.embedding.weight[4:], theirs)
    assert end.embedding.weight.requires_grad


def test_symbols_that_come_after_training() -> None:
    for frozen in (0, 2):
        end = SequenceInput(6, 3, dropout=0.0, frozen=frozen)
        before = end(torch.arange(6).unsqueeze(0)).detach()
        for more in torch.randn(4, 3).split(2):
            end.append(more)
            torch.testing.assert_close(end(torch.tensor([[-2, -1]]) + 6 + end.vectors.shape[0] - frozen)[0], more)
        torch.testing.assert_close(end(torch.arange(6).unsqueeze(0)), before, rtol=0, atol=0)
        kept = SequenceInput(10, 3, dropout=0.0, frozen=4 + frozen)  # as a model file has it
        kept.load_state_dict(end.state_dict())
        torch.testing.assert_close(kept(torch.arange(10)), end(torch.arange(10)), rtol=0, atol=0)
