import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman
from elman.cli.equation import plain_equations

FUNCTIONS = {
    "tanh": math.tanh,
    "relu": lambda x: max(x, 0.0),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "exp": math.exp,
    "absolute": abs,
    "abs": abs,
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

    z = "(W_xh x_t + W_hh h_{t-1} + b_h)"
    inner = "W_xh x_t + W_hh h_{t-1} + b_h"
    assert plain_equations(odd) == [
        f"h_t = -({inner} - (h_{{t-1}} - {z})) / (2 / (h_{{t-1}} + 3)) ** 2"
        f" * where({inner} < h_{{t-1}}, {inner}, -h_{{t-1}})"
    ]
