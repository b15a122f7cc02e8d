"""benchmarks/quality/caption.py: what is held out, the nearest neighbours by hand, and that elman is trained once."""

import sys
from pathlib import Path, PurePath

import numpy as np
import pytest

from elman.codecs import Picture

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from quality import caption
from quality.benchmark import Run

BASES = np.array([f"base {k // 4}" for k in range(200)])
TONES = np.array([("none", "light", "medium", "dark")[k % 4] for k in range(200)])


def test_a_base_lies_on_one_side() -> None:
    rest, out = caption.by_base(BASES, 0)
    assert sorted([*rest, *out]) == list(range(200))
    assert not set(BASES[rest]) & set(BASES[out])
    assert len(out) == 20
    assert list(out) != list(caption.by_base(BASES, 1)[1])


def test_a_combination_s_base_is_learned_from() -> None:
    rest, out = caption.by_combination(BASES, TONES, 0)
    assert sorted([*rest, *out]) == list(range(200))
    assert len(out) == 15  # of 150 with a tone
    assert (TONES[out] != "none").all()
    assert set(BASES[out]) <= set(BASES[rest])
    all_toned = np.full(200, "dark")
    rest, out = caption.by_combination(np.array([f"base {k}" for k in range(200)]), all_toned, 0)
    assert len(out) == 0  # each is the only one of its base


def test_the_nearest_is_found() -> None:
    random = np.random.default_rng(0)
    X, out = random.normal(size=(30, 5)), random.normal(size=(7, 5))
    expected = [str(np.argmin([np.square(x - one).sum() for x in X])) for one in out]
    assert caption.nearest(X, out, [str(k) for k in range(30)]) == expected


def test_all_are_scored_and_elman_is_trained_once(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"level": "words", "image_size": 8, "channels": 8, "hidden_size": 4, "batch_size": 4, "epochs": 1}
    monkeypatch.setattr(caption, "OPTIONS", small)
    random = np.random.default_rng(0)
    pictures = [Picture(PurePath(f"{k}.png"), random.integers(256, size=(8, 8, 3), dtype=np.uint8)) for k in range(10)]
    names = [f"a name {k}" for k in range(10)]
    split = caption.Drawings(pictures[:8], names[:8], [pictures[0], *pictures[8:]], [names[0], *names[8:]])
    for score in (caption.ours, caption.nearest_pixels, caption.nearest_features):
        found = score(split, Run(0))
        assert list(found) == [caption.EXACT, caption.BLEU, caption.CHRF]
        if score is not caption.ours:  # the first stands in both parts
            assert found[caption.EXACT] == 1 / 3
    assert len(split.trained) == 1
