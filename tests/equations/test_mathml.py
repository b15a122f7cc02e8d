"""MathML is well-formed, and says what the cell computes: it is read back and computed."""

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman
from elman import CELLS
from elman.equations.operations import ON_FLOATS

M = "{http://www.w3.org/1998/Math/MathML}"
SIGNS = {"−": "-", "⊙": "*", "·": "*", "\u2061": "", "\u2062": "*", "≤": "<=", "=": "=="}
NAMES = {"σ": "sigmoid", "ReLU": "relu", "log": "log"}
FUNCTIONS = {**ON_FLOATS, "max": ON_FLOATS["maximum"], "min": ON_FLOATS["minimum"], "math": math}
SYMBOLS = ("msub", "msubsup")


def lines_of(mathml: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(mathml)
    assert root.tag == f"{M}math"
    allowed = set(re.findall("\\w+", "math mtable mtr mtd mrow mi mn mo mtext msub msup msubsup mfrac msqrt"))
    assert {one.tag.removeprefix(M) for one in root.iter()} <= allowed  # all in MathML Core
    for one in root.iter():
        children = {"msub": 2, "msup": 2, "msubsup": 3, "mfrac": 2}.get(one.tag.removeprefix(M))
        assert children in (None, len(one)), ElementTree.tostring(one)
    return list(root[0])


def name_of(element: ElementTree.Element) -> str:
    """h_t and h_{t-1}, as one reads them, as a Python name."""
    text = "_".join("".join(part.itertext()) for part in element)
    return re.sub(r"\W", "_", text.replace("t−1", "prev")).removesuffix("_t")


def python(element: ElementTree.Element) -> str:
    tag, children = element.tag.removeprefix(M), list(element)
    if tag in SYMBOLS:
        return name_of(element)
    if tag in ("mn", "mi"):
        return NAMES.get(element.text or "", element.text or "")
    if tag == "mo":
        return SIGNS.get(element.text or "", element.text or "")
    if tag == "mfrac":
        return f"(({python(children[0])})/({python(children[1])}))"
    if tag == "msqrt":
        return f"sqrt({''.join(map(python, children))})"
    if tag == "msup":
        base, above = map(python, children)
        return f"exp({above})" if base == "e" else f"power({base},{above})"
    if tag == "mtable":
        (a, b), (c, _) = children
        return f"where({python(b)},{python(a)},{python(c)})"
    if tag == "mtext":
        return ""  # "for" before a condition, which its place says, and "otherwise"
    if children and children[0].text == "|":
        return f"abs({''.join(map(python, children[1:-1]))})"
    if children and children[0].text == "{":
        return python(children[1])
    return "".join(map(python, children))


def computed(cell: elman.Cell, values: dict[str, float]) -> list[float]:
    known = dict(values)
    for left, right in lines_of(cell.mathml()):
        assert right[0].text == "="
        name = name_of(left[0]) if left[0].tag.removeprefix(M) in SYMBOLS else python(left[0])
        if name not in known or name in cell.state:  # not the gates, whose sums of products are no numbers here
            text = "".join(map(python, right[1:]))
            known[name] = eval(text, {}, FUNCTIONS | known)
    return [known[name] for name in cell.state]


@pytest.mark.parametrize("name", [name for name, cell in CELLS.items() if len(cell.gates) > 1 and not cell.split])
@given(data=st.data())
def test_shipped_cells(name: str, data: st.DataObject) -> None:
    cell = CELLS[name]
    values = {one: data.draw(st.floats(-3, 3)) for one in cell.program.inputs}
    assert computed(cell, values) == list(cell.program.run(values, ON_FLOATS))


def test_the_network_of_the_article() -> None:
    ((left, right),) = lines_of(CELLS["elman"].mathml())
    assert "".join(left.itertext()) == "ht"
    assert "".join(right.itertext()) == "=tanh\u2061(Wxh\u2062xt+Whh\u2062ht−1+bh)"
    marked = [one for one in right.iter() if one.get("class", "").startswith("W")]
    assert [(one.get("class"), "".join(one.itertext())) for one in marked] == [("W_xh", "Wxh"), ("W_hh", "Whh")]


def test_gates_in_one_part_and_in_two() -> None:
    lines = [
        "".join(one.itertext()).replace("\u2062", " ").replace("\u2061", "") for one in lines_of(CELLS["gru"].mathml())
    ]
    assert lines == [
        "rt=Wxr xt+Whr ht−1+br",
        "zt=Wxz xt+Whz ht−1+bz",
        "ntx=Wxn xt+bxn",
        "nth=Whn ht−1+bhn",
        "ht=(1−σ(zt))⊙tanh(ntx+σ(rt)⊙nth)+σ(zt)⊙ht−1",
    ]


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_is_well_formed_and_has_the_lines_of_its_latex(name: str) -> None:
    assert len(lines_of(CELLS[name].mathml())) == len(CELLS[name].latex().splitlines())


ANY = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / (b * b + 0.5),
    "neg": lambda a, b: -a,
    "power": lambda a, b: a**2,
    "negative power": lambda a, b: (a * a + 1) ** -1.5,
    "small": lambda a, b: a * 1e-5 - -2.5 * b,
    "tanh": lambda a, b: elman.tanh(a),
    "sigmoid": lambda a, b: elman.sigmoid(a),
    "exp": lambda a, b: elman.exp(-a) * b,
    "sqrt": lambda a, b: elman.sqrt(elman.absolute(a)),
    "relu": lambda a, b: elman.relu(a) - b,
    "maximum": elman.maximum,
    "minimum": elman.minimum,
    "where": lambda a, b: elman.where(a < b, -a, b),
    "where less equal": lambda a, b: elman.where(a <= b, a, b) ** 2,
}


@given(data=st.data())
def test_what_is_written_of_any_cell_is_what_it_computes(data: st.DataObject) -> None:
    @elman.cell(gates="p q", state="h c")
    def random(p, q, h_prev, c_prev):  # type: ignore[no-untyped-def]
        known = [p, q, h_prev, c_prev]
        for name in data.draw(st.lists(st.sampled_from(sorted(ANY)), min_size=1, max_size=40)):
            left, right = (known[-1 - data.draw(st.integers(0, min(4, len(known) - 1)))] for _ in "ab")
            known.append(ANY[name](elman.sin(left), right))
        return known[-1] + p * q, known[-2]

    values = {name: data.draw(st.floats(-2, 2)) for name in random.program.inputs}
    expected = random.program.run(values, ON_FLOATS)
    assert computed(random, values) == pytest.approx(list(expected), rel=1e-12)  # 1 · 10⁻⁵ is no float to the bit


def test_names_are_escaped_and_numbers_are_readable() -> None:
    @elman.cell(gates="größe n", split="n", state="h", params="p_größe", constants={"tau": 2.0}, masks="keep")
    def odd(größe, n_x, n_h, h_prev, p_größe, tau, keep):  # type: ignore[no-untyped-def]
        return keep * größe * p_größe / tau + n_x**2 * n_h * 1e-7

    *_, last = lines_of(odd.mathml())
    assert "".join(last.itertext()) == "ht=keept⊙größet⊙pgrößetau+(ntx)2⊙nth⊙1·10−7"
