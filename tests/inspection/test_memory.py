"""Half-lives of networks whose answer is known, and against a network that is run twice."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from looked_into import CASES, linear, reading_of

import elman
from elman.inspection import layers, memory
from elman.inspection.memory import half_lives
from elman.nn import reference


def kept(factors: list[float], T: int) -> elman.inspection.Reading:
    """Of units that each keep a part of themselves: h_t = a h_{t-1} + x."""
    layer = elman.Recurrent(linear, 1, len(factors), dtype=torch.float64)
    with torch.no_grad():
        layer.weight_hh_l0.copy_(torch.diag(torch.tensor(factors, dtype=torch.float64)))
        layer.weight_ih_l0.fill_(1)
    return elman.inspect(layer, torch.randn(T, 1))


@pytest.mark.parametrize("T", [6, 40])
@pytest.mark.parametrize("size", [0.001, 3.0])
def test_a_linear_cell_forgets_as_its_equation_says(T: int, size: float) -> None:
    factors = [0.1, 0.5, 0.9, 0.97, -0.8, 1.0, 1.1, 0.0]
    found = memory(kept(factors, T), size=size)
    known = [math.log(2) / -math.log(abs(a)) if 0 < abs(a) < 1 else 0.0 if a == 0 else math.inf for a in factors]
    np.testing.assert_allclose(found.half_life[0], known, rtol=1e-9)
    K = T if T == 6 else 20
    assert found.reached[0].tolist() == [life <= K for life in known]
    np.testing.assert_allclose(
        found.left, [np.sqrt(np.mean(np.power(factors, 2 * k))) for k in range(K + 1)], rtol=1e-9
    )
    assert "unit 5 does not shrink" in found.sentence()


def test_a_whole_state_that_forgets_at_one_rate() -> None:
    found = memory(kept([0.9] * 3, 20))
    assert found.whole == pytest.approx(math.log(2) / -math.log(0.9))
    assert found.sentence().startswith("Half of a change of the state is forgotten after 6.58 steps; unit ")


def test_a_stack_hands_a_change_on() -> None:
    layer = elman.Recurrent(linear, 1, 1, num_layers=2, dtype=torch.float64)
    numbers = {"weight_ih_l0": 1.0, "weight_hh_l0": 0.5, "weight_ih_l1": 1.0, "weight_hh_l1": 0.75}
    with torch.no_grad():
        for name, value in numbers.items():
            getattr(layer, name).fill_(value)
    found = memory(elman.inspect(layer, torch.randn(8, 1)))
    np.testing.assert_allclose(found.half_life[:, 0], [1.0, math.log(2) / -math.log(0.75)], rtol=1e-9)
    above = [0.0]
    for k in range(1, 9):  # what the first layer handed on
        above.append(0.75 * above[-1] + 0.5**k)
    whole = [math.sqrt((0.25**k + up**2 + 0.75 ** (2 * k)) / 2) for k, up in enumerate(above)]
    np.testing.assert_allclose(found.left, whole, rtol=1e-9)
    np.testing.assert_allclose(found.left_in, [[0.5**k for k in range(9)], [0.75**k for k in range(9)]], rtol=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_against_running_a_layer_twice(case: str) -> None:
    reading = reading_of(case)
    found = memory(reading, at=[2], size=0.5)
    K = 5
    for k, one in enumerate(layers(reading)):
        for name in one.cell.state:
            change = 0.5 * float(one.after[name].square().mean().sqrt())
            x = one.x.flip(0) if one.reverse else one.x
            before = {key: value.flip(0) if one.reverse else value for key, value in one.before.items()}
            lives = []
            for unit in range(5):
                ends = []
                for by in (0.0, change):
                    state = [before[key][2:3].clone() for key in one.cell.state]
                    state[one.cell.state.index(name)][0, unit] += by
                    every, _ = reference.unroll(one.cell, x[2:, None], state, one.weights, None, [], False)
                    ends.append(torch.cat(every, -1)[:, 0])
                left = [1.0, *((ends[1] - ends[0]).norm(dim=-1) / change).tolist()]
                below = [m for m in range(K + 1) if left[m] <= 0.5]
                if below:
                    m = below[0]
                    lives.append(m - 1 + math.log(left[m - 1] / 0.5) / math.log(left[m - 1] / left[m]))
                else:
                    lives.append(K * math.log(2) / -math.log(left[K]) if left[K] < 1 else math.inf)
            np.testing.assert_allclose(found.by_state[name][k], lives, rtol=1e-7)
    np.testing.assert_array_equal(found.half_life, np.max(list(found.by_state.values()), 0))


def test_several_steps_are_averaged_and_progress_is_told() -> None:
    reading, told = reading_of("lstm", T=30), []
    found = memory(reading, progress=told.append)
    singly = [memory(reading, at=[t], lags=15).left for t in (0, 5, 10, 15)]
    np.testing.assert_allclose(found.left, np.sqrt(np.mean(np.square(singly), 0)), rtol=1e-9)
    assert len(found.left) == 16
    assert (len(told), told[-1]) == (8, 1.0)
    assert len(memory(reading, lags=4).left) == 5


def test_a_size_counts_where_the_network_is_not_linear() -> None:
    reading = reading_of("elman")
    assert not np.allclose(memory(reading, size=5.0).left, memory(reading, size=0.01).left, rtol=1e-3)


def test_half_lives_between_steps() -> None:
    lives, reached = half_lives(np.array([[1, 0.8, 0.2], [1, 2, 0.9], [1, 1, 1.0], [1, 0.0, 0.0], [1, 0.5, 0.7]]))
    expected = [1 + math.log(0.8 / 0.5) / math.log(4), 2 * math.log(2) / -math.log(0.9), math.inf, 0.0, 1.0]
    np.testing.assert_allclose(lives, expected)
    assert reached.tolist() == [True, False, False, True, True]


def test_table_picture_and_what_does_not_fit() -> None:
    found = memory(reading_of("lstm stack"))
    frame = found.to_frame()
    assert list(frame.columns) == ["layer", "reverse", "unit", "half_life", "reached", "half_life h", "half_life c"]
    assert frame["half_life"].tolist() == found.half_life.ravel().tolist()
    assert "<svg" in found._repr_html_()
    reading = reading_of("elman")
    for wrong, message in (
        ({"at": [7]}, r"at is \[7\], expected a list of whole numbers from 0 to 6"),
        ({"at": []}, r"at is \[\]"),
        ({"lags": 0}, "lags is 0"),
        ({"size": -1}, "size is -1, expected a number above 0"),
    ):
        with pytest.raises(elman.InputError, match=message):
            memory(reading, **wrong)
    with pytest.raises(elman.InputError, match="the input is empty"):
        memory(elman.inspect(elman.GRU(2, 3), torch.zeros(0, 2)))
    with pytest.raises(elman.InputError, match="not finite"):
        memory(replace(reading, x=reading.x * np.nan))
