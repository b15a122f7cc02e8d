"""Codecs: raw data to arrays and back, at both ends of a model."""

from elman.codecs.audio import AudioCodec, Sound, listen_to_all
from elman.codecs.calendar import CalendarCodec
from elman.codecs.image import ImageCodec, look_at_all
from elman.codecs.label import LabelCodec
from elman.codecs.media import Media
from elman.codecs.moments import Moments
from elman.codecs.picture import Picture
from elman.codecs.ragged import Ragged, digest
from elman.codecs.registry import Codec, InputCodec, codec_from_config
from elman.codecs.scales import ScalesCodec
from elman.codecs.sequences import KINDS, MEDIA, Kind, as_sequences, kind_of
from elman.codecs.series import SeriesCodec
from elman.codecs.symbol_counts import SymbolCounts
from elman.codecs.tags import TagCodec
from elman.codecs.text import END, NUM_SPECIAL, START, UNKNOWN, TextCodec
from elman.codecs.tokens import TokensCodec

__all__ = [
    "END",
    "NUM_SPECIAL",
    "START",
    "UNKNOWN",
    "KINDS",
    "MEDIA",
    "AudioCodec",
    "CalendarCodec",
    "Codec",
    "ImageCodec",
    "InputCodec",
    "Kind",
    "LabelCodec",
    "Media",
    "Moments",
    "Picture",
    "Ragged",
    "ScalesCodec",
    "SeriesCodec",
    "Sound",
    "SymbolCounts",
    "TagCodec",
    "TextCodec",
    "TokensCodec",
    "as_sequences",
    "codec_from_config",
    "digest",
    "kind_of",
    "listen_to_all",
    "look_at_all",
]
