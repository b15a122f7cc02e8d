"""Which sequences of a stream are for training, and which for validation."""

import unicodedata

from elman.tasks.parts import Block, ByKey


def test_texts_of_equal_symbols_are_on_the_same_side():
    composed = [f"caf\u00e9 {k}" for k in range(200)]
    decomposed = [unicodedata.normalize("NFD", text) for text in composed]
    assert not set(composed) & set(decomposed)
    sides = [
        ByKey(0.3, 1)(Block(texts, list(range(200)), [None] * 200, [True] * 200)) for texts in (composed, decomposed)
    ]
    assert [one.X for one in sides[0]] == [one.X for one in sides[1]]
    assert 30 < len(sides[0][1].X) < 90
