"""Arrays and numbers on their way to the page."""

import json

import numpy as np
from talking import unpacked

from elman.explore.arrays import packed, plain


def test_arrays_come_back_as_they_were_whatever_their_layout() -> None:
    array = np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1)[::-1]
    np.testing.assert_array_equal(unpacked(packed(array)), array.astype(np.float32))
    assert unpacked(packed(np.zeros((0, 3)))).shape == (0, 3)
    assert unpacked(packed(np.array(2.5))).shape == ()


def test_everything_becomes_json() -> None:
    value = {
        1: np.array([1 + 2j]),
        "names": np.array(["a", "b"], object),
        "numbers": (np.float32("inf"), float("nan"), np.int64(3), np.bool_(True), None),
        "array": np.array([True, False]),
    }
    found = json.loads(json.dumps(plain(value), allow_nan=False))
    assert unpacked(found["1"]["re"]).tolist() == [1]
    assert unpacked(found["1"]["im"]).tolist() == [2]
    assert found["names"] == ["a", "b"]
    assert found["numbers"] == [None, None, 3, True, None]
    assert unpacked(found["array"]).tolist() == [1, 0]
