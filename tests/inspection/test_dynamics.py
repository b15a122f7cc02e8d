"""Dynamics against NumPy's linear algebra in float64, and networks whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from looked_into import CASES, linear, reading_of

import elman
from elman.inspection import dynamics, layers
from elman.inspection.dynamics import DENSE, spectral_radius
from elman.inspection.jacobian import jacobian_of


@pytest.mark.parametrize("case", CASES)
def test_radius_exponent_and_eigenvalues_against_numpy(case: str) -> None:
    reading = reading_of(case, T=12)
    told: list[float] = []
    found = dynamics(reading, progress=told.append)
    for k, one in enumerate(layers(reading)):
        steps = jacobian_of(one)
        matrices = [steps.matrix(t) for t in range(12)]
        radii = [np.abs(np.linalg.eigvals(m)).max() for m in matrices]
        np.testing.assert_allclose(found.radius[k], radii, rtol=1e-9)
        order = list(reversed(range(12))) if one.reverse else list(range(12))
        q, grown = np.eye(len(matrices[0])), np.eye(len(matrices[0]))
        for count, t in enumerate(order):  # by QR: the product of the triangles has the singular values of the whole
            q, r = np.linalg.qr(matrices[t] @ q)
            grown = r @ grown
            exponent = np.log(np.linalg.norm(grown, 2)) / (count + 1)
            assert found.exponent[k, t] == pytest.approx(exponent, rel=1e-8, abs=1e-12)
        for g, gate in enumerate(one.cell.gates):
            W = one.weights.weight_hh.chunk(len(one.cell.gates))[g].numpy()
            np.testing.assert_allclose(np.sort(found.eigenvalues[gate][k]), np.sort(np.linalg.eigvals(W)), rtol=1e-9)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_over_many_steps_it_is_the_first_exponent_of_benettins_method() -> None:
    reading = reading_of("elman", T=3000)
    found = dynamics(reading).exponent[0]
    steps = jacobian_of(layers(reading)[0])
    q, logs = np.eye(5), np.zeros(5)
    for t in range(3000):
        q, r = np.linalg.qr(steps.matrix(t) @ q)
        logs += np.log(np.abs(np.diag(r)))
    assert found[-1] == pytest.approx(logs.max() / 3000, abs=2e-3)  # they part by O(1 / T)
    assert np.abs(found[-1] - logs.max() / 3000) < np.abs(found[30] - logs.max() / 3000)


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_a_linear_network_whose_answer_is_known(factor: float) -> None:
    torch.manual_seed(0)
    layer = elman.Recurrent(linear, 2, 6, dtype=torch.float64)
    turned = torch.linalg.qr(torch.randn(6, 6, dtype=torch.float64))[0]
    with torch.no_grad():
        layer.weight_hh_l0.copy_(factor * turned)
    found = dynamics(elman.inspect(layer, torch.randn(9, 2)))
    np.testing.assert_allclose(found.radius, np.full((1, 9), factor), rtol=1e-12)
    np.testing.assert_allclose(found.exponent, np.full((1, 9), np.log(factor)), rtol=1e-10)
    assert f"{'grows' if factor > 1 else 'shrinks'} by a factor of {factor}" in found.sentence()


def test_a_difference_of_which_nothing_is_left() -> None:
    layer = elman.Recurrent("elman_relu", 2, 300, dtype=torch.float64)
    with torch.no_grad():
        layer.bias_ih_l0.fill_(-100)
    found = dynamics(elman.inspect(layer, torch.zeros(3, 2)))
    assert found.radius.tolist() == [[0.0] * 3]
    assert found.exponent.tolist() == [[-np.inf] * 3]
    assert "shrinks by a factor of 0 per step" in found.sentence()
    assert "<svg" in found._repr_html_()


@pytest.mark.parametrize("symmetric", [False, True])
def test_large_matrices(symmetric: bool) -> None:
    numbers = np.random.default_rng(0).normal(size=(DENSE + 10, DENSE + 10))
    matrix = numbers + numbers.T if symmetric else numbers
    assert spectral_radius(matrix) == pytest.approx(np.abs(np.linalg.eigvals(matrix)).max(), rel=1e-9)


def test_table_and_pictures() -> None:
    found = dynamics(reading_of("lstm stack"))
    frame = found.to_frame()
    assert len(frame) == 2 * 7
    second = frame[frame["layer"] == 1]
    np.testing.assert_array_equal(second["exponent"], found.exponent[1])
    assert len(found.plot().axes) == 2
    assert sum(axes.axison for axes in found.plot_eigenvalues().axes) == 8  # of two layers the four gates


def test_what_is_not_finite_is_refused() -> None:
    reading = reading_of("elman")
    with pytest.raises(elman.InputError, match="numbers that are not finite"):
        dynamics(replace(reading, x=reading.x * np.nan))
