"""Templates, against what each of their forms can give, written out by hand."""

from random import Random

import pytest

from elman.datasets.intents import tagged
from elman.datasets.open_slots import LISTS, NAMES
from elman.datasets.templates import Grammar, Piece, draw, parse
from elman.errors import InputError

GRAMMAR = Grammar(
    rules={name: parse(rule) for name, rule in {"the": "(the|my)", "room": "<the> (attic|hall)"}.items()},
    lists={name: parse(values) for name, values in {"name": "(lamp|[old] fan)", "number": "(1|2)"}.items()},
)


def given(template: str, times: int = 200) -> set[str]:
    node, random = parse(template), Random(0)
    return {"".join(piece.text for piece in draw(node, GRAMMAR, random)) for _ in range(times)}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("turn on", {"turn on"}),
        ("(a|b c|)", {"a", "b c", ""}),
        ("a|b", {"a", "b"}),
        ("minute[s]", {"minute", "minutes"}),
        ("[a|b]c", {"ac", "bc", "c"}),
        ("(a|(b|[c]d))", {"a", "b", "cd", "d"}),
        ("(a;b;c)", {"a b c", "a c b", "b a c", "b c a", "c a b", "c b a"}),
        ("x ((a|b);c)", {"x a c", "x b c", "x c a", "x c b"}),
        ("in <room>", {"in the attic", "in my attic", "in the hall", "in my hall"}),
        ("{number}( |-)m", {"1 m", "2 m", "1-m", "2-m"}),
        ("{name}", {"lamp", "fan", "old fan"}),
    ],
)
def test_what_a_template_gives(template: str, expected: set[str]) -> None:
    assert given(template) == expected


def test_slots() -> None:
    for text, slot in (("{number}", "number"), ("{number:level}", "level")):
        (piece,) = draw(parse(text), GRAMMAR, Random(0))
        assert piece.slot == slot
        assert piece.text in ("1", "2")


def test_choices_are_even() -> None:
    random = Random(1)
    drawn = ["".join(piece.text for piece in draw(parse("(a|b|c)[d]"), GRAMMAR, random)) for _ in range(3000)]
    for text in ("a", "b", "c", "ad", "bd", "cd"):
        assert 400 < drawn.count(text) < 600


def test_drawing_is_the_same_in_every_python() -> None:
    """`random.random` of a seed that is a text: the Mersenne Twister's and SHA-512's, both fixed."""
    random = Random("HassTurnOn-1")
    assert [parse_and_draw("(a|b|c|d|e|f|g|h)", random) for _ in range(12)] == list("eefbdeeadadb")


def parse_and_draw(template: str, random: Random) -> str:
    return "".join(piece.text for piece in draw(parse(template), GRAMMAR, random))


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("(a|b", "lacks a )"),
        ("a [b", "lacks a ]"),
        ("a)", "has a ) too many"),
        ("(a]", "has a ] too many"),
        ("(a|b;c)", "mixes | and ;"),
        ("{name", "a name that is not closed"),
        ("a > b", "a name that is not closed"),
    ],
)
def test_what_is_no_template(template: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(template)
    assert said in str(caught.value)
    assert repr(template) in str(caught.value)


def test_words_and_tags() -> None:
    pieces = [Piece(text, None) for text in ("What's ", "the ", "minute", "s ")]
    pieces += [
        Piece("21.5", "level"),
        Piece("°", None),
        Piece(" ", None),
        Piece("Dining room", "area"),
        Piece("-", None),
    ]
    pieces += [Piece("1/2", "half"), Piece("%", None)]
    text, tags = tagged(pieces)
    assert text == "what's the minutes 21.5 ° dining room - 1/2 %"
    assert tags == "O O O B-level O B-area I-area O B-half O"


def test_neighbouring_slots_stay_apart() -> None:
    assert tagged([Piece("1", "a"), Piece(" ", None), Piece("2 3", "a")]) == ("1 2 3", "B-a B-a I-a")


@pytest.mark.parametrize("values", [*LISTS.values(), *NAMES.values()])
def test_our_own_words(values: str) -> None:
    """Only words, so that a slot's value is a run of whole words; and enough of them that one cannot learn all."""
    node, random = parse(values), Random(0)
    drawn = {"".join(piece.text for piece in draw(node, Grammar({}, {}), random)) for _ in range(500)}
    assert len(drawn) >= 7
    for text in drawn:
        words = text.split()
        assert words
        assert all(word.replace("'", "").isalpha() and word.islower() for word in words)
