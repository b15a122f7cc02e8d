"""The image codec: scaled colours, rows as steps, bytes in memory, and what a damaged description gets."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elman.codecs import ImageCodec, as_sequences, codec_from_config, kind_of
from elman.codecs.image import look_at_all
from elman.errors import InputError


@pytest.fixture
def arrays() -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.integers(100, 256, size=(8, 8, 3), dtype=np.uint8) for _ in range(5)]


def test_each_colour_has_mean_0_and_deviation_1(arrays: list[np.ndarray]) -> None:
    arrays[0][..., 2] = 7
    codec = ImageCodec(8).fit(arrays)
    found = codec.encode_all(arrays)
    assert found.lengths.tolist() == [8] * 5
    assert found[2].dtype == np.float32
    pixels = np.stack(list(found)).reshape(-1, 3).astype(np.float64)
    np.testing.assert_allclose(pixels.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(pixels.std(0), 1, atol=1e-6)
    assert found[3][2, 4] == (arrays[3][2, 1, 1] - codec.mean[1].astype(np.float32)) / np.float32(codec.std[1])
    np.testing.assert_array_equal(codec.decode(found[3]), arrays[3])
    flat = ImageCodec(8).fit([np.zeros((8, 8, 3), np.uint8)])  # no deviation
    assert (flat.encode(np.zeros((8, 8, 3), np.uint8)) == 0).all()


def test_they_are_kept_as_bytes_and_once(arrays: list[np.ndarray]) -> None:
    codec = ImageCodec(8).fit(arrays)
    found = codec.encode_all([*arrays, arrays[1], arrays[1]])
    assert (found.pixels.dtype, len(found.pixels), len(found)) == (np.uint8, 5, 7)
    np.testing.assert_array_equal(found[6], codec.encode(arrays[1]))
    some = found.select([6, 0])
    assert some.pixels is found.pixels
    np.testing.assert_array_equal(some.values, np.concatenate([found[1], found[0]]))
    assert some.digest != found.digest
    assert some.digest == codec.encode_all([*arrays, arrays[1], arrays[1]]).select([6, 0]).digest
    with pytest.raises(IndexError):
        found[7]


def test_forms_of_images(tmp_path: Path, arrays: list[np.ndarray]) -> None:
    images = [Image.fromarray(one) for one in arrays]
    paths = [tmp_path / f"{k}.png" for k in range(5)]
    for image, path in zip(images, paths, strict=True):
        image.save(path)
    codec = ImageCodec(8).fit(arrays)
    pictures = look_at_all(paths, 8).items
    for form in (arrays, np.stack(arrays), images, paths, pictures):
        assert kind_of(form) == "image"
        np.testing.assert_array_equal(codec.encode_all(as_sequences(form)).values, codec.encode_all(arrays).values)
    mixed = as_sequences([paths[0], arrays[1], images[2]])
    assert codec.encode_all(mixed).lengths.tolist() == [8] * 3
    with pytest.raises(InputError, match=r"^X\[1\] is a str, but others are images: expected a path .* or an"):
        as_sequences([paths[0], "b.png"])
    with pytest.raises(InputError, match=r"0\.png was read at 8 x 8 pixels, but the codec has 16: give the path"):
        ImageCodec(16).fit(pictures)
    assert kind_of([np.zeros((8, 3), np.uint8)]) == "series"


def test_the_codec_comes_back_from_its_description(arrays: list[np.ndarray]) -> None:
    codec = ImageCodec(8).fit(arrays)
    again = codec_from_config(json.loads(json.dumps(codec.to_config())))
    np.testing.assert_array_equal(again.encode(arrays[2]), codec.encode(arrays[2]))
    for damage in ({"side": 0}, {"side": 10**9}, {"std": [1.0, 0.0, 1.0]}, {"mean": [1.0]}, {"mean": [0, 0, None]}):
        with pytest.raises(InputError, match="the description of the image codec is damaged"):
            codec_from_config({**codec.to_config(), **damage})


def test_what_is_odd_is_counted_by_file(tmp_path: Path) -> None:
    Image.new("RGBA", (80, 80), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "small.png")
    (tmp_path / "none.png").touch()
    media = look_at_all([tmp_path / f"{name}.png" for name in ("clear", "small", "clear", "none")])
    assert media.notes() == [
        f"transparent in places, laid over white: 1 of 2 files ({tmp_path / 'clear.png'})",
        f"smaller than 64 x 64 pixels, enlarged: 1 of 2 files ({tmp_path / 'small.png'})",
        f"left out 1 of 3 files: {tmp_path / 'none.png'} is empty: it has 0 bytes",
    ]
