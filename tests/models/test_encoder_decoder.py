"""Encoder and decoder: the unrolled call against single steps, each row against itself alone, and learning."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from elman.errors import InputError
from elman.models.encoder_decoder import EncoderDecoder
from elman.models.search import Hypothesis
from elman.models.writer import IGNORED

SOURCE_LENGTHS = torch.tensor([4, 0, 7, 1])
TARGET_LENGTHS = torch.tensor([5, 2, 0, 3])


def small(**options: object) -> EncoderDecoder:
    torch.manual_seed(0)
    sizes: dict[str, object] = {"hidden_size": 6, "embedding_size": 4, **options}
    return EncoderDecoder(source_size=11, target_size=9, **sizes).double().eval()  # type: ignore[arg-type]


def data(T: int = 7, U: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    """Sources and targets filled up with 0 past their lengths."""
    generator = torch.Generator().manual_seed(1)
    source = torch.randint(3, 11, (4, 7), generator=generator)[:, :T]
    target = torch.randint(3, 9, (4, 5), generator=generator)[:, :U]
    return (
        source.masked_fill(torch.arange(T) >= SOURCE_LENGTHS.unsqueeze(1), 0),
        target.masked_fill(torch.arange(U) >= TARGET_LENGTHS.unsqueeze(1), 0),
    )


WIRINGS = pytest.mark.parametrize(
    "options",
    [
        {"cell": "lstm"},
        {"cell": "gru", "num_layers": 2, "dropout": 0.3},
        {"cell": "elman", "bidirectional": False, "num_layers": 2},
        {"cell": "leaky_elman", "init": "orthogonal"},
    ],
    ids=lambda options: options["cell"],
)


@WIRINGS
def test_one_call_equals_step_by_step(options: dict[str, object]) -> None:
    model = small(**options)
    source, target = data()
    logits = model(source, SOURCE_LENGTHS, target)
    assert logits.shape == (4, 6, 9)
    state, memory = model.encoder(source, SOURCE_LENGTHS)
    ids = torch.full((4,), model.start)
    for u in range(6):
        log_probs, state = model.step(ids, state, memory)
        written = logits[:, u].clone()
        written[:, [0, 1]] = -torch.inf  # neither the unknown symbol nor the start is ever written
        torch.testing.assert_close(log_probs, written.log_softmax(-1), rtol=1e-10, atol=1e-12)
        ids = target[:, u] if u < 5 else ids


@WIRINGS
def test_a_row_does_not_depend_on_its_batch_or_padding(options: dict[str, object]) -> None:
    model = small(**options)
    source, target = data()
    together = model(source, SOURCE_LENGTHS, target)
    found = model.search(source, SOURCE_LENGTHS, beam=3, max_length=6, length_penalty=0.5, attention=True)
    longer = torch.cat([source, source.new_full((4, 3), 5)], 1)
    torch.testing.assert_close(model(longer, SOURCE_LENGTHS, target), together, rtol=1e-10, atol=1e-12)
    for b, (T, U) in enumerate(zip(SOURCE_LENGTHS.tolist(), TARGET_LENGTHS.tolist(), strict=True)):
        one = source[b : b + 1, :T], SOURCE_LENGTHS[b : b + 1]
        alone = model(*one, target[b : b + 1, :U])
        torch.testing.assert_close(alone[0], together[b, : U + 1], rtol=1e-10, atol=1e-12)
        by_itself = model.search(*one, beam=3, max_length=6, length_penalty=0.5, attention=True)[0]
        assert [h.symbols for h in by_itself] == [h.symbols for h in found[b]]
        for mine, other in zip(by_itself, found[b], strict=True):
            assert mine.score == pytest.approx(other.score, rel=1e-10)
            torch.testing.assert_close(mine.attention, other.attention, rtol=1e-10, atol=1e-12)


def test_attention_of_a_hypothesis_is_that_of_its_steps() -> None:
    model = small(cell="gru")
    source, _ = data()
    found = model.search(source, SOURCE_LENGTHS, beam=2, max_length=4, attention=True)
    weights_of_steps: list[torch.Tensor] = []
    model.decoder.attention.register_forward_hook(lambda _, __, result: weights_of_steps.append(result[1]))
    for b, hypotheses in enumerate(found):
        assert len(hypotheses) == 2
        for hypothesis in hypotheses:
            assert hypothesis.attention is not None
            weights_of_steps.clear()
            state, memory = model.encoder(source[b : b + 1], SOURCE_LENGTHS[b : b + 1])
            total = 0.0
            for before, after in zip((1, *hypothesis.symbols), (*hypothesis.symbols, 2), strict=True):
                log_probs, state = model.step(torch.tensor([before]), state, memory)
                total += log_probs[0, after].item()
            looked = torch.cat(weights_of_steps, 1)[0, :, : SOURCE_LENGTHS[b]]
            torch.testing.assert_close(hypothesis.attention, looked, rtol=1e-10, atol=1e-12)
            assert hypothesis.log_probability == pytest.approx(total, rel=1e-10)


def test_attention_comes_only_where_asked_for() -> None:
    found = small().search(*data()[:1], SOURCE_LENGTHS, max_length=3)
    assert all(hypothesis.attention is None for of_source in found for hypothesis in of_source)


def test_expected_is_the_target_and_the_end() -> None:
    target = torch.tensor([[3, 4, 5], [6, 0, 0], [0, 0, 0]])
    expected = small().expected(target, torch.tensor([3, 1, 0]))
    x = IGNORED
    assert expected.tolist() == [[3, 4, 5, 2], [6, 2, x, x], [2, x, x, x]]


def test_gradients_are_finite_with_empty_sources_and_targets() -> None:
    model = small(dropout=0.5).train()
    source, target = data()
    logits = model(source, SOURCE_LENGTHS, target)
    cross_entropy(logits.flatten(0, 1), model.expected(target, TARGET_LENGTHS).flatten()).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.isfinite().all()), name
        assert bool(parameter.grad.any()), name


def test_only_empty_sources() -> None:
    model = small()
    found = model.search(torch.zeros(2, 0, dtype=torch.int64), torch.tensor([0, 0]), max_length=3, attention=True)
    assert found[0][0].symbols == found[1][0].symbols
    assert found[0][0].attention is not None
    assert found[0][0].attention.shape == (len(found[0][0].symbols) + 1, 0)
    assert model.search(torch.zeros(0, 3, dtype=torch.int64), torch.zeros(0, dtype=torch.int64), max_length=3) == []


@pytest.mark.parametrize(
    "option",
    [
        {"cell": "gru"},
        {"hidden_size": 7},
        {"num_layers": 2},
        {"bidirectional": False},
        {"embedding_size": 5},
        {"init": "orthogonal"},
        {"start": 0},
    ],
    ids=lambda option: next(iter(option)),
)
def test_each_option_changes_the_result(option: dict[str, object]) -> None:
    source, target = data()
    plain = small(dropout=0.0)(source, SOURCE_LENGTHS, target)
    changed = small(**{"dropout": 0.0, **option})(source, SOURCE_LENGTHS, target)
    assert changed.shape == plain.shape
    assert not torch.allclose(changed, plain)


def test_dropout_acts_in_training_only() -> None:
    model = small(dropout=0.5)
    source, target = data()
    assert torch.equal(model(source, SOURCE_LENGTHS, target), model(source, SOURCE_LENGTHS, target))
    model.train()
    assert not torch.equal(model(source, SOURCE_LENGTHS, target), model(source, SOURCE_LENGTHS, target))


def test_refuses_symbols_without_numbers() -> None:
    with pytest.raises(InputError, match="embedding_size is 0"):
        small(embedding_size=0)


def test_end_ends() -> None:
    model = small(end=4)
    with torch.no_grad():
        model.decoder.readout.bias[4] = 1e3
    source, _ = data()
    assert [one.symbols for (one,) in model.search(source, SOURCE_LENGTHS, max_length=5)] == [()] * 4


def test_learns_to_reverse() -> None:
    torch.manual_seed(0)
    model = EncoderDecoder(8, 8, hidden_size=32, embedding_size=16, dropout=0.0)
    lengths = torch.randint(0, 6, (200,))
    source = torch.randint(3, 8, (200, 5)).masked_fill(torch.arange(5) >= lengths.unsqueeze(1), 0)
    words = [row[:length] for row, length in zip(source.tolist(), lengths.tolist(), strict=True)]
    target = torch.tensor([word[::-1] + [0] * (5 - len(word)) for word in words])
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(120):
        logits = model(source, lengths, target)
        loss = cross_entropy(logits.flatten(0, 1), model.expected(target, lengths).flatten(), ignore_index=IGNORED)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.eval()
    for beam in (1, 3):
        found: list[list[Hypothesis]] = model.search(source, lengths, beam=beam, max_length=8)
        right = sum(h[0].symbols == tuple(word[::-1]) for h, word in zip(found, words, strict=True))
        assert right >= 195


def test_the_unknown_symbol_is_written_only_as_a_copy() -> None:
    source = torch.tensor([[3, 0, 4, 0], [3, 5, 4, 0], [0, 6, 0, 0]])
    lengths = torch.tensor([4, 3, 2])  # the second has none: what stands past its end is no symbol
    model = small(copies=True)
    with torch.no_grad():
        model.decoder.readout.bias[model.unknown] = 3.0
        model.decoder.readout.bias[model.end] = -2.0
    state, memory = model.encoder(source, lengths)
    assert memory.unknown is not None
    assert memory.unknown.tolist() == [[False, True, False, True], [False] * 4, [True, False, False, False]]
    log_probs, _ = model.step(torch.full((3,), model.start), state, memory)
    logits = model(source, lengths, torch.zeros(3, 0, dtype=torch.int64))[:, 0]
    logits[:, model.start] = -torch.inf
    logits[1, model.unknown] = -torch.inf
    torch.testing.assert_close(log_probs, logits.log_softmax(-1), rtol=1e-10, atol=1e-12)
    for beam in (1, 3):
        plain = model.search(source, lengths, beam=beam, max_length=5)
        looked = model.search(source, lengths, beam=beam, max_length=5, attention=True)
        assert all(one.attention is None for found in plain for one in found)
        for found, places in zip(looked, ([1, 3], [], [0]), strict=True):
            for one in found:
                assert one.attention is not None
                steps = [u for u, symbol in enumerate(one.symbols) if symbol == model.unknown]
                copied = tuple(max(places, key=lambda t: one.attention[u, t].item()) for u in steps)
                assert one.copied == copied
        assert [[one.copied for one in found] for found in plain] == [[one.copied for one in found] for found in looked]
        assert any(one.copied for one in plain[0])
        assert not any(model.unknown in one.symbols for one in plain[1])


def test_without_copies_nothing_unknown_is_written() -> None:
    model = small()
    with torch.no_grad():
        model.decoder.readout.bias[model.unknown] = 9.0
    found = model.search(torch.tensor([[3, 0, 4]]), torch.tensor([3]), beam=4, max_length=4)
    assert not any(model.unknown in one.symbols for one in found[0])
