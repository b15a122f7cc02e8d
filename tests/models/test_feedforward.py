"""The network without memory, against a plain loop; and its size."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import InputError
from elman.models import Feedforward


@pytest.mark.parametrize("in_step", [False, True])
@pytest.mark.parametrize("window", [1, 2, 3, 9])
@pytest.mark.parametrize("embedding_size", [0, 2])
def test_equals_a_plain_loop(embedding_size: int, window: int, in_step: bool) -> None:
    torch.manual_seed(0)
    model = Feedforward(6, 2, window, 4, in_step, 0.5, embedding_size).double().eval()
    lengths = torch.tensor([5, 0, 1, 3])
    inputs = torch.randint(0, 6, (4, 5)) if embedding_size else torch.randn(4, 5, 6, dtype=torch.float64)
    found = model(inputs, lengths).detach().numpy()
    W_xh, b_h, W_ho, b_o = (p.detach().numpy() for layer in (model.hidden, model.readout) for p in layer.parameters())

    def output(steps: np.ndarray) -> np.ndarray:
        """From the steps up to and with the current one."""
        E = steps.shape[1]
        seen = np.concatenate([np.zeros((window, E)), steps])[-window:].reshape(-1)
        return np.asarray(W_ho @ np.tanh(W_xh @ seen + b_h) + b_o)

    for row, one, T in zip(found, inputs, lengths.tolist(), strict=True):
        vectors = (model.input.embedding(one) if model.input.embedding else one).detach().numpy()
        if in_step:
            for t in range(T):
                np.testing.assert_allclose(row[t], output(vectors[: t + 1]), rtol=1e-12, atol=1e-14)
        else:
            np.testing.assert_allclose(row, output(vectors[:T]), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("window", [1, 2, 5])
@pytest.mark.parametrize("embedding_size", [0, 2])
def test_a_centred_window_has_its_step_in_the_middle_and_nothing_of_the_padding(
    embedding_size: int, window: int
) -> None:
    torch.manual_seed(0)
    model = Feedforward(6, 2, window, 4, True, embedding_size=embedding_size, centred=True).double()
    lengths = torch.tensor([5, 0, 3])
    inputs = torch.randint(0, 6, (3, 5)) if embedding_size else torch.randn(3, 5, 6, dtype=torch.float64)
    found = model(inputs, lengths).detach().numpy()
    W_xh, b_h, W_ho, b_o = (p.detach().numpy() for layer in (model.hidden, model.readout) for p in layer.parameters())
    for row, one, T in zip(found, inputs, lengths.tolist(), strict=True):
        vectors = (model.input.embedding(one) if model.input.embedding else one).detach().numpy()
        for t in range(T):
            places = range(t - (window - 1) // 2, t + window // 2 + 1)
            seen = np.concatenate([vectors[k] if 0 <= k < T else np.zeros(vectors.shape[1]) for k in places])
            np.testing.assert_allclose(row[t], W_ho @ np.tanh(W_xh @ seen + b_h) + b_o, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("in_step", [False, True])
def test_a_batch_of_empty_sequences(in_step: bool) -> None:
    model = Feedforward(3, 2, 4, 5, in_step)
    found = model(torch.zeros(2, 0, 3), torch.tensor([0, 0]))
    assert found.shape == ((2, 0, 2) if in_step else (2, 2))


@given(
    parameters=st.integers(1, 500_000),
    input_size=st.integers(1, 200),
    output_size=st.integers(1, 50),
    window=st.integers(1, 64),
    embedding_size=st.integers(0, 64),
)
def test_equal_size_is_within_two_percent_or_refused(
    parameters: int, input_size: int, output_size: int, window: int, embedding_size: int
) -> None:
    def size(width: int) -> int:
        model = Feedforward(input_size, output_size, window, width, embedding_size=embedding_size)
        return sum(p.numel() for p in model.parameters())

    with torch.device("meta"):
        try:
            width = Feedforward.equal_size(
                parameters,
                input_size=input_size,
                output_size=output_size,
                window=window,
                embedding_size=embedding_size,
            )
        except InputError:
            step = size(2) - size(1)
            nearest = max(1, round((parameters - size(1)) / step) + 1)
            assert all(abs(size(max(1, w)) - parameters) > 0.02 * parameters for w in range(nearest - 1, nearest + 2))
        else:
            assert abs(size(width) - parameters) <= 0.02 * parameters


def test_equal_size_says_what_is_nearest() -> None:
    with pytest.raises(
        InputError, match="on 9 steps has 93 parameters at the nearest, expected 50 within 2 %: choose a"
    ):
        Feedforward.equal_size(50, input_size=10, output_size=1, window=9)
