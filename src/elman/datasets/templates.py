"""Templates of sentences, as Home Assistant writes them: `(turn|switch) on [the] {name} [<here>]`.

`(a|b)` is a choice, `[a]` may be left out, `(a;b)` stands in any order, `<rule>` is another template, `{list:slot}`
is a value of a list that fills a slot; without `:slot` the slot has the list's name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from elman.errors import InputError

_TOKEN = re.compile(r"[()\[\]|;]|<[^<>]+>|\{[^{}]+\}|[^()\[\]|;<>{}]+")


class Piece(NamedTuple):
    """A part of a sentence, and the slot that it fills."""

    text: str
    slot: str | None


@dataclass(frozen=True)
class Text:
    """What stands there as it is."""

    text: str


@dataclass(frozen=True)
class Slot:
    """A value of a list."""

    list: str
    slot: str


@dataclass(frozen=True)
class Rule:
    """Another template, by its name."""

    name: str


@dataclass(frozen=True)
class Sequence:
    """One after the other."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True)
class Choice:
    """One of them."""

    options: "tuple[Node, ...]"


@dataclass(frozen=True)
class AnyOrder:
    """All of them, blanks between."""

    parts: "tuple[Node, ...]"


Node = Text | Slot | Rule | Sequence | Choice | AnyOrder


@dataclass(frozen=True)
class Grammar:
    """What the names in a template stand for."""

    rules: Mapping[str, Node]
    lists: Mapping[str, Node]


def parse(template: str) -> Node:
    """Read a template.

    Raises:
        InputError: a bracket is not closed, or a group mixes | and ;.
    """
    tokens = _TOKEN.findall(template)
    if "".join(tokens) != template:
        raise InputError(f"the template {template!r} has a name that is not closed")
    tokens.reverse()
    return _group(tokens, None, template)


def draw(node: Node, grammar: Grammar, random: Random) -> list[Piece]:
    """Draw a sentence: every choice is even, and what may be left out is left out every second time."""
    match node:
        case Text(text):
            return [Piece(text, None)]
        case Slot(name, slot):
            return [Piece("".join(piece.text for piece in draw(grammar.lists[name], grammar, random)).strip(), slot)]
        case Rule(name):
            return draw(grammar.rules[name], grammar, random)
        case Sequence(parts):
            return [piece for part in parts for piece in draw(part, grammar, random)]
        case Choice(options):
            return draw(options[_below(len(options), random)], grammar, random)
        case AnyOrder(parts):
            left = list(parts)
            pieces = []
            while left:
                pieces += [*draw(left.pop(_below(len(left), random)), grammar, random), Piece(" ", None)]
            return pieces[:-1]


def _below(count: int, random: Random) -> int:
    return int(random.random() * count)  # of Random's methods this one alone draws the same in every Python


def _group(tokens: list[str], end: str | None, template: str) -> Node:
    """Read up to the bracket that ends the group; tokens are taken off the end of the list."""
    members: list[list[Node]] = [[]]
    separators = set()
    while tokens:
        token = tokens.pop()
        if token == end:
            break
        if token in ("|", ";"):
            separators.add(token)
            members.append([])
        elif token in (")", "]"):
            raise InputError(f"the template {template!r} has a {token} too many")
        else:
            members[-1].append(_part(token, tokens, template))
    else:
        if end is not None:
            raise InputError(f"the template {template!r} lacks a {end}")
    if len(separators) > 1:
        raise InputError(f"the template {template!r} mixes | and ; in a group")
    parts = tuple(member[0] if len(member) == 1 else Sequence(tuple(member)) for member in members)
    if len(parts) == 1:
        return parts[0]
    return AnyOrder(parts) if separators == {";"} else Choice(parts)


def _part(token: str, tokens: list[str], template: str) -> Node:
    if token == "(":
        return _group(tokens, ")", template)
    if token == "[":
        return Choice((Sequence(()), _group(tokens, "]", template)))
    if token.startswith("{"):
        name, _, slot = token[1:-1].partition(":")
        return Slot(name, slot or name)
    return Rule(token[1:-1]) if token.startswith("<") else Text(token)
