"""Gradients by lag against autograd through the reference loop, which adds zeros to be derived by to every state."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from looked_into import CASES, reading_of

import elman
from elman.inspection import Reading, gradient_by_lag, layers
from elman.nn import reference
from elman.state import State


def by_autograd(reading: Reading, loss_of: object, window: int | None = None) -> list[np.ndarray]:
    """The norm of the gradient of each loss by the state of each layer after each step, (N, T) for each layer."""
    T, D = len(reading.x), reading.layer.num_directions
    S, H = len(reading.layer.cell.state), reading.layer.hidden_size
    added = [
        [torch.zeros_like(reading.x[0, :1]).expand(S, 1, H).clone().requires_grad_() for _ in range(T)]
        for _ in layers(reading)
    ]
    x, finals, below = reading.x, [], []
    for k, one in enumerate(layers(reading)):
        w = one.weights
        state = [reading.start[name][:, k] for name in one.cell.state]
        every = [torch.zeros(0)] * T
        for t in reversed(range(T)) if one.reverse else range(T):
            if window and t % window == 0:
                state = [before.detach() for before in state]
            z_x = torch.nn.functional.linear(x[t : t + 1], w.weight_ih, w.bias_ih)
            new = reference.step(one.cell, z_x, state, w, [])
            state = [after + zero for after, zero in zip(new, added[k][t], strict=True)]
            every[t] = state[0]
        finals.append(torch.stack(state, 1))
        below.append(torch.cat(every))
        if k % D == D - 1:
            x = torch.cat(below[-D:], -1)
    last = State(**{name: torch.stack([one[:, s] for one in finals], 1) for s, name in enumerate(reading.start)})
    found = [np.zeros((0, T)) for _ in added]
    for loss in loss_of(reading.output(x[None], last)[0]):
        slopes = torch.autograd.grad(
            loss, [zero for zeros in added for zero in zeros], retain_graph=True, allow_unused=True
        )
        norms = np.array([0.0 if one is None else float(one.norm()) for one in slopes]).reshape(len(added), T)
        found = [np.vstack([rows, row]) for rows, row in zip(found, norms, strict=True)]
    return found


def likeliest(outputs: torch.Tensor) -> list[torch.Tensor]:
    return [-row.log_softmax(-1).max() for row in outputs]


@pytest.mark.parametrize("case", CASES)
def test_every_lag_of_every_layer_against_autograd(case: str) -> None:
    reading = reading_of(case)
    found = gradient_by_lag(reading)
    T = len(reading.x)
    expected = by_autograd(reading, likeliest)
    for k, one in enumerate(layers(reading)):
        for t in range(T):
            row = expected[k][t, t:] if one.reverse else expected[k][t, t::-1]
            np.testing.assert_allclose(found.layers[k, t, : len(row)], row, rtol=1e-10, atol=1e-15)
            assert np.isnan(found.layers[k, t, len(row) :]).all()
    np.testing.assert_allclose(np.nan_to_num(found.norms), np.sqrt(np.nansum(found.layers**2, 0)), rtol=1e-12)
    frame = found.to_frame()
    assert len(frame) == len(expected) * T * (T + 1) / 2
    one = frame.query("at == 4 and lag == 2 and layer == 0 and not reverse").norm.item()
    assert one == pytest.approx(expected[0][4, 2], rel=1e-10)


def test_windows_cut_it_off_as_truncated_backpropagation_does() -> None:
    reading = reading_of("lstm stack", T=8)
    found = gradient_by_lag(reading, window=3)
    cut = np.sqrt(sum(one**2 for one in by_autograd(reading, likeliest, window=3)))
    assert (cut[:, 0] > 0).tolist() == [True] * 3 + [False] * 5
    expected = [np.mean([cut[t, t - k] for t in range(k, 8)]) for k in range(8)]
    np.testing.assert_allclose(found.learned, expected, rtol=1e-10, atol=1e-15)
    assert (found.learned > 0).tolist() == [True] * 3 + [False] * 5
    np.testing.assert_array_equal(found.norms, gradient_by_lag(reading).norms)
    share = 1 - sum(expected) / found.mean.sum()
    assert found.sentence().endswith(f"Windows of 3 steps cut off {share:.0%} of it.")


def test_a_right_output_chosen_losses_and_the_most_lags() -> None:
    reading = reading_of("gru")
    found = gradient_by_lag(reading, at=[2, -1], output=[3, 1], lags=4)
    expected = by_autograd(reading, lambda out: [-out[t].log_softmax(-1)[o] for t, o in ((2, 3), (6, 1))])[0]
    assert found.at.tolist() == [2, 6]
    np.testing.assert_allclose(found.norms[0, :3], expected[0, 2::-1], rtol=1e-10)
    assert np.isnan(found.norms[0, 3])
    np.testing.assert_allclose(found.norms[1], expected[1, :2:-1], rtol=1e-10)


def test_values_by_the_sum_of_their_squares() -> None:
    reading = replace(reading_of("elman"), scores=False)
    expected = by_autograd(reading, lambda out: [row.square().sum() for row in out])[0]
    np.testing.assert_allclose(gradient_by_lag(reading, at=5).norms[0], expected[5, 5::-1], rtol=1e-10)


@pytest.mark.parametrize("case", ["lstm", "gru stack both ways"])
def test_one_output_for_all_is_counted_from_the_last_step_that_a_layer_read(case: str) -> None:
    reading = reading_of(case)
    reading = replace(
        reading,
        asked=("all",),
        output=lambda h, last: (h.mean(1).sum(-1) + last[last.names[-1]].sum((1, 2)))[:, None, None],
    )
    reading = replace(reading, scores=False)
    found = gradient_by_lag(reading)
    expected = by_autograd(reading, lambda out: [out.square().sum()])
    for k, one in enumerate(layers(reading)):
        np.testing.assert_allclose(found.layers[k, 0], expected[k][0, :: 1 if one.reverse else -1], rtol=1e-10)


def test_an_encoder_is_counted_from_its_end_even_if_it_reads_as_much_as_is_written() -> None:
    small = {"hidden_size": 6, "epochs": 1, "validation_fraction": 0, "verbose": 0}
    model = elman.Translator(**small).fit(["red cat", "blue dog"] * 8, ["tac", "god de"] * 8)
    reading = elman.inspect(model, "red dog", "encoder", written="god de")
    assert len(reading.asked) == len(reading.steps) == 7
    found = gradient_by_lag(reading)
    expected = by_autograd(reading, likeliest)
    for k, one in enumerate(layers(reading)):
        np.testing.assert_allclose(found.layers[k], expected[k][:, :: 1 if one.reverse else -1], rtol=1e-3, atol=1e-9)


def test_a_long_sequence_by_pieces() -> None:
    reading = reading_of("elman", T=300)
    told: list[float] = []
    found = gradient_by_lag(reading, lags=20, progress=told.append)
    assert found.norms.shape == (128, 20)
    assert (found.at[0], found.at[-1]) == (0, 299)
    assert (len(told), told[-1]) == (2, 1.0)
    expected = by_autograd(reading, lambda out: [likeliest(out)[t] for t in found.at[[3, 100]]])[0]
    for row, t, n in zip(expected, found.at[[3, 100]], [3, 100], strict=True):
        np.testing.assert_allclose(found.norms[n, : t + 1], row[t::-1][:20], rtol=1e-9)


def test_single_precision_and_a_trained_model() -> None:
    model = elman.Generator(hidden_size=8, epochs=2, verbose=0, cell="gru").fit("abcabd" * 50)
    reading = elman.inspect(model, "abcab")
    found = gradient_by_lag(reading, window=model.window)
    expected = by_autograd(reading, likeliest)[0]
    np.testing.assert_allclose(found.norms[5], expected[5, ::-1], rtol=1e-4)
    assert found.window == 64
    assert "Windows" not in repr(found)
    assert "<svg" in found._repr_html_()


def test_what_does_not_fit_is_refused() -> None:
    reading = reading_of("elman")
    for wrong, message in (
        ({"window": 0}, "window is 0, expected a whole number of at least 1"),
        ({"lags": True}, "lags is True"),
        ({"at": 7}, "at is 7, expected whole numbers from 0 to 6"),
        ({"at": []}, r"at is \[\]"),
        ({"output": 4}, "output is 4, expected a whole number from 0 to 3"),
        ({"output": [1, 2]}, r"output is \[1, 2\]"),
    ):
        with pytest.raises(elman.InputError, match=message):
            gradient_by_lag(reading, **wrong)
    with pytest.raises(elman.InputError, match="not trained in windows"):
        gradient_by_lag(reading_of("gru both ways"), window=3)
    with pytest.raises(elman.InputError, match="no output"):
        gradient_by_lag(replace(reading, output=None))
