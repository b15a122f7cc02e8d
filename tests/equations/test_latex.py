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
        r"& \text{for}\: z_{t} < 0.5 \\\operatorname{ReLU}^{2}{\left(n^{x}_t \right)} & \text{otherwise} \end{cases}}"
        r"{\mathrm{tau}}"
    )
    assert lines[4].startswith(r"h_t = ")
    for part in (
        r"\mathrm{keep}_t \odot h_{t-1}",
        r"\left|{c_{t} - n^{h}_t}\right|",
        r"\sqrt{\tanh{\left(0.1 \odot z_{t}",
    ):
        assert part in lines[4]


def test_nothing_is_simplified():
    one = cell(gates="z a")(lambda z, a, h_prev: z - z + 0 * a)
    assert one.latex().endswith(r"h_t = \left(z_{t} - z_{t}\right) + 0 \odot a_{t}")
