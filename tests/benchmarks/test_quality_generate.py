"""benchmarks/quality/generate.py: all contestants predict the same symbols, and torch.nn's loop reads the text."""

import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import elman
from elman.codecs import END, START, TextCodec

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from quality import generate
from quality.benchmark import Run

TEXTS = [f"chapter {k}. the whale, the sea and the {word}.\n" * 3 for k, word in enumerate(["ship", "boat", "oar"])]
SPLIT = generate.Chapters(TEXTS[:2], TEXTS[2:], TextCodec("characters").fit(TEXTS[:2]))
SMALL = {"hidden_size": 8, "embedding_size": 4, "dropout": 0.0, "batch_size": 2, "window": 7, "learning_rate": 0.01}


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(generate, "OPTIONS", SMALL)
    monkeypatch.setattr(generate, "EPOCHS", 1)


def test_windows_are_the_text_and_what_follows(small):
    documents = SPLIT.numbers(SPLIT.rest)
    whole = np.concatenate([[START, *one] for one in documents])
    length = (len(whole) - 1) // 2
    lanes = whole[: 2 * length].reshape(2, length)
    count, read = -(-length // 7), generate.windows(documents)
    epoch = [next(read) for _ in range(count)]
    assert [begins for _, _, begins in epoch] == [True] + [False] * (count - 1)
    assert torch.cat([x for x, _, _ in epoch], 1).tolist() == lanes.tolist()
    after = whole[1 : 2 * length + 1].reshape(2, length)
    expected = np.where(after == START, generate.IGNORED, after)
    assert torch.cat([y for _, y, _ in epoch], 1).tolist() == expected.tolist()
    assert next(read)[2]


def test_the_network_in_torch_is_elmans(small):
    """With the same weights the same bits per character, of the same symbols."""
    torch.manual_seed(0)
    plain = generate.Language(SPLIT.codec.size).eval()
    generator = elman.Generator(**Run(0).options(**SMALL, epochs=1, validation_fraction=0)).fit(SPLIT.rest)
    assert generator.codecs_["input"].to_config() == SPLIT.codec.to_config()
    ours, theirs = dict(generator.model_.named_parameters()), dict(plain.named_parameters())
    assert sum(one.numel() for one in ours.values()) == sum(one.numel() for one in theirs.values())
    with torch.no_grad():
        for name, value in theirs.items():
            ours[name.replace("lstm", "recurrent").replace("embedding", "input.embedding")].copy_(value)
    found = generate._bits([generate._log_probabilities(plain, one) for one in SPLIT.numbers(SPLIT.out)])
    assert generator.evaluate(SPLIT.out)["bits_per_character"] == pytest.approx(found, abs=1e-5)


def test_all_are_scored_and_time_is_kept(small):
    started = time.process_time()
    scores = [generate.torch_lstm(SPLIT, Run(0, elman_seconds=0.5))]
    assert time.process_time() - started < 5
    scores += [generate.moby_dick_ours(SPLIT, Run(0)), generate.kneser_ney(SPLIT, Run(0))]
    assert all(0 < one[generate.BITS] < np.log2(SPLIT.codec.size) + 1 for one in scores)
    with pytest.raises(ValueError, match="run elman first"):
        generate.torch_lstm(SPLIT, Run(0))


def test_an_end_is_a_symbol_of_each_chapter():
    assert [one[-1] for one in SPLIT.numbers(TEXTS)] == [END] * 3
