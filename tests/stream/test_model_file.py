"""Streams of model files: those of estimators and its own; and what of a file cannot be streamed."""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

import elman
from elman import InputError, State, Stream
from elman.files import read_model, write_model

QUIET = {"epochs": 1, "validation_fraction": 0, "verbose": 0, "hidden_size": 6}
rng = np.random.default_rng(0)
SERIES = [rng.normal(size=(T, 2)) for T in (5, 9, 7)]
WORDS = [["a", "b"], ["b"]]
NAMES, ORIGINS = ["Rossi", "Bianchi", "Smith", "Jones"], ["it", "it", "en", "en"]


def regressor(**options):
    return elman.Regressor(per="step", **QUIET, **options).fit(SERIES, [x.sum(1).cumsum() for x in SERIES])


@pytest.mark.parametrize("cell", ["lstm", "leaky_elman"])
def test_an_estimator_in_step(cell, tmp_path):
    trained = regressor(cell=cell, num_layers=2)
    trained.save(tmp_path / "m.safetensors")
    stream = Stream.load(tmp_path / "m.safetensors")
    codec_in, codec_out = trained.codecs_["input"], trained.codecs_["output"]
    y = stream.step_block(codec_in.encode(SERIES[1]))
    with torch.no_grad():
        expected = trained.model_(torch.from_numpy(codec_in.encode(SERIES[1]))[None], torch.tensor([9]))[0][0].numpy()
    assert np.array_equal(y, expected)
    np.testing.assert_allclose(codec_out.decode(y)[:, 0], trained.predict(SERIES)[1], atol=1e-5)
    assert stream.codecs["input"] == json.loads(json.dumps(codec_in.to_config()))


def test_an_estimator_many_to_one_gives_its_answer_at_every_step(tmp_path):
    trained = elman.Classifier(bidirectional=False, pooling="last", **QUIET).fit(NAMES, ORIGINS)
    trained.save(tmp_path / "m.safetensors")
    stream = Stream.load(tmp_path / "m.safetensors", batch_size=1)
    codec = trained.codecs_["input"]
    for name in NAMES:
        stream.reset()
        y = stream.step_block(codec.encode(name))
        for end in (1, len(name)):
            symbols = torch.from_numpy(codec.encode(name[:end]))[None]
            with torch.no_grad():
                expected = trained.model_(symbols, torch.tensor([end]))[0].numpy()
            assert np.array_equal(y[end - 1], expected)


def test_what_cannot_be_streamed_says_why(tmp_path):
    path = tmp_path / "m.safetensors"
    for message, train in {
        "bidirectional: its second direction": lambda: regressor(bidirectional=True),
        "pooling='mean', which is over all steps": lambda: elman.Classifier(
            bidirectional=False, pooling="mean", **QUIET
        ).fit(NAMES, ORIGINS),
        "a random field above it": lambda: elman.Tagger(bidirectional=False, **QUIET).fit(WORDS, WORDS),
        "words by their characters": lambda: elman.Tagger(bidirectional=False, crf=False, **QUIET).fit(WORDS, WORDS),
        "reads the whole sequence before it writes": lambda: elman.Translator(**QUIET).fit(NAMES, ORIGINS),
    }.items():
        train().save(path)
        with pytest.raises(InputError, match=message) as raised:
            Stream.load(path)
        assert "what can:" in str(raised.value)
    State(h=np.zeros((1, 1, 3))).save(path)
    with pytest.raises(InputError, match="holds a 'state' and no network"):
        Stream.load(path)
    with pytest.raises(InputError, match="no such file"):
        Stream.load(tmp_path / "none.safetensors")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("form", ["all", "least"])
def test_save_and_load(form, dtype, tmp_path):
    torch.manual_seed(0)
    if form == "all":
        layer = elman.Recurrent("peephole_lstm", 4, 6, 3, train_initial_state=True, dtype=dtype)
        ends = elman.Readout(6, 2, dtype=dtype), torch.nn.Embedding(9, 4, dtype=dtype)
        with torch.no_grad():
            layer.c_0.normal_()
            layer.p_i_l2.normal_()
        x = rng.integers(0, 9, 20)
    else:
        layer, ends = elman.GRU(4, 6, bias=False, dtype=dtype), ()
        x = rng.normal(size=(20, 4))
    stream = Stream.from_torch(layer, *ends)
    path = tmp_path / "m.safetensors"
    stream.save(path)
    first = path.read_bytes()
    loaded = Stream.load(path)
    assert repr(loaded) == repr(stream)
    assert np.array_equal(loaded.step_block(x), stream.step_block(x))
    loaded.save(path)
    assert path.read_bytes() == first
    with pytest.raises(InputError, match="exists already"):
        stream.save(path, overwrite=False)


def test_a_cell_of_the_users_own_is_in_the_file(tmp_path):
    @elman.cell(gates="z", params={"a": elman.Parameter(0.3, range=(0, 1))}, constants={"k": 0.5})
    def own(z, h_prev, a, k):
        return (1 - a) * h_prev + a * elman.sin(z) * k

    layer = elman.Recurrent(own, 3, 5)
    with torch.no_grad():
        layer.a_l0.normal_()
    stream = Stream.from_torch(layer)
    stream.save(tmp_path / "m.safetensors")
    x = rng.normal(size=(20, 3)).astype(np.float32)
    loaded = Stream.load(tmp_path / "m.safetensors")
    assert loaded.cell == own
    with torch.no_grad():
        expected = layer(torch.from_numpy(x))[0].numpy()
    assert np.array_equal(loaded.step_block(x), expected)


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "m.safetensors"
    Stream.from_torch(torch.nn.LSTM(3, 4), torch.nn.Linear(4, 2)).save(path)
    metadata, tensors = read_model(path)
    operations = metadata["cell"] | {"lines": [["eval", "i"]]}
    for message, about in {
        "damaged: KeyError": {name: one for name, one in metadata.items() if name != "biases"},
        "is no size": metadata | {"hidden_size": 4.0},
        "biases": metadata | {"biases": ["bias_hh"]},
        r"tensor head\.bias has shape \(2,\), but its configuration asks for \(3,\)": metadata | {"output_size": 3},
        r"initial\.c has shape \(1, 4\), but its configuration asks for \(2, 4\)": metadata | {"num_layers": 2},
        "eval": metadata | {"cell": operations},
    }.items():
        write_model(path, tensors, about)
        with pytest.raises(InputError, match=message):
            Stream.load(path)
    write_model(path, tensors | {"head.bias": tensors["head.bias"].astype(np.float64)}, metadata)
    with pytest.raises(InputError, match=r"head\.bias is float64"):
        Stream.load(path)
    save_file(load_file(path), path)
    with pytest.raises(InputError, match="not one of elman's"):
        Stream.load(path)


def test_weights_that_are_no_numbers_are_not_saved(tmp_path):
    layer = torch.nn.RNN(3, 4)
    with torch.no_grad():
        layer.weight_hh_l0[0, 0] = torch.nan
    with pytest.raises(InputError, match="NaN"):
        Stream.from_torch(layer).save(tmp_path / "m.safetensors")
    assert list(tmp_path.iterdir()) == []
