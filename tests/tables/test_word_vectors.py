"""Word vectors out of text files: what is read is what was written, whatever words are like; and what is refused."""

import gzip
import re
import tracemalloc
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import InputError
from elman.tables import read_word_vectors

# what a word may be made of: no line break, which would end the line; white space within it, but not at its ends
PIECES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=4)
WORDS = st.lists(PIECES, min_size=1, max_size=3).map(" ".join).map(lambda word: unicodedata.normalize("NFC", word))
FLOATS = st.floats(-100, 100, width=32)


def written(path: Path, text: str | bytes) -> str:
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def is_value(piece: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", piece) is not None


@given(data=st.data(), header=st.booleans(), trailing=st.sampled_from(["", " ", "\r", " \r"]))
def test_what_was_written_is_read(data: st.DataObject, header: bool, trailing: str) -> None:
    import tempfile

    size = data.draw(st.integers(2, 4))
    words = data.draw(st.lists(WORDS.filter(lambda word: not is_value(word.split(" ")[-1])), min_size=1, unique=True))
    rows = [data.draw(st.lists(FLOATS, min_size=size, max_size=size)) for _ in words]
    lines = [f"{word} {' '.join(map(repr, row))}{trailing}" for word, row in zip(words, rows, strict=True)]
    text = "\n".join([f"{len(words)} {size}", *lines] if header else lines) + "\n"
    asked = data.draw(st.lists(st.sampled_from([*words, "never there ", "nor this"]), unique=True))
    with tempfile.TemporaryDirectory() as folder:
        found = read_word_vectors(written(Path(folder) / "vectors.txt", text), asked)
    assert found.size == size
    assert list(found.rows) == [word for word in asked if word in words or word.lower() in words]
    by_word = dict(zip(words, rows, strict=True))
    for word, row in found.rows.items():
        assert row.dtype == np.float32
        np.testing.assert_array_equal(row, np.array(by_word[word if word in by_word else word.lower()], np.float32))


def test_exact_form_else_lower_case(tmp_path: Path) -> None:
    file = written(tmp_path / "v.txt", "apple 1 2\nApple 3 4\nparis 5 6\nROME 7 8\napple 9 9\n")
    found = read_word_vectors(file, ["apple", "Apple", "APPLE", "Paris", "rome"]).rows
    shown = {word: row.tolist() for word, row in found.items()}
    assert shown == {"apple": [1, 2], "Apple": [3, 4], "APPLE": [1, 2], "Paris": [5, 6]}  # of two, the first


def test_forms_of_unicode_are_one(tmp_path: Path) -> None:
    file = written(tmp_path / "v.txt", f"{unicodedata.normalize('NFD', 'café')} 1 2\nCafé 3 4\n")
    assert read_word_vectors(file, ["café"]).rows["café"].tolist() == [1, 2]


@pytest.mark.parametrize("name", ["v.txt", "v.vec.gz"])
def test_packed_or_not(tmp_path: Path, name: str) -> None:
    done: list[int] = []
    lines = "".join(f"w{k} {k} {-k}\n" for k in range(5000))
    file = written(tmp_path / name, "\ufeff5000 2\n" + lines)
    assert read_word_vectors(file, ["w4999"], told=done.append).rows["w4999"].tolist() == [4999, -4999]
    assert done == sorted(done)
    assert len(done) > 3
    assert done[-1] == Path(file).stat().st_size


def test_words_that_look_like_something_else(tmp_path: Path) -> None:
    """Words that are numbers, blanks, bytes that are no UTF-8 and a vector of one number after words alone."""
    file = written(
        tmp_path / "v.txt", b"7 1 2\n. . . 3 4\n\xff\xfe 5 6\n 7 8\n\xc2\xa0 9 1\nnan 2 3\n1.5 4 5\n5 000 6 7\n"
    )
    found = read_word_vectors(file, ["7", ".", ". . .", "\ufffd", "nan", "1.5", "\xa0", "8", "5 000"]).rows
    shown = {word: row.tolist() for word, row in found.items()}
    assert shown == {"7": [1, 2], ". . .": [3, 4], "nan": [2, 3], "1.5": [4, 5], "\xa0": [9, 1], "5 000": [6, 7]}
    file = written(tmp_path / "one.txt", "12 34\n13 35\na 0.5\n")
    assert read_word_vectors(file, ["12"]).rows["12"].tolist() == [34]
    file = written(tmp_path / "header.txt", "2 1\n13 35\na 0.5\n")
    assert list(read_word_vectors(file, ["2", "13"]).rows) == ["13"]


def test_memory_holds_the_words_that_are_asked_for(tmp_path: Path) -> None:
    lines = "".join(f"w{k} " + " ".join([f"{k / 7:.6f}"] * 50) + "\n" for k in range(20_000))
    file = written(tmp_path / "v.txt", lines)
    assert Path(file).stat().st_size > 9_000_000
    tracemalloc.start()
    try:
        found = read_word_vectors(file, ["w19999"])
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert list(found.rows) == ["w19999"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"v.txt is empty: expected a word and its numbers on each line"),
        ("\n\n", r"v.txt is empty"),
        ("3 2\n", r"v.txt line 2 has no numbers after a word"),
        ("to be or not to be\nthat is the question\n", r"v.txt line 1 has no numbers after a word: .* binary files"),
        ("a 1 2\nb 1\nc 1 2\n", r"v.txt line 2 has 1 numbers after its word, expected 2 as other lines have"),
        ("a 1 2\nb 1 2\nc 0.1 1 2\n", r"v.txt line 3 has 3 numbers after its word, expected 2 as other lines have"),
        ("a 1 2\nb\nc 1 2\n", r"v.txt line 2 has 0 numbers after its word, expected 2"),
        ("a 1 2\nb 1 x\nc 1 2\nd 1 3\n", r"v.txt line 2 has 'x' among the numbers of 'b': expected 2 numbers"),
        ("a 1 2\nb 1 nan\nc 1 2\n", r"v.txt line 2 has 'nan' among the numbers of 'b'"),
        ("a 1 2\nb 1 1e60\nc 1 2\n", r"v.txt line 2 has a number too large for 32 bits in the vector of 'b'"),
        ("3 2\na 1 2\nb 1 2\n", r"v.txt ends after 2 of the 3 words that its first line promises: get it anew"),
        ("2 3\na 1 2\nb 1 2\n", r"v.txt line 1 promises vectors of 3 numbers, but those that follow have 2"),
        ("a 1 2\nb " + "1 " * 600_000 + "\n", r"v.txt line 2 has more than 1,048,576 bytes"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) and value[:5] != "v.txt" else "",
)
def test_what_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = written(tmp_path / "v.txt", text)
    with pytest.raises(InputError, match=message) as refused:
        read_word_vectors(file, ["b"])
    assert "\n" not in str(refused.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    written(tmp_path / "vectors.txt", "a 1 2\n")
    with pytest.raises(InputError, match=r"no such file: .*vector.txt; did you mean .*vectors.txt\?"):
        read_word_vectors(tmp_path / "vector.txt", ["a"])
    with pytest.raises(InputError, match=r"is a directory"):
        read_word_vectors(tmp_path, ["a"])
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"a 1 2\n" * 1000)[:-12])
    with pytest.raises(InputError, match=r"cut.gz cannot be read: "):
        read_word_vectors(tmp_path / "cut.gz", ["a"])
