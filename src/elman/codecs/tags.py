"""Tags: a label for each step of a sequence, plain ones or such that mark spans (BIO, BIOES)."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from elman.codecs.label import LabelCodec
from elman.codecs.ragged import Ragged
from elman.errors import InputError

OUTSIDE = "O"
PLAIN, BIO, IOB1, BIOES = "plain", "bio", "iob1", "bioes"
SCHEMES = (PLAIN, BIO, IOB1, BIOES)
_MARKED = re.compile(r"([BIESLU])-.+", re.DOTALL)
_MOST = 0.5  # of the tags other than O, at least so many mark spans where tags do
_RULES = {
    BIO: "I- goes on a span, so it follows B- or I- of the same kind",
    BIOES: "I- and E- follow B- or I- of the same kind, and what B- begins, E- ends",
}


class TagCodec:
    """The tags of a sequence to numbers, and back.

    Tags mark spans where most of them say so: in BIO `B-city` begins one, `I-city` goes on with it, `O` is outside of
    all; in BIOES `E-` ends one and `S-` is one alone. Of IOB1, where `B-` stands only between spans of one kind that
    touch, BIO is made. Other tags are plain, texts or numbers, such as parts of speech or the states of a machine.

    Example:
        >>> codec = TagCodec().fit([["O", "B-city", "I-city"], ["B-city"]])
        >>> codec.scheme, codec.encode(["B-city", "O"]).tolist(), codec.decode([0, 1])
        ('bio', [0, 2], ['B-city', 'I-city'])
    """

    kind = "tags"

    scheme: str
    labels: LabelCodec

    @property
    def classes(self) -> list[Any]:
        """The tags, sorted."""
        return self.labels.classes

    @property
    def size(self) -> int:
        """The number of tags."""
        return self.labels.size

    def fit(self, sequences: Sequence[Sequence[Any]]) -> Self:
        """Learn which tags there are, and whether they mark spans.

        Raises:
            InputError: there are fewer than two, they mix types, or one breaks the scheme; the message says which.
        """
        self.scheme = scheme_of(sequences)
        regular = (self.regular_checked(one, f"y[{k}]") for k, one in enumerate(sequences))
        self.labels = LabelCodec().fit([tag for one in regular for tag in one])
        return self

    def encode(self, tags: Sequence[Any], name: str = "y") -> np.ndarray:
        """The numbers of a sequence's tags.

        Shape:
            returns (T,), int64

        Raises:
            InputError: a tag was not there in training, or breaks the scheme.
        """
        return self.labels.encode_all(self.regular_checked(tags, name))

    def encode_all(self, sequences: Sequence[Sequence[Any]]) -> Ragged:
        """What `encode` gives of each sequence."""
        return Ragged.of([self.encode(one, f"y[{k}]") for k, one in enumerate(sequences)])

    def decode(self, numbers: Sequence[int] | np.ndarray) -> list[Any]:
        """The tags of numbers."""
        return [self.classes[int(number)] for number in numbers]

    def regular(self, tags: Sequence[Any]) -> list[Any]:
        """The tags as this codec writes them: those of IOB1 as BIO."""
        return as_bio(tags) if self.scheme == IOB1 else list(tags)

    def fault(self, tags: Sequence[Any]) -> tuple[int, str] | None:
        """Where and how a sequence's tags break the scheme; None if they do not."""
        return fault(tags, self.scheme)

    def regular_checked(self, tags: Sequence[Any], name: str) -> list[Any]:
        """As `regular`.

        Raises:
            InputError: a tag breaks the scheme; the message calls them `name`.
        """
        if (found := self.fault(tags)) is not None:
            raise InputError(f"{name}[{found[0]}] is {found[1]}")
        return self.regular(tags)

    def legal(self) -> list[str]:
        """What may follow what, as `elman.models.crf.CRF` wants it: everything for plain tags."""
        scheme = BIO if self.scheme == IOB1 else self.scheme

        def mark(may: bool) -> str:
            return "1" if may else "0"

        first = "".join(mark(_follows(OUTSIDE, one, scheme)) for one in self.classes)
        rows = [
            "".join(mark(_follows(before, one, scheme)) for one in [*self.classes, OUTSIDE]) for before in self.classes
        ]
        return [first, *rows]

    def to_config(self) -> dict[str, Any]:
        """What the codec has learned, as JSON."""
        return {"kind": self.kind, "scheme": self.scheme, "tags": self.classes}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The codec that `to_config` described."""
        codec = cls()
        codec.scheme = config["scheme"]
        if codec.scheme not in SCHEMES:
            raise ValueError(f"the scheme is {codec.scheme!r}")
        codec.labels = LabelCodec.from_config({"classes": config["tags"]})
        return codec


class Span(NamedTuple):
    """Steps that belong together.

    Args:
        kind: what they are, as their tags say.
        start: the first of them.
        stop: the one after the last.
    """

    kind: str
    start: int
    stop: int


def spans(tags: Sequence[str]) -> Iterator[Span]:
    """The spans that tags of BIO or BIOES mark; of tags that break it, as conlleval reads them.

    Example:
        >>> list(spans(["O", "B-city", "I-city", "B-day"]))
        [Span(kind='city', start=1, stop=3), Span(kind='day', start=3, stop=4)]
    """
    start = 0
    for place, (before, tag) in enumerate(zip([OUTSIDE, *tags], [*tags, OUTSIDE], strict=True)):
        begins = tag != OUTSIDE and (tag[0] in "BS" or before[0] in "ES" or _kind(before) != _kind(tag))
        if before != OUTSIDE and (begins or tag == OUTSIDE):
            yield Span(before[2:], start, place)
        if begins:
            start = place


def scheme_of(sequences: Iterable[Sequence[Any]]) -> str:
    """Which scheme most tags follow.

    Raises:
        InputError: it is BILOU.
    """
    counts = Counter(tag for one in sequences for tag in one if tag != OUTSIDE)
    prefixes: Counter[str] = Counter()
    if {"B", "I"} <= counts.keys() <= set("BIESLU"):  # spans of one kind, which has no name
        prefixes = counts
    for tag, times in counts.items():
        if isinstance(tag, str) and (found := _MARKED.fullmatch(tag)):
            prefixes[found[1]] += times
    if prefixes.total() < _MOST * counts.total() or not prefixes["B"] + prefixes["I"]:
        return PLAIN
    if prefixes["L"] and prefixes["U"]:
        raise InputError("the tags are BILOU: write L- as E- and U- as S-, which is BIOES")
    if prefixes["E"] or prefixes["S"]:
        return BIOES
    return IOB1 if _is_iob1(sequences) else BIO


def _is_iob1(sequences: Iterable[Sequence[Any]]) -> bool:
    """Whether spans begin with I-, and B- stands only where it must, after another span of its kind."""
    begins = Counter(
        tag[:1]
        for one in sequences
        for before, tag in zip([OUTSIDE, *one], one, strict=False)
        if isinstance(tag, str) and tag != OUTSIDE and _kind(before) != _kind(tag)
    )
    return begins["I"] > 0 and begins["B"] == 0


def as_bio(tags: Sequence[str]) -> list[str]:
    """The tags of IOB1 as BIO: every span begins with B-."""
    return [
        f"B{tag[1:]}" if tag[:1] == "I" and _kind(before) != _kind(tag) else tag
        for before, tag in zip([OUTSIDE, *tags], tags, strict=False)
    ]


def fault(tags: Sequence[Any], scheme: str) -> tuple[int, str] | None:
    """Where and how tags break a scheme; None if they do not.

    Example:
        >>> fault(["O", "I-city"], "bio")
        (1, "'I-city' after 'O', which is not BIO: I- goes on a span, so it follows B- or I- of the same kind")
    """
    if scheme == PLAIN:
        return None
    letters = "BIES" if scheme == BIOES else "BI"
    rule = BIO if scheme == IOB1 else scheme
    before = OUTSIDE
    for place, tag in enumerate(tags):
        marked = isinstance(tag, str) and (tag == OUTSIDE or bool(re.match(rf"[{letters}](-|$)", tag)))
        if not marked:
            return place, f"{tag!r}, expected O, {', '.join(f'{one}-...' for one in letters[:-1])} or {letters[-1]}-..."
        if scheme != IOB1 and not _follows(before, tag, rule):
            after = "at the beginning" if place == 0 else f"after {before!r}"
            return place, f"{tag!r} {after}, which is not {rule.upper()}: {_RULES[rule]}"
        before = tag
    if scheme != IOB1 and not _follows(before, OUTSIDE, rule):
        return len(tags) - 1, f"{before!r} at the end, which is not {rule.upper()}: {_RULES[rule]}"
    return None


def _kind(tag: Any) -> str | None:
    """What a tag's span is of; None outside of spans."""
    return None if not isinstance(tag, str) or tag == OUTSIDE else tag[1:]


def _follows(before: str, tag: str, scheme: str) -> bool:
    """Whether a tag may follow another; the beginning and the end of a sequence are as `O`."""
    if scheme == PLAIN:
        return True
    open_span = before != OUTSIDE and before[0] in "BI"
    goes_on = tag != OUTSIDE and tag[0] in "IE"
    if goes_on:
        return open_span and _kind(before) == _kind(tag)
    return scheme == BIO or not open_span
