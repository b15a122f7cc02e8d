"""Which scheme tags follow, what is legal in it, and what breaks it."""

from itertools import product

import pytest
from seqeval.metrics.sequence_labeling import get_entities

from elman.codecs.tags import TagCodec, as_bio, fault, scheme_of, spans
from elman.errors import InputError

SENTENCES = {
    "bio": [["O", "B-a", "I-a"], ["B-b", "B-b"]],
    "iob1": [["O", "I-a", "I-a"], ["I-b", "B-b"]],
    "bioes": [["O", "B-a", "E-a"], ["S-b", "S-b"]],
    "plain": [["NOUN", "O", "B-verb"], ["ADJ", "NOUN"]],
}


@pytest.mark.parametrize("scheme", SENTENCES)
def test_scheme_is_told_by_the_tags(scheme: str) -> None:
    assert scheme_of(SENTENCES[scheme]) == scheme
    codec = TagCodec().fit(SENTENCES[scheme])
    again = TagCodec.from_config(codec.to_config())
    assert (again.scheme, again.classes, again.legal()) == (codec.scheme, codec.classes, codec.legal())
    first, second = SENTENCES[scheme]
    assert again.decode(again.encode(first)) == codec.regular(first)
    assert [one.tolist() for one in codec.encode_all([first, [], second])] == [
        codec.encode(one).tolist() for one in (first, [], second)
    ]


def test_states_of_a_machine_are_tags_too() -> None:
    codec = TagCodec().fit([[0, 1, 1], [2]])
    assert codec.decode(codec.encode([2, 0])) == [2, 0]
    assert codec.legal() == ["111", "1111", "1111", "1111"]


@pytest.mark.parametrize("scheme", ["bio", "bioes"])
def test_what_is_legal_is_what_has_no_fault_and_says_the_same_spans_whoever_reads_it(scheme: str) -> None:
    letters = "BI" if scheme == "bio" else "BIES"
    tags = ["O", *(f"{letter}-{kind}" for letter in letters for kind in "ab")]
    codec = TagCodec.from_config({"scheme": scheme, "tags": sorted(tags)})
    legal = codec.legal()
    for path in product(range(codec.size), repeat=3):
        steps = legal[0][path[0]] + legal[path[0] + 1][path[1]] + legal[path[1] + 1][path[2]] + legal[path[2] + 1][-1]
        named = codec.decode(path)
        assert (steps == "1111") == (fault(named, scheme) is None), named
        if steps == "1111":
            begins = sum(tag[0] in ("B", "S") for tag in named)
            assert len(get_entities(named)) == begins


@pytest.mark.parametrize("letters", ["BI", "BIES"])
def test_spans_are_those_of_seqeval(letters: str) -> None:
    for path in product(["O", *(f"{letter}-{kind}" for letter in letters for kind in ("a", "b-c"))], repeat=3):
        assert [(one.kind, one.start, one.stop - 1) for one in spans(path)] == get_entities(list(path)), path


def test_iob1_becomes_bio_with_the_same_spans() -> None:
    for path in product(["O", "I-a", "B-a", "I-b", "B-b"], repeat=4):
        bio = as_bio(path)
        assert get_entities(bio) == get_entities(list(path))
        assert fault(bio, "bio") is None
        assert as_bio(bio) == bio


@pytest.mark.parametrize(
    ("tags", "place", "what"),
    [
        (["O", "I-a"], 1, "'I-a' after 'O'"),
        (["I-a"], 0, "'I-a' at the beginning"),
        (["B-a", "I-b"], 1, "'I-b' after 'B-a'"),
        (["B-a", "b-a"], 1, "'b-a', expected O, B-... or I-..."),
        (["B-a", None], 1, "None, expected O"),
    ],
)
def test_a_tag_that_breaks_bio_is_named(tags: list[str], place: int, what: str) -> None:
    found = fault(tags, "bio")
    assert found is not None
    assert found[0] == place
    assert found[1].startswith(what)
    with pytest.raises(InputError, match=rf"y\[2\]\[{place}\] is "):
        TagCodec().fit([*SENTENCES["bio"], tags])


def test_letters_alone_are_bio_where_there_are_no_others() -> None:
    assert scheme_of([["B", "I", "O"]]) == "bio"
    assert fault(["O", "I"], "bio") is not None
    assert scheme_of([["B", "I", "A", "B"]]) == "plain"


def test_one_odd_tag_of_many_does_not_make_them_plain() -> None:
    assert scheme_of([*SENTENCES["bio"], ["b-a"]]) == "bio"


def test_bilou_is_refused_with_the_remedy() -> None:
    with pytest.raises(InputError, match="write L- as E- and U- as S-"):
        TagCodec().fit([["B-a", "L-a", "U-b"]])


def test_a_tag_never_seen_is_refused() -> None:
    with pytest.raises(InputError, match="'B-c' is none of the classes"):
        TagCodec().fit(SENTENCES["bio"]).encode(["B-c"])


@pytest.mark.parametrize("damage", [{"scheme": "iob7"}, {"tags": ["b", "a"]}, {"tags": []}])
def test_a_damaged_description_is_refused(damage: dict[str, object]) -> None:
    config = TagCodec().fit(SENTENCES["bio"]).to_config()
    with pytest.raises(ValueError):
        TagCodec.from_config({**config, **damage})
