"""The cells that come with elman, each as its equation.

The order of the gates is that of the rows of the weights, and is torch's where torch has the cell.
"""

from elman.equations.cell import Cell, cell
from elman.equations.parameter import Parameter
from elman.equations.trace import relu, sigmoid, tanh


@cell(gates="z", state="h")
def elman(z, h_prev):  # type: ignore[no-untyped-def]
    """The simple recurrent network. Source: Elman 1990, Finding Structure in Time."""
    return tanh(z)


@cell(gates="z", state="h")
def elman_relu(z, h_prev):  # type: ignore[no-untyped-def]
    """The simple recurrent network with ReLU. Source: Le, Jaitly, Hinton 2015, arXiv:1504.00941."""
    return relu(z)


@cell(gates="i f g o", state="h c")
def lstm(i, f, g, o, h_prev, c_prev):  # type: ignore[no-untyped-def]
    """Long short-term memory. Source: Hochreiter, Schmidhuber 1997; forget gate: Gers et al. 2000."""
    c = sigmoid(f) * c_prev + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


@cell(gates="r z n", split="n", state="h")
def gru(r, z, n_x, n_h, h_prev):  # type: ignore[no-untyped-def]
    """Gated recurrent unit, reset after the product as in torch and cuDNN. Source: Cho et al. 2014, arXiv:1406.1078."""
    z = sigmoid(z)
    n = tanh(n_x + sigmoid(r) * n_h)
    return (1 - z) * n + z * h_prev


@cell(gates="z", state="h", params={"a": Parameter(0.5, range=(0, 1))})
def leaky_elman(z, h_prev, a):  # type: ignore[no-untyped-def]
    """The leaky rate network of neuroscience, with a trainable leak. Source: Jaeger et al. 2007, eq. 2."""
    return (1 - a) * h_prev + a * tanh(z)


@cell(gates="i f g o", state="h c", params="p_i p_f p_o")
def peephole_lstm(i, f, g, o, h_prev, c_prev, p_i, p_f, p_o):  # type: ignore[no-untyped-def]
    """LSTM whose gates see the cell state. Source: Gers, Schraudolph, Schmidhuber 2002, JMLR 3:115-143."""
    c = sigmoid(f + p_f * c_prev) * c_prev + sigmoid(i + p_i * c_prev) * tanh(g)
    return sigmoid(o + p_o * c) * tanh(c), c


@cell(gates="f n", split="n", state="h")
def minimal_gated_unit(f, n_x, n_h, h_prev):  # type: ignore[no-untyped-def]
    """Minimal gated unit in its reset-after form, f * (U h).

    The published U (f * h) multiplies a gated state by a matrix and lies outside the class of equations.
    Source: Zhou et al. 2016, arXiv:1603.09420, with the reset moved behind the product.
    """
    f = sigmoid(f)
    return (1 - f) * h_prev + f * tanh(n_x + f * n_h)


CELLS: dict[str, Cell] = {
    one.name: one for one in (elman, elman_relu, lstm, gru, leaky_elman, peephole_lstm, minimal_gated_unit)
}
