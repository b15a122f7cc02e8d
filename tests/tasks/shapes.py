"""Pictures to caption: a shape of one colour above another."""

import csv
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw

COLOURS = ("red", "blue", "green")
SHAPES = {"circle": "ellipse", "square": "rectangle"}
SIDE = 24


def draw(seed: int) -> tuple[Image.Image, str]:
    """A picture, and what can be said of it."""
    random = Random(seed)
    image = Image.new("RGB", (SIDE, SIDE), "white")
    said = []
    for top in (1, 13):
        colour, shape = random.choice(COLOURS), random.choice(list(SHAPES))
        left = random.randrange(2, 12)
        getattr(ImageDraw.Draw(image), SHAPES[shape])((left, top, left + 9, top + 9), fill=colour)
        said.append(f"a {colour} {shape}")
    return image, " above ".join(said)


def write_shapes(folder: Path, count: int, seed: int = 0) -> tuple[list[Path], list[str]]:
    """So many pictures in a folder, and what can be said of each."""
    folder.mkdir(parents=True, exist_ok=True)
    paths, texts = [], []
    for k in range(count):
        image, text = draw(1000 * seed + k)
        paths.append(folder / f"{seed}-{k}.png")
        image.save(paths[-1])
        texts.append(text)
    return paths, texts


def write_table(path: Path, rows: list[tuple[str, str]], header: tuple[str, str] = ("image", "caption")) -> Path:
    """A table of images and texts."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path
