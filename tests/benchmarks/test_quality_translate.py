"""What translators are held against: the same network in torch.nn, and a split that holds out what was never seen."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from elman.codecs import Ragged
from elman.models import EncoderDecoder
from quality import translate
from quality.benchmark import Run
from quality.plain_translator import PlainTranslator

OPTIONS = {"hidden_size": 5, "embedding_size": 4, "dropout": 0.0, "batch_size": 4, "learning_rate": 0.02}
NAMES = {
    "encoder.embedding": "encoder.input.embedding",
    "encoder.lstm": "encoder.recurrent",
    "encoder.bridge_h": "encoder.bridge.h",
    "encoder.bridge_c": "encoder.bridge.c",
    "decoder.embedding": "decoder.input.embedding",
    "decoder.lstm": "decoder.recurrent",
    "decoder.attention": "decoder.attention.projection",
    "decoder.combination": "decoder.combination",
    "decoder.readout": "decoder.readout",
}


def sequences(n: int) -> tuple[Ragged, Ragged]:
    generator = np.random.default_rng(0)
    sources = [generator.integers(3, 9, generator.integers(1, 6)) for _ in range(n)]
    return Ragged.of(sources), Ragged.of([one[::-1].copy() for one in sources])


def test_the_plain_network_is_elmans() -> None:
    """From the same weights the same scores, teacher-forced and searched."""
    plain = PlainTranslator((9, 9), OPTIONS, 0)
    ours = EncoderDecoder(9, 9, "lstm", 5, 1, True, 0.0, 4)
    theirs = plain.model.state_dict()
    named = {
        name: theirs[next(key + name.removeprefix(own) for key, own in NAMES.items() if name.startswith(own + "."))]
        for name in ours.state_dict()
    }
    assert len(named) == len(theirs)
    ours.load_state_dict(named)
    source, lengths = torch.tensor([[3, 4, 5, 6], [7, 8, 0, 0]]), torch.tensor([4, 2])
    target = torch.tensor([[5, 4, 3], [8, 7, 0]])
    torch.testing.assert_close(plain.model.eval()(source, lengths, target), ours.eval()(source, lengths, target))
    asked = Ragged.of([np.array([3, 4, 5, 6]), np.array([7, 8])])
    found = plain.search(asked, beam=3, length_penalty=1.0, longer=2)
    best = [several[0] for several in ours.search(source, lengths, beam=3, max_length=lengths + 2, length_penalty=1.0)]
    assert [one.symbols for one in found] == [one.symbols for one in best]


def test_the_plain_network_learns_for_its_time() -> None:
    sources, targets = sequences(60)
    model = PlainTranslator((9, 9), {**OPTIONS, "hidden_size": 24}, 0).fit(sources, targets, seconds=3.0)
    found = model.search(sources, beam=1, length_penalty=1.0, longer=1)
    assert sum(list(one.symbols) == target.tolist() for one, target in zip(found, targets, strict=True)) > 30


def test_only_longer_texts_that_nobody_learned_from_are_scored() -> None:
    rows = [
        ("a", "Turn the light on", "Licht an"),
        ("a", "Host", "Host"),
        ("a", "Host", "Host"),
        ("b", "Turn the LIGHT on", "Schalte das Licht an"),
        ("b", "Turn the fan on", "Lüfter an"),
        ("b", "Turn the fan on", "Schalte den Lüfter an"),
        ("b", "Fan", "Lüfter"),
        ("c", "Turn the fan on", "Lüfter ein"),
    ]
    table = pd.DataFrame(rows, columns=["component", "en", "de"])
    split, sizes = translate.by_component(table, ["a"], ["b", "c"])
    assert (split.X, split.y) == (["Turn the light on", "Host"], ["Licht an", "Host"])
    assert split.out == ["Turn the fan on"]
    assert split.references == [["Lüfter an", "Schalte den Lüfter an", "Lüfter ein"]]
    assert sizes["left out since they stand elsewhere"] == 1
    assert translate.copied(split, Run(0))["chrF"] < 30
    same = translate.Pairs([*split.X, "Turn the fan off"], [*split.y, "Lüfter ein"], split.out, split.references)
    assert translate.nearest_source(same, Run(0))["chrF"] == pytest.approx(100)


def test_any_listed_variant_counts() -> None:
    split = translate.Pairs(["cat", "cat"], ["K AE T", "K A T"], ["hat", "dog"], [["HH AE T", "K AE T"], ["D AO G"]])
    assert translate.nearest_word(split, Run(0)) == {translate.WORD: 0.5, translate.PHONEME: 0.5}
