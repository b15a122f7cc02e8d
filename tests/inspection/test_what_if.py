"""Differences of states: against two runs of the layer, and a linear cell whose decay is known."""

import numpy as np
import pytest
import torch
from cases import build, randn

import elman
from elman.inspection import Reading, what_if


@elman.cell(gates="z", state="h", params={"keep": 0.5})
def linear(z, h_prev, keep):  # type: ignore[no-untyped-def]
    return keep * h_prev + z


def decaying(H: int = 3) -> elman.Recurrent:
    """h_t = h_{t-1} / 2 + x_t: a difference halves at each step."""
    layer = elman.Recurrent(linear, H, H, bias=False, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.eye(H))
        layer.weight_hh_l0.zero_()
    return layer


def edited(x: torch.Tensor, step: int, value: float = 1.0) -> torch.Tensor:
    x = x.clone()
    x[step, 0] += value
    return x


def test_a_known_decay_meets_where_it_must() -> None:
    layer, x = decaying(), randn(12, 3, dtype=torch.float64)
    one, two = elman.inspect(layer, x), elman.inspect(layer, edited(x, 4))
    found = what_if(one, two)
    expected = [0.0] * 4 + [0.5**k for k in range(8)]
    np.testing.assert_allclose(found.norms[0], expected, atol=1e-12)
    np.testing.assert_allclose(found.states["h"][0, :, 0], expected, atol=1e-12)
    assert found.edited == (4, 5)
    assert found.meet == (9,)  # 1/32 is below 5 %, 1/16 is not
    assert found.steps[3:6] == ("4", "5", "6")
    assert "Edited at step 4 ('5'): the states of layer 0 differ by up to 1 and meet again" in found.sentence()
    assert "(below 5% of that) 5 steps after it" in found.sentence()
    assert what_if(one, two, fraction=0.3).meet == (6,)
    assert what_if(one, two, fraction=0.001).meet == (None,)
    assert "do not meet again" in what_if(one, two, fraction=0.001).sentence()


@pytest.mark.parametrize("name", ["elman", "lstm", "gru"])
def test_states_are_those_of_two_runs(name: str) -> None:
    layer = build(name, 3, 5, num_layers=2, bidirectional=True)
    x = randn(9, 3, seed=2)
    y = edited(x, 5)
    found = what_if(elman.inspect(layer, x), elman.inspect(layer, y))
    layer.return_states = True
    with torch.no_grad():
        *_, one = layer(x)
        *_, two = layer(y)
    for state in layer.cell.state:
        np.testing.assert_array_equal(found.states[state], (two[state] - one[state]).numpy())
    every = np.concatenate([(two[state] - one[state]).double().numpy() for state in layer.cell.state], -1)
    np.testing.assert_allclose(found.norms, np.linalg.norm(every, axis=-1), rtol=1e-6)
    assert (found.norms[0, :5] == 0).all()  # before the edit nothing differs
    assert (found.norms[1, 6:] == 0).all()  # nor, from the end, behind it
    assert found.meet[1] is None or found.meet[1] < 5


def test_a_step_put_in_and_one_left_out() -> None:
    layer, x = decaying(), randn(10, 3, dtype=torch.float64)
    more = torch.cat([x[:4], randn(2, 3, seed=8, dtype=torch.float64), x[4:]])
    found = what_if(elman.inspect(layer, x), elman.inspect(layer, more))
    assert found.first.tolist() == list(range(10))
    assert found.second.tolist() == [0, 1, 2, 3, 6, 7, 8, 9, 10, 11]
    assert (found.edited, found.left_out, found.put_in) == ((4, 4), (), ("5", "6"))
    assert "put in '5 6'" in found.sentence()
    np.testing.assert_allclose(found.norms[0, 5:] / found.norms[0, 4:-1], 0.5)
    back = what_if(elman.inspect(layer, more), elman.inspect(layer, x))
    assert (back.left_out, back.put_in) == (("5", "6"), ())
    np.testing.assert_array_equal(back.states["h"], -found.states["h"])


def test_one_step_that_became_two_and_an_input_with_nothing_in_common() -> None:
    layer, x = decaying(), randn(6, 3, dtype=torch.float64)
    y = torch.cat([x[:2], randn(2, 3, seed=8, dtype=torch.float64), x[3:]])
    found = what_if(elman.inspect(layer, x), elman.inspect(layer, y))
    assert found.second.tolist() == [0, 1, 2, 4, 5, 6]
    assert (found.edited, found.put_in) == ((2, 3), ("4",))
    other = what_if(elman.inspect(layer, x), elman.inspect(layer, x[1:4] + 1))
    assert (other.first.tolist(), other.second.tolist(), other.edited) == ([0, 1, 2], [0, 1, 2], (0, 3))


