"""What units stand for, in networks that were made by hand to detect something."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from looked_into import linear, reading_of

import elman
from elman.inspection import Reading, meaning
from elman.inspection.surroundings import is_text, of_text

LAYER = elman.Recurrent(linear, 3, 3, bias=False, dtype=torch.float64)
with torch.no_grad():
    LAYER.weight_ih_l0.copy_(torch.eye(3))
    LAYER.weight_hh_l0.copy_(torch.diag(torch.tensor([1.0, 1, 0])))  # the first two add up what they read
TEXTS = ["a (b c) d12 [e (f)] end.", "3 x (yy [z]) - (4)", "no brackets (but these)"]


def counting(text: str) -> Reading:
    """Unit 0 counts open brackets, unit 1 steps, unit 2 sees digits."""
    x = [[(one in "([") - (one in ")]"), 1, one.isdigit()] for one in text]
    return replace(Reading.of_layer(LAYER, x), steps=tuple(text))


def test_units_made_by_hand_are_recognised() -> None:
    told: list[float] = []
    found = meaning([counting(one) for one in TEXTS], most=2, around=4, progress=told.append)
    r = found.to_frame().set_index(["unit", "feature"])["correlation"]
    assert r[0, "inside brackets"] == pytest.approx(1)
    assert r[1, "position"] == pytest.approx(1)
    assert r[2, "digit"] == pytest.approx(1)
    assert {(u, name) for u, name, _ in found.best()} == {(0, "inside brackets"), (1, "position"), (2, "digit")}
    assert "unit 0 follows 'inside brackets' (r = +1.00)" in found.sentence()
    assert told == [1 / 3, 2 / 3, 1.0]
    assert found.count == sum(map(len, TEXTS))

    best, second = found.excited[0]
    assert {(best.reading, best.step), (second.reading, second.step)} <= {(0, 15), (0, 16), (1, 8), (1, 9)}
    assert (best.value, second.value) == (2.0, 2.0)
    assert (best.reading, best.step) != (second.reading, second.step)
    text = TEXTS[best.reading]
    assert best.read == text[best.step]
    assert (best.before, best.after) == (text[best.step - 4 : best.step], text[best.step + 1 : best.step + 5])
    assert found.inhibited[0][0].value == 0
    assert found.excited[1][0][:3] == (0, 23, 24.0)
    contexts = found.contexts()
    assert len(contexts) == 2 * 3 * 2
    assert contexts.query("unit == 1 and kind == 'excited' and rank == 0")["value"].item() == 24


def test_correlations_against_numpy() -> None:
    reading = reading_of("gru", T=60)
    reading = replace(reading, steps=tuple(("ab (c) 'D' 12\n" * 5)[:60]))
    found = meaning(reading)
    h = reading.unroll().states["h"][0, 0].detach().numpy()
    known = {**of_text(reading.steps), "position": np.arange(60.0)}
    for k, name in enumerate(found.features):
        for unit in range(5):
            expected = np.corrcoef(known[name], h[:, unit])[0, 1]
            assert found.correlations[k, unit] == pytest.approx(expected, rel=1e-9), name
    assert "distance to the end" not in found.features  # of one sequence it is the position
    assert set(found.features) == set(known) - {name for name, one in known.items() if np.ptp(one) == 0}


def test_what_stands_around_each_symbol() -> None:
    text = "He said 'it's (so)'. \"A\"\nB “c”"
    found = of_text(tuple(text))
    assert found["inside quotes"].nonzero()[0].tolist() == [*range(8, 18), 21, 22, 27, 28]
    assert found["inside brackets"].nonzero()[0].tolist() == [14, 15, 16]
    assert found["capital"].nonzero()[0].tolist() == [0, 22, 25]
    assert found["since the line began"].tolist()[23:27] == [24, 0, 1, 2]
    assert found["since the last space"].tolist()[:4] == [1, 2, 0, 1]
    words = of_text(('"', "well", "(", "so", ")", '"', "don't", "x"))
    assert words["inside quotes"].tolist() == [1, 1, 1, 1, 1, 0, 0, 0]
    assert words["inside brackets"].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    assert words["punctuation"].tolist() == [1, 0, 1, 0, 1, 1, 0, 0]


def test_seasons_and_values_of_a_series() -> None:
    hours = pd.date_range("2026-03-01", periods=24 * 14, freq="h")
    t = np.arange(len(hours))
    x = np.stack([np.sin(2 * np.pi * t / 24 + 1), np.cos(2 * np.pi * t / 7), np.sin(t**2)], 1)
    layer = elman.Recurrent(linear, 3, 3, bias=False, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.eye(3))
        layer.weight_hh_l0.zero_()
    reading = replace(Reading.of_layer(layer, x), steps=tuple(map(str, hours)))
    found = meaning(reading, season=7)
    r = found.to_frame().set_index(["unit", "feature"])["correlation"]
    assert r[0, "hour of the day"] == pytest.approx(1)
    assert r[1, "season of 7 steps"] == pytest.approx(1)
    assert r[2, "x 3"] == pytest.approx(1)
    assert r[2, "hour of the day"] < 0.2
    assert "day of the year" not in found.features
    assert "season of 7 steps" not in meaning(reading).features
    assert found.excited[0][0].read.startswith(str(hours[found.excited[0][0].step]))
    assert "<svg" in found._repr_html_()


def test_layer_direction_and_state_are_chosen() -> None:
    reading = reading_of("lstm stack")
    both = reading_of("gru stack both ways")
    states = {name: one.detach() for name, one in reading.unroll().states.items()}
    assert meaning(reading, layer=0, state="c").excited[3][0].value == float(states["c"][0, 0, :, 3].max())
    assert meaning(reading).excited[3][0].value == float(states["h"][1, 0, :, 3].max())
    found = meaning(both, layer=0, reverse=True)
    assert found.excited[2][0].value == float(both.unroll().states["h"].detach()[1, 0, :, 2].max())
    assert found.name == "layer 0 reverse"


def test_a_trained_model_on_several_texts_one_of_them_empty() -> None:
    model = elman.Generator(hidden_size=6, epochs=1, verbose=0).fit("ab (cd) ef " * 60)
    found = meaning([elman.inspect(model, one) for one in ("ab (cd) ef", "", "(ab)")])
    assert {"distance to the end", "inside brackets", "letter"} <= set(found.features)
    assert found.correlations.shape == (len(found.features), 6)


def test_contexts_that_read_the_same_are_shown_once() -> None:
    found = meaning([counting("(a)"), counting("(a)"), counting("b (c) d")], most=5, around=4)
    for contexts in (*found.excited, *found.inhibited):
        around = [(one.before, one.read, one.after) for one in contexts]
        assert len(set(around)) == len(around)


def test_a_unit_that_does_not_change() -> None:
    layer = elman.Recurrent("elman_relu", 3, 2, dtype=torch.float64)
    with torch.no_grad():
        layer.bias_ih_l0.copy_(torch.tensor([-100.0, 100]))
    found = meaning(elman.inspect(layer, torch.randn(9, 3)))
    assert np.isnan(found.correlations[:, 0]).all()
    assert np.isfinite(found.correlations[:, 1]).all()
    assert "nan" not in found.sentence()


def test_which_steps_are_text() -> None:
    assert is_text(("a", "1"))
    assert is_text(("2", "1"))
    assert not is_text(("1", "2", "3"))
    assert not is_text(("0.00 s", "0.01 s"))
    assert not is_text(("2026-01-01 00:00:00", "2026-01-02 00:00:00"))


def test_what_does_not_fit_is_refused() -> None:
    reading = reading_of("lstm")
    for readings, wrong, message in (
        ([], {}, "there is no reading"),
        ([reading, reading_of("lstm")], {}, "of several networks"),
        (elman.inspect(reading.layer, torch.zeros(0, 3)), {}, "the input is empty"),
        (reading, {"layer": 1}, "layer is 1"),
        (reading, {"reverse": True}, "reverse is True"),
        (reading, {"state": "z"}, "state is 'z', expected one of h, c"),
        (reading, {"most": 0}, "most is 0"),
        (reading, {"around": 1.5}, "around is 1.5"),
        (reading, {"season": 1}, "season is 1, expected a whole number of at least 2"),
    ):
        with pytest.raises(elman.InputError, match=message):
            meaning(readings, **wrong)
    with pytest.raises(elman.InputError, match="not finite"):
        meaning(replace(reading, x=reading.x * np.nan))


def test_a_text_of_rising_digits_is_one_among_texts() -> None:
    model = elman.Classifier(hidden_size=4, epochs=1, validation_fraction=0, verbose=0).fit(
        ["a1b", "159"] * 5, [0, 1] * 5
    )
    found = meaning([elman.inspect(model, one) for one in ("a1b", "159")])
    assert {"letter", "digit"} <= set(found.features)
    assert {one.read for of in found.excited for one in of} <= set("a1b59")
