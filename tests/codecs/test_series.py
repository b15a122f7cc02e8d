"""Numeric sequences: scaled against NumPy's own mean and deviation, missing values marked."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import StandardScaler

from elman.codecs import SeriesCodec, codec_from_config
from elman.errors import InputError

VALUES = st.floats(-1e6, 1e6) | st.just(np.nan)


@given(data=st.data(), size=st.integers(1, 3))
def test_round_trip_also_through_json(data, size):
    shape = st.tuples(st.integers(0, 6), st.just(size))
    sequences = data.draw(st.lists(arrays(np.float64, shape, elements=VALUES), min_size=1, max_size=4))
    fitted = SeriesCodec().fit(sequences)
    codec = codec_from_config(json.loads(json.dumps(fitted.to_config(), allow_nan=False)))
    steps = np.concatenate(sequences)
    with_missing = np.isnan(steps).any(axis=0)
    assert codec.size == size + with_missing.sum()
    for sequence in sequences:
        encoded = codec.encode(sequence)
        np.testing.assert_array_equal(encoded, fitted.encode(sequence))
        assert (encoded.dtype, encoded.shape) == (np.float32, (len(sequence), codec.size))
        np.testing.assert_array_equal(encoded[:, size:], np.isnan(sequence)[:, with_missing])
        expected = np.where(np.isnan(sequence), codec.mean, sequence)
        # float32 rounds the scaled value, which is at most sqrt(number of steps) deviations
        tolerance = codec.std * np.sqrt(len(steps) + 1) * 2**-22 + np.abs(codec.mean) * 2**-50
        assert (np.abs(codec.decode(encoded) - expected) <= tolerance).all()


def test_scaling_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    sequences = [rng.normal([5, -100], [0.1, 30], (length, 2)) for length in (1, 7, 0, 30)]
    batch = rng.normal(5, 2, (3, 4, 2))
    np.testing.assert_array_equal(SeriesCodec().fit(batch).mean, SeriesCodec().fit(list(batch)).mean)
    steps = np.concatenate(sequences)
    codec = SeriesCodec().fit(sequences)
    np.testing.assert_allclose(codec.encode(steps), StandardScaler().fit_transform(steps), rtol=1e-5)
    assert codec.encode([]).shape == (0, 2)


def test_missing_values():
    nan = np.nan
    codec = SeriesCodec().fit([np.array([[1, nan, 5], [3, nan, 5]]), np.array([[nan, nan, 5]])])
    assert codec.indicators == [0, 1]
    assert codec.encode([[nan, nan, nan]]).tolist() == [[0, 0, 0, 1, 1]]
    assert codec.encode([[3, 7, 5.5]]).tolist() == [[1, 7, 0.5, 0, 0]]
    assert codec.decode(codec.encode([[nan, 7, 5.5]])).tolist() == [[2, 7, 5.5]]
    assert SeriesCodec().fit([[1.0, 3.0]]).encode([nan]).tolist() == [[0]]


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9 + 0.1, -1e300])
def test_a_constant_becomes_zero(value):
    codec = SeriesCodec().fit([np.full(1001, value)])
    assert codec.encode([value]).tolist() == [[0]]
    assert codec.decode(codec.encode([value])).tolist() == [[value]]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda c: c.fit([]), "no sequences"),
        (lambda c: c.fit([np.zeros((2, 2)), np.zeros((1, 3))]), "sequence 1 has 3 features, but sequence 0 has 2"),
        (lambda c: c.fit([[1.0], [2.0, np.inf]]), "sequence 1 is infinite or too large at step 1, feature 0"),
        (lambda c: c.fit([[1e308, 1.5e308, -1e308]]), "feature 0 has values up to 1.5e\\+308, too large"),
        (lambda c: c.fit([np.zeros((1, 1, 1))]), r"shape \(1, 1, 1\), expected \(T, I\) or \(T,\)"),
        (
            lambda c: c.encode(np.zeros((4, 5)), name="sequence 3"),
            "sequence 3 has 5 features, but the codec was fitted on 2",
        ),
        (lambda c: c.encode([[0, -np.inf]]), "the sequence is infinite or too large at step 0, feature 1"),
        (lambda c: c.encode([[0, 0], [1e300, 0]]), "infinite or too large at step 1, feature 0"),
    ],
)
def test_refusals(wrong, message):
    codec = SeriesCodec().fit([np.array([[0, 0], [1, 2]])])
    with pytest.raises(InputError, match=message):
        wrong(codec)
