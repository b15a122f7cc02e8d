"""The report of what a model does inside: of every task what the model gives and what was found, in one file."""

from pathlib import Path

import numpy as np
import pytest
from eight import TASKS, TEXTS, trained
from pages import Page

import elman
from elman.inspection import dynamics, gradient_by_lag, meaning, memory, saliency, units
from elman.tasks.baseline import fit_feedforward
from elman.tasks.inspection_report import MOST_STEPS, inspection_report
from elman.tasks.readings import readings

HEADINGS = (
    "What it gives", "Hidden states", "Units at work", "How far back learning reaches", "How long it remembers",
    "Whether differences grow", "What an output is due to", "What units stand for",
)  # fmt: skip


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_its_answer_and_the_sentences_of_all_findings(task: str, tmp_path: Path) -> None:
    model, one = trained(task, tmp_path)
    told: list[float] = []
    html = inspection_report(model, one, title="a <b>", progress=told.append).html()
    page = Page(html)
    assert page.words.count("a <b>") == 2  # the title of the page, and its heading
    for heading in HEADINGS[1:]:
        for reading in readings(model, one):
            assert (heading if task != "translate" else f"{heading}: {reading.part}") in page.words
    answer = page.words[page.words.index(HEADINGS[0]) : page.words.index(HEADINGS[1])]
    for said in answers(model, one):
        assert said in answer
    reading = readings(model, one)[-1]
    for finding in (units(reading), memory(reading), dynamics(reading), meaning(reading)):
        assert finding.sentence() in page.words
    window = 4 if task == "generate" else None
    assert gradient_by_lag(reading, window=window).sentence() in page.words
    assert saliency(reading, method="integrated").sentence() in page.words
    assert "http" not in html.replace('http-equiv="Content-Security-Policy"', "")
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def answers(model: object, one: object) -> list[str]:
    """What has to stand in the section of what the model gives."""
    match model:
        case elman.Classifier():
            return [f"{name}{share:.4f}" for name, share in zip("bgr", model.predict_proba([one])[0], strict=True)]
        case elman.Tagger():
            return [f"{word}{tag}" for word, tag in zip(one, model.predict([one])[0], strict=True)]
        case elman.Generator():
            share = model.predict_proba([one])[0]
            return [one, f"{model.symbols_[share.argmax()].replace(' ', '␣')}{share.max():.4f}"]
        case elman.Transcriber():
            return [f"It hears: “{model.predict([one])[0]}”"]
        case elman.Translator() | elman.Captioner():
            return [f"{found.text}{found.score:.3f}" for found in model.hypotheses([one])[0]]
        case elman.Regressor():
            return ["What it gives at each step."]
        case _:
            return ["What it expects."]


def test_a_regressor_of_whole_sequences_gives_its_numbers() -> None:
    X = [np.sin(np.arange(9.0) + k)[:, None] for k in range(6)]
    model = elman.Regressor(hidden_size=4, epochs=1, validation_fraction=0, verbose=0).fit(X, [one.sum() for one in X])
    page = Page(inspection_report(model, X[0], title="sums").html())
    assert page.pairs["1"] == f"{model.predict(X[:1])[0]:.4g}"


def test_other_inputs_say_more_of_what_units_stand_for_and_equal_reports_are_equal(tmp_path: Path) -> None:
    model, one = trained("generate", tmp_path)
    alone = inspection_report(model, one, title="t").html()
    assert inspection_report(model, one, title="t").html() == alone
    several = inspection_report(model, one, title="t", others=["blue cat", ""]).html()
    sentence = meaning([elman.inspect(model, text) for text in (one, "blue cat", "")]).sentence()
    assert Page(several).words.count(sentence) == 1
    assert sentence not in Page(alone).words
    assert "judged by 3 inputs" in several


def test_what_is_too_long_or_empty_or_without_memory_is_refused(tmp_path: Path) -> None:
    model, _ = trained("classify", tmp_path)
    with pytest.raises(elman.InputError, match=f"the input has 1,001 steps, more than the {MOST_STEPS:,} of a report"):
        inspection_report(model, "a" * 1001, title="t")
    with pytest.raises(elman.InputError, match="the input has no step"):
        inspection_report(model, "", title="t")
    X = TEXTS * 4
    classifier = elman.Classifier(hidden_size=8, num_layers=1, epochs=1, verbose=0).fit(X, [one[0] for one in X])
    blind = fit_feedforward(classifier, X, [one[0] for one in X])
    with pytest.raises(elman.InputError, match="has no memory"):
        inspection_report(blind, "red dog", title="t")
