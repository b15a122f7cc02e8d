"""How weights start: orthogonal and identity are what they say, gate by gate."""

import pytest
import torch
from cases import EVERY

import elman
from elman import Parameter
from elman.nn.initialise import from_unbounded, to_unbounded


@pytest.mark.parametrize("name", EVERY)
def test_orthogonal_is_orthogonal_in_each_gate(name):
    layer = elman.Recurrent(EVERY[name], 3, 6, 2, bidirectional=True, init="orthogonal", dtype=torch.float64)
    for weight_ih, weight_hh, *biases in layer.all_weights:
        for gate in weight_hh.split(6):
            torch.testing.assert_close(gate.T @ gate, torch.eye(6, dtype=torch.float64))
        for gate in weight_ih.split(6):
            assert 0 < gate.abs().max() <= (6 / (weight_ih.shape[1] + 6)) ** 0.5
        assert all(one.abs().max() == 0 for one in biases)


def test_identity_adds_up_its_inputs():
    layer = elman.RNN(3, 6, 2, nonlinearity="relu", init="identity")
    for weight_ih, weight_hh, *biases in layer.all_weights:
        assert torch.equal(weight_hh, torch.eye(6))
        assert 0 < weight_ih.abs().max() < 0.01
        assert all(one.abs().max() == 0 for one in biases)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_orthogonal_in_half_precision(dtype):
    weight = elman.GRU(3, 6, init="orthogonal", dtype=dtype).weight_hh_l0
    assert weight.dtype == dtype
    torch.testing.assert_close(weight[:6].float().T @ weight[:6].float(), torch.eye(6), atol=0.02, rtol=0)


@pytest.mark.parametrize("bias", [True, False])
def test_torchs_stays_within_one_over_the_root_of_the_hidden_size(bias):
    layer = elman.GRU(3, 25, bias=bias)
    for parameter in layer.parameters():
        assert 0.15 < parameter.abs().max() <= 0.2


@pytest.mark.parametrize(
    "parameter",
    [
        Parameter(0.3),
        Parameter(0.3, range=(0, 1)),
        Parameter(-2, range=(-5, None)),
        Parameter(-2, range=(None, 3)),
        Parameter(7, range=(-1, 8)),
    ],
)
def test_a_parameter_starts_at_its_initial_value_and_never_leaves_its_range(parameter):
    number = torch.tensor([to_unbounded(parameter), -30.0, 30.0], dtype=torch.float64)
    values = from_unbounded(parameter, number)
    low, high = parameter.bounds
    assert values[0].item() == pytest.approx(parameter.initial, abs=1e-12)
    assert low <= values.min() < values.max() <= high
