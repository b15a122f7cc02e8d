"""The tagger: spans as seqeval counts them, legal tags, words never seen, states of series, and long sequences."""

import sys
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support
from sklearn.metrics import accuracy_score, f1_score

import elman
from elman.codecs.tags import fault
from elman.models.crf import CRF
from elman.tasks.tagger import _likelihood
from elman.tasks.windowed import cut

QUICK: dict[str, Any] = {"hidden_size": 6, "epochs": 2, "batch_size": 4, "num_threads": 1, "verbose": 0}
LEARN: dict[str, Any] = {"hidden_size": 16, "dropout": 0, "batch_size": 8, "learning_rate": 0.02, "num_threads": 1}
PLACES = ["Rome", "Paris", "New York", "Los Angeles", "Oslo", "San Marino"]
DAYS = ["monday", "friday", "next week"]


def phrases(n: int, seed: int, places: list[str] = PLACES) -> tuple[list[list[str]], list[list[str]]]:
    """Fly to PLACE on DAY, and the other way round, with whatever."""
    generator = np.random.default_rng(seed)
    X, y = [], []
    for _ in range(n):
        parts = [("fly to", ""), (generator.choice(places), "place"), ("on", ""), (generator.choice(DAYS), "day")]
        parts = parts if generator.random() < 0.5 else [*parts[2:], *parts[:2]]
        X.append([word for text, _ in parts for word in text.split()])
        y.append(
            [
                tag
                for text, kind in parts
                for tag in (
                    [f"B-{kind}", *[f"I-{kind}"] * (len(text.split()) - 1)] if kind else ["O"] * len(text.split())
                )
            ]
        )
    return X, y


def flat(tags: list[list[Any]]) -> list[Any]:
    return list(chain.from_iterable(tags))


@pytest.fixture(scope="module")
def tagger() -> elman.Tagger:
    X, y = phrases(150, 0)
    return elman.Tagger(**LEARN, epochs=12, verbose=0).fit(X, y)


def test_spans_are_learned_of_words_never_seen_as_well(tagger: elman.Tagger) -> None:
    X, y = phrases(60, 1)
    assert tagger.score(X, y) > 0.98
    X, y = phrases(60, 1, ["New Orleans", "Parma"])  # by their place and by their letters
    assert tagger.score(X, y) > 0.8


def test_measures_are_seqevals(tagger: elman.Tagger) -> None:
    X, y = phrases(40, 2, ["San Sebastian del Oeste", "on", "monday Rome"])
    y[0][0] = "B-never"  # seen in training: an error, and no refusal
    predicted = tagger.predict(X)
    precision, recall, f1, _ = precision_recall_fscore_support(y, predicted, average="micro")
    with pytest.warns(UserWarning, match=r"1 of \d+ steps have a tag not seen in training \('B-never'\)"):
        measured = tagger.evaluate(X, y)
    assert measured == {
        "span_f1": f1,
        "span_precision": precision,
        "span_recall": recall,
        "accuracy": accuracy_score(flat(y), flat(predicted)),
    }
    assert 0 < f1 < 1


@pytest.mark.parametrize("crf", [True, False])
def test_with_a_random_field_no_tag_is_illegal(crf: bool) -> None:
    """Of networks that have learned nothing, on noise."""
    X, y = phrases(40, 0)
    one = elman.Tagger(**QUICK | {"epochs": 1}, crf=crf).fit(X, y)
    with torch.no_grad():
        for parameter in one.model_.parameters():
            parameter.normal_(0, 2)
    faults = [fault(tags, "bio") for tags in one.predict(X)]
    assert all(found is None for found in faults) == crf


def test_texts_are_cut_into_words_and_spans_told(tagger: elman.Tagger) -> None:
    text = "fly to New York on friday"
    assert tagger.predict([text]) == tagger.predict([text.split()])
    assert tagger.predict_spans([text]) == [[("place", 2, 4), ("day", 5, 6)]]
    assert tagger.evaluate([text, ""], ["O O B-place I-place O B-day", ""])["span_f1"] == 1


def test_a_model_keeps_its_words_and_tags(tagger: elman.Tagger, tmp_path: Path) -> None:
    tagger.save(tmp_path / "m.safetensors")
    again = elman.load(tmp_path / "m.safetensors")
    X, _ = phrases(20, 3, ["Zürich", "Rome"])
    assert again.predict(X) == tagger.predict(X)  # type: ignore[attr-defined]
    assert list(again.classes_) == ["B-day", "B-place", "I-day", "I-place", "O"]  # type: ignore[attr-defined]


def test_tags_of_iob1_are_learned_as_bio() -> None:
    X, y = phrases(30, 0)
    old = [[tag.replace("B-", "I-") for tag in tags] for tags in y]
    one = elman.Tagger(**QUICK).fit(X, old)
    assert list(one.classes_) == ["B-day", "B-place", "I-day", "I-place", "O"]
    assert one.evaluate(X, old) == one.evaluate(X, y)


