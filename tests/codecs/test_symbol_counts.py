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


def drifting():
    """Words that each stand once; in the second half one that stands often among them."""
    for k in range(400):
        yield [f"w{k}-{j}" for j in range(50)] + ["late"] * (20 if k >= 200 else 0)


def growing():
    """A word that stands often, in blocks where another stands as often."""
    for k in range(1, 8):
        yield ["x"] * k + [f"w{k}"] * k


def skewed():
    """Words by Zipf's law."""
    generator = np.random.default_rng(0)
    for _ in range(100):
        yield [f"w{n}" for n in generator.zipf(1.3, 200)]


@pytest.mark.parametrize(("stream", "most"), [(drifting, 100), (growing, 1), (skewed, 20), (skewed, 200)])
def test_what_is_forgotten_does_not_add_up(stream, most):
    counts, expected = SymbolCounts("words", most), Counter()
    for words in stream():
        counts.update([" ".join(words)])
        expected.update(words)
        assert len(counts.words) <= most
        assert counts.forgotten <= expected.total() / (most + 1)
        for word, n in expected.items():
            assert n - counts.forgotten <= counts.words[word] <= n
    assert counts.forgotten > 0
    if stream is drifting:
        assert counts.words.most_common(1) == [("late", 4000)]
