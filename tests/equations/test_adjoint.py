"""The adjoint against torch's autograd and finite differences, for the shipped cells and for random programs."""

import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from elman import (
    CELLS,
    Cell,
    Parameter,
    absolute,
    cell,
    cos,
    exp,
    log,
    maximum,
    minimum,
    relu,
    sigmoid,
    sin,
    sqrt,
    tanh,
    where,
)
from elman.equations.operations import ON_FLOATS
from elman.equations.trace import trace
from elman.nn.reference import ON_TENSORS

ON_DOUBLES = {**ON_TENSORS, "where": torch.where}
NUMBER = st.floats(-2, 2).map(lambda x: round(x, 3))


def by_adjoint(cell, values, d_state):
    """The gradients with respect to each input, on Python floats."""
    new = cell.program.run(values, ON_FLOATS)
    more = dict(zip(cell.state, new, strict=True))
    more |= {f"d_{name}": d for name, d in zip(cell.state, d_state, strict=True)}
    return cell.adjoint.run({**values, **more}, ON_FLOATS)


def by_autograd(cell, values, d_state):
    tensors = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in values.items()}
    new = [torch.as_tensor(y, dtype=torch.float64) for y in cell.program.run(tensors, ON_DOUBLES)]
    pairs = [(y, torch.tensor(d, dtype=torch.float64)) for y, d in zip(new, d_state, strict=True) if y.requires_grad]
    inputs = [tensors[name] for name in cell.program.inputs]
    if not pairs:
        return [0.0 for _ in inputs]
    found = torch.autograd.grad([y for y, _ in pairs], inputs, [d for _, d in pairs], allow_unused=True)
    return [0.0 if g is None else g.item() for g in found]


def by_differences(cell, values, d_state, step):
    def total(name, change):
        new = cell.program.run({**values, name: values[name] + change}, ON_FLOATS)
        return sum(d * y for d, y in zip(d_state, new, strict=True))

    return [(total(name, step) - total(name, -step)) / (2 * step) for name in cell.program.inputs]


@pytest.mark.parametrize("name", CELLS)
@given(data=st.data())
def test_shipped_cells(name, data):
    cell = CELLS[name]
    values = {one: data.draw(NUMBER) for one in cell.program.inputs}
    if name == "elman_relu":
        assume(abs(values["z"]) > 1e-3)
    d_state = [data.draw(NUMBER) for _ in cell.state]
    ours = by_adjoint(cell, values, d_state)
    assert ours == pytest.approx(by_autograd(cell, values, d_state), rel=1e-12, abs=1e-14)
    assert ours == pytest.approx(by_differences(cell, values, d_state, 1e-5), rel=1e-6, abs=1e-8)


SMOOTH = {
    "add": (2, lambda a, b: a + b),
    "sub": (2, lambda a, b: a - b),
    "mul": (2, lambda a, b: a * b),
    "div": (2, lambda a, b: a / (b * b + 0.5)),
    "constants": (1, lambda a: 1.5 - 3 / (2 + a * a) * 2.5 + a / 3 - a * -1),
    "neg": (1, lambda a: -a),
    "square": (1, lambda a: a**2),
    "cube": (1, lambda a: a**3),
    "inverse": (1, lambda a: (a * a + 1) ** -1),
    "fraction": (1, lambda a: (a * a + 0.5) ** 1.7),
    "inverse_root": (1, lambda a: (a * a + 1) ** -0.5),
    "tanh": (1, tanh),
    "sigmoid": (1, sigmoid),
    "exp": (1, lambda a: exp(0.3 * a)),
    "log": (1, lambda a: log(a * a + 0.1)),
    "sqrt": (1, lambda a: sqrt(a * a + 0.2)),
    "sin": (1, sin),
    "cos": (1, cos),
}
KINKED = {
    "relu": (1, relu),
    "abs": (1, absolute),
    "maximum": (2, maximum),
    "minimum": (2, minimum),
    "clamp": (1, lambda a: maximum(-0.5, minimum(a, 0.75))),
    "where": (3, lambda a, b, c: where(a < b, c, a)),
    "where_equal": (2, lambda a, b: where(a <= b, 0.1, b)),
}
INPUTS = ("a", "b", "h_prev", "c_prev", "p")


