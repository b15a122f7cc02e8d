"""benchmarks/quality/transcribe.py: how texts are spelled and split, and that torch.nn's network is elman's."""

import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from rapidfuzz.distance import Levenshtein

import elman
from elman.codecs.audio import BINS, Sound

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from quality import transcribe
from quality.benchmark import Run

SMALL = {"hidden_size": 6, "num_layers": 2, "dropout": 0.0, "batch_size": 2, "learning_rate": 0.01}
REVERSE = {"0": "", "1": "_reverse"}
TEXTS = ["uno due", "due tre", "tre uno", "zero"]


def sound(text: str, seed: int) -> Sound:
    """Frames in which each letter is a band of its own, for six frames."""
    frames = np.random.default_rng(seed).normal(0, 0.1, (6 * len(text) + 12, BINS)).astype(np.float32)
    for k, letter in enumerate(text):
        frames[6 * k : 6 * k + 6, ord(letter) % BINS] += 2
    return Sound(Path(f"{seed}.wav"), frames, 8000)


@pytest.fixture(scope="module")
def split() -> transcribe.Spoken:
    sounds = [sound(text, seed) for seed, text in enumerate(TEXTS)]
    characters = elman.Generator(hidden_size=4, epochs=1, num_threads=1, verbose=0).fit(TEXTS)
    return transcribe.Spoken(sounds[:3], TEXTS[:3], sounds[3:], TEXTS[3:], characters)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcribe, "PROMPTS", SMALL)
    monkeypatch.setattr(transcribe, "PROMPT_EPOCHS", 1)


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("Premere 1, o l\u2019asterisco... E' \u201cin uso\u201d.", "it", "premere uno o l'asterisco e in uso"),
        ("H.323 (in inglese)", "it", "h tre due tre in inglese"),
        ("Нажмите 2 - «решётку»!", "ru", "нажмите два решетку"),
        ("perche\u0301 no_si", "it", "perch\u00e9 no si"),
    ],
)
def test_how_texts_are_spelled(text: str, language: str, found: str) -> None:
    assert transcribe.spelled(text, language) == found


def test_no_text_of_one_side_is_like_one_of_the_other() -> None:
    draw = np.random.default_rng(0)
    words = ["sette", "nove", "premere", "cancelletto", "conferenza", "otto"]
    texts = [" ".join(draw.choice(words, draw.integers(1, 6))) for _ in range(200)]
    rest, out = transcribe.apart(texts, 0.1)
    assert sorted(rest + out) == list(range(200))
    assert 20 <= len(out) < 40
    nearest = max(Levenshtein.normalized_similarity(texts[one], texts[other]) for one in rest for other in out)
    assert 0.5 < nearest < transcribe.ALIKE
    assert transcribe.apart(texts, 0.1, seed=1)[1] != out


def test_the_network_in_torch_is_elmans(small: None, split: transcribe.Spoken) -> None:
    """With the same weights the same scores, of sounds of different lengths."""
    transcriber = elman.Transcriber(**Run(0).options(**SMALL, epochs=1, validation_fraction=0))
    transcriber.fit(split.rest, split.rest_texts)
    torch.manual_seed(0)
    plain = transcribe.TorchLayers(
        **transcriber.ends(), **{name: SMALL[name] for name in ("hidden_size", "num_layers", "dropout")}
    )
    ours, theirs = dict(transcriber.model_.named_parameters()), dict(plain.named_parameters())
    assert sum(one.numel() for one in ours.values()) == sum(one.numel() for one in theirs.values())
    with torch.no_grad():
        for name, value in theirs.items():
            place = re.sub(
                r"layers\.(\d)\.(\d)\.(\w+)_l0", lambda at: f"recurrent.{at[3]}_l{at[1]}{REVERSE[at[2]]}", name
            )
            ours[place].copy_(value)
    batch = transcriber.coded(split.rest, split.rest_texts).examples(torch.device("cpu")).collate(np.arange(3))
    assert len(set(batch.lengths.tolist())) > 1 or len({*map(len, TEXTS[:3])}) == 1
    transcriber.model_.eval()
    with torch.no_grad():
        found, expected = (
            transcriber.model_(batch.inputs, batch.lengths)[0],
            plain.eval()(batch.inputs, batch.lengths)[0],
        )
    for row, length in enumerate(batch.lengths.tolist()):
        assert torch.allclose(found[row, :length], expected[row, :length], atol=1e-5)


def test_all_are_scored_and_time_is_kept(small: None, split: transcribe.Spoken) -> None:
    started = time.process_time()
    scores = [transcribe.torch_lstm(split, Run(0, elman_seconds=0.5))]
    assert time.process_time() - started < 10
    scores.append(transcribe.prompts_ours(split, Run(0)))
    for one in scores:
        assert set(one) == {metric.name for metric in transcribe.BENCHMARKS[0].metrics}
        assert all(value >= 0 for value in one.values())
    with pytest.raises(ValueError, match="run elman first"):
        transcribe.torch_lstm(split, Run(0))
    without = transcribe.Spoken(split.rest, split.rest_texts, split.rest, split.rest_texts, split.characters)
    transcriber = elman.Transcriber(
        hidden_size=32, epochs=150, learning_rate=0.01, validation_fraction=0, num_threads=1, verbose=0
    )
    learned = transcribe.scored(transcriber.fit(without.rest, without.rest_texts), without)
    assert (learned[transcribe.WORDS_GREEDY], learned[transcribe.GREEDY]) == (0, 0)  # what it has learned by heart
