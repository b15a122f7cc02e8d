"""The equations as a textbook prints them."""

import matplotlib.mathtext
import pytest

from elman import CELLS, cell, exp, maximum, relu, sqrt, tanh, where

GATES = "\n".join(rf"{k}_t = W_{{x{k}}} x_t + W_{{h{k}}} h_{{t-1}} + b_{{{k}}} \\" for k in "ifgo")
PUBLISHED = {
    "elman": r"h_t = \tanh{\left(W_{xh} x_t + W_{hh} h_{t-1} + b_{h} \right)}",
    "elman_relu": r"h_t = \operatorname{ReLU}{\left(W_{xh} x_t + W_{hh} h_{t-1} + b_{h} \right)}",
    "lstm": GATES
    + r"""
c_t = \sigma{\left(f_{t} \right)} \odot c_{t-1} + \sigma{\left(i_{t} \right)} \odot \tanh{\left(g_{t} \right)} \\
h_t = \sigma{\left(o_{t} \right)} \odot \tanh{\left(c_{t} \right)}""",
    "gru": r"""r_t = W_{xr} x_t + W_{hr} h_{t-1} + b_{r} \\
z_t = W_{xz} x_t + W_{hz} h_{t-1} + b_{z} \\
n^{x}_t = W_{xn} x_t + b_{xn} \\
n^{h}_t = W_{hn} h_{t-1} + b_{hn} \\
h_t = \left(1 - \sigma{\left(z_{t} \right)}\right) \odot """
    r"\tanh{\left(n^{x}_t + \sigma{\left(r_{t} \right)} \odot n^{h}_t \right)} "
    r"+ \sigma{\left(z_{t} \right)} \odot h_{t-1}",
    "leaky_elman": r"h_t = \left(1 - a\right) \odot h_{t-1} + a \odot "
    r"\tanh{\left(W_{xh} x_t + W_{hh} h_{t-1} + b_{h} \right)}",
    "peephole_lstm": GATES + r"""
c_t = \sigma{\left(f_{t} + p_{f} \odot c_{t-1} \right)} \odot c_{t-1} + """
    r"""\sigma{\left(i_{t} + p_{i} \odot c_{t-1} \right)} \odot \tanh{\left(g_{t} \right)} \\
h_t = \sigma{\left(o_{t} + p_{o} \odot c_{t} \right)} \odot \tanh{\left(c_{t} \right)}""",
    "minimal_gated_unit": r"""f_t = W_{xf} x_t + W_{hf} h_{t-1} + b_{f} \\
n^{x}_t = W_{xn} x_t + b_{xn} \\
n^{h}_t = W_{hn} h_{t-1} + b_{hn} \\
h_t = \left(1 - \sigma{\left(f_{t} \right)}\right) \odot h_{t-1} + \sigma{\left(f_{t} \right)} \odot """
    r"\tanh{\left(n^{x}_t + \sigma{\left(f_{t} \right)} \odot n^{h}_t \right)}",
}


@pytest.mark.parametrize("name", CELLS)
def test_the_published_form(name):
    assert CELLS[name].latex() == PUBLISHED[name]


@pytest.mark.parametrize("name", CELLS)
def test_each_line_parses_as_mathematics(name):
    parser = matplotlib.mathtext.MathTextParser("path")
    for line in CELLS[name].latex().split(" \\\\\n"):
        parser.parse("$" + line.replace(r"\operatorname{ReLU}", r"\mathrm{ReLU}") + "$")


def test_what_is_written_is_what_is_printed():
    @cell(gates="z n", split="n", state="h c", params="a_b", constants={"tau": 2.0}, masks="keep")
    def odd(z, n_x, n_h, h_prev, c_prev, a_b, tau, keep):
        c = where(z < 0.5, maximum(a_b * c_prev, -0.25), relu(n_x) ** 2) / tau
        return keep * h_prev + exp(-abs(c - n_h)) - sqrt(tanh(0.1 * z)), c

    lines = odd.latex().split(" \\\\\n")
    assert lines[3] == (
        r"c_t = \frac{\begin{cases} \operatorname{max}{\left(a_{b} \odot c_{t-1},-0.25 \right)} "
        r"& \text{for}\: z_{t} < 0.5 \\\left(\operatorname{ReLU}{\left(n^{x}_t \right)}\right)^{2} "
        r"& \text{otherwise} \end{cases}}{\mathrm{tau}}"
    )
    assert lines[4].startswith(r"h_t = ")
    for part in (
        r"\mathrm{keep}_{t} \odot h_{t-1}",
        r"\left|{c_{t} - n^{h}_t}\right|",
        r"\sqrt{\tanh{\left(0.1 \odot z_{t}",
    ):
        assert part in lines[4]


def test_nothing_is_simplified():
    one = cell(gates="z a")(lambda z, a, h_prev: z - z + 0 * a)
    assert one.latex().endswith(r"h_t = z_{t} - z_{t} + 0 \odot a_{t}")


SUM = r"W_{xh} x_t + W_{hh} h_{t-1} + b_{h}"


