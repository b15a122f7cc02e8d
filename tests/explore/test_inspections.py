"""What the page gets of an inspection is what `elman.inspection` finds."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_models import SMALL, TEXTS
from talking import Talk, unpacked

import elman
from elman import inspection
from elman.explore.views import inspections

Talking = Callable[..., Talk]
TEXT = "red bird, blue"


def same(told: Any, found: Any) -> None:
    """What was told is the found array."""
    np.testing.assert_allclose(unpacked(told), np.asarray(found, np.float64), rtol=1e-5, atol=1e-7)


@pytest.fixture
def tab(talk: Talking, generator: Any) -> Talk:
    """A tab that has read a text."""
    found = talk(generator, "green dog", TEXT)
    found.ask("read", text=TEXT)
    return found


def test_the_arithmetic_of_a_unit_adds_up(tab: Talk, generator: Any) -> None:
    found = tab.ask("unit", step=4, unit=3)
    own = inspection.arithmetic(elman.inspect(generator, TEXT), step=4, unit=3)
    assert found["sentence"] == own.sentence()
    assert found["states"] == own.states
    assert found["mathml"] == own.mathml()
    assert found["symbol"] == own.read == TEXT[3]
    for told, sum_ in zip(found["sums"], own.sums, strict=True):
        assert len(told["terms"]) == inspections.TERMS
        terms = sum(one["product"] for one in told["terms"]) + told["others_sum"]
        assert told["bias"] + terms == pytest.approx(sum_.total)
        assert len(told["terms"]) + told["others"] == len(sum_.terms)
    assert [one["value"] for one in found["lines"]] == [one.value for one in own.lines]
    states = unpacked(tab.ask("states")["array"])
    assert found["states"]["h"] == pytest.approx(states[4, 3], abs=1e-6)
    assert tab.refused("unit", step=15, unit=0) == "step is 15, expected a whole number from 0 to 14"
    assert tab.refused("unit", step=0) == "unit is None, expected a whole number from 0 to 7"


def test_gradient_memory_and_dynamics(tab: Talk, generator: Any) -> None:
    reading = elman.inspect(generator, TEXT)
    found = tab.ask("gradient", at=10, window=4)
    own = inspection.gradient_by_lag(reading, at=10, window=4)
    assert found["sentence"] == own.sentence()
    for name in ("norms", "mean", "learned"):
        same(found[name], getattr(own, name))
    assert tab.ask("gradient")["window"] == generator.window
    assert tab.ask("gradient", window=0)["window"] is None
    assert "expected a whole number" in tab.refused("gradient", window=10**30)

    found, own_memory = tab.ask("memory"), inspection.memory(reading)
    same(found["half_life"], own_memory.half_life)
    assert found["whole"] == pytest.approx(own_memory.whole)

    found, own_dynamics = tab.ask("dynamics"), inspection.dynamics(reading)
    same(found["radius"], own_dynamics.radius)
    same(found["eigenvalues"]["f"]["im"], own_dynamics.eigenvalues["f"].imag)


@pytest.mark.parametrize("method", inspections.METHODS)
def test_saliency(tab: Talk, generator: Any, method: str) -> None:
    found = tab.ask("saliency", at=5, output="d", method=method)
    own = inspection.saliency(elman.inspect(generator, TEXT), at=5, output="d", method=method)
    same(found["values"], own.values)
    assert found["output"] == list(own.output)
    number = tab.ask("saliency", at=5, output=own.output[0], method=method)
    assert number["sentence"] == found["sentence"]


def test_meaning_is_judged_by_the_examples_too_each_once(tab: Talk, generator: Any) -> None:
    found = tab.ask("meaning")
    own = inspection.meaning([elman.inspect(generator, TEXT), elman.inspect(generator, "green dog")])
    assert (found["readings"], found["notes"]) == (2, [])
    assert found["sentence"] == own.sentence()
    same(found["correlations"], own.correlations)
    assert [one["unit"] for one in found["best"]] == [one[0] for one in own.best()]
    assert found["excited"][2][0]["read"] == own.excited[2][0].read


def test_units_are_judged_by_the_examples_too(tab: Talk, generator: Any) -> None:
    found = tab.ask("units")
    own = inspection.units([elman.inspect(generator, TEXT), elman.inspect(generator, "green dog")])
    assert (found["sentence"], found["n_steps"]) == (own.sentence(), own.n_steps)
    same(found["ranges"], own.ranges)
    same(found["correlations"], own.correlations)
    same(found["saturated"]["f"], own.saturated["f"])
    assert [one["correlation"] for one in found["redundant"]] == [one.correlation for one in own.redundant]


def test_a_what_if_and_the_input_stays(tab: Talk, generator: Any) -> None:
    found = tab.ask("what_if", text="rad bird, blue")
    own = inspection.what_if(elman.inspect(generator, TEXT), elman.inspect(generator, "rad bird, blue"))
    same(found["norms"], own.norms)
    same(found["states"]["c"], own.states["c"])
    assert own.outputs is not None
    same(found["outputs"], own.outputs)
    same(found["output_change"], np.abs(own.outputs[1] - own.outputs[0]).max(-1))
    assert found["edited"] == list(own.edited)
    assert found["other"] == ["□", *"rad bird, blue"]
    assert len(unpacked(tab.ask("states")["array"])) == len(TEXT) + 1
    assert tab.refused("what_if") == "there is nothing to read: give an input, or choose an example"


def test_ablation(tab: Talk, generator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tab.ask("ablate", units=[1, 4])
    own = inspection.ablate(elman.inspect(generator, TEXT), [1, 4])
    same(found["ablated"], own.ablated)
    assert found["units"] == [1, 4]
    assert tab.refused("ablate", units=3).startswith("units is no list")
    assert "8" in tab.refused("ablate", units=[8])
    monkeypatch.setattr(inspections, "MOST_OUTPUTS", 10)
    short = tab.ask("ablate", units=[1, 4])
    assert short["ablated"] is None
    same(short["change"], np.abs(own.changes).max(-1))


def test_inspections_of_a_part_and_layer(talk: Talking) -> None:
    model = elman.Translator(**SMALL, num_layers=2, beam=1, max_length=5).fit(TEXTS, [one[::-1] for one in TEXTS])
    tab = talk(model)
    tab.ask("read", text="red dog")
    encoder = elman.inspect(model, "red dog", "encoder")
    layer = encoder.layer
    fields = {"layer": 0, "reverse": layer.num_directions - 1}
    found = tab.ask("unit", part="encoder", step=2, unit=1, **fields)
    own = inspection.arithmetic(encoder, step=2, unit=1, layer=0, reverse=layer.num_directions == 2)
    assert found["sentence"] == own.sentence()
    same(tab.ask("memory", part="encoder")["half_life"], inspection.memory(encoder).half_life)
    assert tab.refused("memory", part="network") == "part is 'network', expected one of encoder, decoder"


def test_a_forecasters_season_is_looked_for(talk: Talking, births: pd.DataFrame) -> None:
    model = elman.Forecaster(horizon=7, epochs=1, hidden_size=8, verbose=0).fit(births)
    tab = talk(model, births)
    tab.ask("read", example=0)
    found = tab.ask("meaning")
    assert found["readings"] == 1
    assert "season of 7 steps" in found["features"]


def test_a_gradient_is_cut_only_where_training_was(talk: Talking) -> None:
    words = [text.split() for text in TEXTS]
    X = [np.sin(np.arange(20.0) + k)[:, None] for k in range(6)]
    both_ways = elman.Tagger(**SMALL, window=4, bidirectional=True).fit(words, words)
    one_way = elman.Tagger(**SMALL, window=4, bidirectional=False).fit(words, words)
    whole = elman.Regressor(**SMALL, window=4, per="sequence").fit(X, [one.sum() for one in X])
    for model, fields, window in (
        (both_ways, {"text": "red dog"}, None),
        (one_way, {"text": "red dog"}, 4),
        (whole, {"values": X[0].tolist()}, None),
    ):
        tab = talk(model)
        tab.ask("read", **fields)
        assert tab.ask("gradient")["window"] == window
