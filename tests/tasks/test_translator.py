"""The translator: the search, attention; and that it learns to turn a text round."""

import copy
import math
import re
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

import elman
from elman.cli.columns import Columns
from elman.cli.streamed_columns import stream_columns
from elman.codecs import END, UNKNOWN
from elman.files import read_model, write_model
from elman.tasks.encoding_progress import EncodingProgress
from elman.tasks.report import training_report
from elman.tasks.streamed import streamed
from elman.tasks.text_scores import error_rates, overlaps

QUICK: dict[str, Any] = {"hidden_size": 6, "epochs": 2, "batch_size": 4, "num_threads": 1, "verbose": 0}
generator = np.random.default_rng(0)
TEXTS = ["".join(generator.choice(list("abc"), T)) for T in (3, 1, 7, 4, 4, 5, 2, 6, 8, 1, 3, 5)]
TARGETS = [" ".join(text.upper()) for text in TEXTS]


@pytest.fixture(scope="module")
def translator() -> elman.Translator:
    return elman.Translator(**{**QUICK, "epochs": 6, "learning_rate": 0.02}).fit(TEXTS, TARGETS)


def test_evaluation_takes_rows_of_one_source_together(translator: elman.Translator) -> None:
    right, other = translator.predict(["abc", "cb"])
    worse = f"{right} A B".strip()
    alone = error_rates([right.split(), other.split()], [[right.split()], [["C", "B", "A"]]])
    overlap = overlaps([right, other], [[worse, right], ["C B A"]])
    assert translator.evaluate(["abc", "cb", "abc"], [worse, "C B A", right]) == {**alone, **overlap}
    assert translator.score(["abc", "abc"], [worse, right]) == 1.0
    assert translator.score(["abc"], [worse]) == 0.0
    with pytest.raises(elman.InputError, match="X has 2 texts, but y has 1"):
        translator.evaluate(["abc", "b"], ["A"])


def test_predict_is_the_best_translation(translator: elman.Translator) -> None:
    found = translator.hypotheses(TEXTS)
    assert translator.predict(TEXTS) == [several[0].text for several in found]
    assert all(
        [one.score for one in several] == sorted((one.score for one in several), reverse=True) for several in found
    )
    assert all(one.attention is None for several in found for one in several)


def test_a_wider_beam_holds_more_and_finds_others(translator: elman.Translator) -> None:
    roomy = copy.copy(translator).set_params(max_length=8)  # the learned limit may leave fewer than five to be found
    greedy, wide = (roomy.hypotheses(TEXTS, beam=beam) for beam in (1, 5))
    assert {len(found) for found in greedy} == {1}
    assert {len(found) for found in wide} == {5}
    assert [one[0].score for one in greedy] != [one[0].score for one in wide]
    with pytest.raises(elman.InputError, match="beam is 0"):
        translator.hypotheses(TEXTS, beam=0)


def test_attention_is_a_share_of_the_source_at_each_step(translator: elman.Translator) -> None:
    for text, several in zip([*TEXTS, ""], translator.hypotheses([*TEXTS, ""], attention=True), strict=True):
        for one in several:
            assert one.attention is not None
            assert one.attention.shape == (len(one.text.split()) + 1, len(text))
            assert (one.attention >= 0).all()
            np.testing.assert_allclose(one.attention.sum(1), 1 if text else 0, rtol=1e-5)


def test_a_translation_does_not_depend_on_its_batch(translator: elman.Translator) -> None:
    texts = [*TEXTS, "", "abcabcab"]
    together, alone = translator.hypotheses(texts), [translator.hypotheses([text])[0] for text in texts]
    for found, expected in zip(together, alone, strict=True):
        assert [one.text for one in found] == [one.text for one in expected]
        assert [one.score for one in found] == pytest.approx([one.score for one in expected], rel=1e-4)
    assert translator.predict(texts[::-1]) == translator.predict(texts)[::-1]


