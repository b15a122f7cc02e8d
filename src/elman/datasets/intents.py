"""Spoken commands with their slots, written out from Home Assistant's templates."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd

from elman.datasets.archives import read_member
from elman.datasets.open_slots import LISTS, NAMES
from elman.datasets.templates import Choice, Grammar, Node, Piece, Text, draw, parse

SENTENCES = 20  # of a template at most, so that none outweighs the others
DRAWS = 4  # so often as many are drawn, since a template with few choices gives the same ones again

_TOKEN = re.compile(r"\d+[./]\d+|[\w']+|[^\w\s]")


def read_intents(archive: Path) -> pd.DataFrame:
    """Write out the English templates: words and their BIO tags, the intent, the template.

    Every template draws from a source of its own, so that the table is always the same. A sentence that several
    templates give stands once, with the first; templates that are the same but for the devices they ask for are one.
    """
    file = json.loads(read_member(archive, "*/data/en.json"))
    rules = {name: parse(rule) for name, rule in file["expansion_rules"].items()}
    lists = {name: _values(content) for name, content in file["lists"].items() if "wildcard" not in content}
    lists.update((name, parse(values)) for name, values in LISTS.items())
    rows: dict[str, tuple[str, str, str]] = {}
    for intent, content in file["intents"].items():
        for number, (sentence, kinds) in enumerate(_sentences(content["data"]).items(), start=1):
            names = Choice(tuple(parse(NAMES[kind]) for kind in kinds))
            grammar = Grammar(rules, {**lists, "name": names})
            template = f"{intent}-{number}"
            for text, tags in _written_out(parse(sentence), grammar, Random(template)):
                rows.setdefault(text, (tags, intent, template))
    return pd.DataFrame([(text, *row) for text, row in rows.items()], columns=["text", "tags", "intent", "template"])


def tagged(pieces: Iterable[Piece]) -> tuple[str, str]:
    """Give the words of a sentence and their BIO tags, blanks between."""
    merged: list[Piece] = []
    for piece in pieces:
        if merged and merged[-1].slot is None and piece.slot is None:
            merged[-1] = Piece(merged[-1].text + piece.text, None)  # minute[s] is one word
        else:
            merged.append(piece)
    words, tags = [], []
    for text, slot in merged:
        found = _TOKEN.findall(text.lower())
        words += found
        tags += ["O" if slot is None else f"{'I' if position else 'B'}-{slot}" for position in range(len(found))]
    return " ".join(words), " ".join(tags)


def _sentences(blocks: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The different templates of an intent, each with the kinds of device that it is said of."""
    found: dict[str, list[str]] = {}
    for block in blocks:
        kinds = block.get("requires_context", {}).get("domain", [])
        for sentence in block["sentences"]:
            known = found.setdefault(sentence, [])
            known += [kind for kind in kinds if kind not in known]
    return found


def _values(content: Mapping[str, Any]) -> Node:
    """The values of a list: numbers of a range, or templates."""
    if "values" in content:
        return Choice(tuple(parse(value["in"]) for value in content["values"]))
    limits = content["range"]
    numbers = [str(number) for number in range(limits["from"], limits["to"] + 1, limits.get("step", 1))]
    if limits.get("fractions") == "halves":
        numbers += [f"{number}.5" for number in numbers[:-1]]
    return Choice(tuple(Text(number) for number in numbers))


def _written_out(node: Node, grammar: Grammar, random: Random) -> list[tuple[str, str]]:
    """Different sentences of a template with their tags, as many as `SENTENCES` at most."""
    found: dict[str, str] = {}
    for _ in range(DRAWS * SENTENCES):
        text, tags = tagged(draw(node, grammar, random))
        found.setdefault(text, tags)
        if len(found) == SENTENCES:
            break
    return list(found.items())
