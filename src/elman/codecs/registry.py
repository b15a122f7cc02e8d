"""Codecs by the name under which a model file keeps them."""

from collections.abc import Mapping
from typing import Any, Protocol, Self

from elman.codecs.audio import AudioCodec
from elman.codecs.calendar import CalendarCodec
from elman.codecs.image import ImageCodec
from elman.codecs.label import LabelCodec
from elman.codecs.ragged import Ragged
from elman.codecs.scales import ScalesCodec
from elman.codecs.series import SeriesCodec
from elman.codecs.tags import TagCodec
from elman.codecs.text import TextCodec
from elman.codecs.tokens import TokensCodec
from elman.errors import InputError


class Codec(Protocol):
    """Raw data to arrays and back, learned from training data and kept in the model file."""

    kind: str

    @property
    def size(self) -> int:
        """The number of symbols, classes or channels."""

    def fit(self, values: Any, /) -> Self:
        """Learn from training data."""

    def encode(self, value: Any, /) -> Any:
        """One raw value as an array."""

    def decode(self, array: Any, /) -> Any:
        """An array as a raw value."""

    def to_config(self) -> dict[str, Any]:
        """What was learned, as JSON."""


class InputCodec(Codec, Protocol):
    """A codec for what a model reads: sequences to arrays."""

    symbolic: bool
    """Whether its arrays hold numbers of symbols, and not vectors."""

    def encode_all(self, sequences: Any, /, name: str = "X") -> Ragged:
        """Sequences as arrays; `name` is what the caller calls them, for messages."""


CODECS: dict[str, Any] = {
    codec.kind: codec
    for codec in (
        *(TextCodec, TokensCodec, AudioCodec, ImageCodec, SeriesCodec, LabelCodec, TagCodec),
        *(CalendarCodec, ScalesCodec),
    )
}


def codec_from_config(config: Mapping[str, Any]) -> Codec:
    """The codec that a `to_config` described.

    Raises:
        InputError: the kind is unknown, or the description is damaged.
        MissingExtra: the codec needs a library that is not installed.
    """
    kind = config.get("kind") if isinstance(config, Mapping) else None
    if not isinstance(kind, str) or kind not in CODECS:
        raise InputError(f"the codec kind {kind!r} is unknown, expected one of {', '.join(sorted(CODECS))}")
    try:
        codec: Codec = CODECS[kind].from_config(config)
        return codec
    except InputError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the description of the {kind} codec is damaged: {error!r}") from error
