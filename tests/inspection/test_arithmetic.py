"""The arithmetic of a unit adds up to the layer's own state, and each number of it is the layer's own."""

import math
import re

import numpy as np
import pytest
import torch
from cases import EVERY, build, randn

import elman
from elman.inspection import arithmetic, states
from elman.nn.reference import ON_TENSORS

CELLS = [name for name, cell in EVERY.items() if not cell.masks]
FUNCTIONS = {"tanh": math.tanh, "sigmoid": lambda z: 1 / (1 + math.exp(-z)), "log": math.log, "abs": abs}
FUNCTIONS["relu"] = lambda z: max(z, 0.0)


def reading_of(name: str, **options: object) -> elman.inspection.Reading:
    return elman.inspect(build(name, 3, 5, **options), randn(9, 3, seed=4))


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize(("layer", "reverse", "step"), [(0, False, 0), (0, True, 3), (1, False, 8), (1, True, 8)])
def test_it_adds_up_to_the_layers_state(name: str, layer: int, reverse: bool, step: int) -> None:
    reading = reading_of(name, num_layers=2, bidirectional=True, train_initial_state=True)
    every = states(reading).arrays
    for unit in (0, 4):
        found = arithmetic(reading, layer=layer, reverse=reverse, step=step, unit=unit)
        for state in reading.layer.cell.state:
            own = every[state][2 * layer + reverse, step, unit]
            assert found.kept[state] == own
            assert found.states[state] == pytest.approx(own, rel=2e-6, abs=2e-7)  # some roundings of float32


@pytest.mark.parametrize("name", CELLS)
def test_the_terms_of_a_gate_are_its_weights_times_what_it_reads(name: str) -> None:
    layer = build(name, 3, 5, num_layers=2)
    reading = elman.inspect(layer, randn(9, 3, seed=4))
    h = states(reading).arrays["h"].astype(np.float64)
    found = arithmetic(reading, layer=1, step=6, unit=2)
    cell = layer.cell
    for gate in found.sums:
        row = cell.gates.index(gate.gate.removesuffix("_x").removesuffix("_h")) * 5 + 2
        x_row, h_row = (w[row].double().detach().numpy() for w in (layer.weight_ih_l1, layer.weight_hh_l1))
        from_x, from_h = x_row @ h[0, 6], h_row @ h[1, 5]
        biases = [bias[row].item() for bias in (layer.bias_ih_l1, layer.bias_hh_l1)]
        if gate.gate.endswith("_x"):
            assert gate.from_h is None
            from_h, biases[1] = 0.0, 0.0
        elif gate.gate.endswith("_h"):
            assert gate.from_x is None
            from_x, biases[0] = 0.0, 0.0
        assert gate.total == pytest.approx(from_x + from_h + sum(biases), rel=1e-12)
        assert math.fsum([gate.bias, *(term.product for term in gate.terms)]) == pytest.approx(gate.total, rel=1e-12)
        sizes = [abs(term.product) for term in gate.terms]
        assert sizes == sorted(sizes, reverse=True)
        for term in gate.terms:
            unit, below = re.fullmatch(r"h (\d)( of layer 0)?", term.name).groups()  # type: ignore[union-attr]
            assert term.weight == (x_row if below else h_row)[int(unit)]
            assert term.value == (h[0, 6] if below else h[1, 5])[int(unit)]
            assert term.product == term.weight * term.value


def test_sources_are_named_where_both_directions_lie_below() -> None:
    reading = reading_of("gru", num_layers=2, bidirectional=True)
    found = arithmetic(reading, layer=1, reverse=True, step=3, unit=0)
    h = states(reading).arrays["h"]
    by_name = {term.name: term.value for term in found.sums[0].terms}
    assert len(by_name) == 5 + 10
    assert by_name["h 4 of layer 0"] == h[0, 3, 4]
    assert by_name["h 1 of layer 0 reverse"] == h[1, 3, 1]
    assert by_name["h 1"] == h[3, 4, 1]  # of the step on the right, from which it comes
    first = arithmetic(reading, layer=0, step=3, unit=0)
    assert {term.name for term in first.sums[0].terms} == {f"x {k}" for k in range(3)} | {f"h {k}" for k in range(5)}
    assert {term.name: term.value for term in first.sums[0].terms}["x 2"] == float(reading.x[3, 2])


