"""A cell is its equation: written as JSON and read back, pickled, compared, and refused where it is hostile."""

import copy
import json
import math
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman import CELLS, Cell, EquationError, Parameter, cell, exp, tanh
from elman.equations.operations import ON_FLOATS


@cell(
    gates="z n",
    split="n",
    state="h c",
    params={"slope": Parameter(2, range=(0, None), per="layer"), "alpha": 0.5},
    constants={"tau": 3, "beta": 0.25},
    masks="keep",
)
def rich(z, n_x, n_h, h_prev, c_prev, slope, alpha, tau, beta, keep):
    c = c_prev * exp(-1 / tau) + slope * tanh(n_x + alpha * n_h)
    return keep * h_prev + (1 - keep) * tanh(z + beta * c), c


ALL = {**CELLS, "rich": rich}


def hostile(**changes):
    return {**CELLS["leaky_elman"].to_config(), **changes}


@pytest.mark.parametrize("one", ALL.values(), ids=ALL)
def test_configuration_survives_sorted_json(one):
    text = json.dumps(one.to_config(), sort_keys=True, allow_nan=False)
    again = Cell.from_config(json.loads(text))
    assert again == one
    assert hash(again) == hash(one)
    assert again.program == one.program
    assert again.gate_inputs == one.gate_inputs
    assert list(again.parameters.items()) == list(one.parameters.items())
    assert list(again.constants.items()) == list(one.constants.items())
    assert again.text == one.text == json.dumps(json.loads(one.text), sort_keys=True, separators=(",", ":"))


@pytest.mark.parametrize("one", ALL.values(), ids=ALL)
def test_pickle_and_copy(one):
    for again in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
        assert again == one
        with pytest.raises(EquationError, match="was read from a file: its Python function is not there"):
            again(z=1.0)


@pytest.mark.parametrize("one", ALL.values(), ids=ALL)
@given(data=st.data())
def test_the_users_own_function_on_floats_is_the_traced_program(one, data):
    values = {name: data.draw(st.floats(-30, 30), name) for name in one.program.inputs}
    values |= one.constants
    result = one(**values)
    result = result if isinstance(result, tuple) else (result,)
    assert one.program.run(values, ON_FLOATS) == result


def test_equal_means_the_same_equation_and_the_same_name():
    assert cell(gates="z")(elman_again()) == CELLS["elman"]
    assert cell(gates="z")(elman_again("other")) != CELLS["elman"]
    assert CELLS["elman"] != CELLS["elman_relu"]
    assert CELLS["elman"] != "elman"
    assert len({*CELLS.values(), *CELLS.values()}) == len(CELLS)
    first = cell(gates="z", params="a b")(lambda z, h_prev, a, b: z * a + b)
    second = cell(gates="z", params="b a")(lambda z, h_prev, a, b: z * a + b)
    assert first != second  # the tensors of a layer come in the order of the parameters


def elman_again(name="elman"):
    def step(z, h_prev):
        return tanh(z)

    step.__name__ = name
    return step


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"initial": 1.0, "range": (0, 1)}, r"initial is 1\.0, expected a number inside the range \(0\.0, 1\.0\)"),
        ({"initial": 0.0, "range": (0, None)}, "inside the range"),
        ({"initial": 3.0, "range": (None, 2)}, "inside the range"),
        ({"initial": math.nan}, "initial is nan"),
        ({"initial": math.inf}, "initial is inf"),
        ({"initial": 0.0, "range": (1, -1)}, "inside the range"),
        ({"initial": "a"}, "initial is 'a', expected a finite number"),
        ({"range": (0,)}, r"range is \(0,\), expected its two ends, each a finite number or None"),
        ({"range": 1}, "range is 1, expected its two ends"),
        ({"range": (0, math.inf)}, "each a finite number or None"),
        ({"range": (math.nan, 1)}, "each a finite number or None"),
        ({"per": "gate"}, "per is 'gate', expected 'unit' or 'layer'"),
    ],
)
def test_parameters_out_of_range_are_refused(arguments, words):
    with pytest.raises(EquationError, match=words):
        Parameter(**arguments)


def test_parameters_are_floats_whatever_number_they_were_written_as():
    assert Parameter(1, range=(0, 2)) == Parameter(1.0, range=(0.0, 2.0))
    assert type(Parameter(1, range=(0, None)).initial) is float
    assert Parameter(1, range=(0, None)).bounds == (0.0, math.inf)


