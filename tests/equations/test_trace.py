"""Equations outside the class are refused where they are defined; those inside stay exactly as they were written."""

import inspect
import math
import re

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

import elman
from elman import EquationError, absolute, cell, cos, exp, log, maximum, minimum, relu, sigmoid, sin, sqrt, tanh, where
from elman.equations.operations import ON_FLOATS
from elman.nn.reference import ON_TENSORS


def unknown_name(z, h_prev):
    return tanh(z + h_nxt)  # noqa: F821


def math_function(z, h_prev):
    return math.tanh(z)


def numpy_function(z, h_prev):
    return np.tanh(z)


def torch_function(z, h_prev):
    return torch.tanh(z)


def torch_arithmetic(z, h_prev):
    return torch.ones(3) * z


def numpy_arithmetic(z, h_prev):
    return np.ones(3) * z


def method(z, h_prev):
    return z.tanh()


def mean(z, h_prev):
    return z - z.mean()


def matrix_product(z, h_prev):
    return z @ h_prev


def matrix_product_with_array(z, h_prev):
    return np.eye(3) @ z


def indexing(z, h_prev):
    return z[0]


def iteration(z, h_prev):
    return sum(one for one in z)


def length(z, h_prev):
    return z * len(z)


def equality(z, h_prev):
    return where(z == 0, z, h_prev)


def inequality(z, h_prev):
    return where(z != 0, z, h_prev)


def branch(z, h_prev):
    return z if z > 0 else h_prev


def chained_comparison(z, h_prev):
    return where(0 < z < 1, z, h_prev)


def builtin_maximum(z, h_prev):
    return max(z, h_prev)


def condition_as_number(z, h_prev):
    return (z > 0) * z


def number_as_condition(z, h_prev):
    return where(z, z, h_prev)


def constant_as_condition(z, h_prev):
    return where(0.5, z, h_prev)


def string(z, h_prev):
    return z + "0.5"


def variable_exponent(z, h_prev):
    return z**h_prev


def exponential_by_power(z, h_prev):
    return 2**z


def infinite_constant(z, h_prev):
    return maximum(z, -math.inf)


def nan_constant(z, h_prev):
    return z * math.nan


def overflowing_constant(z, h_prev):
    return z + exp(1000.0)


def returns_none(z, h_prev):
    tanh(z)


def returns_list(z, h_prev):
    return [tanh(z)]


def returns_string(z, h_prev):
    return "z"


def positional_only(z, /, h_prev):
    return tanh(z)


def unused_gate(z, h_prev):
    exp(z)
    return tanh(h_prev)


def returns_condition(z, h_prev):
    return z < 0


def returns_two(z, h_prev):
    return z, h_prev


REFUSED = {
    unknown_name: r"'h_nxt' is not defined: it is no gate, state or parameter of this cell, which has z, h_prev",
    math_function: r"wants numbers: use elman's own \(tanh, sigmoid",
    numpy_function: "use arithmetic and elman's own functions",
    torch_function: "torch's tanh: use elman's own functions",
    torch_arithmetic: "torch's mul: use elman's own functions",
    numpy_arithmetic: "expected a value of the equation or a number",
    method: r"\.tanh: write tanh\(x\)",
    mean: r"\.mean: .* elementwise in the units.*elman\.Unroll",
    matrix_product: r"a matrix product: .* elementwise in the units.*elman\.Unroll",
    matrix_product_with_array: "a matrix product: ",
    indexing: "indexing: ",
    iteration: "iteration over units: ",
    length: "use arithmetic and elman's own functions",
    equality: r"== between values of an equation: use where\(a < b",
    inequality: r"!= between values of an equation: use where\(a < b",
    branch: r"use where\(condition, a, b\)",
    chained_comparison: r"use where\(condition, a, b\)",
    builtin_maximum: r"use where\(condition, a, b\)",
    condition_as_number: r"a condition is used as a number.*write where\(a < b, x, y\)",
    number_as_condition: r"a number as a condition: write where\(a < b, x, y\)",
    constant_as_condition: r"a number as a condition: write where\(a < b, x, y\)",
    string: "add got '0.5', expected a value of the equation or a number",
    variable_exponent: r"write exp\(b \* log\(a\)\) for a\*\*b",
    exponential_by_power: r"write exp\(b \* log\(a\)\) for a\*\*b",
    infinite_constant: "constant that is inf or NaN",
    nan_constant: "constant that is inf or NaN",
    overflowing_constant: "constant that is inf or NaN",
    returns_none: "expected a value computed from its arguments",
    returns_list: "returns a list: return a tuple, the new value of each state in order",
    returns_string: "expected a value computed from its arguments",
    positional_only: r"has the positional-only argument 'z': remove the '/'",
    unused_gate: r"does not use 'z': no new state depends on it; use it, or do not declare it",
    returns_condition: r"returns a condition: write where\(a < b, x, y\)",
    returns_two: r"returns 2 value\(s\), but has 1 state\(s\): return the new value of each, in order",
}


