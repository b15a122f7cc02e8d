"""The forms in which sequences may come, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from elman.codecs import as_sequences, kind_of
from elman.errors import InputError


@pytest.mark.parametrize(
    ("X", "shapes"),
    [
        ([np.zeros((3, 2)), np.zeros((0, 2))], [(3, 2), (0, 2)]),
        (np.zeros((4, 3, 2), np.float32), [(3, 2)] * 4),
        (np.zeros((4, 3), np.int8), [(3, 1)] * 4),
        ([np.zeros(3), np.zeros(0)], [(3, 1), (0, 1)]),
        ([[1, 2], [3]], [(2, 1), (1, 1)]),
        ([[], [[1, 2, 3]], []], [(0, 3), (1, 3), (0, 3)]),
        ([[]], [(0, 1)]),
        (torch.zeros(2, 5, 3), [(5, 3)] * 2),
        ([torch.zeros(5, 3, dtype=torch.bool)], [(5, 3)]),
        (pd.Series([[1.0, 2.0], [3.0]]), [(2, 1), (1, 1)]),
        ([[1.0, None]], [(2, 1)]),
        ((pd.Series([1, 2]),), [(2, 1)]),
    ],
    ids=str,
)
def test_numbers(X, shapes):
    sequences = as_sequences(X)
    assert kind_of(X) == "series"
    assert [array.shape for array in sequences] == shapes
    assert {array.dtype for array in sequences} == {np.dtype(np.float64)}


def test_values_stay():
    np.testing.assert_array_equal(as_sequences([[1, None, 3]])[0], [[1], [np.nan], [3]])
    np.testing.assert_array_equal(as_sequences([[[1, 2], [3, 4]]])[0], [[1, 2], [3, 4]])


@pytest.mark.parametrize("X", [["a", ""], np.array(["a", ""]), pd.Series(["a", ""]), ("a", "")], ids=str)
def test_texts(X):
    assert kind_of(X) == "text"
    sequences = as_sequences(X)
    assert sequences == ["a", ""]
    assert {type(text) for text in sequences} == {str}


@pytest.mark.parametrize("X", [[["New", "York"], []], [[], ("x",)], [np.array(["a"])]], ids=str)
def test_lists_of_words(X):
    assert kind_of(X) == "tokens"
    assert as_sequences(X) == [list(one) for one in X]


def test_files():
    X = [Path("a.wav"), Path("b.FLAC")]
    assert kind_of(X) == "audio"
    assert as_sequences(X) == X


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("text", r"X is one text, expected a list of texts.*: give \[X\]"),
        (b"text", "X is a bytes, expected"),
        (3, "X is 3, expected"),
        (None, "X is None, expected"),
        (np.float64(3), "X is 3.0|X is np.float64"),
        ([], "X is empty: expected at least one sequence"),
        (np.zeros((0, 3, 2)), "X is empty"),
        ({"a": 1}, "X is a dict"),
        (pd.DataFrame({"a": [1.0]}), r"X is a DataFrame, .*give one column, or X.to_numpy\(\)"),
        (["a", None], r"X\[1\] is None, but X\[0\] is a text: leave out missing texts"),
        (["a", float("nan")], r"X\[1\] is nan"),
        (["a", [1.0]], r"X\[1\] is a list, but X\[0\] is a text"),
        (["\ud800"], r"X\[0\] is not valid Unicode"),
        ([[1.0], "a"], r"X\[1\] is a str, not numbers"),
        ([["a"], "b"], r"X\[1\] is a str, but others are lists of words"),
        ([["a", 1]], r"X\[0\]\[1\] is 1, expected a word"),
        ([[], ["a", ""]], r"X\[1\]\[1\] is empty, expected a word"),
        ([Path("a.txt")], r"X\[0\] is the file a.txt, expected one that ends in"),
        ([Path("a.wav"), "b"], r"X\[1\] is a str, but others are audio files: expected a path"),
        ([[1, "2"]], r"X\[0\] is a list, not numbers"),
        ([[1j]], "not numbers"),
        ([[[1, 2], [3]]], r"X\[0\] cannot be read as numbers"),
        ([[object()]], r"X\[0\] cannot be read as numbers"),
        ([torch.zeros(2, requires_grad=True)], r"X\[0\] cannot be read as numbers"),
        ([1.0, 2.0], r"X\[0\] has shape \(\), expected \(T, I\) or \(T,\).*give \[X\]"),
        (np.zeros((2, 2, 2, 2)), r"X\[0\] has shape \(2, 2, 2\)"),
        ([np.zeros((2, 3)), [], np.zeros((2, 5))], r"X\[2\] has 5 features .*, but X\[0\] has 3"),
        ([np.zeros((2, 0))], "X has no features"),
    ],
    ids=str,
)
def test_refusals(X, message):
    with pytest.raises(InputError, match=message) as caught:
        as_sequences(X)
    assert "\n" not in str(caught.value)


def test_the_argument_keeps_its_name():
    with pytest.raises(InputError, match=r"^y is empty"):
        as_sequences([], "y")


def test_files_are_known_by_their_ends() -> None:
    assert kind_of([Path("a.WAV")]) == "audio"
    assert kind_of([Path("a.JPEG"), Path("b.png")]) == "image"
    assert as_sequences([Path("a.gif"), Path("b.tiff")]) == [Path("a.gif"), Path("b.tiff")]
    with pytest.raises(InputError, match=r"^X\[1\] is the file b\.wav, one of audio files, but others are images"):
        as_sequences([Path("a.png"), Path("b.wav")])
    with pytest.raises(InputError, match=r"^X\[0\] is the file a\.mov, expected one that ends in \.aif, "):
        kind_of([Path("a.mov")])
