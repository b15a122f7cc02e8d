"""Which function opens a gate."""

from collections.abc import Callable
from typing import Any

import pytest

from elman import CELLS, cell, maximum, sigmoid, tanh
from elman.inspection.gates import shown_gates


def test_of_the_cells_that_come_with_it() -> None:
    def functions(name: str) -> dict[str, str | None]:
        return {gate.name: gate.function for gate in shown_gates(CELLS[name])}

    assert functions("elman") == {"z": "tanh"}
    assert functions("elman_relu") == {"z": "relu"}
    assert functions("lstm") == functions("peephole_lstm") == dict.fromkeys("ifo", "sigmoid") | {"g": "tanh"}
    assert functions("gru") == {"r": "sigmoid", "z": "sigmoid", "n": "tanh"}
    assert functions("minimal_gated_unit") == {"f": "sigmoid", "n": "tanh"}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda a, b, h_prev: tanh(a) + sigmoid(b) * a, {"a": None, "b": "sigmoid"}),  # a is read twice
        (lambda a, b, h_prev: sigmoid(h_prev - a) + b, {"a": "sigmoid", "b": None}),
        (lambda a, b, h_prev: tanh(2 * a) - tanh(a + b), {"a": None, "b": "tanh"}),
        (lambda a, b, h_prev: tanh(a + b) - tanh(-(a + b)), {"a": None, "b": None}),  # their sum is read twice
        (lambda a, b, h_prev: maximum(a, 0.5) * b, {"a": None, "b": None}),
        (lambda a, b, h_prev: tanh(sigmoid(a) + b), {"a": "sigmoid", "b": "tanh"}),
    ],
)
def test_of_others(function: Callable[..., Any], expected: dict[str, str | None]) -> None:
    assert {gate.name: gate.function for gate in shown_gates(cell(gates="a b")(function))} == expected


def test_a_state_that_is_the_gate_itself() -> None:
    one = cell(gates="a b", state="h c")(lambda a, b, h_prev, c_prev: (a, tanh(b)))
    assert [(gate.ref, gate.function) for gate in shown_gates(one)] == [("a", None), ("%0", "tanh")]
