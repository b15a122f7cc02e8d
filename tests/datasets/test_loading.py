import gzip
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from elman.datasets import describe, load, names
from elman.errors import InputError

EMBEDDED = [name for name in names() if describe(name).embedded]


def test_the_embedded_ones_come_first() -> None:
    assert names()[:4] == EMBEDDED == ["pronunciations", "surnames", "births", "employment"]


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_tables_are_as_registered(name: str) -> None:
    dataset, table = describe(name), load(name)
    assert len(table) == dataset.rows
    assert list(table) == [column.name for column in dataset.columns]
    assert not table.isna().any(axis=None)
    for column in dataset.columns:
        if column.kind == "text":
            assert all(isinstance(value, str) and value for value in table[column.name])
        elif column.kind == "date":
            assert pd.api.types.is_datetime64_dtype(table[column.name])
        else:
            assert pd.api.types.is_numeric_dtype(table[column.name])


@pytest.mark.parametrize("name", EMBEDDED)
def test_each_has_its_licence_and_source(name: str) -> None:
    text = (describe(name).folder / "LICENSE").read_text(encoding="utf-8")
    assert describe(name).source in text
    phrase = {
        "pronunciations": "Carnegie Mellon University",
        "surnames": "Permission is hereby granted, free of charge",
        "births": "CC0 1.0",
        "employment": "public domain",
    }
    assert phrase[name] in text


def test_pronunciations() -> None:
    table = load("pronunciations")
    assert table["word"].nunique() == 30_000
    assert table["word"].str.fullmatch(r"[a-z'.-]+").all()
    assert table["phonemes"].str.fullmatch(r"[A-Z]+[012]?( [A-Z]+[012]?)*").all()
    assert not table.duplicated().any()
    together = (table["word"] != table["word"].shift()).sum()
    assert together == 30_000  # a word's variants stand together


def test_surnames() -> None:
    table = load("surnames")
    counts = table["language"].value_counts().to_dict()
    assert counts == {
        "Polish": 3890,
        "English": 3304,
        "Irish": 2379,
        "Slovak": 1771,
        "German": 1733,
        "Spanish": 1649,
        "Dutch": 1528,
        "Italian": 1164,
        "French": 1099,
        "Croatian": 799,
        "Zulu": 787,
    }
    assert not table.duplicated().any()
    assert set(table.loc[table["name"] == "O'Brien", "language"]) == {"English"}


def test_births() -> None:
    table = load("births")
    assert table["ds"].tolist() == list(pd.date_range("1969-01-01", "1988-12-31"))
    assert table["births"].iloc[0] == 8486
    weekday = table.groupby(table["ds"].dt.day_of_week)["births"].mean()
    assert weekday[5:].max() < weekday[:5].min()  # fewer at weekends: the dates are right


def test_employment() -> None:
    table = load("employment").pivot(index="ds", columns="unique_id", values="y")
    assert table.shape == (120, 22)
    assert table.index.tolist() == list(pd.date_range("2006-01-01", "2015-12-01", freq="MS"))
    assert (table["nonfarm"] == table["private"] + table["government"]).all()
    assert (table["manufacturing"] == table["durable_goods"] + table["nondurable_goods"]).all()
    parts = table[["wholesale_trade", "retail_trade", "transportation_and_warehousing", "utilities"]].sum(axis=1)
    assert (table["trade_transportation_utilities"] - parts).abs().max() < 1  # thousand


def test_an_unknown_name_lists_the_nearest_first() -> None:
    with pytest.raises(InputError, match=r"^no data set 'birth'; there are: births, pronunciations, surnames,"):
        load("birth")


def test_a_damaged_table_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elman.datasets.registry._EMBEDDED", tmp_path)
    (tmp_path / "births").mkdir()
    (tmp_path / "births" / "table.csv.gz").write_bytes(gzip.compress(b"ds,births\n"))
    with pytest.raises(InputError, match="the table of data set 'births' is damaged"):
        load("births")


def test_listing_needs_no_pandas() -> None:
    program = "import sys, elman.datasets as d; d.describe('births'); print({'pandas', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "set()"
