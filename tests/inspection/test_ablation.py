"""Outputs without some units: against a loop that sets them to 0 after every step."""

import numpy as np
import pytest
import torch
from cases import CELLS, build, randn

import elman
from elman.inspection import Reading, ablate, layers
from elman.nn import reference
from elman.nn.weights import Weights

W = randn(4, 10, seed=3)


def reading_of(layer: elman.Recurrent, scores: bool = True) -> Reading:
    """A layer with an output that reads h at every step and the last state of all layers."""
    x = randn(7, 3, seed=4)

    def output(h: torch.Tensor, last: elman.State) -> torch.Tensor:
        return h @ W[:, : h.shape[-1]].T + last["h"].sum((1, 2))[:, None, None]

    one = elman.inspect(layer, x)
    names, start = ("a", "b", "c", "d"), layer.initial_state(1)
    return Reading(layer, one.x, one.steps, start, output, names, one.steps, scores)


def by_hand(reading: Reading, units: list[int], number: int) -> torch.Tensor:
    """The same layers step by step, h of the units set to 0 after each."""
    layer, x, last = reading.layer, reading.x[:, None], []
    D = layer.num_directions
    every = layers(reading)
    for first in range(0, len(every), D):
        h = []
        for k in range(first, first + D):
            state = [reading.start[name][:, k].clone() for name in layer.cell.state]
            mask = torch.ones(layer.hidden_size)
            mask[units if k == number else []] = 0
            state[0] = state[0] * mask
            weights = Weights(*every[k].weights)
            found = [torch.zeros(0)] * len(x)
            for t in range(len(x))[:: -1 if k % D else 1]:
                z = torch.nn.functional.linear(x[t], weights.weight_ih, weights.bias_ih)
                state = reference.step(layer.cell, z, state, weights, [])
                state[0] = state[0] * mask
                found[t] = state[0]
            h.append(torch.stack(found))
            last.append(state[0])
        x = torch.cat(h, -1)
    assert reading.output is not None
    return reading.output(x.transpose(0, 1), elman.State(h=torch.stack(last, 1)))[0]


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("number", range(4))
def test_equal_to_setting_them_to_zero_by_hand(name: str, number: int) -> None:
    layer = build(name, 3, 5, num_layers=2, bidirectional=True, train_initial_state=True)
    reading = reading_of(layer)
    before = {key: value.clone() for key, value in layer.state_dict().items()}
    found = ablate(reading, [1, 4], layer=number // 2, reverse=number % 2 == 1)
    with torch.no_grad():
        expected = by_hand(reading, [1, 4], number).softmax(-1)
        intact = reading.outputs()[0].softmax(-1)
    np.testing.assert_allclose(found.ablated, expected, atol=2e-6)
    np.testing.assert_array_equal(found.intact, intact)
    assert np.abs(found.changes).max() > 1e-3
    assert all(torch.equal(value, before[key]) for key, value in layer.state_dict().items())  # nothing was touched


def test_values_are_given_as_they_are() -> None:
    torch.manual_seed(0)
    net, x = elman.Network(3, 5, 2), torch.randn(7, 3)
    found = ablate(elman.inspect(net, x), range(5))
    np.testing.assert_array_equal(found.ablated, net.b_o.detach().expand(7, 2))
    assert not found.probabilities
    u, o = np.unravel_index(np.abs(found.changes).argmax(), (7, 2))
    words = (
        f"'y {o + 1}' at step {u} ('{u + 1}') changes most, from {found.intact[u, o]:.4g} to {found.ablated[u, o]:.4g}."
    )
    assert found.sentence() == f"Without units 0, 1, 2, 3, 4 of layer 0 the output {words}"


def test_a_trained_model_of_two_networks() -> None:
    texts = ["red cat", "blue dog"] * 6
    model = elman.Translator(hidden_size=8, epochs=2, validation_fraction=0, verbose=0).fit(texts, texts)
    encoder = elman.inspect(model, "red cat", "encoder", written="red")
    decoder = elman.inspect(model, "red cat", "decoder", written="red")
    with torch.no_grad():
        whole = decoder.outputs()[0].softmax(-1)
    for reading in (encoder, decoder):
        found = ablate(reading, [0, 1])
        assert found.asked == ("r", "e", "d", "■")
        np.testing.assert_allclose(found.intact, whole, atol=1e-6)
        assert np.abs(found.changes).max() > 1e-4


def test_its_table_its_sentence_and_its_pictures() -> None:
    reading = reading_of(build("gru", 3, 5))
    found = ablate(reading, [2])
    table = found.to_frame()
    assert len(table) == 7 * 4
    line = table.query("step == 3 and output == 'c'").iloc[0]
    assert (line["intact"], line["ablated"]) == (found.intact[3, 2], found.ablated[3, 2])
    flips = int((found.intact.argmax(-1) != found.ablated.argmax(-1)).sum())
    assert found.sentence().startswith("Without unit 2 of layer 0 the output ")
    assert found.sentence().endswith(f"; at {flips} of 7 the likeliest output is another.")
    axes, *_ = found.plot().axes
    np.testing.assert_array_equal(axes.images[0].get_array(), found.changes.T)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c", "d"]
    once = Reading(**{**vars(reading), "output": lambda h, _: h[:, -1:] @ W[:, :5].T, "asked": ("all",)})
    single = ablate(once, [2])
    (bars,) = single.plot().axes
    assert [bar.get_width() for bar in bars.patches] == pytest.approx(single.ablated[0].tolist())
    assert bars.lines[0].get_xdata().tolist() == pytest.approx(single.intact[0].tolist())


def test_what_cannot_be_taken_out_is_refused() -> None:
    reading = reading_of(build("gru", 3, 5))
    for units in ([5], [-1], [], [0.0], [True], ["0"]):
        with pytest.raises(elman.InputError, match="expected a list of whole numbers from 0 to 4"):
            ablate(reading, units)  # type: ignore[arg-type]
    with pytest.raises(elman.InputError, match="layer is 1, expected 0, the only one"):
        ablate(reading, [0], layer=1)
    with pytest.raises(elman.InputError, match="a layer alone has no output to lose"):
        ablate(elman.inspect(reading.layer, reading.x), [0])
