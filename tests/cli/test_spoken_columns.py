"""Lists of speech corpora, as they are published."""

from pathlib import Path

import pytest
from morse import write_morse

from elman.cli.columns import Columns, Table
from elman.cli.spoken_columns import read_spoken, spoken_form
from elman.errors import InputError
from elman.tables import read_table

LJSPEECH = """LJ001-0001|Printing, in the only sense|Printing, in the only sense
LJ001-0002|"Dr. No" had 3 |"Doctor No" had three
LJ001-0003|He said no|
LJ001-0004||
LJ001-0005|not normalised
"""
COMMON_VOICE = """client_id\tpath\tsentence\tup_votes\tage
f00\ta.mp3\t"Ja", sagte er.\t2\tthirties
f01\tb.mp3\tNein.\t2\t
f02\tc.mp3\t\t1\t
"""
COLUMNS = Columns(audio="audio", target="text")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(file: str, content: str, columns: Columns = COLUMNS, *, strict: bool = False) -> Table:
    Path(file).write_text(content, encoding="utf-8")
    return read_spoken(file, columns, "transcribe", strict=strict)


def sounds(folder: str, *names: str) -> None:
    for name in names:
        Path(folder).mkdir(exist_ok=True, parents=True)
        Path(folder, name).touch()


def test_ljspeech() -> None:
    sounds("wavs", "LJ001-0001.wav", "LJ001-0002.flac")
    table = read("metadata.csv", LJSPEECH)
    assert [path.parent for path in table.X] == [Path("wavs")] * 4
    assert [path.suffix for path in table.X] == [".wav", ".flac", ".wav", ".wav"]
    assert table.y == [
        "Printing, in the only sense",
        '"Doctor No" had three',
        "He said no",
        "not normalised",
    ]
    assert table.keys == ["LJ001-0001", "LJ001-0002", "LJ001-0003", "LJ001-0005"]
    assert table.columns == COLUMNS
    assert table.notes == ["left out 1 of 5 rows with a missing value"]
    with pytest.raises(InputError, match=r"metadata\.csv line 4 .*text"):
        read("metadata.csv", LJSPEECH, strict=True)


def test_common_voice() -> None:
    sounds("de/clips", "a.mp3")
    sounds("de", "b.mp3")
    table = read("de/validated.tsv", COMMON_VOICE)
    assert list(map(str, table.X)) == [str(Path("de/clips/a.mp3")), str(Path("de/b.mp3"))]
    assert table.y == ['"Ja", sagte er.', "Nein."]
    assert table.columns == Columns(audio="path", target="sentence")
    of_age = read("de/validated.tsv", COMMON_VOICE, Columns(audio="path", target="age"))
    assert of_age.y == ["thirties"]


def test_without_a_target_all_sounds_are_read() -> None:
    assert [path.name for path in read("v.tsv", COMMON_VOICE, Columns(audio="path")).X] == ["a.mp3", "b.mp3", "c.mp3"]
    table = read("metadata.csv", LJSPEECH, Columns(audio="audio"))
    assert (len(table.X), table.y, table.columns.target) == (5, [], None)


@pytest.mark.parametrize(
    ("file", "content", "form"),
    [
        ("metadata.csv", "a|b|c\n", "ljspeech"),
        ("metadata.txt", "\na|b\n", "ljspeech"),
        ("a.csv", "audio|text\na|b\n", "bars"),
        ("a.csv", "file|speaker|age|text\n", "bars"),
        ("a.csv", "audio\na|b\n", None),
        ("a.tsv", "client_id\tpath\tsentence_id\tsentence\n", "common voice"),
        ("a.tsv", "path\tsentence\n", None),
        ("a.csv", "audio,text\n", None),
        ("a.csv", "audio,a|b|c|d\n", None),
        ("a.jsonl", '{"a": "|"}\n', None),
    ],
)
def test_the_first_line_tells_the_form(file: str, content: str, form: str | None) -> None:
    Path(file).write_text(content, encoding="utf-8")
    assert spoken_form(file, COLUMNS) == form


def test_a_header_is_a_header() -> None:
    sounds("wavs", "a.wav")
    sounds(".", "b.flac")
    table = read("a.csv", 'speaker|audio|text\nx|a|"One"\ny|b.flac|two\n')
    assert (table.X, table.y) == ([Path("wavs/a.wav"), Path("b.flac")], ['"One"', "two"])
    with pytest.raises(InputError, match=r"no column 'audio' in a\.csv; it has: file, text"):
        read("a.csv", "file|text\na|one\n")


def test_other_tables_are_read_as_tables() -> None:
    table = read("a.csv", 'audio,text\na.wav,"one, two"\nx/b.wav,three\n')
    assert (table.X, table.y) == ([Path("a.wav"), Path("x/b.wav")], ["one, two", "three"])
    with pytest.raises(InputError, match=r"no column 'audio' in a\.csv"):
        read("a.csv", "file,text\na.wav,one\n")


def test_what_is_refused() -> None:
    with pytest.raises(InputError, match=r"metadata\.csv line 2 has 4 fields: expected at most 3"):
        read("metadata.csv", "a|b|c\na|b|c|d\n")
    with pytest.raises(InputError, match="line 2 has 2 fields: expected 5"):
        read("a.tsv", COMMON_VOICE.split("\n", 1)[0] + "\nf\ta.mp3\n")
    with pytest.raises(InputError, match="no such file"):
        read_spoken("none.csv", COLUMNS, "transcribe")


def test_corpora_are_trained_on_as_they_are(run, tmp_path: Path) -> None:
    Path("wavs").mkdir()
    files, texts = write_morse(tmp_path / "wavs", 8)
    lines = [f"{file.stem}|{text.upper()}|{text}" for file, text in zip(files, texts, strict=True)]
    Path("metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    clips = ["client_id\tpath\tsentence", *(f"f\t{file.name}\t{text}" for file, text in zip(files, texts, strict=True))]
    Path("validated.tsv").write_text("\n".join(clips) + "\n", encoding="utf-8")
    quick = ("--epochs", "1", "--hidden-size", "4", "--num-threads", "1", "--verbose", "0")
    trained = run("train", "transcribe", "metadata.csv", "-o", "m.safetensors", *quick)
    assert trained.status == 0, trained.err
    Path("wavs").rename("clips")
    assert run("predict", "m.safetensors", "--file", "validated.tsv", "-o", "found.csv").status == 0
    assert len(read_table("found.csv")) == 8
    evaluated = run("evaluate", "m.safetensors", "validated.tsv", "--json")
    assert evaluated.status == 0, evaluated.err
    assert "character_error_rate" in evaluated.out
    trained = run("train", "transcribe", "validated.tsv", "-o", "v.safetensors", *quick)
    assert trained.status == 0, trained.err