def test_a_result_is_not_longer_than_the_data_suggest() -> None:
    one = elman.Translator(**QUICK).fit(TEXTS, [text * 2 for text in TEXTS])
    assert one.longer_ == 8
    assert all(len(found) <= len(text) + 8 for text, found in zip(TEXTS, one.predict(TEXTS), strict=True))
    shorter = elman.Translator(**QUICK).fit(TEXTS, [text[:1] for text in TEXTS])
    assert shorter.longer_ == 0
    assert all(len(found) <= len(text) for text, found in zip(TEXTS, shorter.predict(TEXTS), strict=True))


def test_variants_of_a_source_are_never_split() -> None:
    sources, targets = TEXTS * 3, [*TARGETS, *(f"{text} X" for text in TARGETS), *(f"{text} Y" for text in TARGETS)]
    training, validation = elman.Translator(validation_fraction=0.4).prepared(sources, targets)
    assert validation is not None
    sides = [{tuple(source) for source in side.inputs} for side in (training, validation)]
    assert sides[1]
    assert not sides[0] & sides[1]


@pytest.mark.parametrize(("cell", "epochs"), [("lstm", 40), ("elman", 100)])
def test_it_learns_to_turn_a_text_round(cell: str, epochs: int) -> None:
    generator = np.random.default_rng(1)
    texts = ["".join(generator.choice(list("abcd"), generator.integers(1, 6))) for _ in range(400)]
    targets = [" ".join(text[::-1].upper()) for text in texts]
    options: dict[str, Any] = {"hidden_size": 32, "dropout": 0, "batch_size": 16, "learning_rate": 0.01}
    one = elman.Translator(cell=cell, epochs=epochs, num_threads=1, verbose=0, **options)
    found = one.fit(texts[:300], targets[:300]).evaluate(texts[300:], targets[300:])
    assert found["symbol_error_rate"] < 0.1


def test_validation_data_of_ones_own_are_used_and_not_learned_from() -> None:
    translator = elman.Translator(**QUICK)
    training, validation = translator.prepared(TEXTS, TARGETS, (["xyz", "x"], ["A B", "A"]))
    assert [len(one) for one in training.inputs] == [len(text) for text in TEXTS]
    assert validation is not None
    assert [one.tolist() for one in validation.inputs] == [[0, 0, 0], [0]]  # symbols that training does not know
    by_x, by_a = (elman.Translator(**QUICK).fit(TEXTS, TARGETS, validation=([text], ["A B"])).history_ for text in "xa")
    assert by_x.epochs[0].training_loss == by_a.epochs[0].training_loss
    assert by_x.epochs[0].validation_loss != by_a.epochs[0].validation_loss


def trips(n: int, seed: int) -> tuple[list[str], list[str]]:
    """Sentences with names that stand in no other, and their translations, in which they change places."""
    generator = np.random.default_rng((2, seed))
    names = [["".join(generator.choice(list("aeikmnrstuw"), 9)).capitalize() for _ in range(n)] for _ in "ab"]
    days = {"monday": "lundi", "friday": "vendredi", "sunday": "dimanche"}
    chosen = generator.choice(list(days), n)
    both = list(zip(chosen, *names, strict=True))
    return [f"{day} fly from {a} to {b}" for day, a, b in both], [
        f"a {b} de {a} vole {days[day]}" for day, a, b in both
    ]


@pytest.mark.parametrize("copies", [True, False])
def test_words_that_nobody_knows_are_copied(copies: bool) -> None:
    options: dict[str, Any] = {"hidden_size": 24, "dropout": 0.0, "batch_size": 16, "learning_rate": 0.01, "epochs": 3}
    one = elman.Translator(copy_unknown=copies, **{**QUICK, **options}).fit(*trips(1200, 0))
    assert {codec.level for codec in one.codecs_.values()} == {"words"}
    sources, targets = trips(60, 1)
    for beam in (1, 4):
        one.set_params(beam=beam)
        assert one.score(sources, targets) == (1.0 if copies else 0.0)
    known = "monday fly to friday"  # nothing to copy
    for found in one.hypotheses([known], beam=8)[0]:
        assert set(found.text.split()) <= set(one.codecs_["output"].symbols)


