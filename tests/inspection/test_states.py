"""States bit for bit the layer's, gates those of the reference loop in float64, and no more memory than allowed."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from cases import EVERY, build, randn

import elman
from elman.inspection import Finding, Reading, States, layers, one_layer, states
from elman.nn import reference

CELLS = {name: cell for name, cell in EVERY.items() if not cell.masks}
# What is shown of a gate, by hand: from pre-activations z, states before and parameters, in float64.
sigmoid, tanh = torch.sigmoid, torch.tanh
BY_HAND = {
    "elman": lambda v: {"z": v["z"]},  # tanh(z) is h itself
    "lstm": lambda v: {k: (tanh if k == "g" else sigmoid)(v[k]) for k in "ifgo"},
    "gru": lambda v: {
        "r": sigmoid(v["r"]), "z": sigmoid(v["z"]), "n": tanh(v["n_x"] + sigmoid(v["r"]) * v["n_h"]),
    },
    "leaky_elman": lambda v: {"z": tanh(v["z"])},
    "peephole_lstm": lambda v: {
        "i": sigmoid(v["i"] + v["p_i"] * v["c_prev"]), "f": sigmoid(v["f"] + v["p_f"] * v["c_prev"]),
        "g": tanh(v["g"]), "o": sigmoid(v["o"] + v["p_o"] * v["c"]),
    },
    "logarithmic": lambda v: {"z": v["z"].abs()},
}  # fmt: skip


def reading_of(name: str, T: int = 9, **options: object) -> Reading:
    return elman.inspect(build(name, 3, 5, **options), randn(T, 3, seed=4))


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_states_are_the_layers_own(name: str, bidirectional: bool) -> None:
    layer = build(name, 3, 5, num_layers=2, bidirectional=bidirectional, train_initial_state=True)
    x = randn(9, 3, seed=4)
    found = states(elman.inspect(layer, x))
    layer.return_states = True
    with torch.no_grad():
        *_, every = layer(x)
    for state in layer.cell.state:
        np.testing.assert_array_equal(found.arrays[state], every[state].numpy())


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("reverse", [False, True])
def test_gates_are_those_of_the_loop_in_double_precision(name: str, reverse: bool) -> None:
    """The loop runs each step by itself, so that all it is given are the weights, x and the start."""
    layer = build(name, 3, 5, num_layers=2, bidirectional=True).double()
    found = states(Reading.of_layer(layer, randn(9, 3, seed=4, dtype=torch.float64)))
    cell, H = layer.cell, 5
    for number in range(2):
        k = 2 * number + reverse
        weights = layers(elman.inspect(layer, randn(9, 3, seed=4)))[k].weights
        below = (
            randn(9, 3, seed=4, dtype=torch.float64)
            if number == 0
            else torch.from_numpy(np.concatenate([found.arrays["h"][0], found.arrays["h"][1]], -1))
        )
        state = [torch.zeros(1, H, dtype=torch.float64) for _ in cell.state]
        for t in range(9)[:: -1 if reverse else 1]:
            values = {f"{one}_prev": before for one, before in zip(cell.state, state, strict=True)}
            values |= dict(zip(cell.parameters, weights.parameters, strict=True))
            z_x = below[t : t + 1] @ weights.weight_ih.T + weights.bias_ih
            z_h = state[0] @ weights.weight_hh.T + weights.bias_hh
            for g, gate in enumerate(cell.gates):
                part = slice(g * H, (g + 1) * H)
                if gate in cell.split:
                    values |= {f"{gate}_x": z_x[:, part], f"{gate}_h": z_h[:, part]}
                else:
                    values[gate] = z_x[:, part] + z_h[:, part]
            state = reference.step(cell, z_x, state, weights, [])
            values |= zip(cell.state, state, strict=True)
            expected = BY_HAND[name](values)
            assert {f"gate {one}" for one in expected} == set(found.arrays) - set(cell.state)
            for gate, value in expected.items():
                np.testing.assert_allclose(found.arrays[f"gate {gate}"][k, t], value[0], rtol=1e-10, atol=1e-12)


def test_a_cell_of_ones_own_and_a_gate_without_a_function() -> None:
    @elman.cell(gates="a b", split="b", state="h m")
    def own(a, b_x, b_h, h_prev, m_prev):  # type: ignore[no-untyped-def]
        m = 0.5 * m_prev + a * elman.tanh(b_x * b_h)
        return elman.maximum(m, elman.sigmoid(a)), m

    torch.manual_seed(0)
    layer = elman.Recurrent(own, 2, 3)
    x = torch.randn(4, 2)
    reading = elman.inspect(layer, x)
    found = states(reading)
    assert list(found.arrays) == ["h", "m", "gate a", "gate b_x", "gate b_h"]
    W, bias = layer.weight_ih_l0, layer.bias_ih_l0
    np.testing.assert_allclose(found.arrays["gate b_x"][0], (x @ W[3:].T + bias[3:]).detach(), rtol=1e-5)
    assert list(states(reading, gates=False).arrays) == ["h", "m"]


@pytest.mark.parametrize("name", ["elman", "lstm", "gru", "peephole_lstm"])
@pytest.mark.parametrize("options", [{}, {"num_layers": 3, "bidirectional": True, "train_initial_state": True}])
def test_a_file_holds_the_same(name: str, options: dict[str, object], tmp_path: Path) -> None:
    reading = reading_of(name, T=13, **options)
    whole, done = states(reading), []
    cut = states(
        reading, file=tmp_path / "states.npy", most_bytes=500, progress=done.append
    )  # one or two steps at a time
    for state in reading.layer.cell.state:
        np.testing.assert_array_equal(cut.arrays[state], whole.arrays[state])
    for name, values in whole.arrays.items():
        np.testing.assert_allclose(cut.arrays[name], values, atol=1e-6)
    assert np.load(tmp_path / "states.npy").shape == (len(whole.arrays), *whole.arrays["h"].shape)
    assert isinstance(cut.arrays["h"].base, np.memmap)
    assert len(done) > 3 * len(whole.arrays["h"])
    assert sorted(done) == done
    assert done[-1] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["states.npy"]


def test_a_biased_and_an_unbiased_layer_are_cut_alike(tmp_path: Path) -> None:
    for options in ({"bias": False}, {"single_bias": True}):
        reading = reading_of("elman", **options)
        whole, cut = states(reading), states(reading, file=tmp_path / "s.npy", most_bytes=300)
        np.testing.assert_array_equal(cut.arrays["h"], whole.arrays["h"])


def test_what_would_take_too_much_memory_is_refused() -> None:
    reading = reading_of("lstm")
    assert len(states(reading, most_bytes=6 * 9 * 5 * 4).arrays) == 6
    with pytest.raises(elman.InputError, match=r"h, c, gate i, .* of 9 steps take 1,080 bytes.*give file='states.npy'"):
        states(reading, most_bytes=6 * 9 * 5 * 4 - 1)
    with pytest.raises(elman.InputError, match="most_bytes is 0, expected a number of bytes"):
        states(reading, most_bytes=0)


def test_a_file_that_cannot_be_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(elman.InputError, match=r"expected the name of a \.npy file"):
        states(reading_of("gru"), file=tmp_path / "states.csv")
    with pytest.raises(elman.InputError, match="there is no folder"):
        states(reading_of("gru"), file=tmp_path / "none" / "states.npy")

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        states(reading_of("gru"), file=tmp_path / "states.npy", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_what_has_no_states_is_refused() -> None:
    with pytest.raises(elman.InputError, match="the input has no steps"):
        states(elman.inspect(elman.GRU(3, 5), torch.zeros(0, 3)))
    with pytest.raises(elman.InputError, match="has the masks keep, which a reading has not"):
        states(elman.inspect(build("rich", 3, 5), torch.zeros(2, 3)))
    reading = reading_of("gru", num_layers=2)
    for number in (2, -3, True, "0"):
        with pytest.raises(elman.InputError, match="expected a whole number from 0 to 1, or -1"):
            one_layer(reading, number)  # type: ignore[arg-type]
    with pytest.raises(elman.InputError, match="the layers read in one direction"):
        states(reading).plot(reverse=True)


def test_its_table_its_sentence_and_its_picture() -> None:
    reading = reading_of("gru", T=4, num_layers=2, bidirectional=True)
    found = states(reading)
    assert isinstance(found, States)
    assert isinstance(found, Finding)
    table = found.to_frame()
    assert list(table) == ["layer", "reverse", "step", "read", "unit", "h", "gate r", "gate z", "gate n"]
    assert len(table) == 4 * 4 * 5
    line = table.query("layer == 1 and reverse and step == 2 and unit == 3").iloc[0]
    assert line["h"] == found.arrays["h"][3, 2, 3]
    assert line["read"] == "3"
    assert found.sentence().startswith("h and gates r, z, n of 5 units in 2 layers over 4 steps:")
    figure = found.plot(0, reverse=True)
    first, *_ = figure.axes
    assert first.get_title("left") == "h of layer 0 reverse"
    np.testing.assert_array_equal(first.images[0].get_array(), found.arrays["h"][1].T)
    assert [label.get_text() for label in figure.axes[3].get_xticklabels()] == ["1", "2", "3", "4"]
    page = found._repr_html_()
    assert page.startswith("<div")
    assert found.sentence() in page
    assert "elman-finding" not in page
    other = states(reading_of("gru", T=5))._repr_html_()
    ids = [set(re.findall(r'id="([^"]+)"', one)) for one in (page, other)]
    assert ids[0]
    assert not ids[0] & ids[1]
