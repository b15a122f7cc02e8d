"""What `elman predict` shows of a generator: how well it knows a text, and what it expects to come next."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.cli.predictions.prediction import Prediction, named
from elman.codecs import END, START
from elman.codecs.text import SHOWN_UNKNOWN

if TYPE_CHECKING:
    from elman.cli.columns import Table
    from elman.tasks import Generator

SHOWN = 5  # likeliest symbols
THE_END = "<end>"


def _records(estimator: "Generator", table: "Table", flags: dict[str, Any]) -> list[dict[str, Any]]:
    names = list(estimator.symbols_)
    names[START], names[END] = "<start>", THE_END
    bits, probabilities = estimator.bits_per_character(table.X), estimator.predict_proba(table.X)
    names_of_texts = named(table) if table.columns.text is not None else [{"text": text} for text in table.X]

    def likeliest(row: np.ndarray) -> dict[str, float]:
        found = np.argsort(-row, kind="stable")[:SHOWN]
        return {names[k]: round(float(row[k]), 6) for k in found}

    return [
        {**name, "bits_per_character": round(float(one), 6), "next": likeliest(row)}
        for name, one, row in zip(names_of_texts, bits, probabilities, strict=True)
    ]


def _line(record: dict[str, Any]) -> list[str]:
    text = str(next(iter(record.values())))
    following = " ".join(f"{_shown(symbol)} {p:.2f}" for symbol, p in record["next"].items())
    return [text, f"{record['bits_per_character']:.3f}", following]


def _shown(symbol: str) -> str:
    """A symbol as it is, or in quotes where it would not be seen."""
    seen = symbol.strip() == symbol and symbol.isprintable() and symbol
    return symbol if seen or symbol == SHOWN_UNKNOWN else json.dumps(symbol, ensure_ascii=False)


PREDICTION = Prediction(_records, _line, first="elman generate {model}")
