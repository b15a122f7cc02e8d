"""CoNLL files as they come: tabs and blanks, comments, documents, Universal Dependencies; and broken ones."""

import gzip
from pathlib import Path

import pytest

from elman.errors import InputError
from elman.tables import Sentence, read_conll

TWO = [(["turn", "lights"], ["O", "B-name"]), (["hello"], ["O"])]


def read(folder: Path, text: str, name: str = "a.conll", **columns: object) -> list[Sentence]:
    (folder / name).write_bytes(text.encode())
    return read_conll(folder / name, **columns)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "turn O\nlights B-name\n\nhello O\n",
        "turn\tO\r\nlights\tB-name\r\n\r\n\r\nhello\tO",
        "\ufeff-DOCSTART- -X- O\n\nturn VB   O\nlights NN B-name\n\nhello UH O\n\n",
        "# a comment of several words\n\n# and one more\nturn O\nlights B-name\n\t \n# id\nhello O\n",
    ],
)
def test_sentences(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text)
    assert [(one.words, one.tags) for one in found] == TWO
    assert [one.fault for one in found] == [None, None]
    rows = text.removeprefix("\ufeff").splitlines()
    assert all(
        rows[line - 1].startswith(word) for one in found for word, line in zip(one.words, one.lines, strict=True)
    )


def test_packed(tmp_path: Path) -> None:
    (tmp_path / "a.conll.gz").write_bytes(gzip.compress(b"turn O\nlights B-name\n\nhello O\n"))
    assert [(one.words, one.tags) for one in read_conll(tmp_path / "a.conll.gz")] == TWO


def test_columns_are_chosen(tmp_path: Path) -> None:
    text = "1 turn VB O\n2 lights NN B-name\n"
    assert read(tmp_path, text, words=2, tags=-2)[0].tags == ["VB", "NN"]
    assert read(tmp_path, text, words=2, tags=4)[0].words == ["turn", "lights"]


def test_a_word_that_is_a_hash_is_no_comment(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "It PRP O\n# NN O\n1 CD O\n")
    assert found.words == ["It", "#", "1"]
    assert read(tmp_path, "It PRP O\n\n# NN O\n1 CD O\n")[1].words == ["#", "1"]


def test_words_that_hold_blanks_stand_between_tabs(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "New York\tB-city\n1\u00a0000\tO\n")
    assert found.words == ["New York", "1\u00a0000"]


def test_universal_dependencies(tmp_path: Path) -> None:
    text = "# text = dámelo\n1-2\tdámelo\t_\t_\n1\tda\tdar\tVERB\n2\tme\tyo\tPRON\n2.1\tx\tx\tX\n"
    (found,) = read(tmp_path, text, "a.conllu")
    assert (found.words, found.tags) == (["da", "me"], ["VERB", "PRON"])


def test_words_alone_for_prediction(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "turn\nlights\n", tagged=False)
    assert (found.words, found.tags) == (["turn", "lights"], [])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a O\n\nb O\nc\n\nd O\n", "line 4 has 1 columns, the first line with a word 2"),
        ("a O\n\nb O x\nc O\n\nd O\n", "line 3 has 3 columns, the first line with a word 2"),
        ("a\tO\n\nb\tO\n\tO\n\nd\tO\n", "line 4 has an empty column"),
    ],
)
def test_a_sentence_that_cannot_be_read_is_marked(tmp_path: Path, text: str, fault: str) -> None:
    good, bad, last = read(tmp_path, text)
    assert (good.fault, bad.fault, last.fault) == (None, fault, None)
    assert last.words == ["d"]


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("", {}, "has no sentence"),
        ("\n\n# only a comment\n", {}, "has no sentence"),
        ("turn\nlights\n", {}, "line 1 has words and tags in one column"),
        ("turn O\n", {"tags": 3}, r"line 1 has no column 3: it has 2"),
        ("turn O\n", {"words": 0}, r"line 1 has no column 0"),
    ],
)
def test_a_file_that_has_no_such_columns_is_refused(
    tmp_path: Path, text: str, columns: dict[str, int], message: str
) -> None:
    with pytest.raises(InputError, match=rf"a\.conll {message}"):
        read(tmp_path, text, **columns)


def test_not_utf8_and_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_bytes(b"turn O\n\xff O\n")
    with pytest.raises(InputError, match="line 2 is not UTF-8"):
        read_conll(tmp_path / "a.conll")
    with pytest.raises(InputError, match=r"no such file: .*did you mean"):
        read_conll(tmp_path / "b.conll")
