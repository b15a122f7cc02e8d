"""Saturated, dead and redundant units: in a layer built to have them, and against NumPy and autograd."""

import numpy as np
import pytest
import torch
from cases import build, randn

import elman
from elman.inspection import Pair, states, units


def built() -> elman.Network:
    """Unit 0 follows x, 1 says the same, 2 the opposite, 3 stands still, 4 is saturated, 5 follows another feature."""
    net = elman.Network(2, 6, 1)
    with torch.no_grad():
        net.W_hh.zero_()
        net.W_xh.copy_(torch.tensor([[0.4, 0], [0.5, 0], [-0.4, 0], [0, 0], [50, 0], [0, 0.4]]))
        net.b_h.copy_(torch.tensor([0, 0, 0, 0.7, 0, 0]))
    return net


def test_units_that_were_built_so() -> None:
    x = randn(200, 2).clamp(-1, 1)
    x[:, 0] += x[:, 0].sign() * 0.1
    found = units(elman.inspect(built(), x))
    assert found.dead.tolist() == [[False, False, False, True, False, False]]
    assert [(one.first, one.second) for one in found.redundant] == [(0, 2), (0, 1), (1, 2)]
    assert [round(one.correlation) for one in found.redundant] == [-1, 1, -1]
    assert isinstance(found.redundant[0], Pair)
    assert found.saturated["z"].tolist() == [[0, 0, 0, 0, 1, 0]]
    assert np.isnan(found.correlations[0, 3]).all()
    np.testing.assert_allclose(found.ranges[0, 0], np.tanh(0.44) * 2, rtol=1e-6)
    assert found.sentence() == (
        "Over 200 steps of 6 units: saturated at the gate z 17% of the time; 1 unit hardly moves; "
        "3 pairs say the same (0 and 2, 0 and 1, 1 and 2)."
    )


def test_the_limits_are_limits() -> None:
    reading = elman.inspect(built(), randn(200, 2).clamp(-1, 1))
    assert units(reading, slope=0.9).saturated["z"][0, 0] > 0
    assert units(reading, still=0.9).dead.sum() == 5
    assert len(units(reading, alike=0.99999).redundant) == 1
    assert len(units(reading, alike=0.5).redundant) == 6


@pytest.mark.parametrize("name", ["lstm", "gru", "leaky_elman", "peephole_lstm"])
def test_saturation_is_the_slope_that_autograd_finds(name: str) -> None:
    """A gate is saturated where its function changes by less than 5 % of the most that it can."""
    layer = build(name, 3, 5, num_layers=2, bidirectional=True)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter *= 4
    reading = elman.inspect(layer, randn(30, 3))
    found, shown = units(reading), states(reading).arrays
    assert found.saturated.keys() == {one.removeprefix("gate ") for one in shown if one.startswith("gate ")}
    tanhs = {"g", "n"} | ({"z"} if name == "leaky_elman" else set())
    for gate, share in found.saturated.items():
        y = torch.from_numpy(shown[f"gate {gate}"]).double()
        z = (torch.atanh(y) if gate in tanhs else torch.logit(y)).requires_grad_()
        again = torch.tanh(z) if gate in tanhs else torch.sigmoid(z)
        (slope,) = torch.autograd.grad(again.sum(), z)
        steepest = 1.0 if gate in tanhs else 0.25
        np.testing.assert_allclose(share, (slope < 0.05 * steepest).double().mean(1))
        assert 0 < share.mean() < 1


def test_correlations_and_ranges_are_numpys_over_all_readings() -> None:
    layer, done = build("gru", 3, 5, num_layers=2, bidirectional=True), []
    readings = [elman.inspect(layer, randn(T, 3, seed=T)) for T in (7, 12, 1)]
    found = units(readings, progress=done.append)
    h = np.concatenate([states(one).arrays["h"] for one in readings], 1).astype(np.float64)
    assert found.n_steps == 20
    for k in range(4):
        np.testing.assert_allclose(found.correlations[k], np.corrcoef(h[k].T), atol=1e-12)
    np.testing.assert_allclose(found.ranges, h.max(1) - h.min(1))
    assert done == pytest.approx([1 / 3, 2 / 3, 1])


def test_a_relu_has_no_end_but_may_die() -> None:
    net = elman.Network(1, 3, 1, cell="elman_relu")
    with torch.no_grad():
        net.W_hh.zero_()
        net.W_xh.copy_(torch.tensor([[1.0], [1.0], [2.0]]))
        net.b_h.copy_(torch.tensor([0.0, -9.0, 0.0]))
    found = units(elman.inspect(net, randn(50, 1).abs()))
    assert found.saturated == {}
    assert found.dead.tolist() == [[False, True, False]]
    assert found.plot().axes[0].get_title("left") == "how far it goes"
    assert found._repr_html_()


def test_its_table_and_its_picture() -> None:
    found = units(elman.inspect(build("lstm", 3, 5, num_layers=2, bidirectional=True), randn(40, 3)))
    table = found.to_frame()
    assert len(table) == 4 * 5
    line = table.query("layer == 1 and reverse and unit == 2").iloc[0]
    assert line["saturated f"] == found.saturated["f"][3, 2]
    other = np.abs(found.correlations[3, 2])
    other[2] = 0
    assert line["like"] == other.argmax()
    assert line["correlation"] == found.correlations[3, 2, int(line["like"])]
    shares, ranges, alike, *_ = found.plot(0, reverse=True).axes
    np.testing.assert_array_equal(shares.images[0].get_array(), [found.saturated[one][1] for one in "ifgo"])
    np.testing.assert_array_equal(ranges.images[0].get_array(), found.ranges[[1]])
    np.testing.assert_array_equal(alike.images[0].get_array(), found.correlations[1])


def test_bad_input_is_refused() -> None:
    one, two = (elman.inspect(elman.GRU(3, 5), torch.zeros(3, 3)) for _ in "ab")
    with pytest.raises(elman.InputError, match="there is no reading"):
        units([])
    with pytest.raises(elman.InputError, match="the readings are of different networks"):
        units([one, two])
    for name in ("slope", "still", "alike"):
        with pytest.raises(elman.InputError, match=f"{name} is 1, expected a number between 0 and 1"):
            units(one, **{name: 1})
    with pytest.raises(elman.InputError, match="there is one step in all"):
        units(elman.inspect(one.layer, torch.zeros(1, 3)))
