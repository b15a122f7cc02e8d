"""Moments taken block by block are those of all steps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.codecs import Moments, SeriesCodec
from elman.errors import InputError


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(0, 50), max_size=5), far=st.sampled_from([0.0, 1e3, -1e6]))
def test_blocks_give_the_scale_of_the_whole(seed, cuts, far):
    rng = np.random.default_rng(seed)
    steps = rng.normal(far, [1, 1e-3, 50, 0, 1], (50, 5))
    steps[rng.random(50) < 0.2, 2] = np.nan
    steps[:, 4] = np.nan
    moments = Moments()
    for block in np.split(steps, sorted(cuts)):
        moments.update(block)
    found, expected = SeriesCodec().learn(moments), SeriesCodec().fit([steps])
    assert found.indicators == expected.indicators == sorted({*np.flatnonzero(np.isnan(steps).any(0)).tolist()})
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-12)
    np.testing.assert_allclose(found.std, expected.std, rtol=1e-12 + 1e-15 * abs(far) / 1e-3)
    assert (found.mean[3], found.std[3]) == (far, 1)


def test_values_that_cannot_be_scaled():
    with pytest.raises(InputError, match="there are no sequences to learn the scale from"):
        SeriesCodec().learn(Moments())
    with pytest.raises(InputError, match=r"feature 0 has values up to 1e\+300, too large to scale"):
        SeriesCodec().learn(Moments().update(np.array([[1e300], [-1e300]])))
