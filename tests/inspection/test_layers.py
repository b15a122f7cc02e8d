"""A reading's layers one by one: from what each starts a step and reads, the reference makes what it ends with."""

import pytest
import torch
from cases import EVERY, build, close, randn

import elman
from elman.inspection import layers, one_layer
from elman.nn import reference

CELLS = [name for name, cell in EVERY.items() if not cell.masks]


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_each_step_leads_to_the_next(name: str, bidirectional: bool) -> None:
    layer = build(name, 3, 5, num_layers=3, bidirectional=bidirectional, train_initial_state=True).double()
    reading = elman.inspect(layer, randn(6, 3, dtype=torch.float64))
    found = layers(reading)
    assert [one.name for one in found[:2]] == ["layer 0", "layer 0 reverse" if bidirectional else "layer 1"]
    for k, one in enumerate(found):
        z_x = one.x @ one.weights.weight_ih.T + one.weights.bias_ih
        new = reference.step(layer.cell, z_x, list(one.before.values()), one.weights, [])  # the T steps as a batch
        assert all(close(a, b) for a, b in zip(new, one.after.values(), strict=True))
        outputs = one.compute(layer.cell.program.outputs)
        assert all(close(a, b) for a, b in zip(outputs, one.after.values(), strict=True))
        first = one.before[layer.cell.state[0]][-1 if one.reverse else 0]
        assert torch.equal(first, reading.start[layer.cell.state[0]][0, k])
    h, _, _ = reading.unroll()
    above = [one.after[layer.cell.state[0]] for one in found[-layer.num_directions :]]
    assert torch.equal(torch.cat(above, -1), h[0])


def test_another_dtype_and_one_step() -> None:
    one = one_layer(elman.inspect(build("leaky_elman", 3, 5), randn(1, 3)))
    double = one.to(torch.float64)
    assert one.before["h"].shape == (1, 5)
    assert {value.dtype for value in double.inputs().values()} == {torch.float64}
    assert torch.equal(double.compute(["%0", 0.5])[1], torch.full((1, 5), 0.5, dtype=torch.float64))


def test_a_layer_is_found_by_its_number_and_direction() -> None:
    reading = elman.inspect(build("gru", 3, 5, num_layers=2, bidirectional=True), randn(4, 3))
    every = layers(reading)
    for number, reverse, place in ((0, False, 0), (0, True, 1), (-1, False, 2), (1, True, 3)):
        found = one_layer(reading, number, reverse=reverse)
        assert torch.equal(found.after["h"], every[place].after["h"])
        assert (found.number, found.reverse) == (place // 2, reverse)