def test_the_same_input_from_other_states() -> None:
    layer, x = decaying(), randn(6, 3, dtype=torch.float64)
    start = elman.State(h=torch.tensor([[[4.0, 0, 0]]], dtype=torch.float64))
    one, two = Reading.of_layer(layer, x), Reading.of_layer(layer, x, start)
    found = what_if(one, two)
    np.testing.assert_allclose(found.norms[0], 2 * 0.5 ** np.arange(6))
    assert (found.started_apart, found.edited, found.meet) == (True, (0, 0), (5,))
    assert found.sentence() == (
        "Started from other states: the states of layer 0 differ by up to 2 and meet again (below 5% of that) "
        "6 steps after it."
    )
    longer = what_if(one, Reading.of_layer(layer, torch.cat([x, x]), start))
    assert "Started from other states (put in '7 ... 12'): " in longer.sentence()


def test_the_same_input_twice() -> None:
    layer, x = decaying(), randn(6, 3, dtype=torch.float64)
    found = what_if(elman.inspect(layer, x), elman.inspect(layer, x))
    assert not found.norms.any()
    assert found.sentence() == "The states of layer 0 are the same in both readings."
    assert found._repr_html_()


def test_outputs_stand_beside_each_other() -> None:
    torch.manual_seed(0)
    net, x = elman.Network(3, 5, 2), torch.randn(7, 3)
    y = torch.cat([x[:2], x[3:]])
    found = what_if(elman.inspect(net, x), elman.inspect(net, y))
    with torch.no_grad():
        one, two = net(x[None])[0][0], net(y[None])[0][0]
    assert found.outputs is not None
    np.testing.assert_array_equal(found.outputs[0], one[[0, 1, 3, 4, 5, 6]])
    np.testing.assert_array_equal(found.outputs[1], two)
    u, o = np.unravel_index(np.abs(found.outputs[1] - found.outputs[0]).argmax(), (6, 2))
    before, after = found.outputs[:, u, o]
    assert f"'y {o + 1}' at step {u} changes most, from {before:.4g} to {after:.4g}" in found.sentence()


def test_a_models_probabilities() -> None:
    texts = ["red cat", "blue dog"] * 6
    model = elman.Classifier(hidden_size=8, epochs=2, validation_fraction=0, verbose=0).fit(texts, ["a", "b"] * 6)
    found = what_if(elman.inspect(model, "red cat"), elman.inspect(model, "red rat"))
    assert found.steps == tuple("red ") + ("c→r", "a", "t")
    assert found.outputs is not None
    np.testing.assert_array_equal(found.outputs[:, 0], model.predict_proba(["red cat", "red rat"]))
    translator = elman.Translator(hidden_size=8, epochs=2, validation_fraction=0, verbose=0).fit(texts, texts)
    one, two = (elman.inspect(translator, text, "encoder", written=text) for text in texts[:2])
    assert what_if(one, two).outputs is None  # they write different things


def test_its_table_and_its_picture() -> None:
    layer, x = build("lstm", 3, 5, num_layers=2), randn(8, 3)
    found = what_if(elman.inspect(layer, x), elman.inspect(layer, edited(x, 3)))
    table = found.to_frame()
    assert len(table) == 2 * 8
    line = table.query("layer == 1 and first == 4").iloc[0]
    assert line["norm"] == found.norms[1, 4]
    assert abs(line["difference"]) == np.abs(found.states["h"][1, 4]).max()
    assert line["difference"] == found.states["h"][1, 4, int(line["unit"])]
    sizes, units, *_ = found.plot(0).axes
    np.testing.assert_array_equal(units.images[0].get_array(), found.states["h"][0].T)
    assert [label.get_text() for label in sizes.get_yticklabels()] == ["layer 0", "layer 1"]
    assert sizes.lines[0].get_xdata()[0] == 2.5


def test_readings_of_different_networks_are_refused() -> None:
    x = torch.zeros(3, 3)
    with pytest.raises(elman.InputError, match="the readings are of different networks"):
        what_if(elman.inspect(decaying(), x), elman.inspect(decaying(), x))
    reading = elman.inspect(decaying(), x)
    for fraction in (0, 1.0, True, "0.1", float("nan")):
        with pytest.raises(elman.InputError, match="expected a number between 0 and 1"):
            what_if(reading, reading, fraction=fraction)  # type: ignore[arg-type]
    with pytest.raises(elman.InputError, match="no steps"):
        what_if(reading, Reading.of_layer(reading.layer, x[:0]))
