"""tanh, sigmoid, exp, log and powers on SIMD vectors, by our own polynomials: no lane depends on its neighbours.

tanh and sigmoid end every step of a recurrence, so they are short: one division each, no branch, no table. What is said
of errors holds if the processor rounds to nearest and keeps denormal numbers.
"""

from collections.abc import Sequence
from typing import NamedTuple

from elman.kernels.values import Bits, Vector, fma


class _Form(NamedTuple):
    """How a dtype is laid out, and the coefficients that it needs: minimax polynomials, by Remez's algorithm."""

    mantissa: int  # its bits
    bias: int  # of the exponent
    ln2: tuple[float, float]  # the nearest number, and what is missing
    exp: tuple[float, ...]  # (e^s - 1 - s) / s^2 for |s| <= ln(2) / 2
    log: tuple[float, ...]  # (log((1+s) / (1-s)) / s - 2) / s^2 in s^2, for (1+s) / (1-s) from sqrt(1/2) to sqrt(2)
    tanh_is_one: float  # where e^(2x) reaches 2^(mantissa + 2): e + 1 and e - 1 are one number from there on
    exp_bounds: tuple[float, float]  # exp is 0 below and inf above
    sigmoid_bounds: tuple[float, float]  # sigmoid is 0 below and 1 above
    sigmoid_scale: int  # see `sigmoid`


_FORMS = {
    "float32": _Form(
        mantissa=23,
        bias=127,
        ln2=(0.6931471824645996, -1.9046542121259336e-09),
        exp=(0.5, 0.1666654497385025, 0.041666291654109955, 0.008366347290575504, 0.0013945996761322021),
        log=(0.6666666865348816, 0.4000012278556824, 0.28550732135772705, 0.23332497477531433),
        tanh_is_one=8.66434097290039,
        exp_bounds=(-105.0, 89.0),
        sigmoid_bounds=(-105.0, 50.0),
        sigmoid_scale=-30,
    ),
    "float64": _Form(
        mantissa=52,
        bias=1023,
        ln2=(0.6931471805599453, 2.3190468138462996e-17),
        exp=(
            0.5,
            0.16666666666666677,
            0.0416666666666667,
            0.008333333333322188,
            0.0013888888888867927,
            0.0001984126988484139,
            2.480158735877278e-05,
            2.755724540862307e-06,
            2.755724407760368e-07,
            2.5108644698126612e-08,
            2.0924081327322317e-09,
        ),
        log=(
            0.6666666666666666,
            0.40000000000000885,
            0.2857142857079787,
            0.22222222392902768,
            0.1818179552301837,
            0.15386245623373954,
            0.13268624763188952,
            0.13088086603519675,
        ),
        tanh_is_one=18.714973882569105,
        exp_bounds=(-750.0, 710.0),
        sigmoid_bounds=(-750.0, 100.0),
        sigmoid_scale=-100,
    ),
}


def _form(x: Vector) -> _Form:
    return _FORMS[x.body.module.dtype]


def _polynomial(x: Vector, coefficients: Sequence[float]) -> Vector:
    """The coefficients ascend; Horner, as the vectors beside this one keep the processor busy while this one waits."""
    result = x.body.vector(coefficients[-1])
    for one in coefficients[-2::-1]:
        result = fma(result, x, one)
    return result


def _at_most(x: Vector, bound: float) -> Vector:
    """The smaller; NaN stays."""
    limit = x.body.vector(bound)
    return (limit < x).select(limit, x)


def _at_least(x: Vector, bound: float) -> Vector:
    """The larger; NaN stays."""
    limit = x.body.vector(bound)
    return (limit > x).select(limit, x)


def _round(x: Vector, factor: float) -> tuple[Vector, Bits]:
    """n, the whole number nearest to x * factor; and bits that are those of n once shifted beyond the mantissa.

    Adding 1.5 times two to the mantissa's bits leaves no digits behind the point, and n in the lowest bits.
    """
    magic = 1.5 * 2.0 ** _form(x).mantissa
    moved = fma(x, factor, magic)
    return moved - magic, moved.bits()


def _power_of_two(x: Vector, exponent: int) -> Bits:
    """The bits of 2^exponent."""
    return x.body.vector(2.0**exponent).bits()


