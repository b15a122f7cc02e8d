"""Checkpoints in time: what test_kernel.py does not have."""

import pytest
import torch
from cases import randn

import elman


@pytest.mark.parametrize("options", [{"checkpoint": True}, {"checkpoint": 150}, {"memory_budget": 40_000}])
@pytest.mark.parametrize("layer", [elman.RNN, elman.GRU, elman.LSTM])
def test_layers_with_inputs_of_different_sizes_have_checkpoints_alike(layer, options):
    """Blocks of gradients are longer for narrow layers: the first layer's segments are not the second's."""
    torch.manual_seed(0)
    plain = layer(1000, 8, num_layers=2)
    other = layer(1000, 8, num_layers=2, **options)
    other.load_state_dict(plain.state_dict())
    x, results = randn(200, 1, 1000), []
    for one in (plain, other):
        given = x.clone().requires_grad_()
        results.append(torch.autograd.grad(one(given)[0].sum(), [given, *one.parameters()]))
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
