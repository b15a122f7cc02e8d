"""What the page gets of an input is what the estimator itself gives of it, for every task."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
import torch
from small_models import SMALL, TEXTS
from talking import Talk, unpacked

import elman
from elman.codecs import END, START, UNKNOWN
from elman.errors import InputError
from elman.explore import inputs
from elman.explore.views import over_time

Talking = Callable[..., Talk]


def test_a_classifiers_class_and_what_it_would_have_been_earlier(talk: Talking, classifier: Any) -> None:
    found = talk(classifier).ask("read", text="red bird")
    assert found["input"] == {"kind": "text", "text": "red bird"}
    assert found["parts"] == [
        {"part": "network", "steps": list("red bird"), "asked": ["all"], "names": ["b", "g", "r"]}
    ]
    output = found["output"]
    wanted = classifier.predict_proba(["red bird"])[0]
    np.testing.assert_allclose(output["probabilities"], wanted, rtol=1e-6)
    assert output["predicted"] == classifier.predict(["red bird"])[0]
    assert output["top"][0][0] == [output["predicted"], pytest.approx(wanted.max(), abs=1e-6)]
    earlier = classifier.predict_proba(["red bird"[:end] for end in range(1, 9)])
    np.testing.assert_allclose(unpacked(output["over_time"]), earlier, atol=1e-6)


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("number", [1, 8])
def test_beginnings_of_every_wiring_many_to_one(
    talk: Talking, monkeypatch: pytest.MonkeyPatch, pooling: str, bidirectional: bool, number: int
) -> None:
    monkeypatch.setattr(over_time, "NUMBERS", number * 3 * 8 * (1 + bidirectional))  # few beginnings at a time
    monkeypatch.setattr(over_time, "QUICK", 0)
    options = {"pooling": pooling, "bidirectional": bidirectional, "cell": "lstm", "num_layers": 2}
    model = elman.Classifier(**SMALL, **options).fit(TEXTS, [text[0] for text in TEXTS])
    tab = talk(model)
    output = tab.ask("read", text="red bird")["output"]
    assert (output["over_time"] is None) == (bidirectional or pooling != "last")
    found = tab.ask("over_time")
    assert found["ends"] == list(range(1, 9))
    earlier = model.predict_proba(["red bird"[:end] for end in found["ends"]])
    np.testing.assert_allclose(unpacked(found["array"]), earlier, atol=1e-6)


def test_a_long_input_is_asked_about_at_some_of_its_steps() -> None:
    ends = over_time.beginnings(5000).tolist()
    assert (len(ends), ends[0], ends[-1]) == (over_time.MOST, 1, 5000)
    assert over_time.beginnings(3).tolist() == [1, 2, 3]


def test_a_generators_next_symbols(talk: Talking, generator: Any) -> None:
    found = talk(generator).ask("read", text="rez")
    assert found["notes"] == ["not seen in training: 'z'"]
    assert found["parts"][0]["steps"] == ["□", "r", "e", "z"]
    output = found["output"]
    names = found["parts"][0]["names"]
    for k, own in enumerate(output["top"]):
        wanted = generator.predict_proba(["rez"[:k]])[0]
        wanted[[START, UNKNOWN]] = 0  # which are never drawn
        assert len(own) == 8
        assert [one[1] for one in own] == pytest.approx(sorted(wanted)[::-1][:8], abs=1e-5)
        assert own[0][0] == names[int(wanted.argmax())]
    logs = generator.log_probabilities(["rez"])[0]
    np.testing.assert_allclose(np.log(output["given"][:-1]), logs[:3], rtol=1e-4)
    assert output["given"][-1] is None


def test_a_taggers_tags_and_spans(talk: Talking) -> None:
    y = [["O", "B-pet"], ["B-hue", "I-hue"], ["O", "B-pet"], ["O", "O"]] * 5
    model = elman.Tagger(**{**SMALL, "epochs": 8}).fit([text.split() for text in TEXTS], y)
    tab = talk(model, ["blue", "dog"])
    for fields in ({"text": "blue \n dog"}, {"example": 0}):
        found = tab.ask("read", **fields)
        assert found["parts"][0]["steps"] == ["blue", "dog"]
        output = found["output"]
        assert output["predicted"] == model.predict([["blue", "dog"]])[0]
        spans = [(one["kind"], one["start"], one["stop"]) for one in output["spans"]]
        assert spans == [tuple(one) for one in model.predict_spans([["blue", "dog"]])[0]]
        np.testing.assert_allclose(unpacked(output["probabilities"]).sum(1), 1, rtol=1e-6)
    assert tab.refused("read", text="  ") == "the input is empty: give at least one step"


@pytest.mark.parametrize("per", ["step", "sequence"])
def test_a_regressors_numbers_in_their_own_units(talk: Talking, per: str) -> None:
    X = [np.column_stack([np.sin(np.arange(20.0) + k), np.arange(20.0)]) for k in range(6)]
    y = [100 + one[:, 0].cumsum() for one in X] if per == "step" else [100 + one[:, 0].sum() for one in X]
    model = elman.Regressor(**SMALL, per=per).fit(X, y)
    tab = talk(model, X[3])
    values = X[0].tolist()
    values[2][1] = None
    raw = np.array(values, np.float64)
    found = tab.ask("read", values=values)
    shown = unpacked(found["input"]["values"])
    np.testing.assert_array_equal(shown, raw.astype(np.float32))
    assert found["input"]["names"] == ["1", "2"]
    output = found["output"]
    np.testing.assert_allclose(unpacked(output["values"])[:, 0], np.atleast_1d(model.predict([raw])[0]), rtol=1e-6)
    assert output["per"] == per
    if per == "sequence":
        earlier = [model.predict([raw[:end]])[0] for end in range(1, 21)]
        np.testing.assert_allclose(unpacked(output["over_time"])[:, 0], earlier, rtol=1e-5)
    else:
        assert tab.refused("over_time").startswith("this model gives an output at every step")
    example = tab.ask("read", example=0)["output"]["values"]
    np.testing.assert_allclose(unpacked(example)[:, 0], np.atleast_1d(model.predict([X[3]])[0]), rtol=1e-6)


def test_a_forecasters_fan_from_any_step(talk: Talking, births: pd.DataFrame) -> None:
    options = {"horizon": 7, "epochs": 2, "hidden_size": 8, "verbose": 0}
    model = elman.Forecaster(**options).fit(births)
    tab = talk(model, births)
    found = tab.ask("read", example=0)
    assert found["input"]["names"] == ["y"]
    assert found["input"]["times"][0] == "2026-01-01"
    np.testing.assert_allclose(unpacked(found["input"]["values"])[:, 0], births["y"], rtol=1e-6)
    for output, before in ((found["output"], births), (tab.ask("fan", step=40), births[:41])):
        wanted = model.predict(df=before, level=[50, 80, 95])
        np.testing.assert_allclose(unpacked(output["median"]), wanted["Forecaster"], rtol=1e-6)
        for k, level in enumerate(output["levels"]):
            for end in ("lo", "hi"):
                np.testing.assert_allclose(unpacked(output[end])[k], wanted[f"Forecaster-{end}-{level}"], rtol=1e-6)
        assert output["ahead"] == wanted["ds"].dt.strftime("%Y-%m-%d").tolist()
        came = births["y"][len(before) : len(before) + 7]
        np.testing.assert_allclose(unpacked(output["came"]), came, rtol=1e-6)
    assert tab.refused("fan", step=60) == "step is 60, expected a whole number from 0 to 59"

    edited = births.assign(y=births["y"].where(births.index != 50, 70.0))
    read = tab.ask("read", values=[[one] for one in edited["y"]], example=0)
    assert read["input"]["times"][0] == "2026-01-01"
    np.testing.assert_allclose(unpacked(read["output"]["median"]), model.predict(df=edited)["Forecaster"], rtol=1e-6)
    alone = tab.ask("read", values=births["y"].tolist())
    assert alone["input"]["times"][0] == "2000-01-01"


def test_a_fan_begins_where_what_lies_ahead_is_known(talk: Talking, births: pd.DataFrame) -> None:
    options = {"horizon": 7, "epochs": 1, "hidden_size": 8, "verbose": 0, "future": ["weekend"]}
    model = elman.Forecaster(**options).fit(births)
    tab = talk(model, births)
    output = tab.ask("read", example=0)["output"]
    assert output["step"] == 52
    wanted = model.predict(df=births[:53], X_df=births[53:])
    np.testing.assert_allclose(unpacked(output["median"]), wanted["Forecaster"], rtol=1e-6)
    assert "must be known for the 7 steps ahead" in tab.refused("fan", step=58) or "missing" in tab.refused(
        "fan", step=58
    )
    assert tab.refused("read", values=[1.0, 2.0]) == "step 1 has 1 numbers, expected 2: a line for each step"


def test_a_translators_hypotheses_and_attention(talk: Talking) -> None:
    model = elman.Translator(**SMALL, beam=3).fit(TEXTS, [text[::-1] for text in TEXTS])
    tab = talk(model)
    with patch.object(elman.Translator, "hypotheses", autospec=True, side_effect=elman.Translator.hypotheses) as search:
        found = tab.ask("read", text="red dog")
    assert search.call_count == 1
    wanted = model.hypotheses(["red dog"], attention=True)[0]
    output = found["output"]
    assert [one["text"] for one in output["hypotheses"]] == [one.text for one in wanted]
    assert [one["score"] for one in output["hypotheses"]] == pytest.approx([one.score for one in wanted])
    np.testing.assert_allclose(unpacked(output["attention"]), wanted[0].attention, rtol=1e-6)
    assert [one["part"] for one in found["parts"]] == ["encoder", "decoder"]
    assert found["parts"][1]["asked"] == [*wanted[0].text, "■"]
    assert len(output["top"]) == len(wanted[0].text) + 1
    T = {part["part"]: len(part["steps"]) for part in found["parts"]}
    for part in ("encoder", "decoder"):
        assert unpacked(tab.ask("states", part=part)["array"]).shape == (T[part], 8)


def test_a_captioners_words_on_regions(talk: Talking, pictures: tuple[list[Path], list[str]]) -> None:
    X, y = pictures
    model = elman.Captioner(**SMALL, image_size=16, channels=8).fit(X, y)
    tab = talk(model, X[0])
    found = tab.ask("read", example=0)
    assert found["input"]["picture"].startswith("data:image/png;base64,")
    wanted = model.hypotheses(X[:1], attention=True)[0][0]
    output = found["output"]
    assert output["text"] == wanted.text
    assert tuple(output["grid"]) == tuple(model.model_.grid)
    np.testing.assert_allclose(unpacked(output["attention"]), wanted.attention, rtol=1e-6)
    assert tab.refused("read", text="a dog") == "this model reads images: choose an example"
    assert tab.refused("read", example=1) == "example is 1, expected a whole number from 0 to 0"


def test_a_transcribers_posteriors_and_alignment(talk: Talking, sounds: tuple[list[Path], list[str]]) -> None:
    X, y = sounds
    model = elman.Transcriber(**{**SMALL, "epochs": 20}, beam=4).fit(X, y)
    tab = talk(model, X[0])
    found = tab.ask("read", example=0)
    wanted = model.hypotheses(X[:1])[0]
    output = found["output"]
    assert [one["text"] for one in output["hypotheses"]] == [one.text for one in wanted]
    (lies,) = model.align(X[:1], [wanted[0].text])
    assert output["alignment"]["symbols"] == [
        {"text": one.text, "start": one.start, "end": one.end} for one in lies.symbols
    ]
    posteriors = unpacked(output["posteriors"])
    assert posteriors.shape == (len(found["parts"][0]["steps"]), len(output["names"]))
    np.testing.assert_allclose(posteriors.sum(1), 1, rtol=1e-6)
    frames = unpacked(found["input"]["spectrogram"])
    assert frames.shape[1] == model.codecs_["input"].bins
    assert -(-len(frames) // found["input"]["stack"]) == len(posteriors)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_states_are_the_layers_own_bits(talk: Talking, cell: str) -> None:
    model = elman.Classifier(**SMALL, cell=cell, num_layers=2).fit(TEXTS, [text[0] for text in TEXTS])
    tab = talk(model)
    tab.ask("read", text="red bird")
    reading = elman.inspect(model, "red bird")
    with torch.no_grad():
        own = reading.unroll().states
    D = reading.layer.num_directions
    for layer in range(2):
        for reverse in range(D):
            for what in own:
                found = unpacked(tab.ask("states", layer=layer, reverse=reverse, what=what)["array"])
                np.testing.assert_array_equal(found, own[what][layer * D + reverse, 0].numpy())
    gates = elman.inspection.states(reading).arrays
    for name in (one for one in gates if one.startswith("gate")):
        np.testing.assert_array_equal(unpacked(tab.ask("states", layer=1, what=name)["array"]), gates[name][D])


def test_what_is_too_long_is_cut_or_refused(monkeypatch: pytest.MonkeyPatch, talk: Talking, generator: Any) -> None:
    monkeypatch.setattr(inputs, "MOST_CHARACTERS", 5)
    tab = talk(generator, "red bird")
    found = tab.ask("read", example=0)
    assert found["input"]["text"] == "red b"
    assert found["notes"] == ["the first 5 of 8 characters are read"]
    X = [np.sin(np.arange(20.0) + k)[:, None] for k in range(6)]
    tab = talk(elman.Regressor(**SMALL, per="step").fit(X, X), X[0])
    monkeypatch.setattr(inputs, "MOST_STEPS", 5)
    assert tab.ask("read", example=0)["notes"] == ["the last 5 of 20 steps are read"]
    assert tab.refused("read", values=[1] * 6) == "values has 6 steps, expected at most 5: give fewer"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "values has no step"),
        ("1,2", "values has no step"),
        ([[1, 2]], "step 1 has 2 numbers, expected 1"),
        ([1, "x"], "step 2 has 'x', which is no number"),
        ([1, True], "step 2 has 'True', which is no number"),
        ([[1], []], "step 2 has 0 numbers, expected 1"),
        ([10**400], "values has a number that is too large"),
    ],
)
def test_numbers_that_are_none_are_refused(values: Any, said: str) -> None:
    with pytest.raises(elman.InputError, match=said):
        inputs.numbers(values, 1)


def test_what_it_is_about(talk: Talking, generator: Any, classifier: Any) -> None:
    about = talk(generator, "red").ask("about")
    assert (about["task"], about["cell"], about["gates"]) == ("generate", "lstm", ["i", "f", "g", "o"])
    assert about["equations"] == elman.CELLS["lstm"].mathml()
    assert about["parameters"] == sum(one.numel() for one in generator.model_.parameters())
    assert about["examples"] == ["example 0"]
    assert about["views"]["states"] is None
    assert about["views"]["fan"] == "this model does not forecast: it has no future to show"
    tab = talk(classifier)
    sample = tab.ask("about")["input"]["sample"]
    assert tab.ask("read", **sample)["output"]["kind"] == "class"


@pytest.mark.parametrize(("ends", "never"), [(True, (START, UNKNOWN)), (False, (START, UNKNOWN, END))])
def test_symbols_that_are_never_drawn_are_no_alternatives(talk: Talking, ends: bool, never: tuple[int, ...]) -> None:
    model = elman.Generator(**{**SMALL, "epochs": 1}).fit(["abc"] * 5 if ends else "abc" * 20)
    found = talk(model).ask("read", text="a")
    names = found["parts"][0]["names"]
    wanted = {name for k, name in enumerate(names) if k not in never}
    assert [{name for name, _ in own} for own in found["output"]["top"]] == [wanted] * 2


@pytest.mark.parametrize("copy_unknown", [True, False])
def test_a_translators_unknown_word_is_an_alternative_where_it_stands_for_a_copy(
    talk: Talking, copy_unknown: bool
) -> None:
    levels = {"source_level": "words", "target_level": "words"}
    model = elman.Translator(**SMALL, **levels).fit(TEXTS, [t.upper() for t in TEXTS])
    model.copy_unknown = copy_unknown
    found = talk(model).ask("read", text="red dog")
    names = found["parts"][1]["names"]
    for own in found["output"]["top"]:
        symbols = [name for name, _ in own]
        assert names[START] not in symbols
        assert names[END] in symbols
        assert (names[UNKNOWN] in symbols) == copy_unknown


def test_a_search_that_finds_nothing_is_told(talk: Talking, monkeypatch: pytest.MonkeyPatch) -> None:
    model = elman.Translator(**SMALL).fit(TEXTS, TEXTS)
    tab = talk(model)
    monkeypatch.setattr(elman.Translator, "hypotheses", lambda self, X, **_: [[] for _ in X])
    with pytest.raises(InputError, match="finds none for this input"):
        elman.inspect(model, "red dog")
    assert "finds none for this input" in tab.refused("read", text="red dog")