def test_the_report_shows_words_that_are_copied() -> None:
    options: dict[str, Any] = {"hidden_size": 24, "dropout": 0.0, "batch_size": 16, "learning_rate": 0.01, "epochs": 3}
    one = elman.Translator(**{**QUICK, **options})
    training, validation = one.prepared(*trips(1200, 0))
    page = training_report(one.fit_coded(training, validation), validation).html()
    assert validation is not None
    assert validation.texts is not None
    assert f"{len(validation)} of {len(validation)} are predicted exactly" in page
    cells = re.sub(r"<td[^>]*>", "<td>", page)
    rows = [f"<td>{source}</td><td>{target}</td><td>{target}</td>" for source, target in validation.texts]
    assert sum(row in cells for row in rows) == 12
    assert "\N{REPLACEMENT CHARACTER}" not in page


def test_a_copy_is_of_the_unknown_word_that_was_looked_at_most() -> None:
    one = elman.Translator(**QUICK).fit(*trips(1200, 0))
    with torch.no_grad():
        one.model_.decoder.readout.bias[UNKNOWN] = 9.0
    for source in ("fly from Oslo to Rome", "Oslo", "monday Rome fly friday", "to Rome to Oslo"):
        strange = one.codecs_["input"].unknown(source)
        unknown = [place for place, word in enumerate(source.split()) if word in strange]
        best = one.hypotheses([source], beam=1, attention=True)[0][0]
        assert best.attention is not None
        assert set(best.symbols) & {"Oslo", "Rome"}
        for word, looked in zip(best.symbols, best.attention, strict=False):
            if word in ("Oslo", "Rome"):
                assert word == source.split()[max(unknown, key=lambda place: looked[place])]
        one.set_params(beam=1)
        assert one.predict([source]) == [best.text] == [" ".join(best.symbols)]


def test_rare_words_that_are_no_copies_are_no_answer() -> None:
    """Of pairs whose rare target words are others than the source's, nothing unknown is learned."""
    sources, targets = trips(1200, 0)
    other = [target.replace(target.split()[1], f"x{k}").replace(" de ", " du ") for k, target in enumerate(targets)]
    other = [" ".join([*target.split()[:3], *target.split()[4:]]) for target in other]
    one = elman.Translator(**QUICK)
    coded, validation = one.prepared(sources, other)
    assert validation is not None
    assert (coded.targets.values == UNKNOWN).sum() == len(coded)
    same, _ = one.prepared(sources, targets)
    copies = same.targets.values[same.targets.values >= one.codecs_["output"].size]
    assert (copies - one.codecs_["output"].size).tolist() == [5, 3] * len(same)  # the places of the names
    assert (one.symbols_of(same.targets.values) == UNKNOWN).sum() == 2 * len(same)


def test_a_source_longer_than_any_in_training_is_told_of(translator: elman.Translator) -> None:
    longest = max(TEXTS, key=len)
    with pytest.warns(
        elman.DataWarning, match="1 of 3 sources is longer than any in training: up to 9 characters"
    ) as told:
        found = translator.predict(["ab", longest + "a", longest])
    assert len(told) == 1
    assert "there 8; " in str(told[0].message)
    assert found[0] == translator.predict(["ab"])[0]


def test_a_vocabulary_has_a_size() -> None:
    sources, targets = trips(1200, 0)
    for level in ("words", "subwords"):
        options: dict[str, Any] = {"source_level": level, "target_level": level, "vocabulary_size": 300}
        one = elman.Translator(**QUICK, **options)
        one.prepared(sources + [f"w{k} w{k}" for k in range(800)], targets + [f"v{k} v{k}" for k in range(800)])
        assert [codec.size for codec in one.codecs_.values()] == [300, 300]


