"""Images: a file to scaled pixels, which are also a sequence of rows."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Self

import numpy as np

from elman.codecs.media import Media, read_media
from elman.codecs.picture import SAID, SIDE, Picture, look
from elman.codecs.ragged import Ragged, digest
from elman.errors import InputError

COLOURS = 3
LARGEST = 1024  # pixels of a side


def look_at_all(
    sources: Sequence[Any],
    side: int = SIDE,
    *,
    strict: bool = False,
    told: Callable[[int], None] = lambda done: None,
) -> Media[Picture]:
    """Read many images, as `read_media` does.

    Args:
        sources: paths, or what else `look` reads.
        side: pixels of a side that they are brought to.
        strict: refuse a file that cannot be read.
        told: hears how many files are done.
    """

    def read(source: Any) -> Picture:
        return source if isinstance(source, Picture) else look(source, side)

    return read_media(sources, read, "images", SAID, strict=strict, told=told)


class Images(Ragged):
    """Images as sequences of rows, kept as bytes and scaled when one is asked for; an image may stand in many rows.

    Shape:
        pixels (P, S, 3 S), uint8; rows (N,): which of the P each of the N is; mean, std (3 S,); sequence k is
        (S, 3 S), float32
    """

    def __init__(self, pixels: np.ndarray, rows: np.ndarray, mean: np.ndarray, std: np.ndarray) -> None:
        self.pixels, self.rows = pixels, rows
        self.mean, self.std = mean, std
        self.offsets = np.arange(len(rows) + 1, dtype=np.int64) * pixels.shape[1]
        self._digest = None

    @property
    def values(self) -> np.ndarray:  # type: ignore[override]
        """All rows of all images, (N S, 3 S), float32: four times as large as they are kept."""
        return self._scaled(self.pixels[self.rows]).reshape(-1, self.pixels.shape[2])

    @property
    def digest(self) -> str:
        """SHA-256 of what it holds."""
        if self._digest is None:
            self._digest = digest(self.pixels, self.rows, self.mean, self.std)
        return self._digest

    def select(self, rows: Sequence[int] | np.ndarray) -> "Images":
        """The images with these numbers, in that order; the pixels are shared."""
        return Images(self.pixels, self.rows[np.asarray(rows, np.int64)], self.mean, self.std)

    def __getitem__(self, row: Any) -> Any:
        """Image `row`, scaled."""
        if not -len(self) <= row < len(self):
            raise IndexError(f"there is no image {row}: there are {len(self)}")
        return self._scaled(self.pixels[self.rows[row]])

    def _scaled(self, pixels: np.ndarray) -> np.ndarray:
        scaled: np.ndarray = (pixels.astype(np.float32) - self.mean) / self.std
        return scaled


class ImageCodec:
    """Images to squares of S by S pixels, each colour with mean 0 and deviation 1 over the training data.

    An encoded image is a sequence of its rows from the top, each the pixels from the left with their three colours: so
    any model of vectors reads it row by row. How an image becomes a square: `elman.codecs.picture.look`.

    Args:
        side: S, pixels.

    Example:
        >>> red = np.zeros((4, 6, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
        >>> codec = ImageCodec(side=8).fit([red])
        >>> codec.encode(red).shape, codec.decode(codec.encode(red))[4, 4].tolist()
        ((8, 24), [255, 0, 0])
    """

    kind = "image"
    symbolic = False

    mean: np.ndarray
    std: np.ndarray

    def __init__(self, side: int = SIDE) -> None:
        self.side = side

    @property
    def size(self) -> int:
        """The numbers of a row."""
        return COLOURS * self.side

    def fit(self, images: Sequence[Any]) -> Self:
        """Learn mean and deviation of each colour.

        Raises:
            InputError: there is no image, or one cannot be read.
        """
        if len(images) == 0:
            raise InputError("there are no images to learn from: expected at least one")
        # sums of whole numbers are exact, so the order of the images does not matter
        total, squares = np.zeros(COLOURS, np.int64), np.zeros(COLOURS, np.int64)
        for image in images:
            pixels = self._seen(image).pixels.reshape(-1, COLOURS).astype(np.int64)
            total, squares = total + pixels.sum(0), squares + (pixels * pixels).sum(0)
        n = len(images) * self.side**2
        self.mean = total / n
        std = np.sqrt(np.maximum(squares / n - self.mean**2, 0))
        self.std = np.where(std > 0, std, 1.0)
        return self

    def encode(self, image: Any) -> np.ndarray:
        """The scaled rows of an image: a path, a `Picture`, an image of Pillow's, or an array (H, W, 3) of uint8.

        Shape:
            returns (S, 3 S), float32

        Raises:
            InputError: it cannot be read.
        """
        encoded: np.ndarray = self.encode_all([image])[0]
        return encoded

    def encode_all(self, images: Sequence[Any], name: str = "X") -> Images:
        """What `encode` gives of each image, kept as bytes; one that stands there several times is kept once.

        Raises:
            InputError: there is none, or one cannot be read.
        """
        if len(images) == 0:
            raise InputError("there are no sequences: expected at least one")
        places: dict[Any, int] = {}
        kept: list[np.ndarray] = []
        rows = np.empty(len(images), np.int64)
        for row, image in enumerate(images):
            key = image if isinstance(image, PurePath) else id(image)
            if key not in places:
                places[key] = len(kept)
                kept.append(self._seen(image).pixels.reshape(self.side, self.size))
            rows[row] = places[key]
        mean, std = (np.tile(one, self.side).astype(np.float32) for one in (self.mean, self.std))
        return Images(np.stack(kept), rows, mean, std)

    def decode(self, rows: np.ndarray) -> np.ndarray:
        """The pixels of an encoded image.

        Shape:
            rows (S, 3 S); returns (S, S, 3), uint8
        """
        values = rows.reshape(self.side, self.side, COLOURS) * self.std + self.mean
        pixels: np.ndarray = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        return pixels

    def _seen(self, image: Any) -> Picture:
        if not isinstance(image, Picture):
            return look(image, self.side)
        if image.side != self.side:
            raise InputError(
                f"{image.path} was read at {image.side} x {image.side} pixels, but the codec has {self.side}: "
                "give the path"
            )
        return image

    def to_config(self) -> dict[str, Any]:
        """What the codec has learned, as JSON."""
        return {"kind": self.kind, "side": self.side, "mean": self.mean.tolist(), "std": self.std.tolist()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The codec that `to_config` described."""
        codec = cls(int(config["side"]))
        codec.mean, codec.std = (np.array(config[name], np.float64) for name in ("mean", "std"))
        fits = codec.mean.shape == codec.std.shape == (COLOURS,) and np.isfinite(codec.mean).all()
        if not (fits and np.isfinite(codec.std).all() and (codec.std > 0).all() and 0 < codec.side <= LARGEST):
            raise ValueError("the scale of the colours, or the side, is out of range")
        return codec
