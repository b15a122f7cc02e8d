"""A table read in blocks is the table read at once, wherever the blocks are cut; and so is a text."""

import gzip
import io
import json
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.codecs import TextCodec
from elman.errors import InputError
from elman.tables import read_table, stream_table, stream_text, write_table
from elman.tables.blocks import text_blocks

CELLS = st.text(st.sampled_from('ab,\t"\n éé\U0001f600'), max_size=8) | st.none()
TABLE = {
    "text": ["Rossi", "NA", None, 'a "b", c\nd', "", "ü" * 30, "12", "\N{BYTE ORDER MARK}x"] * 4,
    "x": [1.5, 2.0, None, 4.0, -0.5, 6.0, 7.0, 8.0] * 4,
}
SUFFIXES = [".csv", ".tsv", ".jsonl", ".parquet", ".csv.gz", ".jsonl.gz"]


def together(path: Path, block_size: int, **options) -> pd.DataFrame:
    return pd.concat(list(stream_table(path, block_size=block_size, **options)))


def cells(frame: pd.DataFrame) -> list[list[object]]:
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


@pytest.mark.parametrize("block_size", [1, 7, 64, 10**6])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_blocks_give_what_the_whole_gives(tmp_path, suffix, block_size):
    path = tmp_path / f"t{suffix}"
    write_table(pd.DataFrame(TABLE), path)
    expected = read_table(path, text=["text"])
    found = together(path, block_size, text=["text"])
    assert cells(found) == cells(expected)
    assert found.index.tolist() == expected.index.tolist()
    assert found.index.name == expected.index.name


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6), block_size=st.integers(1, 40), tab=st.booleans())
def test_no_cell_is_cut(rows, block_size, tab):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("t.tsv" if tab else "t.csv")
        write_table(pd.DataFrame(rows, columns=["a\nb", '"c'], dtype=object), path)
        text = ["a\nb", '"c']
        expected = read_table(path, text=text)
        found = together(path, block_size, text=text)
        assert cells(found) == cells(expected)
        assert found.index.tolist() == expected.index.tolist()


def test_a_quote_within_a_cell_opens_nothing(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('\n\na,b\n5" pipe,1\n"6"" pipe",2\n\nx"y"z,3\n', encoding="utf-8")
    found = together(path, 4, text=["a"])
    assert found["a"].tolist() == ['5" pipe', '6" pipe', 'x"y"z']
    assert found.index.tolist() == read_table(path, text=["a"]).index.tolist() == [4, 5, 7]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"a,b\n1,2\n" * 3 + b"1,2,3\n", "line 7 has 3 fields: expected 2, as the header has"),
        ("t.csv", b"a,b\n1,2\n\n3,\xff\n", "line 4 is not UTF-8 (byte 0xff)"),
        ("t.csv", b'a,b\n1,2\n"3,4\n5,6\n', "line 3 has a quote that is not closed"),
        ("t.csv", b"a,b\r1,2\r", "has lines that end in CR alone: save the file with LF"),
        ("t.csv", b'a,"b\r\n"\r1,2\n3,4\n', "has lines that end in CR alone: save the file with LF"),
        ("t.csv", b'a,"b\rc"\r\n', "has columns but no rows"),
        ("t.csv", b"a,b\n", "has columns but no rows"),
        ("t.csv", b"a,b", "has columns but no rows"),
        ("t.csv", b"\n\n", "is empty: expected a table"),
        ("t.csv", b"", "is empty: expected a table"),
        ("t.csv", b"b\n1\n", "no column 'a' in"),
        ("t.csv.gz", gzip.compress(b"a\n" * 99)[:20], "cannot be read"),
        ("t.jsonl", b'{"a": 1}\n\n{"a": 2\n', "line 3 is not JSON"),
        ("t.jsonl", b'{"a": 1}\n[2]\n', "line 2 holds a JSON list"),
        ("t.parquet", b"PAR1", "is not a whole Parquet file"),
        ("t.png", b"a", "the suffix .png is not that of a table"),
    ],
)
def test_bad_files_are_refused_with_their_line(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    for block_size in (3, 10**6):
        with pytest.raises(InputError) as error:
            list(stream_table(path, wanted=["a"], block_size=block_size))
        assert said in str(error.value)
        assert "\n" not in str(error.value)


def test_a_member_that_later_lines_lack_is_missing(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps({"a": 1, "b": 2} if k < 2 else {"a": 1}) + "\n" for k in range(9)))
    assert together(path, 8, wanted=["b"])["b"].notna().tolist() == [True] * 2 + [False] * 7


TEXTS = st.text(st.sampled_from("ab  \n\t\réé\u0301\u1112\u1161\u11ab\U0001f600"), max_size=80)


@settings(max_examples=200, deadline=None)
@given(text=TEXTS, size=st.integers(1, 20), level=st.sampled_from(["characters", "words"]), mark=st.booleans())
def test_a_text_in_pieces_is_the_text(text, size, level, mark):
    data = (b"\xef\xbb\xbf" if mark else b"") + text.encode()
    pieces = list(text_blocks(io.BytesIO(data), size, "t.txt"))
    assert "".join(pieces) == text.removeprefix("\N{BYTE ORDER MARK}" if not mark else "")
    codec = TextCodec(level).fit([text])
    assert [n for piece in pieces for n in codec.encode(piece)] == codec.encode(text).tolist()


def test_a_text_that_is_none(tmp_path):
    path = tmp_path / "t.txt"
    path.write_bytes("e\u0301 x\n".encode() * 9 + b"a \xe9 b")
    with pytest.raises(InputError, match=r"t.txt line 10 is not UTF-8 \(byte 0xe9\)"):
        list(stream_text(path, block_size=4))
    path.write_bytes(b"")
    with pytest.raises(InputError, match="is empty"):
        list(stream_text(path))
    seen = []
    path.write_bytes(b"ab cd " * 9)
    assert len(list(stream_text(path, block_size=6, told=seen.append))) > 2
    assert seen[-1] == 54