def random_cell(data, operations):
    """A cell of up to 15 operations on its inputs and on one another."""

    def random(a, b, h_prev, c_prev, p):
        known = [a, b, h_prev, c_prev, p]
        for _ in range(data.draw(st.integers(1, 15))):
            arity, function = operations[data.draw(st.sampled_from(sorted(operations)))]
            known.append(function(*(data.draw(st.sampled_from(known)) for _ in range(arity))))
        return known[-1], data.draw(st.sampled_from(known))

    # not by the decorator, which refuses what the draw left unused
    program = trace(random, INPUTS, 2, "random")
    return Cell("random", ("a", "b"), ("h", "c"), program, parameters={"p": Parameter()})


def largest(cell, values):
    """The largest value anywhere in the program."""
    found = [abs(value) for value in values.values()]
    seen = {
        name: (lambda *args, f=function: (found.append(abs(f(*args))), f(*args))[1])
        for name, function in ON_FLOATS.items()
    }
    cell.program.run(values, seen)
    return max(found)


@given(data=st.data())
def test_random_smooth_programs_by_autograd_and_by_differences(data):
    cell = random_cell(data, SMOOTH)
    values = {name: data.draw(NUMBER) for name in INPUTS}
    assume(largest(cell, values) < 100)
    d_state = [data.draw(NUMBER), data.draw(NUMBER)]
    ours = by_adjoint(cell, values, d_state)
    scale = max(map(abs, ours))
    assert ours == pytest.approx(by_autograd(cell, values, d_state), rel=1e-9, abs=1e-11 * (1 + scale))
    coarse, fine = (by_differences(cell, values, d_state, step) for step in (2e-5, 1e-5))
    for gradient, one, other in zip(ours, coarse, fine, strict=True):
        if abs(one - other) < 1e-6 * (1 + abs(other)):  # else the program bends too much for a difference to tell
            assert gradient == pytest.approx(other, rel=1e-4, abs=1e-5 * (1 + scale))


@given(data=st.data())
def test_random_programs_with_kinks_by_autograd(data):
    cell = random_cell(data, SMOOTH | KINKED)
    values = {name: data.draw(st.one_of(NUMBER, st.sampled_from([0.0, 1.0, -0.5]))) for name in INPUTS}
    assume(largest(cell, values) < 1000)
    d_state = [data.draw(NUMBER), data.draw(NUMBER)]
    ours = by_adjoint(cell, values, d_state)
    scale = max(map(abs, ours))
    assert ours == pytest.approx(by_autograd(cell, values, d_state), rel=1e-9, abs=1e-11 * (1 + scale))


EDGES = [0.0, -0.0, 1.0, -1.0, 2.0, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize(
    "function",
    [  # two arguments each, though some use one
        lambda a, b: relu(a),
        lambda a, b: absolute(a),
        maximum,
        minimum,
        lambda a, b: maximum(a, a),
        lambda a, b: maximum(a, 1.0),
        lambda a, b: minimum(-1.0, a),
        lambda a, b: where(a < b, a, b),
        lambda a, b: where(a <= b, a, 0.0),
        lambda a, b: where(a > b, exp(a), -b),
        lambda a, b: where(a >= 0, sqrt(a), b),
    ],
    ids=range(11),
)
@pytest.mark.parametrize("d", [2.5, -1.0, math.inf, math.nan])
def test_kinks_ties_nan_and_infinity_are_torchs(function, d):
    one = Cell("edge", ("a", "b"), ("h",), trace(lambda a, b, h_prev: function(a, b), ("a", "b", "h_prev"), 1, "edge"))
    for a in EDGES:
        for b in EDGES:
            values = {"a": a, "b": b, "h_prev": 0.0}
            ours, theirs = by_adjoint(one, values, [d]), by_autograd(one, values, [d])
            assert ours == pytest.approx(theirs, nan_ok=True), (a, b)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 4, 7, 0.5, 1.5, 2.5, 0.3, -0.5, -1, -1.5, -2, -3, 1e3, 1 / 3])
