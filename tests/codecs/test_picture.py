"""A picture out of whatever a file holds: shapes, colours, alpha, animations, cameras, and files that are none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from elman.codecs.picture import look
from elman.errors import InputError

WHITE, RED, BLUE = (255, 255, 255), (255, 0, 0), (0, 0, 255)


def saved(path: Path, mode: str = "RGB", size: tuple[int, int] = (8, 8), colour: Any = RED, **options: Any) -> Path:
    Image.new(mode, size, colour).save(path, **options)
    return path


def test_sides_keep_their_ratio_and_white_is_added(tmp_path: Path) -> None:
    wide = look(saved(tmp_path / "wide.png", size=(40, 10)), 20).pixels
    assert wide.dtype == np.uint8
    assert wide.shape == (20, 20, 3)
    is_red = (wide == RED).all(2)
    assert is_red.tolist() == [[7 <= row < 12] * 20 for row in range(20)]
    assert (wide[~is_red] == WHITE).all()
    thin = look(saved(tmp_path / "thin.png", size=(2, 4000)), 16).pixels
    assert (thin[:, 7] != WHITE).any(1).all()  # never so thin that it is gone


def test_alpha_is_laid_over_white(tmp_path: Path) -> None:
    half = look(saved(tmp_path / "half.png", "RGBA", colour=(*RED, 128)), 4)
    assert half.traits == ("alpha",)
    np.testing.assert_allclose(half.pixels, np.broadcast_to([255, 127, 127], (4, 4, 3)), atol=1)
    assert look(saved(tmp_path / "solid.png", "RGBA", colour=(*RED, 255)), 4).traits == ()
    clear = look(saved(tmp_path / "clear.png", "LA", colour=(0, 0)), 4)
    assert (clear.pixels == 255).all()
    for mode, colour in (("La", (50, 128)), ("LA", (100, 128))):  # the colour times alpha, or not
        seen = look(Image.new(mode, (8, 8), colour), 4)
        assert seen.traits == ("alpha",)
        np.testing.assert_allclose(seen.pixels, 177, atol=1)
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([*BLUE, *RED])
    palette.save(tmp_path / "palette.gif", transparency=0)
    assert (look(tmp_path / "palette.gif", 4).pixels == 255).all()
    palette.save(tmp_path / "solid.gif")
    assert (look(tmp_path / "solid.gif", 4).pixels == BLUE).all()


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 100, (100, 100, 100)),
        ("1", 1, WHITE),
        ("I;16", 257 * 100, (100, 100, 100)),
        ("CMYK", (0, 255, 255, 0), RED),
        ("P", 3, None),
    ],
)
def test_any_colours_become_red_green_and_blue(mode: str, colour: Any, expected: Any, tmp_path: Path) -> None:
    image = Image.new(mode, (8, 8), colour)
    image.save(tmp_path / "a.tiff")
    expected = expected or tuple(image.convert("RGB").getpixel((0, 0)))
    np.testing.assert_allclose(look(tmp_path / "a.tiff", 4).pixels, np.broadcast_to(expected, (4, 4, 3)), atol=1)


def test_arrays() -> None:
    grey = np.full((8, 8), 100, np.uint8)
    assert (look(grey, 4).pixels == 100).all()
    for array in (np.zeros((8, 8, 3)), np.zeros((8, 8, 5), np.uint8), np.zeros((8, 8, 1), np.uint8)):
        with pytest.raises(
            InputError, match=r"^an image in memory cannot be read as an image: Cannot handle this data"
        ):
            look(array)
    with pytest.raises(InputError, match=r"^an image in memory has 0 pixels"):
        look(np.zeros((0, 8, 3), np.uint8))


def test_a_camera_says_how_it_was_held(tmp_path: Path) -> None:
    image = Image.new("RGB", (8, 8), RED)
    image.paste(BLUE, (0, 0, 8, 4))  # blue above
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    image.save(tmp_path / "turned.png", exif=exif)
    assert look(tmp_path / "turned.png", 8).pixels[0, 0].tolist() == list(RED)


def test_of_an_animation_the_first_frame_is_seen(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (BLUE, RED)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    found = look(tmp_path / "a.gif", 8)
    assert found.traits == ("animated",)
    assert (found.pixels == BLUE).all()


def test_small_ones_are_enlarged_and_a_single_pixel_refused(tmp_path: Path) -> None:
    small = look(saved(tmp_path / "small.png", size=(2, 1)), 8)
    assert small.traits == ("enlarged",)
    assert (small.pixels == RED).all(2).sum() == 8 * 4
    with pytest.raises(InputError, match=r"one\.png has 1 pixel, in which there is nothing to see"):
        look(saved(tmp_path / "one.png", size=(1, 1)))


def test_one_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "bomb.png", size=(100, 100))
    for limit in (9_000, 4_000):  # Pillow warns above it, and refuses above twice as many
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(InputError, match=rf"bomb\.png has more than {limit:,} pixels.*: make it smaller, or if"):
            look(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    assert look(path).side == 64


def test_what_is_no_image(tmp_path: Path) -> None:
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    (tmp_path / "text.png").write_text("no image", encoding="utf-8")
    (tmp_path / "empty.png").touch()
    whole = saved(tmp_path / "whole.png", size=(64, 64)).read_bytes()
    noise = Image.fromarray(np.random.default_rng(0).integers(256, size=(64, 64, 3), dtype=np.uint8))
    noise.save(tmp_path / "noise.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "noise.png").read_bytes()[:3000])
    (tmp_path / "head.png").write_bytes(whole[:20])
    noise.save(tmp_path / "noise.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "noise.jpg").read_bytes()[:2000])
    Image.new("F", (8, 8), 0.5).save(tmp_path / "fractions.tiff")
    for name, reason in (
        ("text.png", "cannot be read as an image: Pillow knows no such format"),
        ("empty.png", "is empty: it has 0 bytes"),
        ("cut.png", "cannot be read as an image: "),
        ("head.png", "cannot be read as an image: "),
        ("cut.jpg", "cannot be read as an image: "),
        ("lost.png", "is not there: expected an image"),
        ("fractions.tiff", "has pixels that are fractions, of unknown range"),
    ):
        with pytest.raises(InputError) as caught:
            look(tmp_path / name)
        assert str(caught.value).startswith(f"{tmp_path / name} {reason}")
    with pytest.raises(InputError, match="is a folder: expected an image"):
        look(tmp_path)


def test_images_in_memory() -> None:
    array = np.random.default_rng(0).integers(256, size=(8, 8, 3), dtype=np.uint8)
    np.testing.assert_array_equal(look(array, 8).pixels, array)
    np.testing.assert_array_equal(look(Image.fromarray(array), 8).pixels, array)
    clear = np.concatenate([array, np.zeros((8, 8, 1), np.uint8)], 2)
    assert (look(clear, 8).pixels == 255).all()
    with pytest.raises(InputError, match=r"^an image in memory has 1 pixel"):
        look(array[:1, :1])
