"""Labels keep their type, and what is no label is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.codecs import LabelCodec, codec_from_config
from elman.errors import InputError

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(
    labels=st.lists(st.text(max_size=5), min_size=2, unique=True)
    | st.lists(st.integers(), min_size=2, unique=True)
    | st.lists(FLOATS, min_size=2, unique=True)
    | st.just([True, False, True])
)
def test_round_trip_keeps_the_type_also_through_json(labels):
    codec = codec_from_config(json.loads(json.dumps(LabelCodec().fit(labels).to_config())))
    assert codec.classes == sorted(set(labels))
    for label in labels:
        number = codec.encode(label)
        assert (number.dtype, number.shape) == (np.int64, ())
        assert codec.classes[number] == label
        assert codec.decode(number) == label
        assert type(codec.decode(number)) is type(label)


@pytest.mark.parametrize(
    ("labels", "kind", "classes"),
    [
        (np.array(["b", "a", "b"]), str, ["a", "b"]),
        (np.array([2, 1, 2], np.int32), int, [1, 2]),
        (np.array([True, False]), bool, [False, True]),
        (np.array([0.5, -1.0], np.float32), float, [-1.0, 0.5]),
        (pd.Series(["b", "a"]), str, ["a", "b"]),
        ([1, 2.5], float, [1.0, 2.5]),
    ],
    ids=str,
)
def test_arrays_and_columns(labels, kind, classes):
    codec = LabelCodec().fit(labels)
    assert codec.classes == classes
    assert {type(label) for label in codec.classes} == {kind}
    assert codec.classes_.tolist() == classes
    assert codec.size == 2
    assert [codec.decode(codec.encode(label)) for label in labels] == list(labels)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "there are no labels: expected at least two classes"),
        (["x"], "there is only one label, 'x': expected at least two classes"),
        (["x", "x"], "all 2 labels are 'x': expected at least two classes"),
        (["x", None], r"label 1 is missing \(None\): leave its row out"),
        ([1.0, np.nan], r"label 1 is missing \(nan\)"),
        (["a", pd.NA], "label 1 is <NA>: expected text"),
        ([1.0, np.inf], "label 1 is inf"),
        (["a", 1], r"the labels mix types \(int, str\)"),
        ([["a"], ["b"]], r"label 0 is \['a'\]: expected text, a finite number or a boolean"),
        (["a", "\ud800"], "label 1 is not valid Unicode"),
    ],
)
def test_refused_labels(labels, message):
    with pytest.raises(InputError, match=message):
        LabelCodec().fit(labels)


def test_an_unknown_label_names_the_classes():
    with pytest.raises(InputError, match="label 'c' is none of the classes 'a', 'b'"):
        LabelCodec().fit(["a", "b"]).encode("c")
    with pytest.raises(InputError, match="10, 11 and 8 more"):
        LabelCodec().fit(range(20)).encode(20)


@pytest.mark.parametrize(
    ("classes", "texts"),
    [
        ([1, 2], ["1", "2.0"]),
        ([0.5, 1.0], ["0.5", "1"]),
        ([False, True], ["false", "True"]),
        ([2**60, 2**60 + 1], [str(2**60), str(2**60 + 1)]),
    ],
    ids=str,
)
def test_a_text_is_read_as_the_type_of_the_classes(classes, texts):
    codec = LabelCodec().fit(classes)
    assert [int(codec.encode(text)) for text in texts] == [0, 1]
    for unknown in ("x", "nan", "7"):
        with pytest.raises(InputError, match="is none of the classes"):
            codec.encode(unknown)
