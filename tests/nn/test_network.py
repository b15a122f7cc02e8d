"""The network of the article is the loop of the article."""

import numpy as np
import pytest
import torch
from cases import close, randn

import elman
from elman import InputError, State


def by_hand(net, x, h, rectify=False):
    """y_t = W_ho h_t + b_o, h_t = f(W_xh x_t + W_hh h_{t-1} + b_h), for one sequence."""
    W_xh, W_hh, W_ho, b_h, b_o = (one.detach().numpy() for one in (net.W_xh, net.W_hh, net.W_ho, net.b_h, net.b_o))
    y = []
    for x_t in x.numpy():
        z = W_xh @ x_t + W_hh @ h + b_h
        h = np.maximum(z, 0) if rectify else np.tanh(z)
        y.append(W_ho @ h + b_o)
    return np.array(y), h


@pytest.mark.parametrize("cell", ["elman", "elman_relu"])
def test_equal_to_the_loop_in_numpy(cell):
    net = elman.Network(3, 5, 2, cell, dtype=torch.float64)
    x = randn(4, 6, 3, dtype=torch.float64)
    h_0 = randn(4, 1, 5, seed=1, dtype=torch.float64)
    lengths = [6, 2, 0, 5]
    y, state = net(x, State(h=h_0), lengths)
    assert y.shape == (4, 6, 2)
    for row, length in enumerate(lengths):
        wanted, h = by_hand(net, x[row, :length], h_0[row, 0].numpy(), rectify=cell == "elman_relu")
        np.testing.assert_allclose(y[row, :length].detach(), wanted.reshape(-1, 2), atol=1e-12)
        np.testing.assert_allclose(state["h"][row, 0].detach(), h, atol=1e-12)
        assert torch.equal(y[row, length:], net.b_o.expand(6 - length, 2))


@pytest.mark.parametrize("cell", ["elman", "lstm", "gru", "minimal_gated_unit"])
def test_the_names_of_the_textbook_are_the_parameters(cell):
    net = elman.Network(3, 5, 2, cell)
    G = len(net.hidden.cell.gates)
    shapes = {"W_xh": (G * 5, 3), "W_hh": (G * 5, 5), "W_ho": (2, 5), "b_h": (G * 5,), "b_o": (2,)}
    parameters = {id(one) for one in net.parameters()}
    x = randn(4, 6, 3)
    for name, shape in shapes.items():
        one = getattr(net, name)
        assert tuple(one.shape) == shape
        assert id(one) in parameters
        before = net(x)[0]
        with torch.no_grad():
            one.add_(0.5)
        assert not torch.allclose(net(x)[0], before)
    net(x)[0].square().sum().backward()
    assert all(one.grad is not None for one in net.parameters() if one.requires_grad)


@pytest.mark.parametrize(("cell", "G"), [("elman", 1), ("lstm", 4)])
def test_it_has_the_parameters_of_the_textbook_and_no_others(cell, G):
    net = elman.Network(3, 4, 2, cell)
    for _ in range(2):
        assert sum(one.numel() for one in net.parameters()) == G * 4 * (3 + 4 + 1) + 2 * (4 + 1)
        assert list(net.state_dict()) == [f"hidden.{k}_l0" for k in ("weight_ih", "weight_hh", "bias_ih")] + [
            "output.weight",
            "output.bias",
        ]
        x = randn(1, 1, 3)
        alone = elman.LSTM(3, 4, bias=False) if cell == "lstm" else elman.RNN(3, 4, bias=False)
        alone.load_state_dict({k: v for k, v in net.hidden.state_dict().items() if "bias" not in k})
        with torch.no_grad():
            net.b_h.zero_()
        assert close(net(x)[0], net.output(alone(x[0])[0])[None], 1e-6)  # no other bias is added
        net.apply(lambda one: one.reset_parameters() if hasattr(one, "reset_parameters") else None)
        net.requires_grad_(True)


def test_a_cell_with_split_gates_keeps_both_biases():
    net = elman.Network(3, 4, 2, "gru")
    assert net.hidden.bias_hh_l0.requires_grad
    with pytest.raises(InputError, match=r"single_bias=True is for cells without split gates; 'gru' splits n"):
        elman.Recurrent("gru", 3, 4, single_bias=True)


def test_the_names_of_the_textbook_under_a_parametrization():
    net = elman.Network(3, 4, 2)
    torch.nn.utils.parametrizations.weight_norm(net.output)
    torch.nn.utils.parametrizations.spectral_norm(net.hidden, "weight_hh_l0")
    net.eval()
    assert torch.equal(net.W_hh, net.hidden.weight_hh_l0)
    torch.testing.assert_close(torch.linalg.matrix_norm(net.W_hh, 2).item(), 1.0, atol=0.2, rtol=0)
    assert net.W_ho.shape == (2, 4)


@pytest.mark.parametrize("value", [torch.zeros(4, 3), torch.nn.Parameter(torch.zeros(4, 3)), None])
def test_assigning_to_a_parameter_says_what_to_do_instead(value):
    with pytest.raises(InputError, match=r"net\.W_xh cannot be assigned to: .* net\.W_xh\.copy_\(\.\.\.\)"):
        elman.Network(3, 4, 2).W_xh = value


@pytest.mark.parametrize("cell", ["elman", "lstm"])
def test_chunks_with_the_state_are_the_whole(cell):
    net = elman.Network(3, 5, 2, cell, dtype=torch.float64)
    x = randn(4, 7, 3, dtype=torch.float64)
    whole, last = net(x)
    first, state = net(x[:, :3])
    second, state = net(x[:, 3:], state)
    assert close(torch.cat([first, second], 1), whole)
    assert all(close(state[k], last[k]) for k in last)
    with pytest.raises(InputError, match="State of h"):
        elman.Network(3, 5, 2, "lstm")(randn(4, 7, 3), State(h=randn(4, 1, 5)))


def test_bad_input_is_refused():
    with pytest.raises(InputError, match=r"x has 2 dimensions, expected 3: batch, time steps, features"):
        elman.Network(3, 5, 2)(randn(6, 3))
    with pytest.raises(InputError, match="input has 4 features, but this Recurrent was built with input_size=3"):
        elman.Network(3, 5, 2)(randn(2, 6, 4))
    with pytest.raises(InputError, match="output_size is 0, expected a whole number of at least 1"):
        elman.Network(3, 5, 0)


def test_readout_is_one_product_at_every_step():
    readout = elman.Readout(5, 2, dtype=torch.float64)
    h = randn(4, 7, 5, dtype=torch.float64)
    wanted = np.einsum("oh,bth->bto", readout.weight.detach(), h) + readout.bias.detach().numpy()
    np.testing.assert_allclose(readout(h).detach(), wanted, atol=1e-14)
    assert elman.Readout(5, 2, bias=False).bias is None


def test_learns_a_delayed_echo():
    torch.manual_seed(0)
    net = elman.Network(1, 12, 1)
    optimizer = torch.optim.Adam([one for one in net.parameters() if one.requires_grad], lr=0.01)
    first = last = None
    for step in range(150):
        x = randn(16, 12, 1, seed=step).sign()
        loss = (net(x)[0][:, 2:] - x[:, :-2]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        first, last = (loss.item() if first is None else first), loss.item()
    assert last < 0.1 < 0.9 < first
