"""Codecs come back by their kind, and a damaged description is one clear error."""

import numpy as np
import pytest

from elman.codecs import LabelCodec, SeriesCodec, TextCodec, codec_from_config
from elman.errors import InputError

FITTED = [
    TextCodec().fit(["ab"]),
    TextCodec("subwords", max_size=270).fit(["the theory"]),
    LabelCodec().fit(["a", "b"]),
    SeriesCodec().fit([np.zeros((1, 2))]),
]


@pytest.mark.parametrize("codec", FITTED, ids=lambda codec: codec.kind)
def test_each_kind_comes_back(codec):
    again = codec_from_config(codec.to_config())
    assert type(again) is type(codec)
    assert again.to_config() == codec.to_config()


@pytest.mark.parametrize("codec", FITTED, ids=lambda codec: codec.kind)
def test_a_damaged_description_is_refused(codec):
    config = codec.to_config()
    for key in config:
        for value in (None, "x", 7, [7], [[7]], ["a", "a"], {"a": 1}):
            try:
                codec_from_config({**config, key: value})
            except InputError as error:
                clear = "\n" not in str(error)
            else:
                clear = True  # some of these values are right for some keys
            assert clear
        if key != "merges":
            with pytest.raises(InputError, match=r"damaged|unknown"):
                codec_from_config({name: config[name] for name in config if name != key})


@pytest.mark.parametrize("config", [{}, {"kind": "smell"}, {"kind": ["text"]}, None, 3], ids=str)
def test_an_unknown_kind(config):
    with pytest.raises(InputError, match=r"the codec kind .* is unknown, expected one of .*label, scales, series"):
        codec_from_config(config)
