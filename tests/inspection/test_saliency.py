"""Saliency against brute force, closed forms and the axiom of completeness."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from looked_into import CASES, linear, reading_of

import elman
from elman.inspection import saliency

TEXTS = ["red cat", "blue dog", "green bird", "red dog"] * 5
SMALL = {"hidden_size": 8, "epochs": 3, "validation_fraction": 0, "verbose": 0}


@pytest.mark.parametrize("case", CASES)
def test_integrated_gradients_are_complete(case: str) -> None:
    reading = replace(reading_of(case), blank=torch.full((3,), 0.3, dtype=torch.float64))
    found = saliency(reading, at=4, output="c", method="integrated", steps=3000 if "relu" in case else 64)
    with torch.no_grad():
        full = reading.outputs()[0, 4, 2]
        empty = reading.outputs(torch.full_like(reading.x, 0.3)[None])[0, 4, 2]
    assert found.change == pytest.approx(float(full - empty), rel=1e-12)
    assert found.values.sum() == pytest.approx(found.change, rel=1e-3 if "relu" in case else 1e-9)  # relu has kinks
    assert found.gap == abs(found.values.sum() - found.change)
    assert (found.at, found.output) == ((4, "5"), (2, "c"))
    np.testing.assert_allclose(found.features.sum(1), found.values)
    if reading.layer.num_directions == 1:
        assert (found.values[5:] == 0).all()


def test_more_points_on_the_line_leave_a_smaller_gap() -> None:
    reading = reading_of("lstm")
    gaps = [saliency(reading, method="integrated", steps=n).gap for n in (1, 4, 16)]
    assert gaps[0] > 1e3 * gaps[1] > 1e3 * gaps[2]


def test_gradient_times_input_against_a_difference_quotient() -> None:
    reading = replace(reading_of("gru stack both ways"), blank=torch.tensor([0.5, 0, -0.5], dtype=torch.float64))
    found = saliency(reading, at=2, output=1)
    with torch.no_grad():
        for t in range(7):
            for i in range(3):
                two = reading.x.repeat(2, 1, 1)
                two[:, t, i] += torch.tensor([1e-6, -1e-6])
                up, down = reading.outputs(two)[:, 2, 1]
                slope = float(up - down) / 2e-6
                expected = slope * float(reading.x[t, i] - reading.blank[i])
                assert found.features[t, i] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_all_methods_agree_where_all_is_linear() -> None:
    torch.manual_seed(0)
    layer = elman.Recurrent(linear, 1, 1, dtype=torch.float64)
    with torch.no_grad():
        for name, value in {"weight_ih_l0": 2.0, "weight_hh_l0": 0.5}.items():
            getattr(layer, name).fill_(value)
    reading = replace(
        elman.inspect(layer, torch.tensor([[1.0], [2], [-3]])),
        output=lambda h, _: h,
        names=("h",),
        asked=("1", "2", "3"),
    )
    for method in ("gradient", "integrated", "occlusion"):
        found = saliency(replace(reading, scores=False), method=method)
        np.testing.assert_allclose(found.values, [2 * 0.25 * 1, 2 * 0.5 * 2, 2 * -3], rtol=1e-12)
        assert found.gap < 1e-12
    assert found.features is None
    assert found.sentence() == (
        "The output 'h' at step 2 ('3'): step 1 ('2', +2) adds most and step 2 ('3', -6) takes away most; all steps "
        "together make -3.5 of the -3.5 by which it differs from that of blank input."
    )


@pytest.mark.parametrize("batches", [1, 4_000_000])
def test_occlusion_against_one_step_after_another(batches: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["elman.inspection.saliency"], "NUMBERS", batches)
    model = elman.Classifier(**SMALL, bidirectional=True, pooling="mean").fit(TEXTS, [t[0] for t in TEXTS])
    reading, told = elman.inspect(model, "blue bird"), []
    found = saliency(reading, output="b", method="occlusion", progress=told.append)
    expected = []
    for t in range(9):
        x = reading.x.clone()
        x[t] = reading.blank
        with torch.no_grad():
            expected.append(float(reading.outputs()[0, 0, 0] - reading.outputs(x[None])[0, 0, 0]))
    np.testing.assert_allclose(found.values, expected, rtol=1e-5, atol=1e-6)
    assert told[-1] == 1.0
    assert len(told) == (9 if batches == 1 else 1)


def test_a_trained_classifier_and_its_pictures() -> None:
    model = elman.Classifier(**SMALL).fit(TEXTS, [t[0] for t in TEXTS])
    found = saliency(elman.inspect(model, "blue $$dog"), method="integrated")
    assert found.output[1] == model.predict(["blue $$dog"])[0]
    assert found.gap < 1e-4
    frame = found.to_frame()
    assert frame["read"].tolist() == list("blue $$dog")
    assert frame["value"].tolist() == found.values.tolist()
    assert "<svg" in found._repr_html_()
    series = saliency(reading_of("gru"))
    assert series.output[0] == int(reading_of("gru").outputs()[0, -1].argmax())
    assert len(series.plot().axes[0].collections) == 2


def test_what_does_not_fit_is_refused() -> None:
    reading = reading_of("elman")
    for wrong, message in (
        ({"method": "magic"}, "method is 'magic', expected one of gradient, integrated, occlusion"),
        ({"at": 7}, "at is 7, expected a whole number from 0 to 6"),
        ({"output": 4}, "output is 4, expected a whole number from 0 to 3, or a name"),
        ({"output": "e"}, "output is 'e', expected the name of one, such as 'a'"),
        ({"steps": 0, "method": "integrated"}, "steps is 0"),
    ):
        with pytest.raises(elman.InputError, match=message):
            saliency(reading, **wrong)
    with pytest.raises(elman.InputError, match="the input is empty"):
        saliency(elman.inspect(elman.Network(2, 3, 1), torch.zeros(0, 2)))
    with pytest.raises(elman.InputError, match="no output"):
        saliency(replace(reading, output=None))
    with pytest.raises(elman.InputError, match="no finite number"):
        saliency(replace(reading, x=reading.x * np.nan))
