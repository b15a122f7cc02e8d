import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman
from elman.equations.operations import ON_FLOATS
from elman.equations.plain import plain_equations

FUNCTIONS = {
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "sin": math.sin,
    "maximum": max,
    "where": lambda condition, a, b: a if condition else b,
}


def test_the_network_of_the_article() -> None:
    assert plain_equations(elman.CELLS["elman"]) == ["h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h)"]
    assert plain_equations(elman.CELLS["leaky_elman"]) == [
        "h_t = (1 - a) * h_{t-1} + a * tanh(W_xh x_t + W_hh h_{t-1} + b_h)"
    ]


@pytest.mark.parametrize("name", ["lstm", "gru", "peephole_lstm", "minimal_gated_unit"])
@given(numbers=st.lists(st.floats(-3, 3), min_size=12, max_size=12))
def test_what_is_written_is_what_the_cell_computes(name: str, numbers: list[float]) -> None:
    cell = elman.CELLS[name]
    inputs = [*cell.gate_inputs, *(f"{one}_prev" for one in cell.state), *cell.parameters]
    values = dict(zip(inputs, numbers, strict=False))
    known = dict(values)
    for line in plain_equations(cell):
        target, _, text = line.partition(" = ")
        if target not in cell.gate_inputs:  # whose sums of products are no numbers here
            known[target] = eval(re.sub(r"(\w+)_\{t-1\}", r"\1_prev", text), {"__builtins__": {}}, FUNCTIONS | known)
    expected = cell(**values)
    expected = expected if isinstance(expected, tuple) else (expected,)
    assert [known[f"{one}_t"] for one in cell.state] == pytest.approx(list(expected), rel=1e-12, abs=1e-12)


def test_brackets_stand_where_they_must() -> None:
    @elman.cell(gates="z", state="h")
    def odd(z, h_prev):  # type: ignore[no-untyped-def]
        return -(z - (h_prev - z)) / (2 / (h_prev + 3)) ** 2 * elman.where(z < h_prev, z, -h_prev)

    assert plain_equations(odd) == [
        "z = W_xh x_t + W_hh h_{t-1} + b_h",
        "h_t = -(z - (h_{t-1} - z)) / (2 / (h_{t-1} + 3)) ** 2 * where(z < h_{t-1}, z, -h_{t-1})",
    ]


def test_the_number_of_lines_bounds_the_size() -> None:
    @elman.cell(gates="z", state="h")
    def growing(z, h_prev):  # type: ignore[no-untyped-def]
        for _ in range(1500):
            z = z + elman.tanh(z)
        return z

    lines = plain_equations(growing)
    assert lines[:2] == ["z = W_xh x_t + W_hh h_{t-1} + b_h", "u_1 = z + tanh(z) + tanh(z + tanh(z))"]
    assert max(map(len, lines)) < 60


OPERATIONS = {
    "-a": lambda a, b: -a,
    "a+b": lambda a, b: a + b,
    "a-b": lambda a, b: a - b,
    "a*b": lambda a, b: a * b,
    "a/b": lambda a, b: a / (b * b + 0.5),
    "a/-2": lambda a, b: a / -2,
    "-1e-5-a": lambda a, b: -1e-5 - a,
    "a**2": lambda a, b: a**2,
    "a**-1": lambda a, b: (a * a + 1) ** -1,
    "tanh": lambda a, b: elman.tanh(a),
    "maximum": elman.maximum,
    "where": lambda a, b: elman.where(a < b, -a, b),
}


@given(data=st.data())
def test_what_is_written_of_any_cell_is_what_it_computes(data: st.DataObject) -> None:
    @elman.cell(gates="p q", state="h c")
    def random(p, q, h_prev, c_prev):  # type: ignore[no-untyped-def]
        known = [p, q, h_prev, c_prev]
        for name in data.draw(st.lists(st.sampled_from(sorted(OPERATIONS)), min_size=1, max_size=60)):
            left, right = (known[-1 - data.draw(st.integers(0, min(4, len(known) - 1)))] for _ in "ab")
            known.append(OPERATIONS[name](elman.sin(left), right))
        return known[-1] + p * q, known[-2]

    values = {name: data.draw(st.floats(-2, 2)) for name in random.program.inputs}
    known = dict(values)
    for line in plain_equations(random)[2:]:
        target, _, text = line.partition(" = ")
        known[target] = eval(re.sub(r"(\w+)_\{t-1\}", r"\1_prev", text), {}, FUNCTIONS | known)
    expected = random.program.run(values, ON_FLOATS)
    assert [known["h_t"], known["c_t"]] == list(expected)  # to the bit: nothing is written in another order
