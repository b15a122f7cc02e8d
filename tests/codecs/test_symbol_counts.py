"""Symbols counted block by block are those of all texts, within a bound on memory."""

from collections import Counter

import numpy as np
import pytest

from elman.codecs import SymbolCounts, TextCodec

TEXTS = ["e\u0301 b  a", "", "b\u00e9 \N{GRINNING FACE}b\nb", "a b"] * 3


@pytest.mark.parametrize("level", ["characters", "words"])
def test_blocks_give_the_codec_of_the_whole(level):
    counts = SymbolCounts(level)
    for text in TEXTS:
        counts.update([text])
    options = {"min_count": 4, "max_size": 6}
    found = TextCodec(level, **options).learn(counts)
    assert found.to_config() == TextCodec(level, **options).fit(TEXTS).to_config()
    composed = [text.replace("e\u0301", "\u00e9") for text in TEXTS]
    expected = Counter(symbol for text in composed for symbol in (text.split() if level == "words" else text))
    kept = sorted((symbol for symbol, n in expected.items() if n >= 4), key=lambda one: (-expected[one], one))
    assert found.symbols == kept[:3]


@pytest.mark.parametrize("level", ["characters", "words", "subwords"])
def test_many_texts_are_encoded_as_each_is(level):
    if level == "subwords":
        pytest.importorskip("tokenizers")
    codec = TextCodec(level, min_count=1 if level == "subwords" else 4).fit(iter(TEXTS))
    found = codec.encode_all(TEXTS)
    assert [one.tolist() for one in found] == [codec.encode(text).tolist() for text in TEXTS]
    assert found.values.dtype == np.int64


def test_of_too_many_words_the_frequent_ones_stay():
    counts = SymbolCounts("words", most=100)
    for k in range(5000):
        counts.update([f"rare{k} often {'half' if k % 2 else ''}"])
    assert len(counts.words) <= 100
    assert counts.num_words == 12500
    assert counts.words["often"] == 5000
    assert counts.words["half"] >= 2500 - counts.forgotten
    assert counts.forgotten > 0
