"""Words and their characters as numbers."""

import pytest

from elman.codecs import END, UNKNOWN
from elman.codecs.tokens import LONGEST, TokensCodec
from elman.errors import InputError

SENTENCES = [["turn", "on", "New York"], [], ["turn", "été"]]


def spelt(codec: TokensCodec, row: list[int]) -> str:
    assert codec.characters is not None
    return codec.characters.decode(row)


def test_each_word_is_its_number_and_its_characters() -> None:
    codec = TokensCodec().fit(SENTENCES)
    first, empty, last = codec.encode_all(SENTENCES)
    assert first.shape == (3, 1 + len("New York"))
    assert empty.shape == (0, 9)
    assert codec.decode(first) == SENTENCES[0]
    assert [spelt(codec, row) for row in first[:, 1:].tolist()] == SENTENCES[0]
    assert set(first[0, 1 + len("turn") :].tolist()) == {END}
    assert last[0].tolist() == first[0].tolist()
    assert first.tolist() == codec.encode(SENTENCES[0]).tolist()


def test_a_word_never_seen_is_unknown_but_spelt() -> None:
    codec = TokensCodec().fit(SENTENCES)
    (row,) = codec.encode(["too!"]).tolist()
    assert row[0] == UNKNOWN
    assert spelt(codec, row[1:]) == "too�"
    assert codec.unknown(["too!", "turn"]) == ["too!"]
    assert codec.unknown_characters(["too!", "turn"]) == ["!"]


def test_forms_of_one_character_are_one() -> None:
    codec = TokensCodec().fit(SENTENCES)
    assert codec.encode(["e\u0301te\u0301"]).tolist() == codec.encode(["été"]).tolist()


def test_of_a_long_word_both_ends_are_read() -> None:
    word = "abcdefghijkl" + "x" * 50 + "mnopqrstuvwz"
    codec = TokensCodec().fit([[word]])
    assert codec.longest == LONGEST
    assert spelt(codec, codec.encode([word])[0, 1:].tolist()) == "abcdefghijklmnopqrstuvwz"


def test_of_many_sentences_what_stands_once_is_left_out() -> None:
    codec = TokensCodec().fit([["once"], *[["often"]] * 1000])
    assert codec.words.symbols == ["often"]
    assert set(codec.characters.symbols if codec.characters else []) == set("often")


def test_without_characters_there_are_words_alone() -> None:
    codec = TokensCodec(characters=False).fit(SENTENCES)
    assert codec.encode(SENTENCES[0]).shape == (3,)
    assert codec.num_characters == 0
    assert codec.unknown_characters(["!"]) == []


@pytest.mark.parametrize("characters", [True, False])
def test_description_gives_the_codec_again(characters: bool) -> None:
    codec = TokensCodec(characters).fit(SENTENCES)
    again = TokensCodec.from_config(codec.to_config())
    assert again.to_config() == codec.to_config()
    assert again.encode(["turn", "up"]).tolist() == codec.encode(["turn", "up"]).tolist()


def test_no_words_are_refused() -> None:
    with pytest.raises(InputError, match="there are no words"):
        TokensCodec().fit([[], []])


def test_a_damaged_description_is_refused() -> None:
    config = TokensCodec().fit(SENTENCES).to_config()
    with pytest.raises(ValueError, match="levels"):
        TokensCodec.from_config({**config, "words": config["characters"]})
    with pytest.raises(ValueError, match=r"longest 3\.5"):
        TokensCodec.from_config({**config, "longest": 3.5})