def tanh(x: Vector) -> Vector:
    """The hyperbolic tangent: odd, never beyond 1, and x itself where x is tiny; within 3 ulp.

    (e - 1) / (e + 1) with e = e^(2|x|), where e - 1 comes from a polynomial without loss for small x.
    """
    form = _form(x)
    size = _at_most(x.unary("fabs"), form.tanh_is_one)
    n, whole = _round(size, 2 / form.ln2[0])
    power = ((whole << form.mantissa) + _power_of_two(x, 0)).numbers()  # 2^n
    # Where n is large, and an error of ln2 with it, tanh is flat: one part of ln2 does.
    s = fma(n, -form.ln2[0], size + size)
    less_one = fma(power, fma(s * s, _polynomial(s, form.exp), s), power - 1.0)
    return _with_sign(less_one / (less_one + 2.0), x)


def _with_sign(size: Vector, x: Vector) -> Vector:
    """A positive vector with the signs of x."""
    sign = -1 << (8 * x.body.module.itemsize - 1)
    return (size.bits() | (x.bits() & sign)).numbers()


def _reduced(x: Vector, factor: float) -> tuple[Vector, Bits]:
    """e^s and the bits of n, where factor * x = s + n ln2; factor is 1 or -1."""
    form = _form(x)
    n, whole = _round(x, factor / form.ln2[0])
    if factor < 0:
        s = fma(n, -form.ln2[1], -fma(n, form.ln2[0], x))
    else:
        s = fma(n, -form.ln2[1], fma(n, -form.ln2[0], x))
    return _polynomial(s, (1.0, 1.0, *form.exp)), whole


def sigmoid(x: Vector) -> Vector:
    """1 / (1 + e^-x), of full relative precision down to the denormal numbers; within 3 ulp.

    Everything is multiplied by K = 2^sigmoid_scale, K / (K + K e^-x): so e^-x may be larger than the largest number,
    and the quotient is rounded once where it is denormal.
    """
    form = _form(x)
    inside = _at_most(_at_least(x, form.sigmoid_bounds[0]), form.sigmoid_bounds[1])
    e, whole = _reduced(inside, -1.0)
    K = 2.0**form.sigmoid_scale
    power_K = ((whole << form.mantissa) + _power_of_two(x, form.sigmoid_scale)).numbers()
    return K / fma(e, power_K, K)


def exp(x: Vector) -> Vector:
    """e^x, of full precision down to the smallest normal number and rounded once more below; within 2 ulp."""
    form = _form(x)
    inside = _at_most(_at_least(x, form.exp_bounds[0]), form.exp_bounds[1])
    e, whole = _reduced(inside, 1.0)
    # 2^n by two factors: n goes beyond the exponents that there are, at both ends.
    n = whole << form.mantissa
    half = (n >> 1) & (-1 << form.mantissa)
    one = _power_of_two(x, 0)
    return e * (half + one).numbers() * (n - half + one).numbers()


def log(x: Vector) -> Vector:
    """The natural logarithm; -inf for 0, NaN below; within 2 ulp."""
    form = _form(x)
    smallest, lift = 2.0 ** (1 - form.bias), 2.0 ** (form.mantissa + 2)
    denormal = x < smallest
    normal = denormal.select(x * lift, x)
    # x = 2^n m, m from sqrt(1/2) to sqrt(2)
    low = x.body.vector(0.5**0.5).bits()
    above = normal.bits() - low
    n_bits = above >> form.mantissa
    m = ((above & ((1 << form.mantissa) - 1)) + low).numbers()
    n = _to_numbers(n_bits)
    n = denormal.select(n - float(form.mantissa + 2), n)
    f = m - 1.0
    s = f / (f + 2.0)
    z = s * s
    half = (f * 0.5) * f
    rest = fma(s, fma(z, _polynomial(z, form.log), half), n * form.ln2[1])
    result = fma(n, form.ln2[0], f - (half - rest))
    infinity = x.body.vector(float("inf"))
    result = (x < infinity).select(result, x)  # and NaN
    result = x.equals(0.0).select(-infinity, result)
    return (x < 0.0).select(x.body.vector(float("nan")), result)


def _to_numbers(n: Bits) -> Vector:
    return Vector(n.body, n.body.build.sitofp(n.raw, n.body.module.vector))
