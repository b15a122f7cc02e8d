"""Recorded speech, on small packages of the real ones' form."""

import gzip
from pathlib import Path

import pandas as pd
import pytest
from archives import deb, wav

from elman.datasets import describe
from elman.datasets.speech import read_librivox, read_prompts
from elman.errors import InputError

LIST = """\ufeff; Core Asterisk Sounds
; Elenco

activated: Attivato.
ascending-2tone: [toni ascendenti]
silence/1: (1 secondo di silenzio)
confbridge-join: un suono di beep ascendente
conf-full: La conferenza ? piena. Vuoi uscire?
cos: Non pu? essere cos? come sar? pi? tardi.
digits/1: uno
letters/O: O
letters/at: a [@]
adminmenu: adminmenu: Premere 1, 2 o 3: grazie.
saved: Il [suo] messaggio è  salvato (in inglese)
removed: eliminato activated: poi premere
is:
never-recorded: Ciao.
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def prompts(tmp_path: Path) -> tuple[Path, Path]:
    names = (
        *("activated", "ascending-2tone", "silence/1", "confbridge-join", "conf-full", "cos", "digits/1", "letters/o"),
        *("letters/at", "adminmenu", "saved", "removed", "is", "nobody-said-what"),
    )
    sounds = {f"usr/share/asterisk/sounds/it_IT/{name}.wav": wav(0.1 * len(name)) for name in names}
    texts = {
        "usr/share/doc/core/core-sounds-it.txt.gz": gzip.compress(LIST.encode()),
        "usr/share/doc/core/copyright": b"",
    }
    return deb(tmp_path / "sounds_1_all.deb", sounds), deb(tmp_path / "texts_1_all.deb", texts)


def test_prompts(prompts: tuple[Path, Path]) -> None:
    table = read_prompts(*prompts)
    assert list(table) == [column.name for column in describe("prompts-it").columns]
    assert dict(zip(table["audio"].map(lambda path: Path(path).stem), table["text"], strict=True)) == {
        "activated": "Attivato.",
        "conf-full": "La conferenza è piena. Vuoi uscire?",
        "cos": "Non può essere così come sarà più tardi.",
        "1": "uno",
        "o": "O",
        "at": "a",
        "adminmenu": "Premere 1, 2 o 3: grazie.",
        "saved": "Il messaggio è salvato",
        "removed": "eliminato",
    }
    assert table["seconds"].tolist() == pytest.approx([0.9, 0.9, 0.3, 0.8, 0.9, 1.0, 0.9, 0.5, 0.7])
    assert all(Path(path).is_absolute() for path in table["audio"])


def test_a_damaged_recording_is_named(prompts: tuple[Path, Path]) -> None:
    file = Path(read_prompts(*prompts)["audio"][0])
    file.write_bytes(file.read_bytes()[:10])
    with pytest.raises(
        InputError, match=r"activated\.wav is damaged .*: remove its folder, and load the data set again"
    ):
        read_prompts(*prompts)


def test_librivox(tmp_path: Path) -> None:
    listing = b"<s> he was not </s> (austen-2)\n<s> had he married </s> (austen-1)\n"
    data = "usr/share/pocketsphinx/test/data"
    members = {
        f"{data}/librivox/austen-1.wav": wav(1.5, 16000),
        f"{data}/librivox/austen-2.wav": wav(1.0, 16000),
        f"{data}/librivox/transcription": listing,
        f"{data}/cards/001.wav": wav(0.5, 16000),
        f"{data}/cards/cards.transcription": b"<s> ten of clubs  </s> (001)\n",
        f"{data}/something.raw": b"noise",
    }
    table = read_librivox(deb(tmp_path / "a.deb", members))
    assert list(table) == [column.name for column in describe("librivox").columns]
    assert table.drop(columns="audio").equals(
        pd.DataFrame(
            {
                "text": ["he was not", "had he married", "ten of clubs"],
                "seconds": [1.0, 1.5, 0.5],
                "part": ["librivox", "librivox", "cards"],
            }
        )
    )
    assert [Path(path).name for path in table["audio"]] == ["austen-2.wav", "austen-1.wav", "001.wav"]
