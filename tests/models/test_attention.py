"""Attention against a plain loop over sources, decoder steps and memory."""

import torch

from elman.models.attention import Attention, AttentionPooling, Memory


def ragged(H: int = 5, M: int = 4, U: int = 3) -> tuple[Attention, torch.Tensor, Memory]:
    torch.manual_seed(0)
    lengths = torch.tensor([3, 0, 6, 1])
    attention = Attention(H, M).double()
    hidden = torch.randn(len(lengths), U, H, dtype=torch.float64, requires_grad=True)
    values = torch.randn(len(lengths), 6, M, dtype=torch.float64, requires_grad=True)
    return attention, hidden, Memory(values, lengths)


def test_equals_a_plain_loop() -> None:
    attention, hidden, memory = ragged()
    context, weights = attention(hidden, memory)
    W_a = attention.projection.weight
    for b, length in enumerate(memory.lengths.tolist()):
        for u in range(hidden.shape[1]):
            scores = [(W_a @ hidden[b, u]) @ memory.values[b, t] for t in range(length)]
            exponentials = [score.exp() for score in scores]
            expected = torch.zeros(6, dtype=torch.float64)
            for t in range(length):
                expected[t] = exponentials[t] / sum(exponentials)
            seen = sum((expected[t] * memory.values[b, t] for t in range(length)), torch.zeros(4, dtype=torch.float64))
            torch.testing.assert_close(weights[b, u], expected, rtol=1e-12, atol=1e-15)
            torch.testing.assert_close(context[b, u], seen, rtol=1e-12, atol=1e-15)


def test_what_lies_past_the_end_has_no_influence_and_no_gradient() -> None:
    attention, hidden, memory = ragged()
    context, _ = attention(hidden, memory)
    past = torch.arange(6) >= memory.lengths.unsqueeze(1)
    changed = Memory(memory.values.detach().masked_fill(past.unsqueeze(-1), 1e30), memory.lengths)
    assert torch.equal(attention(hidden, changed)[0], context)
    context.square().sum().backward()
    gradient = memory.values.grad
    assert gradient is not None
    assert bool(gradient.isfinite().all())
    assert bool((gradient[past] == 0).all())
    assert bool((gradient[~past] != 0).all())


def test_empty_sources_give_a_context_of_zero() -> None:
    attention, hidden, memory = ragged()
    context, weights = attention(hidden, memory)
    assert bool((context[1] == 0).all())
    assert bool((weights[1] == 0).all())
    nothing = Memory(memory.values[:, :0], torch.zeros(4, dtype=torch.int64))
    context, weights = attention(hidden, nothing)
    assert context.shape == (4, 3, 4)
    assert weights.shape == (4, 3, 0)
    assert bool((context == 0).all())


def test_gradients() -> None:
    attention, hidden, memory = ragged()
    weight = attention.projection.weight

    def forward(hidden: torch.Tensor, values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        result = torch.func.functional_call(
            attention, {"projection.weight": weight}, (hidden, Memory(values, memory.lengths))
        )
        return result[0]  # type: ignore[no-any-return]

    assert torch.autograd.gradcheck(forward, (hidden, memory.values, weight))


def test_select_repeats_and_reorders_rows() -> None:
    _, _, memory = ragged()
    chosen = memory.select(torch.tensor([2, 2, 0]))
    assert chosen.lengths.tolist() == [6, 6, 3]
    assert torch.equal(chosen.values[1], memory.values[2])


def test_pooling_learns_which_steps_matter() -> None:
    """The one vector that is marked is to be found among others: attention learns to look at it alone."""
    torch.manual_seed(0)
    lengths = torch.tensor([3, 6, 4, 5]).repeat(16)
    values = torch.randn(64, 6, 4)
    values[..., 0] = 0.0
    places = torch.arange(64) % 3
    values[torch.arange(64), places, 0] = 3.0
    pooling = AttentionPooling(4)
    optimizer = torch.optim.Adam(pooling.parameters(), 0.02)
    for _ in range(150):
        pooled, weights = pooling(Memory(values, lengths))
        optimizer.zero_grad()
        (pooled - values[torch.arange(64), places]).square().mean().backward()
        optimizer.step()
    assert bool((weights[torch.arange(64), places] > 0.9).all())
    torch.testing.assert_close(weights.sum(1), torch.ones(64))