def test_plain_tags_are_measured_one_by_one() -> None:
    X = [["a", "dog"], ["the", "dog", "barks"], ["a", "cat"], ["cats", "bark"]] * 5
    y = [["DET", "NOUN"], ["DET", "NOUN", "VERB"], ["DET", "NOUN"], ["NOUN", "VERB"]] * 5
    one = elman.Tagger(**QUICK).fit(X, y)
    ends = flat(y), flat(one.predict(X))
    assert one.evaluate(X, y) == {
        "accuracy": accuracy_score(*ends),
        "macro_f1": f1_score(*ends, average="macro"),
    }
    assert one.score(X, y) == accuracy_score(*ends)
    with pytest.raises(elman.InputError, match="mark no spans"):
        one.predict_spans(X)


@pytest.mark.parametrize("options", [{}, {"bidirectional": False}, {"bidirectional": False, "crf": False}], ids=str)
def test_states_of_a_long_series_are_found(options: dict[str, Any]) -> None:
    """One series, longer than the window, validated on its end: which of two levels it is on, under noise."""
    generator = np.random.default_rng(0)
    states = np.repeat(generator.integers(0, 2, 120), generator.integers(8, 20, 120))
    x = states + generator.normal(0, 0.7, len(states))
    one = elman.Tagger(**LEARN, epochs=20, window=64, verbose=0, **options)
    one.fit([x[:1200]], [states[:1200]])
    assert (one.keeps_state, one.history_.metric) == ("crf" in options, "accuracy")
    alone = ((x > 0.5) == states).mean()  # each value by itself
    assert one.score([x[1200:]], [states[1200:]]) > alone + 0.08
    assert one.predict([x[1200:]])[0][0] in (0, 1)


def test_the_likelihood_of_pieces_is_that_of_the_whole_given_what_is_around() -> None:
    """Pieces of a chain, each given the tag before it: their probabilities multiply to that of the whole.

    That holds where the network's scores do not depend on the tags to come, so with transitions of zero after the
    piece: here the field has none at all but the legal ones.
    """
    torch.manual_seed(0)
    field = CRF(["11", "111", "111"])
    scores, targets = torch.randn(1, 6, 2), torch.tensor([[0, 1, 1, 0, 1, 0]])
    inside = torch.ones(1, 6, dtype=torch.bool)
    whole = _likelihood(field, scores, targets, inside, torch.tensor([6]))
    pieces = []
    for start in (0, 2, 4):
        own = ~targets
        own[:, start : start + 2] = targets[:, start : start + 2]
        pieces.append(_likelihood(field, scores, own, own >= 0, torch.tensor([6])))
    torch.testing.assert_close(sum(pieces), whole)
    with torch.no_grad():
        field.transitions.normal_()
    own = ~targets
    own[:, 5:] = targets[:, 5:]  # the last step, given the one before it
    found = _likelihood(field, scores, own, own >= 0, torch.tensor([6]))
    expected = (scores[0, 5] + field.transitions[1]).log_softmax(0)[0]
    torch.testing.assert_close(found[0], expected)


def test_pieces_know_the_tags_around_them() -> None:
    one = elman.Tagger(**QUICK, window=4, crf=True)
    X = [np.arange(10.0)[:, None] + 0.0] * 12
    y = [[0, 1, 1, 0, 1, 0, 0, 1, 1, 0]] * 12
    training, _ = one.prepared(X, y)
    targets = list(cut(training, 4, one.unscored).targets)[:3]
    assert [target.tolist() for target in targets] == [[0, 1, 1, 0, ~1], [~0, 1, 0, 0, 1, ~1], [~1, 1, 0]]


def test_learning_goes_on_from_part_to_part() -> None:
    X, y = phrases(120, 0)
    one = elman.Tagger(**LEARN, verbose=0)
    for start in range(0, 120, 20):
        one.partial_fit(X[start : start + 20], y[start : start + 20])
    assert len(one.history_.epochs) == 6
    assert one.history_.epochs[-1].training_loss < 0.7 * one.history_.epochs[0].training_loss


def test_without_seqeval_it_says_so_before_it_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = phrases(20, 0)
    for name in [name for name in sys.modules if name.startswith("seqeval")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "seqeval", None)
    with pytest.raises(elman.MissingExtra, match=r'not installed: pip install "elman\[text\]"'):
        elman.Tagger(**QUICK).fit(X, y)


def test_nothing_to_measure_is_refused(tagger: elman.Tagger) -> None:
    with pytest.raises(elman.InputError, match="all sequences are empty"):
        tagger.evaluate([""], [""])
    assert tagger.predict([[]]) == tagger.predict([""]) == [[]]
    assert tagger.predict([]) == []