@pytest.mark.parametrize("name", CELLS)
def test_the_numbers_of_each_line_give_its_value(name: str) -> None:
    found = arithmetic(reading_of(name), step=5, unit=3)
    for line in found.lines:
        assert eval(line.numbers, {}, FUNCTIONS) == pytest.approx(line.value, rel=2e-3, abs=1e-3)
        letters = set(re.findall(r"[^\W\d_]+", line.numbers)) - set(FUNCTIONS) - {"e"}
        assert letters == set(), line
    assert [line.formula for line in found.lines] == [
        text.split(" = ")[1] for text in elman.equations.plain.plain_equations(found.cell)
    ]
    assert {line.left: line.value for line in found.lines}["h_t"] == found.states["h"]
    assert found.mathml().count("<mtr") == sum(2 + (line.numbers != f"{line.value:.4g}") for line in found.lines)


def test_a_cell_of_ones_own_with_lines_in_between() -> None:
    @elman.cell(gates="z u", state="h c", params="p", constants={"tau": -2.0})
    def own(z, u, h_prev, c_prev, p, tau):  # type: ignore[no-untyped-def]
        a = elman.tanh(z) * u + h_prev
        return a * elman.exp(a) + p * tau**2, a / 2

    layer = elman.Recurrent(own, 2, 3, dtype=torch.float64)
    reading = elman.inspect(layer, randn(4, 2))
    found = arithmetic(reading, step=2, unit=1)
    lefts = [line.left for line in found.lines]
    assert lefts == ["z", "u", "v_1", "h_t", "c_t"]  # u is taken
    v, h, c = (line.value for line in found.lines[2:])
    z, u = (gate.total for gate in found.sums)
    before = states(reading).arrays["h"][0, 1, 1]
    assert v == pytest.approx(math.tanh(z) * u + before, rel=1e-12)
    assert (h, c) == pytest.approx((found.kept["h"], found.kept["c"]), rel=1e-12)
    assert "(-2) ** 2" in found.lines[3].numbers
    assert ON_TENSORS["exp"](torch.tensor(v)) * v == pytest.approx(h)


def test_without_biases_and_with_one() -> None:
    for options in ({"bias": False}, {"single_bias": True}):
        reading = reading_of("elman", **options)
        found = arithmetic(reading, step=1, unit=0)
        assert found.states["h"] == pytest.approx(found.kept["h"], rel=2e-6)
        assert (found.sums[0].bias == 0) == ("bias" in options)


def test_what_is_not_there_is_refused() -> None:
    reading = reading_of("gru")
    assert arithmetic(reading, step=-1, unit=-1).step == 8
    with pytest.raises(elman.InputError, match="step is 9, expected a whole number from 0 to 8"):
        arithmetic(reading, step=9, unit=0)
    with pytest.raises(elman.InputError, match=r"unit is 1\.0, expected a whole number from 0 to 4"):
        arithmetic(reading, step=0, unit=1.0)  # type: ignore[arg-type]
    with pytest.raises(elman.InputError, match="layer is 1, expected 0, the only one"):
        arithmetic(reading, step=0, unit=0, layer=1)
    with pytest.raises(elman.InputError, match="one direction"):
        arithmetic(reading, step=0, unit=0, reverse=True)


def test_its_table_its_sentence_and_its_picture() -> None:
    found = arithmetic(reading_of("gru"), step=5, unit=3)
    totals = found.to_frame().groupby("gate")["product"].sum()
    for gate in found.sums:
        assert totals[gate.gate] == pytest.approx(gate.total)
    largest = max((term for gate in found.sums for term in gate.terms), key=lambda term: abs(term.product))
    assert found.sentence().startswith("Unit 3 of layer 0 at step 5 ('6'): h = ")
    assert f"The largest of 24 terms is {largest.name} in" in found.sentence()
    figure = found.plot()
    assert [axes.get_title("left").split(" = ")[0] for axes in figure.axes] == ["r", "z", "n_x", "n_h"]
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    assert sum(widths) == pytest.approx(found.sums[0].total)
    assert found.sentence().replace("'", "&#x27;") in found._repr_html_()
