"""A cell's equations as presentation MathML, which browsers draw: one line each, aligned at the equals sign."""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from elman.equations.notation import ATOM, FUNCTION, NEGATION, NONE, POWER, PRODUCT, SUM, Form, Notation, equations

if TYPE_CHECKING:
    from elman.equations.cell import Cell

_MINUS, _SIGN = "<mo>−</mo>", '<mo form="prefix">−</mo>'  # between two numbers, and before one
_LEFT, _RIGHT = (f'<mtd class="{side}" columnalign="{side}">' for side in ("left", "right"))


def mathml(cell: "Cell") -> str:
    """The equations of a cell as one `math` element: its gates, then its states in the order of computation.

    The weights have the classes `W_xh` and `W_hh`, and each line the class `line`, by which a page can colour them; the
    sides have `left` and `right`, to which a page should align their text, since not every browser reads `columnalign`.
    """
    return math_element((left, "=", right) for left, right, _ in equations(cell, MATHML))


def math_element(rows: Iterable[tuple[str, ...]]) -> str:
    """Lines of equations as a `math` element: of each the left side, then a sign and a right side, or several.

    Args:
        rows: elements of MathML; every second is the text of a sign.
    """
    lines = "".join(f'<mtr class="line">{_line(*row)}</mtr>' for row in rows)
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mtable>{lines}</mtable></math>'


def number(value: float) -> str:
    """A number as it is: -0.5, 1 · 10⁻⁵."""
    return shown_number(repr(value))


def shown_number(text: str) -> str:
    """A number that is written already, such as "-1.5e-05"."""
    mantissa, _, exponent = text.removesuffix(".0").partition("e")
    sign, digits = (_SIGN, mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    if not exponent:
        return f"{sign}<mn>{escape(digits)}</mn>"
    power = int(exponent)
    raised = f"{_SIGN}<mn>{-power}</mn>" if power < 0 else f"<mn>{power}</mn>"
    return f"{sign}<mn>{digits}</mn><mo>·</mo><msup><mn>10</mn><mrow>{raised}</mrow></msup>"


def _line(left: str, *rest: str) -> str:
    """The sides in columns of their own: the left one ends where the sign begins."""
    sides = zip(rest[::2], rest[1::2], strict=True)
    right = "".join(f"{_LEFT}<mo>{escape(sign)}</mo>{side}</mtd>" for sign, side in sides)
    return f"{_RIGHT}{left}</mtd>{right}"


def _function(name: str, n_args: int = 1) -> Form:
    args = "<mo>,</mo>".join(("$a", "$b")[:n_args])
    written = f"<mrow><mi>{name}</mi><mo>&#x2061;</mo><mrow><mo>(</mo>{args}<mo>)</mo></mrow></mrow>"
    return Form(written, FUNCTION, (NONE,) * n_args)


def _symbol(cell: "Cell", name: str) -> str:
    if name.endswith("_prev"):
        return f"<msub>{_letters(name.removesuffix('_prev'))}<mrow><mi>t</mi>{_MINUS}<mn>1</mn></mrow></msub>"
    if name in cell.gate_inputs and name not in cell.gates:
        gate, _, part = name.rpartition("_")
        return f"<msubsup>{_letters(gate)}<mi>t</mi><mi>{part}</mi></msubsup>"
    if name in cell.gates or name in cell.state or name in cell.masks:
        return f"<msub>{_letters(name)}<mi>t</mi></msub>"
    letter, _, index = name.partition("_")
    return f"<msub>{_letters(letter)}{_letters(index)}</msub>" if letter and index else _letters(name)


def _letters(name: str) -> str:
    return f"<mi>{escape(name)}</mi>"  # of one letter in italics, else upright


def _gate(cell: "Cell", name: str) -> str:
    h = cell.state[0]
    of = h if len(cell.gates) == 1 else name if name in cell.gates else name[:-2]
    from_x = f"{_indexed('W', 'x', of, 'W_xh')}<mo>&#x2062;</mo><msub><mi>x</mi><mi>t</mi></msub>"
    from_h = f"{_indexed('W', 'h', of, 'W_hh')}<mo>&#x2062;</mo>{_symbol(cell, f'{h}_prev')}"
    if name in cell.gates:
        return f"{from_x}<mo>+</mo>{from_h}<mo>+</mo><msub><mi>b</mi>{_letters(of)}</msub>"
    if name.endswith("_x"):
        return f"{from_x}<mo>+</mo>{_indexed('b', 'x', of)}"
    return f"{from_h}<mo>+</mo>{_indexed('b', 'h', of)}"


def _indexed(letter: str, first: str, of: str, kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f"<msub{marked}><mi>{letter}</mi><mrow><mi>{first}</mi>{_letters(of)}</mrow></msub>"


MATHML = Notation(
    forms={
        "add": Form("$a<mo>+</mo>$b", SUM, (SUM, PRODUCT)),
        "sub": Form(f"$a{_MINUS}$b", SUM, (SUM, PRODUCT)),
        "mul": Form("$a<mo>⊙</mo>$b", PRODUCT, (PRODUCT, NEGATION)),
        "div": Form("<mfrac><mrow>$a</mrow><mrow>$b</mrow></mfrac>", POWER, (NONE, NONE)),
        "neg": Form(f"{_SIGN}$a", NEGATION, (POWER,)),
        "power": Form("<msup><mrow>$a</mrow><mrow>$b</mrow></msup>", POWER, (ATOM, NONE)),
        "tanh": _function("tanh"),
        "sigmoid": _function("σ"),
        "exp": Form("<msup><mi>e</mi><mrow>$a</mrow></msup>", POWER, (NONE,)),
        "log": _function("log"),
        "sqrt": Form("<msqrt>$a</msqrt>", FUNCTION, (NONE,)),
        "sin": _function("sin"),
        "cos": _function("cos"),
        "relu": _function("ReLU"),
        "abs": Form("<mrow><mo>|</mo>$a<mo>|</mo></mrow>", ATOM, (NONE,)),
        "sign": _function("sign"),
        "maximum": _function("max", 2),
        "minimum": _function("min", 2),
        "where": Form(
            "<mrow><mo>{</mo><mtable>"
            f"<mtr>{_LEFT}$b</mtd>{_LEFT}<mtext>for&#xa0;</mtext>$a</mtd></mtr>"
            f"<mtr>{_LEFT}$c</mtd>{_LEFT}<mtext>otherwise</mtext></mtd></mtr></mtable></mrow>",
            NONE,
            (NONE, NONE, NONE),
        ),
        "less": Form("$a<mo>&lt;</mo>$b", NONE, (NONE, NONE)),
        "less_equal": Form("$a<mo>≤</mo>$b", NONE, (NONE, NONE)),
        "equal": Form("$a<mo>=</mo>$b", NONE, (NONE, NONE)),
    },
    brackets="<mrow><mo>(</mo>$a<mo>)</mo></mrow>",
    number=number,
    symbol=_symbol,
    intermediate=lambda letter, count: (
        f"<msubsup><mi>{letter}</mi><mi>t</mi><mrow><mo>(</mo><mn>{count}</mn><mo>)</mo></mrow></msubsup>"
    ),
    gate=_gate,
    minus=_SIGN,
    raised="sup>",
)
