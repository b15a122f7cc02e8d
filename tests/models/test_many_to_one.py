"""Many to one, against NumPy: what the output layer reads, of sequences of any length."""

import numpy as np
import pytest
import torch

from elman.equations import CELLS
from elman.errors import InputError
from elman.models import ManyToOne
from elman.tasks.options import CHOICES

LENGTHS = torch.tensor([4, 0, 6, 1])


def small(pooling: str, cell: str = "elman", **options: object) -> ManyToOne:
    torch.manual_seed(0)
    return ManyToOne(3, 2, cell, 5, pooling=pooling, **options).double().eval()  # type: ignore[arg-type]


def data() -> torch.Tensor:
    return torch.randn(4, 6, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def elman_states(model: ManyToOne, x: np.ndarray, suffix: str) -> np.ndarray:
    """h_1 ... h_T of one direction, as the equation has it."""
    weights = {name: value.detach().numpy() for name, value in model.recurrent.named_parameters()}
    h, states = np.zeros(5), []
    for x_t in x:
        z = weights["weight_ih_l0" + suffix] @ x_t + weights["weight_hh_l0" + suffix] @ h
        h = np.tanh(z + weights["bias_ih_l0" + suffix] + weights["bias_hh_l0" + suffix])
        states.append(h)
    return np.array(states).reshape(-1, 5)


def attended(model: ManyToOne, h: np.ndarray) -> np.ndarray:
    """sum_t a_t h_t with a = softmax(v^T tanh(W_a h_t + b_a)), step by step."""
    weights = {name: value.detach().numpy() for name, value in model.attention.named_parameters()}  # type: ignore[union-attr]
    W_a, b_a, v = (weights[name] for name in ("projection.weight", "projection.bias", "score.weight"))
    exponentials = [np.exp(v[0] @ np.tanh(W_a @ h_t + b_a)) for h_t in h]
    return sum(e * h_t for e, h_t in zip(exponentials, h, strict=True)) / sum(exponentials)  # type: ignore[no-any-return]


@pytest.mark.parametrize("pooling", CHOICES["pooling"])
def test_output_is_that_of_the_pooled_states(pooling: str) -> None:
    model, x = small(pooling, bidirectional=True), data()
    W_ho, b_o = (one.detach().numpy() for one in (model.readout.weight, model.readout.bias))
    expected = []
    for row, T in zip(x.numpy(), LENGTHS, strict=True):
        ahead = elman_states(model, row[:T], "")
        back = elman_states(model, row[:T][::-1], "_reverse")  # its last state is the one at the first step
        both = np.concatenate([ahead, back[::-1]], 1)
        if T == 0:
            pooled = np.zeros(10)
        elif pooling == "last":
            pooled = np.concatenate([ahead[-1], back[-1]])
        elif pooling == "attention":
            pooled = attended(model, both)
        else:
            pooled = both.mean(0) if pooling == "mean" else both.max(0)
        expected.append(W_ho @ pooled + b_o)
    np.testing.assert_allclose(model(x, LENGTHS).detach().numpy(), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("pooling", CHOICES["pooling"])
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_padding_changes_neither_output_nor_gradients(cell: str, pooling: str) -> None:
    model, x = small(pooling, cell, num_layers=2, bidirectional=True), data()
    found = []
    for padding in (0, 7):
        model.zero_grad()
        longer = torch.cat([x, x.new_full((4, padding, 3), 9.0)], 1)
        output = model(longer, LENGTHS)
        output.square().sum().backward()
        found.append([output.detach(), *(p.grad.clone() for p in model.parameters())])  # type: ignore[union-attr]
    for one, other in zip(*found, strict=True):
        assert one.isfinite().all()
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("pooling", CHOICES["pooling"])
def test_a_batch_of_empty_sequences(pooling: str) -> None:
    model = small(pooling)
    output = model(torch.zeros(2, 0, 3, dtype=torch.float64), torch.tensor([0, 0]))
    torch.testing.assert_close(output, model.readout.bias.expand(2, 2))
    output.sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_last_is_the_highest_layer_and_not_the_cell_state() -> None:
    model, x = small("last", "lstm", num_layers=2), data()
    output, (h_n, _) = model.recurrent(x, lengths=LENGTHS)  # torch's form: (L*D, B, H)
    torch.testing.assert_close(model(x, LENGTHS), model.readout(h_n[1]))
    torch.testing.assert_close(h_n[1, 2], output[2, 5])


def test_an_unknown_pooling_is_refused() -> None:
    with pytest.raises(InputError, match="pooling is 'first', expected one of last, mean, max, attention"):
        small("first")
