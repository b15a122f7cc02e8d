import gzip
from pathlib import Path

import pandas as pd
import pytest

from elman.errors import InputError
from elman.tables import first_line, read_unquoted


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "list.tsv"


def test_quotes_are_characters(file: Path) -> None:
    file.write_bytes('\ufeffpath\tsentence\tage\r\n\na.mp3\t"Yes", he said\t\r\nb.mp3\t\t"\u2028 x\n'.encode())
    table = read_unquoted(file, "\t")
    assert list(table) == ["path", "sentence", "age"]
    assert table.index.tolist() == [3, 4]
    assert table.index.name == "line"
    assert table["sentence"].tolist() == ['"Yes", he said', None]
    assert pd.isna(table["age"].iloc[0])
    assert table["age"].iloc[1] == '"\u2028 x'
    file.with_suffix(".tsv.gz").write_bytes(gzip.compress(file.read_bytes()))
    assert read_unquoted(file.with_suffix(".tsv.gz"), "\t").equals(table)
    assert first_line(file) == "path\tsentence\tage"


def test_without_a_header_rows_may_be_short(file: Path) -> None:
    file.write_text("1|one\n2|two|second|\n", encoding="utf-8")
    table = read_unquoted(file, "|", ("id", "text", "spoken", "more"))
    assert table.astype(object).where(table.notna(), None).to_numpy().tolist() == [
        ["1", "one", None, None],
        ["2", "two", "second", None],
    ]


@pytest.mark.parametrize(
    ("content", "names", "said"),
    [
        ("a\tb\n1\n", None, "line 2 has 1 fields: expected 2, as the header has"),
        ("a\tb\n\n1\t2\t3\n", None, "line 3 has 3 fields: expected 2, as the header has"),
        ("1\t2\t3\n", ("a", "b"), "line 1 has 3 fields: expected at most 2"),
        ("a\ta\n1\t2\n", None, "has 2 columns named 'a': rename all but one"),
        ("a\tb\n", None, "has columns but no rows"),
        ("\n", ("a", "b"), "has columns but no rows"),
    ],
)
def test_what_is_refused(file: Path, content: str, names: tuple[str, ...] | None, said: str) -> None:
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=rf"list\.tsv {said}"):
        read_unquoted(file, "\t", names)


def test_a_file_that_is_not_text(file: Path) -> None:
    file.write_bytes(b"a\tb\n\xff\t1\n")
    with pytest.raises(InputError, match="line 2 is not UTF-8"):
        read_unquoted(file, "\t")
    with pytest.raises(InputError, match="no such file: "):
        first_line(file.parent / "other.tsv")
