"""Synthesised speech: what is to be said, and how it is made by programs that stand in for the real ones."""

import shutil
import stat
import sys
import wave
from pathlib import Path

import pytest

from elman.datasets import describe, fetch, is_here, load, spoken_commands
from elman.datasets.spoken_commands import COUNTS, DIGITS, RATE, utterances
from elman.errors import InputError

NAME = "spoken-commands"
PROGRAM = """#!{python}
import sys, wave
words, file = sys.argv[-1].split(), sys.argv[sys.argv.index({flag!r}) + 1]
if "zero" in words and {fails}:
    sys.exit("no such voice")
with wave.open(file, "wb") as sound:
    sound.setparams((1, 2, {rate}, 0, "NONE", "not compressed"))
    sound.writeframes(len(words).to_bytes(2, "little") * ({rate} // 10))
"""


@pytest.fixture(autouse=True)
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few sentences into a cache of our own; with nothing installed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    said = utterances()
    flite = next(one for one in said if "+" not in one.voice)
    monkeypatch.setattr(spoken_commands, "utterances", lambda: [*said[:5], flite])
    monkeypatch.setattr("elman.datasets.speech.utterances", lambda: [*said[:5], flite])


def install(tmp_path: Path, name: str, flag: str, rate: int, fails: bool = False) -> None:
    """Put a program on the PATH that writes a tenth of a second, of samples as high as there are words."""
    file = tmp_path / "bin" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(PROGRAM.format(python=sys.executable, flag=flag, rate=rate, fails=fails), encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def test_what_is_said() -> None:
    said = utterances()
    assert said == utterances()
    assert len(said) == describe(NAME).rows
    assert {part: sum(one.part == part for one in said) for part in COUNTS} == COUNTS
    words = {word for one in said for word in one.text.split()}
    assert words > set(DIGITS)
    assert len(words) == 45
    assert all(word.islower() for word in words)  # nothing of the grammar's own names is left
    strings = [one.text.split() for one in said if set(one.text.split()) <= set(DIGITS)]
    assert {len(string) for string in strings} == set(range(1, 8))
    assert 0.4 < len(strings) / len(said) < 0.6


def test_no_voice_is_heard_in_two_parts() -> None:
    heard: dict[str, set[str]] = {part: set() for part in COUNTS}
    for one in utterances():
        heard[one.part].add(one.voice.split("+")[-1])
    assert heard == {part: {*spoken_commands.VARIANTS[part], *spoken_commands.FLITE[part]} for part in COUNTS}
    assert sum(map(len, heard.values())) == len(set().union(*heard.values()))


def test_speed_and_pitch_reach_the_programs() -> None:
    said = utterances()
    commands = [one.command(Path("a.wav")) for one in said]
    speeds = {command[command.index("-s") + 1] for command in commands if command[0] == "espeak-ng"}
    pitches = {command[command.index("-p") + 1] for command in commands if command[0] == "espeak-ng"}
    stretches = {command[command.index("--setf") + 1] for command in commands if command[0] == "flite"}
    assert (min(map(int, speeds)), max(map(int, speeds))) == (136, 204)
    assert (min(map(int, pitches)), max(map(int, pitches))) == (35, 65)
    assert len(stretches) > 100


@pytest.mark.skipif(sys.platform == "win32", reason="the programs that stand in are scripts")
def test_sounds_are_made_once(tmp_path: Path) -> None:
    pytest.importorskip("soxr")
    with pytest.raises(
        InputError, match=r"no espeak-ng on the PATH: install them \(.* apt-get install espeak-ng flite\)"
    ):
        load(NAME)
    install(tmp_path, "espeak-ng", "-w", rate=8000)
    with pytest.raises(InputError, match="no flite on the PATH"):
        load(NAME)
    install(tmp_path, "flite", "-o", rate=RATE)
    assert not is_here(NAME)
    table = load(NAME)
    assert is_here(NAME)
    assert list(table) == [column.name for column in describe(NAME).columns]
    assert len(table) == 6
    for row in table.itertuples():
        with wave.open(row.audio) as sound:
            assert (sound.getframerate(), sound.getnchannels(), sound.getnframes()) == (RATE, 1, RATE // 10)
            middle = sound.readframes(RATE // 10)[RATE // 10 :][:2]
        assert int.from_bytes(middle, "little") == pytest.approx(len(row.text.split()), abs=1)
    shutil.rmtree(tmp_path / "bin")  # and now they are there
    assert load(NAME).equals(table)
    assert fetch(NAME) == [Path(table["audio"][0]).parent]
    with pytest.raises(InputError, match="nothing to give a copy of"):
        fetch(NAME, tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="the programs that stand in are scripts")
def test_a_program_that_fails_leaves_nothing(tmp_path: Path) -> None:
    pytest.importorskip("soxr")
    install(tmp_path, "espeak-ng", "-w", rate=8000, fails=True)
    install(tmp_path, "flite", "-o", rate=RATE, fails=True)
    with pytest.raises(InputError, match=r"made no sound of 'zero .*\(no such voice\)"):
        load(NAME)
    assert not list((tmp_path / "cache").rglob("*.wav"))
    assert not is_here(NAME)
