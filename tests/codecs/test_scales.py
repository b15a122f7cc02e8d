"""Scales of many series, by hand."""

import numpy as np
import pytest

from elman.codecs import ScalesCodec, codec_from_config
from elman.errors import InputError


def test_each_series_has_its_own_scale_and_comes_back():
    codec = ScalesCodec(season=2).fit({"a": np.array([0.0, 1, 2, 5]), 7: np.array([100.0, np.nan, 160, 40])})
    assert codec.scales == {"a": (2.0, 3.0), "7": (100.0, 60.0)}
    y = np.array([3.0, np.nan, -1.0])
    np.testing.assert_allclose(codec.encode(7, y), (y - 100) / 60)
    np.testing.assert_allclose(codec.decode(7, codec.encode(7, y), y), y)


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([1.0, 3.0], (2.0, 2.0)),  # too short for a season: neighbours
        ([4.0, 4.0, 4.0, 4.0], (4.0, 0.0)),  # a constant
        ([5.0], (5.0, 0.0)),
    ],
)
def test_a_series_that_is_not_known_is_scaled_by_its_history(y, expected):
    assert ScalesCodec(season=3).of("new", np.array(y)) == expected


def test_counts_are_counted_from_0():
    assert ScalesCodec(season=1, counts=True).of("new", np.array([2.0, 4.0, 0.0])) == (0.0, 3.0)


def test_it_comes_back_from_its_description_and_damage_is_refused():
    codec = ScalesCodec(season=2).fit({"a": np.array([0.0, 1, 2, 5])})
    codec.ends = {"a": "2026-01-04"}
    config = codec.to_config()
    assert codec_from_config(config).to_config() == config
    for damage in (
        {"season": 0},
        {"scales": {"a": [1.0]}},
        {"scales": {"a": [1.0, float("inf")]}},
        {"scales": {"a": [1.0, -1.0]}},
    ):
        with pytest.raises(InputError, match="the description of the scales codec is damaged"):
            codec_from_config({**config, **damage})
