"""Readings: what is inspected gives the same outputs as the model itself, for every task."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from shapes import write_shapes
from tones import write_tones

import elman
from elman.tasks.readings import readings
from elman.tasks.windowed import outputs_and_state

TEXTS = ["red cat", "blue dog", "green bird", "red dog"] * 5
SMALL = {"hidden_size": 8, "epochs": 2, "validation_fraction": 0, "verbose": 0}


def own_outputs(model: elman.Classifier, one: object) -> torch.Tensor:
    """What the model gives by its own forward pass."""
    encoded = model._encoded([one])[0]
    with torch.no_grad():
        return outputs_and_state(model.model_, torch.from_numpy(np.array(encoded))[None], torch.tensor([len(encoded)]))[
            0
        ]


@pytest.mark.parametrize(("pooling", "bidirectional"), [("last", True), ("attention", False), ("max", True)])
def test_a_classifiers(pooling: str, bidirectional: bool) -> None:
    model = elman.Classifier(**SMALL, pooling=pooling, bidirectional=bidirectional, num_layers=2).fit(
        TEXTS, [t[0] for t in TEXTS]
    )
    reading = elman.inspect(model, "red bird")
    assert reading.steps == tuple("red bird")
    assert reading.names == ("b", "g", "r")
    with torch.no_grad():
        found = reading.outputs()[:, 0]
    assert torch.equal(found, own_outputs(model, "red bird"))
    np.testing.assert_array_equal(found.softmax(-1)[0].numpy(), model.predict_proba(["red bird"])[0])


def test_a_generators() -> None:
    model = elman.Generator(**SMALL, cell="gru").fit(TEXTS)
    reading = elman.inspect(model, "red")
    assert reading.names[:3] == ("�", "□", "■")
    with torch.no_grad():
        found = reading.outputs().softmax(-1)[0, -1].numpy()
    np.testing.assert_allclose(found, model.predict_proba(["red"])[0], rtol=1e-5)


def test_a_taggers_and_words_by_their_spelling() -> None:
    model = elman.Tagger(**SMALL).fit([t.split() for t in TEXTS], [["C", "N"]] * len(TEXTS))
    reading = elman.inspect(model, "red fish")
    assert reading.steps == ("red", "fish")
    with torch.no_grad():
        assert torch.equal(reading.outputs(), own_outputs(model, "red fish"))


@pytest.mark.parametrize("per", ["step", "sequence"])
def test_a_regressors(per: str) -> None:
    X = [np.sin(np.arange(20.0) + k)[:, None] for k in range(6)]
    y = [one.cumsum() for one in X] if per == "step" else [one.sum() for one in X]
    model = elman.Regressor(**SMALL, per=per).fit(X, y)
    reading = elman.inspect(model, X[0])
    with torch.no_grad():
        found = model.codecs_["output"].decode(reading.outputs()[0].numpy())[:, 0]
    np.testing.assert_allclose(found, np.atleast_1d(model.predict(X[:1])[0]), rtol=1e-6)
    assert not reading.scores
    assert reading.names == ("1",)


def test_a_forecasters() -> None:
    days = pd.date_range("2026-01-01", periods=60)
    df = pd.DataFrame({"unique_id": "a", "ds": days, "y": np.sin(np.arange(60.0)) + days.day_of_week})
    model = elman.Forecaster(horizon=7, epochs=2, hidden_size=8, likelihood="normal", calibrate=False, verbose=0).fit(
        df
    )
    reading = elman.inspect(model, df)
    table = model._read(df)
    coded = model.coded(table.series)
    reference = coded.forecasts(np.array([[59]]), np.array([0]))[0][0, 0]
    with torch.no_grad():
        ahead = reading.outputs()[0, -1].numpy() + reference
    found = model.codecs_["output"].decode("a", ahead, table.series[0].y)
    np.testing.assert_allclose(found, model.predict()["Forecaster"], rtol=1e-4)


def test_a_translators_and_both_of_its_networks() -> None:
    model = elman.Translator(**SMALL, beam=2).fit(TEXTS, [t[::-1] for t in TEXTS])
    best = model.hypotheses(["red dog"])[0][0]
    encoder, decoder = readings(model, "red dog")
    assert (encoder.part, decoder.part) == ("encoder", "decoder")
    assert decoder.asked[:-1] == tuple(best.text)
    with torch.no_grad():
        from_encoder, from_decoder = encoder.outputs()[0], decoder.outputs()[0]
    torch.testing.assert_close(from_encoder, from_decoder)
    numbers = [*model.codecs_["output"].encode(best.text), 2]
    # The search gives start and unknown no probability.
    from_decoder[:, :2] = -torch.inf
    log = from_decoder.log_softmax(-1)[range(len(numbers)), numbers].sum()
    assert float(log) / len(numbers) ** model.length_penalty == pytest.approx(best.score, rel=1e-4)


def test_a_captioners(tmp_path: Path) -> None:
    X, y = write_shapes(tmp_path, 8)
    model = elman.Captioner(**SMALL, image_size=16, channels=8).fit(X, y)
    (decoder,) = readings(model, X[0], written="a")
    with torch.no_grad():
        logits = model.model_(
            torch.from_numpy(model._encoded(X[:1])[0])[None],
            torch.tensor([16]),
            torch.tensor([model.codecs_["output"].encode("a").tolist()]),
        )
        torch.testing.assert_close(decoder.outputs(), logits)


def test_a_transcribers(tmp_path: Path) -> None:
    X, y = write_tones(tmp_path, 6)
    model = elman.Transcriber(**SMALL).fit(X, y)
    reading = elman.inspect(model, X[0])
    assert reading.names[0] == "∅"
    assert len(reading.names) == model.model_.readout.out_features
    with torch.no_grad():
        assert torch.equal(reading.outputs(), own_outputs(model, X[0]))


def test_a_layer_and_a_network() -> None:
    torch.manual_seed(0)
    net, x = elman.Network(3, 5, 2), torch.randn(7, 3)
    reading = elman.inspect(net, x)
    assert torch.equal(reading.outputs(), net(x[None])[0])
    layer = elman.LSTM(3, 5, num_layers=2, bidirectional=True)
    h, last, states = elman.inspect(layer, x).unroll()
    output, (_h_n, c_n) = layer(x[:, None])
    assert torch.equal(h[0], output[:, 0])
    assert torch.equal(last["c"].transpose(0, 1), c_n)
    assert torch.equal(states["h"][2:, 0], torch.stack(output[:, 0].chunk(2, -1)))


def test_what_cannot_be_inspected_is_refused() -> None:
    model = elman.Classifier(**SMALL).fit(TEXTS, [t[0] for t in TEXTS])
    with pytest.raises(elman.InputError, match="expected one of network"):
        elman.inspect(model, "red", part="encoder")
    with pytest.raises(elman.InputError, match="expected one of elman's"):
        elman.inspect(torch.nn.Linear(2, 3), torch.zeros(4, 2))
    with pytest.raises(elman.InputError, match=r"x has shape \(4, 2\), expected \(T, 3\)"):
        elman.inspect(elman.GRU(3, 5), torch.zeros(4, 2))
    with pytest.raises(elman.InputError, match=r"weights are torch.bfloat16, expected float32 or float64: layer.float"):
        elman.inspect(elman.GRU(3, 5).bfloat16(), torch.zeros(4, 3))
    with pytest.raises(elman.InputError, match="no output"):
        elman.inspect(elman.GRU(3, 5), torch.zeros(4, 3)).outputs()
