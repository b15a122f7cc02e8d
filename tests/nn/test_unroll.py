"""A step that is no equation, unrolled, against a loop by hand over each sequence alone."""

import pytest
import torch
from cases import close, randn

import elman
from elman import InputError, State


class NormedStep(torch.nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.product = torch.nn.Linear(input_size + hidden_size, 2 * hidden_size)
        self.norm = torch.nn.LayerNorm(hidden_size)

    def forward(self, x, state):
        f, g = self.product(torch.cat([x, state["h"]], -1)).chunk(2, -1)
        c = torch.sigmoid(f) * state["c"] + torch.tanh(g)
        return State(h=torch.tanh(self.norm(c)), c=c)


@pytest.fixture
def layer():
    torch.manual_seed(0)
    return elman.Unroll(NormedStep(3, 4), {"h": 4, "c": 4}).double()


X = randn(4, 6, 3, dtype=torch.float64)
START = State(h=randn(4, 4, dtype=torch.float64), c=randn(4, 4, seed=1, dtype=torch.float64))


@pytest.mark.parametrize("start", [None, START])
@pytest.mark.parametrize("lengths", [None, [6, 0, 3, 5], torch.tensor([1, 2, 3, 4])])
def test_equal_to_a_loop_over_each_sequence_alone(layer, start, lengths):
    output, last = layer(X, start, lengths)
    assert output.shape == (4, 6, 4)
    for row, length in enumerate([6] * 4 if lengths is None else lengths):
        state = State.zeros({"h": (4,), "c": (4,)}, 1, like=X) if start is None else start.select([row])
        for t in range(length):
            state = layer.step(X[[row], t], state)
            assert close(output[[row], t], state["h"])
        assert output[row, length:].abs().sum() == 0
        assert all(close(last[k][[row]], state[k]) for k in "hc")


@pytest.mark.usefixtures("poisoned_memory")
def test_nothing_in_the_padding_reaches_anything(layer):
    results = []
    for garbage in (0.0, torch.nan):
        x = X.clone()
        x[0, 3:] = x[1] = garbage
        x.requires_grad_()
        output, last = layer(x, lengths=[3, 0, 6, 6])
        loss = output.square().sum() + last["c"].square().sum()
        results.append([output, *torch.autograd.grad(loss, [x, *layer.parameters()])])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


def test_chunks_are_the_whole_and_no_steps_are_none(layer):
    whole, last = layer(X)
    first, state = layer(X[:, :2])
    second, state = layer(X[:, 2:], state)
    assert close(torch.cat([first, second], 1), whole)
    assert all(close(state[k], last[k]) for k in "hc")
    output, same = layer(X[:, :0], START)
    assert output.shape == (4, 0, 4)
    assert all(torch.equal(same[k], START[k]) for k in "hc")
    assert layer(X[:0])[0].shape == (0, 6, 4)


def test_bad_input_is_refused(layer):
    with pytest.raises(InputError, match="x has 2 dimensions, expected 3"):
        layer(X[0])
    for lengths in ([7, 1, 1, 1], [-1, 1, 1, 1]):
        with pytest.raises(InputError, match=r"lengths has (7|-1), expected numbers from 0 to 6"):
            layer(X, lengths=lengths)
    for lengths in ([1, 1], [1.5, 1.0, 1.0, 1.0], [True] * 4, "abcd"):
        with pytest.raises(InputError, match=r"lengths .* expected whole numbers, one for each of the 4 sequences"):
            layer(X, lengths=lengths)
    with pytest.raises(InputError, match="state_sizes is empty"):
        elman.Unroll(torch.nn.Identity(), {})
    with pytest.raises(InputError, match="state_sizes has '4' for h, expected a whole number"):
        elman.Unroll(torch.nn.Identity(), {"h": "4"})


H = torch.zeros(4, 4, dtype=torch.float64)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State(h=H), "is a State of h, but state_sizes has h, c"),
        (State(h=H, c=H, z=H), "is a State of h, c, z, but state_sizes has h, c"),
        (State(h=H, c=H[:, :3]), r": c has shape \(4, 3\), expected \(4, 4\): batch, size in state_sizes"),
        (State(h=H[:3], c=H[:3]), r": h has shape \(3, 4\), expected \(4, 4\)"),
        ((H, H), "is a tuple, expected a State of h, c"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(layer, state, words):
    with pytest.raises(InputError, match=f"^state ?{words}"):
        layer(X, state)

    class Wrong(torch.nn.Module):
        def forward(self, x, before):
            return state

    for lengths in (None, [6, 4, 4, 4]):
        with pytest.raises(InputError, match=f"^the step's result ?{words}"):
            elman.Unroll(Wrong(), {"h": 4, "c": 4})(X, lengths=lengths)


def test_a_numpy_state_is_refused(layer):
    with pytest.raises(InputError, match=r"state is a State of NumPy arrays, .* State\.load\(path, like=tensor\)"):
        layer(X, State(h=H.numpy(), c=H.numpy()))