def test_powers_are_torchs_also_at_zero_and_below(exponent):
    one = cell(gates="a")(lambda a, h_prev: a**exponent)
    for a in (0.0, 1.0, -1.0, 0.3, -0.7, 1.001):
        values = {"a": a, "h_prev": 0.0}
        assert by_adjoint(one, values, [2.0]) == pytest.approx(by_autograd(one, values, [2.0]), rel=1e-12, nan_ok=True)


def test_division_by_a_constant_zero_is_torchs():
    one = cell(gates="a")(lambda a, h_prev: a / 0)
    values = {"a": 3.0, "h_prev": 0.0}
    assert list(by_adjoint(one, values, [1.0])) == by_autograd(one, values, [1.0]) == [math.inf, 0.0]


def test_elmans_adjoint_is_one_minus_h_squared_of_the_state_it_is_given():
    adjoint = CELLS["elman"].adjoint
    assert adjoint.inputs == ("z", "h_prev", "h", "d_h")
    assert adjoint.lines == (("mul", ("h", "h")), ("sub", (1.0, "%0")), ("mul", ("d_h", "%1")))
    assert adjoint.outputs == ("%2", 0.0)
    assert adjoint.reads() == {"h", "d_h"}


@given(data=st.data())
def test_lstms_adjoint_is_the_textbooks(data):
    i, f, g, o, h_prev, c_prev, d_h, d_c = (data.draw(NUMBER) for _ in range(8))
    values = dict(zip(CELLS["lstm"].program.inputs, (i, f, g, o, h_prev, c_prev), strict=True))
    si, sf, tg, so = 1 / (1 + math.exp(-i)), 1 / (1 + math.exp(-f)), math.tanh(g), 1 / (1 + math.exp(-o))
    tc = math.tanh(sf * c_prev + si * tg)
    given = [d_h, d_c]
    d_c += d_h * so * (1 - tc * tc)
    textbook = [
        d_c * tg * si * (1 - si),
        d_c * c_prev * sf * (1 - sf),
        d_c * si * (1 - tg * tg),
        d_h * tc * so * (1 - so),
        0.0,
        d_c * sf,
    ]
    assert by_adjoint(CELLS["lstm"], values, given) == pytest.approx(textbook, abs=1e-14)


def test_lstms_adjoint_has_no_more_lines_than_the_textbooks():
    operations = [line.operation for line in CELLS["lstm"].adjoint.lines]
    assert operations.count("sigmoid") == 3
    assert operations.count("tanh") == 2  # of g, and of the c that the forward step gave
    assert len(operations) == 27


def test_nested_steps_grow_by_lines_and_not_by_powers():
    def nested(depth):
        @cell(gates="z")
        def step(z, h_prev):
            h = h_prev
            for _ in range(depth):
                h = sigmoid(z) * h + tanh(z * h) * (1 - h)
            return h

        return step

    lines = [len(nested(depth).adjoint.lines) for depth in (3, 6, 12, 24)]
    assert lines[1] - lines[0] < 70
    assert lines[3] - lines[2] == 2 * (lines[2] - lines[1]) == 4 * (lines[1] - lines[0])


def test_the_adjoint_is_equal_for_a_cell_read_from_its_configuration():
    for one in CELLS.values():
        assert type(one).from_config(one.to_config()).adjoint == one.adjoint


def test_states_that_are_one_value_or_an_input_or_a_constant():
    one = cell(gates="z", state="h c m")(lambda z, h_prev, c_prev, m_prev: (tanh(z), tanh(z), c_prev))
    values = {"z": 0.3, "h_prev": 0.1, "c_prev": 0.2, "m_prev": 0.4}
    assert by_adjoint(one, values, [1.0, 10.0, 5.0]) == pytest.approx([11 * (1 - math.tanh(0.3) ** 2), 0, 5, 0])
    constant = cell(gates="z", state="h c")(lambda z, h_prev, c_prev: (z, 0.5))
    assert by_adjoint(constant, {"z": 1.0, "h_prev": 0.0, "c_prev": 0.0}, [2.0, 3.0]) == (2.0, 0.0, 0.0)
