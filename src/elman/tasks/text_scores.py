"""How right written texts are."""

import unicodedata
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from elman.errors import require

BLOCK = 250  # texts looked up at a time: 25 MB for 25,000 to look among


def symbols(text: str, level: str) -> list[str]:
    """What the symbol error rate counts in a text: its characters, or its words for words and subwords."""
    normal = unicodedata.normalize("NFC", text)  # as the codec writes
    return list(normal) if level == "characters" else normal.split()


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    """How many insertions, deletions and substitutions turn a into b (Levenshtein)."""
    return int(Levenshtein.distance(a, b))


def nearest_texts(texts: Sequence[str], among: Sequence[str]) -> list[int]:
    """Which of `among` takes the fewest insertions, deletions and substitutions, for each of `texts`.

    What has learned to write has to beat the answer to the nearest text. Of equally near ones the first.

    Returns:
        for each text the position in `among`.

    Example:
        >>> nearest_texts(["rack", "sing"], ["song", "back", "sink"])
        [1, 0]
    """
    blocks = (texts[start : start + BLOCK] for start in range(0, len(texts), BLOCK))
    return [
        int(nearest)
        for block in blocks
        for nearest in cdist(block, among, scorer=Levenshtein.distance, dtype=np.int32).argmin(1)
    ]


def error_rates(predicted: Sequence[Sequence[str]], references: Sequence[Sequence[Sequence[str]]]) -> dict[str, float]:
    """Exact matches and symbol error rate of predictions, each against the nearest of its references."""
    errors = symbols = exact = 0
    for one, several in zip(predicted, references, strict=True):
        distance, length = min((edit_distance(one, reference), len(reference)) for reference in several)
        errors, symbols, exact = errors + distance, symbols + length, exact + (distance == 0)
    return {"exact_match": exact / max(len(predicted), 1), "symbol_error_rate": errors / max(symbols, 1)}


def require_sacrebleu() -> Any:
    """The library that counts what translations are measured by.

    Raises:
        MissingExtra: it is not installed; better said before a training than after it.
    """
    return require("sacrebleu", "text")


def overlaps(predicted: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """BLEU and chrF of texts, from 0 to 100, as sacrebleu counts them with its defaults.

    BLEU counts words, which it finds by blanks and punctuation; for scripts without blanks only chrF, which counts
    characters, is of use.

    Args:
        predicted: a text for each source.
        references: the right ones, one or more for each.

    Raises:
        MissingExtra: sacrebleu is not installed.

    Source:
        Papineni, Roukos, Ward and Zhu, BLEU: a Method for Automatic Evaluation of Machine Translation (2002);
        Popović, chrF: character n-gram F-score for automatic MT evaluation (2015)

    Example:
        >>> found = overlaps(["turn the light on", "no"], [["turn the light on"], ["no", "never"]])
        >>> round(found["bleu"]), round(found["chrf"])
        (100, 100)
    """
    library = require_sacrebleu()
    streams = [list(column) for column in zip_longest(*references)]  # None: it has no more references
    return {
        "bleu": float(library.corpus_bleu(list(predicted), streams).score),
        "chrf": float(library.corpus_chrf(list(predicted), streams).score),
    }