@pytest.mark.parametrize(
    ("function", "right"),
    [
        (lambda z, h_prev: 0.9 * h_prev + 0.1 * z, r"0.9 \odot h_{t-1} + 0.1 \odot z_{t}"),
        (lambda z, h_prev: z * h_prev, r"z_{t} \odot h_{t-1}"),
        (lambda z, h_prev: z**2, "z_{t}^{2}"),
        (lambda z, h_prev: -z, "-z_{t}"),
        (lambda z, h_prev: h_prev - z, "h_{t-1} - z_{t}"),
        (lambda z, h_prev: tanh(z) * z, r"\tanh{\left(z_{t} \right)} \odot z_{t}"),
    ],
)
def test_a_single_gate_that_is_not_alone_in_a_function_has_its_own_line(function, right):
    assert cell(gates="z")(function).latex() == f"z_t = {SUM} \\\\\nh_t = {right}"


@pytest.mark.parametrize(
    ("function", "right"),
    [
        (lambda z, h_prev: z, SUM),
        (lambda z, h_prev: maximum(z, 0.5), rf"\operatorname{{max}}{{\left({SUM},0.5 \right)}}"),
        (lambda z, h_prev: exp(z) * h_prev, rf"e^{{{SUM}}} \odot h_{{t-1}}"),
    ],
)
def test_a_single_gate_that_stands_by_itself_is_written_there(function, right):
    assert cell(gates="z")(function).latex() == f"h_t = {right}"


@pytest.mark.parametrize(
    ("function", "right"),
    [
        (lambda a, b, h_prev: a - (-b) * a, r"a_{t} - \left(-b_{t} \odot a_{t}\right)"),
        (lambda a, b, h_prev: a * -b, r"a_{t} \odot \left(-b_{t}\right)"),
        (lambda a, b, h_prev: a + b * -0.5, r"a_{t} + b_{t} \odot \left(-0.5\right)"),
        (lambda a, b, h_prev: -(-1 * a) + b, r"-\left(-1 \odot a_{t}\right) + b_{t}"),
        (lambda a, b, h_prev: -(a + b), r"-\left(a_{t} + b_{t}\right)"),
        (lambda a, b, h_prev: a - (b - a), r"a_{t} - \left(b_{t} - a_{t}\right)"),
        (lambda a, b, h_prev: (a / b) ** 2, r"\left(\frac{a_{t}}{b_{t}}\right)^{2}"),
        (lambda a, b, h_prev: exp(a + b) ** -0.5, r"\left(e^{a_{t} + b_{t}}\right)^{-0.5}"),
        (
            lambda a, b, h_prev: where(a < b, a, 2) ** 2,
            r"\left(\begin{cases} a_{t} & \text{for}\: a_{t} < b_{t} \\2 & \text{otherwise} \end{cases}\right)^{2}",
        ),
        (lambda a, b, h_prev: a * 1e-5 + b, r"a_{t} \odot 1 \cdot 10^{-5} + b_{t}"),
    ],
)
def test_brackets_stand_where_they_must_in_latex(function, right):
    assert cell(gates="a b")(function).latex().split("h_t = ")[1] == right


def test_names_of_many_letters():
    @cell(gates="in_put n", split="n", state="hid m", params="p_in_put w_")
    def long(in_put, n_x, n_h, hid_prev, m_prev, p_in_put, w_):
        return tanh(in_put) * p_in_put, w_ * n_x**2 + n_h

    lines = long.latex().split(" \\\\\n")
    for line in lines:
        matplotlib.mathtext.MathTextParser("path").parse(f"${line}$")
    assert lines == [
        r"\mathrm{in\_put}_t = W_{x\mathrm{in\_put}} x_t + W_{h\mathrm{in\_put}} \mathrm{hid}_{t-1} "
        r"+ b_{\mathrm{in\_put}}",
        r"n^{x}_t = W_{xn} x_t + b_{xn}",
        r"n^{h}_t = W_{hn} \mathrm{hid}_{t-1} + b_{hn}",
        r"\mathrm{hid}_t = \tanh{\left(\mathrm{in\_put}_{t} \right)} \odot p_{\mathrm{in\_put}}",
        r"m_t = \mathrm{w\_} \odot \left(n^{x}_t\right)^{2} + n^{h}_t",
    ]


def test_a_value_that_is_read_again_has_its_own_line():
    one = cell(gates="z u", state="h c m")(
        lambda z, u, h_prev, c_prev, m_prev: ((a := tanh(z) * u + h_prev) * exp(a), a / 2, a / 2)
    )
    assert one.latex().split(" \\\\\n")[2:] == [
        r"v^{(1)}_t = \tanh{\left(z_{t} \right)} \odot u_{t} + h_{t-1}",  # u is taken
        r"h_t = v^{(1)}_t \odot e^{v^{(1)}_t}",
        r"c_t = \frac{v^{(1)}_t}{2}",
        "m_t = c_{t}",
    ]


def test_the_size_grows_with_the_lines_and_not_exponentially():
    def nested(depth, function):
        def step(z, h_prev):
            for _ in range(depth):
                z = function(z)
            return z

        return cell(gates="z")(step).latex()

    assert len(nested(20, lambda z: z + tanh(z))) < 2000
    assert len(nested(80, lambda z: z + tanh(z))) < 8000
    assert len(nested(3000, tanh)) < 100_000
    assert len(nested(3000, lambda z: where(z < 0.5, z, tanh(z)))) < 1_000_000