@pytest.mark.parametrize("function", REFUSED, ids=lambda function: function.__name__)
def test_wrong_equation_is_refused_with_file_line_and_remedy(function):
    with pytest.raises(EquationError, match=REFUSED[function]) as caught:
        cell(gates="z", state="h")(function)
    message = str(caught.value)
    first = inspect.getsourcelines(function)[1]
    path, line = re.match(r"(.*?):(\d+)", message).groups()
    assert path == __file__
    assert int(line) in (first, first + 1)
    assert repr(function.__name__) in message
    assert "\n" not in message


def test_the_line_of_the_error_is_quoted():
    with pytest.raises(EquationError, match=r":\d+: `return z - z\.mean\(\)`: cell 'mean': "):
        cell(gates="z", state="h")(mean)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"gates": "z", "state": "h c"}, r"lacks the argument 'c_prev': add it, or do not declare it"),
        ({"gates": "z i", "state": "h"}, r"lacks the argument 'i'"),
        ({"gates": "i", "state": "h"}, r"has the argument 'z', which is no gate, state or parameter: .* i, h_prev"),
        ({"gates": "z", "state": "c"}, r"has the argument 'h_prev', which is no gate"),
        ({"gates": "z", "state": "h", "split": "z"}, r"has the argument 'z'.*z_x, z_h, h_prev"),
        ({"gates": "z", "state": "h", "split": "n"}, r"splits 'n', which is no gate: the gates are z"),
        ({"gates": "", "state": "h"}, "needs at least one gate and one state"),
        ({"gates": "z", "state": ""}, "needs at least one gate and one state"),
        ({"gates": "z z", "state": "h"}, "uses the name 'z' twice"),
        ({"gates": "z", "state": "h h"}, "uses the name 'h"),
        ({"gates": "z", "state": "z"}, "uses the name 'z' twice"),
        ({"gates": "z", "state": "h", "params": "z"}, "uses the name 'z' twice"),
        ({"gates": "z", "state": "h", "params": {"h": 1.0}}, "uses the name 'h' twice"),
        ({"gates": "z", "state": "h", "constants": {"z": 1.0}}, "uses the name 'z' twice"),
        ({"gates": "z", "state": "h", "masks": "z"}, "uses the name 'z' twice"),
        ({"gates": "z-1", "state": "h"}, "'z-1' is no name"),
        ({"gates": "d_h", "state": "h"}, "the name 'd_h' is taken"),
        ({"gates": "h_prev", "state": "h"}, "the name 'h_prev' is taken"),
        ({"gates": "z", "constants": {"k": math.nan}}, "k is nan, expected a finite number"),
        ({"gates": "z", "constants": {"k": "1"}}, "k is '1', expected a finite number"),
        ({"gates": "z", "params": {"k": math.inf}}, "k is inf, expected a finite number"),
        ({"gates": "z", "params": {"k": None}}, "k is None, expected a finite number"),
        ({"gates": "z", "params": "weight_hh"}, "'weight_hh' has the name of a tensor of the layer: rename it"),
        ({"gates": "z", "params": {"bias_ih": 0.5}}, "'bias_ih' has the name of a tensor of the layer: rename it"),
    ],
)
def test_wrong_declaration_is_refused_with_the_place(arguments, words):
    def step(z, h_prev):
        return tanh(z)

    with pytest.raises(EquationError, match=words) as caught:
        cell(**arguments)(step)
    assert str(caught.value).startswith(f"{__file__}:{inspect.getsourcelines(step)[1]}: ")


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        ({"gates": "z i"}, "i"),
        ({"gates": "z i", "split": "i"}, "i_x"),
        ({"gates": "z", "params": "k"}, "k"),
        ({"gates": "z", "constants": {"k": 1.0}}, "k"),
        ({"gates": "z", "masks": "k"}, "k"),
    ],
)
def test_what_no_state_depends_on_is_refused(arguments, unused):
    def step(**values):
        return tanh(values["z"])

    names = ["z", "h_prev", *(["i_x", "i_h"] if "split" in arguments else [unused])]
    keyword = inspect.Parameter.KEYWORD_ONLY
    step.__signature__ = inspect.Signature([inspect.Parameter(name, keyword) for name in names])
    with pytest.raises(EquationError, match=rf"^{__file__}:\d+: cell 'step' does not use '{unused}': no new state"):
        cell(**arguments)(step)