@pytest.mark.parametrize(
    "config",
    [
        None,
        [],
        {},
        "elman",
        hostile(lines=[["__import__", "os"]]),
        hostile(lines=[["system", "z"]]),
        hostile(lines=["tanh"]),
        hostile(lines=[[]]),
        hostile(lines=[["tanh"]]),
        hostile(lines=[["tanh", "z", "z"]]),
        hostile(lines=[["tanh", ["z"]]]),
        hostile(lines=[["tanh", "%0"]]),
        hostile(lines=[["tanh", "%1"], ["tanh", "z"]]),
        hostile(lines=[["tanh", "__import__('os').system('true')"]]),
        hostile(lines=[["tanh", 0.5]]),
        hostile(lines=[["add", 0.5, 1.0]]),
        hostile(lines=[["add", "z", True]]),
        hostile(lines=[["add", "z", None]]),
        hostile(lines=[["add", "z", math.nan]]),
        hostile(lines=[["add", "z", math.inf]]),
        hostile(lines=[["add", "z", 10**400]]),
        hostile(lines=[["power", "z", "a"]]),
        hostile(lines=[["where", "z", "z", "z"]]),
        hostile(lines=[["where", 1.0, "z", "z"]]),
        hostile(lines=[["less", "z", "a"], ["tanh", "%0"]]),
        hostile(lines=[["less", "z", "a"]], outputs=["%0"]),
        hostile(outputs=[]),
        hostile(outputs=["%0", "%0"]),
        hostile(outputs=["%99"]),
        hostile(outputs=[math.nan]),
        hostile(outputs=[None]),
        hostile(gates=[]),
        hostile(gates=["z", "z"]),
        hostile(gates=["z; import os"]),
        hostile(gates=[1]),
        hostile(gates=None),
        hostile(state=[]),
        hostile(state=["d_h"]),
        hostile(split=["a"]),
        hostile(masks=["z"]),
        hostile(parameters={"a": {"initial": 0.5, "range": [0, 1], "per": "unit"}}),
        hostile(parameters=[{"name": "a", "initial": 0.5}]),
        hostile(parameters=[{"name": "a", "initial": "x", "range": [0, 1], "per": "unit"}]),
        hostile(parameters=[{"name": "a", "initial": 0.5, "range": [0], "per": "unit"}]),
        hostile(parameters=[{"name": "a", "initial": 0.5, "range": [0, math.nan], "per": "unit"}]),
        hostile(parameters=[{"name": "a", "initial": 10**400, "range": [0, None], "per": "unit"}]),
        hostile(parameters=[{"name": "a", "initial": 0.5, "range": [0, 1], "per": "unit"}] * 2),
        hostile(parameters=[]),
        hostile(constants=[["k", math.nan]]),
        hostile(constants=[["k", "1"]]),
        hostile(constants=[["k", 1.0], ["k", 2.0]]),
        hostile(constants=[["__class__"]]),
        hostile(constants={"k": 1.0}),
    ],
    ids=repr,
)
def test_hostile_configurations_are_refused(config):
    with pytest.raises(EquationError) as caught:
        Cell.from_config(config)
    assert "\n" not in str(caught.value)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(["z", "h", "%0", "tanh", "a", ""])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["name", "initial", "k"]), inner)
    ),
    max_leaves=8,
)


@given(key=st.sampled_from(sorted(CELLS["leaky_elman"].to_config())), value=JSON)
def test_any_damaged_configuration_is_a_cell_or_an_equation_error(key, value):
    try:
        one = Cell.from_config(hostile(**{key: value}))
    except EquationError:
        return
    assert Cell.from_config(json.loads(one.text)) == one


def test_a_cell_is_defined_in_a_repl():
    source = 'import elman\n@elman.cell(gates="z")\ndef mine(z, h_prev):\n    return elman.tanh(z)\n'
    names = {}
    exec(source, names)  # no file, as in a REPL
    assert names["mine"].program == CELLS["elman"].program
    with pytest.raises(EquationError, match=r"^<string>:4: cell 'mine': name 'y' is not defined"):
        exec(source.replace("tanh(z)", "tanh(y)"), {})


def test_neither_sympy_nor_torch_is_imported_to_define_a_cell():
    code = (
        "import sys, elman\n"
        "c = elman.Cell.from_config(elman.CELLS['lstm'].to_config())\n"
        "assert not {'sympy', 'torch', 'numpy'} & set(sys.modules), sorted(sys.modules)\n"
        "c.latex(); c.adjoint\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_the_functions_docstring_and_the_order_of_its_arguments_are_the_cells():
    assert "Source: Hochreiter, Schmidhuber 1997" in CELLS["lstm"].__doc__
    assert cell(gates="z")(lambda z, h_prev: z).__doc__ == Cell.__doc__
    assert Cell.from_config(CELLS["lstm"].to_config()) == CELLS["lstm"]
    one = cell(gates="z", params="a")(lambda a, h_prev, z: z - a * h_prev)
    assert one(2.0, 3.0, 10.0) == one(2.0, z=10.0, h_prev=3.0) == 4.0


def test_repr_names_gates_and_states():
    assert repr(CELLS["lstm"]) == "<cell lstm: gates i f g o; state h c>"
