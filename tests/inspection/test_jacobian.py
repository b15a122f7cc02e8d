"""The Jacobian of each step against torch's own, which differentiates the reference step."""

import pytest
import torch
from looked_into import CASES, reading_of

import elman
from elman.inspection import layers
from elman.inspection.jacobian import jacobians
from elman.nn import reference


@pytest.mark.parametrize("case", CASES)
def test_every_step_against_autograd(case: str) -> None:
    reading = reading_of(case)
    for one, found in zip(layers(reading), jacobians(reading), strict=True):
        S, _G, T, H = found.shape
        assert (len(one.cell.state), len(reading.x)) == (S, T)
        for t in range(T):

            def step(h: torch.Tensor, x: torch.Tensor, one=one) -> torch.Tensor:
                z_x = torch.nn.functional.linear(x, one.weights.weight_ih, one.weights.bias_ih)
                return torch.cat(
                    reference.step(one.cell, z_x, list(h.view(len(one.before), 1, -1)), one.weights, []), 1
                ).view(-1)

            before = torch.cat([state[t] for state in one.before.values()])
            x = one.x[t : t + 1]
            by_state, by_x = torch.autograd.functional.jacobian(step, (before, x))
            torch.testing.assert_close(torch.from_numpy(found.matrix(t)), by_state, rtol=1e-12, atol=1e-14)
            change, gradient = torch.randn(2, S * H, 3, dtype=torch.float64)
            torch.testing.assert_close(found.forward(t, change.view(S, H, 3)).reshape(S * H, 3), by_state @ change)
            rows = gradient.T.reshape(3, S, H)
            torch.testing.assert_close(found.backward(t, rows).reshape(3, -1), gradient.T @ by_state)
            torch.testing.assert_close(found.to_input(t, rows), gradient.T @ by_x.squeeze(1))


def test_nothing_to_look_into() -> None:
    with pytest.raises(elman.InputError, match="the input is empty"):
        jacobians(elman.inspect(elman.GRU(2, 3), torch.zeros(0, 2)))
