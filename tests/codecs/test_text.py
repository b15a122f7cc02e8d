"""Text codecs: what goes in comes out, numbers are in the order that the docstring gives."""

import json
import pickle
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.codecs import END, START, UNKNOWN, TextCodec, codec_from_config
from elman.errors import InputError, MissingExtra

TEXT = st.text(max_size=30)  # every code point but surrogates
LEVELS = ["characters", "words", "subwords"]


def nfc(text, level):
    normal = unicodedata.normalize("NFC", text)
    return " ".join(normal.split()) if level == "words" else normal


@pytest.mark.parametrize("level", LEVELS)
@given(texts=st.lists(TEXT, min_size=1, max_size=5), other=TEXT)
def test_round_trip_also_through_json(level, texts, other):
    codec = TextCodec(level, max_size=300 if level == "subwords" else None).fit(texts)
    config = json.loads(json.dumps(codec.to_config(), sort_keys=True))
    again = codec_from_config(config)
    assert again.to_config() == codec.to_config()
    assert again.size == codec.size
    for text in texts:
        ids = codec.encode(text)
        assert codec.decode(ids) == nfc(text, level)
        assert codec.unknown(text) == []
        assert (ids.dtype, ids.ndim) == (np.int64, 1)
        np.testing.assert_array_equal(again.encode(text), ids)
        assert again.decode(ids) == codec.decode(ids)
    ids = codec.encode(other)
    assert len(codec.unknown(other)) == (ids == UNKNOWN).sum()
    if level != "subwords":
        assert len(ids) == len(nfc(other, level).split() if level == "words" else nfc(other, level))
    assert codec.decode(codec.encode("")) == ""


def test_numbers_go_by_frequency_then_code_point():
    codec = TextCodec().fit(np.array(["bbb", "za", "az", "日"]))
    assert codec.symbols == ["b", "a", "z", "日"]
    assert codec.size == 7
    assert codec.encode("ab?z").tolist() == [4, 3, UNKNOWN, 5]
    assert codec.unknown("ab?z") == ["?"]
    assert codec.decode([START, 4, UNKNOWN, 3, START, END, 5]) == "a�b"


def test_words_are_what_stands_between_white_space():
    codec = TextCodec("words").fit([" HH AH\tL  OW\n", "HH"])
    assert codec.symbols == ["HH", "AH", "L", "OW"]
    assert codec.decode(codec.encode("OW\u2003XX HH")) == "OW � HH"


def test_composed_and_decomposed_text_are_the_same():
    codec = TextCodec().fit(["e\u0301"])
    assert codec.symbols == ["é"]
    assert codec.encode("é").tolist() == codec.encode("e\u0301").tolist() == [3]


def test_limits_leave_the_rarest_out():
    texts = ["aaa", "bb", "cc", "d"]
    assert TextCodec(max_size=5).fit(texts).symbols == ["a", "b"]
    assert TextCodec(min_count=2).fit(texts).symbols == ["a", "b", "c"]
    assert TextCodec(min_count=3).fit(texts).unknown("abcd") == ["b", "c", "d"]
    corpus = ["the theory of the thing"] * 3 + ["zebra"]
    small, large = (TextCodec("subwords", max_size=size).fit(corpus) for size in (259, 270))
    assert (small.size, large.size) == (259, 270)
    assert len(small.encode(corpus[0])) == len(corpus[0]) > len(large.encode(corpus[0]))
    rare = TextCodec("subwords", min_count=2).fit(corpus)
    assert len(rare.encode("zebra")) == 5 > len(TextCodec("subwords").fit(corpus).encode("zebra"))


def test_subwords_know_every_text():
    codec = TextCodec("subwords", max_size=280).fit(["the theory of the thing"])
    for text in ["the", "  naïve 日本 \U0001f600\n", "<unk> <s>", "\x00"]:
        assert codec.unknown(text) == []
        assert codec.decode(codec.encode(text)) == text
    ids = codec.encode("the thing").tolist()
    assert codec.decode([START, *ids, UNKNOWN, *ids, END, *ids]) == "the thing�the thing"
    assert pickle.loads(pickle.dumps(codec)).encode("the thing").tolist() == ids


def test_subwords_are_equal_from_run_to_run():
    program = (
        "import json, random; from elman.codecs import TextCodec; r = random.Random(0);"
        "texts = [''.join(r.choices('abcdeé ', k=40)) for _ in range(300)];"
        "print(json.dumps(TextCodec('subwords', max_size=500).fit(texts).to_config()))"
    )
    runs = [subprocess.run([sys.executable, "-c", program], capture_output=True, check=True) for _ in range(3)]
    assert len({run.stdout for run in runs}) == 1
    assert json.loads(runs[0].stdout)["merges"]


def test_subwords_without_the_extra(monkeypatch):
    config = TextCodec("subwords").fit(["a"]).to_config()
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    for call in (lambda: TextCodec("subwords").fit(["a"]), lambda: codec_from_config(config)):
        with pytest.raises(MissingExtra, match=r"tokenizers.*pip install \"elman\[text\]\""):
            call()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: TextCodec("letters"), "level is 'letters', expected one of characters, words, subwords"),
        (lambda: TextCodec(max_size=3), "max_size is 3, but characters need at least 4"),
        (lambda: TextCodec("subwords", max_size=100), "subwords need at least 259"),
        (lambda: TextCodec(min_count=0), "min_count is 0, expected at least 1"),
        (lambda: TextCodec().fit([]), "no texts"),
        (lambda: TextCodec().fit(["ok\ud800"]), r"not valid Unicode: character 2 is U\+D800"),
        (lambda: TextCodec().fit(["a"]).encode("\udcff"), "not valid Unicode"),
        (lambda: TextCodec().fit(["a"]).decode([4]), "symbol number 4 is out of range: the codec has 4"),
        (lambda: TextCodec().fit(["a"]).decode([-1]), "out of range"),
    ],
)
def test_refusals(wrong, message):
    with pytest.raises(InputError, match=message):
        wrong()
