"""Image files: a picture of one square size in red, green and blue out of whatever a file holds."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.errors import InputError, counted

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 64  # pixels
SAID = {
    "alpha": "transparent in places, laid over white",
    "animated": "animated, of which the first frame is seen",
    "enlarged": "smaller than {0.side} x {0.side} pixels, enlarged",
}
"""What a note says of files with a trait."""
IN_MEMORY = PurePath("an image in memory")
# what Pillow raises for files that are cut off or damaged, by format, and for arrays that are no images
DAMAGED = (OSError, SyntaxError, TypeError, ValueError, EOFError, OverflowError, MemoryError, struct.error, zlib.error)


@dataclass(frozen=True)
class Picture:
    """An image that was read.

    Shape:
        pixels (S, S, 3), uint8: rows from the top, red, green and blue

    Args:
        path: the file.
        pixels: brought to a square; where the image is no square, white is added on two sides.
        traits: what of "alpha", "animated", "enlarged" is true of it.
    """

    path: PurePath
    pixels: np.ndarray
    traits: tuple[str, ...] = ()

    @property
    def side(self) -> int:
        """S."""
        return len(self.pixels)


def look(source: Any, side: int = SIDE) -> Picture:
    """Read an image and bring it to a square.

    Its sides keep their ratio: the longer one becomes S pixels, and white is added beside the shorter one. What is
    transparent is laid over white. A camera's note on how it was held is followed, of an animation the first frame is
    taken; any colours (palettes, grey, CMYK, 16 bits) become red, green and blue of 8 bits.

    Args:
        source: a path, an image of Pillow's, or an array of uint8, (H, W, 3), with alpha (H, W, 4), grey (H, W).
        side: S.

    Raises:
        InputError: it is no image, is damaged, has but one pixel, or so many that it would fill the memory; the
            message begins with the path.
    """
    from PIL import Image

    path = source if isinstance(source, PurePath) else IN_MEMORY
    with _naming_faults(path):
        if isinstance(source, Image.Image):
            return _squared(source.copy(), path, side)
        if isinstance(source, np.ndarray):
            return _squared(Image.fromarray(source), path, side)
        with Image.open(_existing(path)) as image:
            image.draft("RGB", (2 * side, 2 * side))  # a JPEG is read at about the size that is needed
            return _squared(image, path, side)


def _squared(image: "Image", path: PurePath, side: int) -> Picture:
    from PIL import Image, ImageOps

    if image.width * image.height <= 1:
        pixels = counted(image.width * image.height, "pixels")
        raise InputError(f"{path} has {pixels}, in which there is nothing to see")
    traits = ["animated"] if getattr(image, "is_animated", False) else []
    image = ImageOps.exif_transpose(image)
    if image.mode == "F":
        raise InputError(f"{path} has pixels that are fractions, of unknown range: expected 8 or 16 bits a colour")
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off at 255
        image = Image.fromarray((np.clip(np.asarray(image, np.int64), 0, 65535) // 257).astype(np.uint8))
    if image.has_transparency_data:
        image = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
        if image.getchannel("A").getextrema()[0] < 255:  # type: ignore[operator]
            traits.insert(0, "alpha")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    longer = max(image.size)
    if longer < side:
        traits.append("enlarged")
    width, height = (max(round(one * side / longer), 1) for one in image.size)
    square = Image.new("RGB", (side, side), "white")
    square.paste(image.resize((width, height), Image.Resampling.BICUBIC), ((side - width) // 2, (side - height) // 2))
    return Picture(path, np.array(square), tuple(traits))


@contextmanager
def _naming_faults(path: PurePath) -> Iterator[None]:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise InputError(
            f"{path} has more than {Image.MAX_IMAGE_PIXELS:,} pixels, and unpacked might fill the memory: make it "
            "smaller, or if you trust it raise PIL.Image.MAX_IMAGE_PIXELS"
        ) from error
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(f"{path} cannot be read as an image: Pillow knows no such format") from error
    except DAMAGED as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path} cannot be read as an image: {reason}") from error


def _existing(path: PurePath) -> Path:
    found = Path(path)
    if not found.is_file():
        raise InputError(f"{found} is {'a folder' if found.is_dir() else 'not there'}: expected an image")
    if found.stat().st_size == 0:
        raise InputError(f"{found} is empty: it has 0 bytes")
    return found