def test_what_a_picture_shows(translator: elman.Translator) -> None:
    with pytest.raises(elman.InputError, match="attention=True"):
        translator.picture(translator.hypotheses(["ab"])[0][0], "ab")
    for text in ("abz", ""):
        best = translator.hypotheses([text], attention=True)[0][0]
        (axes,) = translator.picture(best, text).axes
        assert [label.get_text() for label in axes.get_xticklabels()] == list(text)
        assert [label.get_text() for label in axes.get_yticklabels()] == [*best.text.split(), "■"]


def test_copies_are_the_same_in_a_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays on the disk hold what a word is a copy of, though that is no symbol's number."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    sources, targets = trips(1300, 0)
    rows = [f"{source}\t{target}\n" for source, target in zip(sources, targets, strict=True)]
    (tmp_path / "t.tsv").write_text("en\tfr\n" + "".join(rows), encoding="utf-8")
    one = elman.Translator(**QUICK)
    columns = Columns(text="en", target="fr")
    source, _ = stream_columns(str(tmp_path / "t.tsv"), columns, "translate")
    found = streamed(one, source, str(tmp_path / "t.tsv"), {}, EncodingProgress(0))
    V = one.codecs_["output"].size
    for part in (found.training, found.validation):
        assert part is not None
        copies = part.targets.values[part.targets.values >= V] - V
        assert copies.tolist() == [5, 3] * len(part)
    assert one.further_numbers > 0
    one.fit_coded(found.training, found.validation)
    assert math.isfinite(one.history_.epochs[-1].training_loss)


def test_a_model_from_before_words_were_copied_copies_none(tmp_path: Path) -> None:
    one = elman.Translator(copy_unknown=False, **QUICK).fit(*trips(1200, 0))
    one.save(tmp_path / "m.safetensors")
    tensors, about = (found := read_model(tmp_path / "m.safetensors")).tensors, dict(found.metadata)
    assert "copies" not in about["model"]
    about["options"] = {name: value for name, value in about["options"].items() if name != "copy_unknown"}
    about["learned"] = {"longer_": about["learned"]["longer_"]}
    write_model(tmp_path / "old.safetensors", tensors, about)
    old = cast(elman.Translator, elman.load(tmp_path / "old.safetensors"))
    assert (old.copy_unknown, old.longest_) == (False, 0)
    sources, targets = trips(20, 1)
    assert old.predict(sources) == one.predict(sources)
    old.partial_fit(sources, targets)
    with pytest.raises(elman.InputError, match="copy_unknown"):
        old.set_params(copy_unknown=True).partial_fit(sources, targets)


@torch.no_grad()
def test_which_word_a_copy_is_of_is_a_part_of_the_loss() -> None:
    """By hand: -log P(unknown) - log of attention's share among the unknown words, for each copy; else -log P."""
    with torch.enable_grad():
        one = elman.Translator(**{**QUICK, "dropout": 0.0}).fit(*trips(1200, 0))
    sources, targets = trips(3, 1)
    coded = one.coded(sources, targets)
    batch = coded.examples(torch.device("cpu")).collate(np.arange(3))
    found = one.loss(one.model_.eval(), batch)
    V, expected, count = one.codecs_["output"].size, 0.0, 0
    for source, target in zip(coded.inputs, cast(Any, coded.targets), strict=True):
        written = np.where(target < V, target, UNKNOWN)
        logits, looked, _ = cast(Any, one.model_).taught(
            *(torch.tensor(a)[None] for a in (source, len(source), written))
        )
        log_p, looked = logits[0].log_softmax(-1), looked[0]
        unknown = np.flatnonzero(source == UNKNOWN)
        for u, symbol in enumerate([*target, END]):
            count += 1
            expected -= float(log_p[u, symbol if symbol < V else UNKNOWN])
            if symbol >= V:
                expected -= float((looked[u, symbol - V] / looked[u, unknown].sum()).log())
    assert found.count == count
    assert float(found.total) == pytest.approx(expected, rel=1e-5)