def test_a_decorator_without_its_parentheses_is_refused():
    with pytest.raises(
        EquationError, match=r'test_trace\.py:\d+: @cell without its parentheses: write @cell\(gates="z"'
    ):
        cell(unused_gate)
    with pytest.raises(EquationError, match="needs at least one gate and one state"):
        cell()(unused_gate)


def test_a_value_of_another_equation_is_refused():
    kept = []

    @cell(gates="z")
    def first(z, h_prev):
        kept.append(z)
        return z

    with pytest.raises(EquationError, match="values of two equations"):

        @cell(gates="z")
        def second(z, h_prev):
            return z + kept[0]


def test_what_is_written_is_what_runs():
    @cell(gates="z")
    def written(z, h_prev):
        a = log(exp(z)) + ((z + 1e8) - 1e8) + 0.0 * h_prev
        return a + z * 1 + z**1 - (z - z)

    operations = [line.operation for line in written.program.lines]
    assert " ".join(operations) == "exp log add sub add mul add mul add power add sub sub"
    (result,) = written.program.run({"z": 0.123456789, "h_prev": 0.0}, ON_FLOATS)
    assert (0.123456789 + 1e8) - 1e8 != 0.123456789
    assert result == written(z=0.123456789, h_prev=0.0)


def test_common_lines_are_shared_and_dead_ones_dropped():
    @cell(gates="z")
    def step(z, h_prev):
        exp(h_prev)
        return tanh(z) * tanh(z) + 1 / where(z < 0, 0.0, -0.0)

    assert [line.operation for line in step.program.lines] == ["tanh", "mul", "less", "where", "div", "add"]
    assert [math.copysign(1, arg) for arg in step.program.lines[3].args[1:]] == [1, -1]


def test_a_constant_condition_chooses_at_definition():
    @cell(gates="z")
    def step(z, h_prev):
        return where(1 < 2, z, h_prev) + where(np.float64(1) > 2, z, 3)

    assert step.program.lines == (("add", ("z", 3.0)),)


def test_numpy_numbers_are_numbers():
    @cell(gates="z")
    def step(z, h_prev):
        return np.float64(2) * z + np.float32(0.5) + np.int64(1) - True

    assert step.program.run({"z": 3.0, "h_prev": 0.0}, ON_FLOATS) == (6.5,)


UNARY = {
    "tanh": tanh,
    "sigmoid": sigmoid,
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "sin": sin,
    "cos": cos,
    "relu": relu,
    "abs": absolute,
}
BINARY = {"maximum": maximum, "minimum": minimum}
SPECIAL = [0.0, -0.0, 1.0, -1.0, 1e-320, 710.0, -746.0, 1e308, -1e308, math.inf, -math.inf, math.nan]
ANY = st.one_of(st.sampled_from(SPECIAL), st.floats(-50, 50), st.floats())


def same(ours: float, torchs: torch.Tensor) -> bool:
    theirs = torchs.item()
    if math.isnan(ours) or math.isnan(theirs) or math.isinf(ours) or math.isinf(theirs):
        return (math.isnan(ours) and math.isnan(theirs)) or ours == theirs
    return math.isclose(ours, theirs, rel_tol=1e-14, abs_tol=1e-300)


@pytest.mark.parametrize("name", UNARY)
@given(a=ANY)
def test_functions_of_one_float_are_torchs(name, a):
    if name in ("sin", "cos") and abs(a) > 1e6:
        a = math.remainder(a, 1e6) if math.isfinite(a) else a
    assert same(UNARY[name](a), ON_TENSORS[name](torch.tensor(a, dtype=torch.float64)))


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "maximum", "minimum", "power"])
@given(a=ANY, b=ANY)
@example(a=-1e-170, b=-2.5)
def test_functions_of_two_floats_are_torchs(name, a, b):
    function = BINARY.get(name, ON_FLOATS[name])
    x, y = torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)
    assert same(function(a, b), ON_TENSORS[name](x, b if name == "power" else y))


def test_public_functions_are_those_the_errors_name():
    from elman.equations.trace import FUNCTIONS

    public = {name for name in elman.equations.__all__ if inspect.isfunction(getattr(elman.equations, name))}
    assert public - {"cell"} == set(FUNCTIONS.split(", "))
