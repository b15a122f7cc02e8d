"""Images that are put into words: where the network looked while it wrote of two shapes."""

import random

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

import elman
from pictures.paper import INK, ORANGE, PAPER, RULE, SIZE, TRAINING

SIDE = 32  # pixels
COLOURS = {"red": "#d0342c", "green": "#3f8f3f", "blue": "#2f6fb7", "yellow": "#e0b020"}
SHAPES = ("circle", "square", "triangle")


def caption() -> Figure:
    """An image that was not in the training, and the words of its caption, each with what was looked at for it."""
    draw = random.Random(0)
    pairs = [_two_shapes(draw) for _ in range(900)]
    image, truth = _two_shapes(random.Random(5))
    pairs = [(one, text) for one, text in pairs if text != truth]
    captioner = elman.Captioner(image_size=SIDE, hidden_size=64, epochs=12, level="words", **TRAINING)
    captioner.fit(*map(list, zip(*pairs, strict=True)))
    written = captioner.hypotheses([image], attention=True)[0][0]
    rows, columns = captioner.model_.grid
    weights = np.asarray(written.attention)[: len(written.symbols)].reshape(-1, rows, columns)
    figure = Figure(SIZE, facecolor=PAPER)
    whole = figure.add_axes((0.03, 0.2, 0.3, 0.6))
    whole.imshow(image)
    several = [whole]
    for k, (word, own) in enumerate(zip(written.symbols, weights, strict=True)):
        axes = figure.add_axes((0.37 + 0.155 * (k % 4), 0.55 - 0.44 * (k // 4), 0.145, 0.29))
        shade = np.asarray(Image.fromarray((own / own.max()).astype(np.float32)).resize((SIDE, SIDE), Image.BICUBIC))
        axes.imshow(image, alpha=0.35)
        axes.imshow(np.full((SIDE, SIDE, 3), to_rgb(ORANGE)), alpha=0.85 * np.clip(shade, 0, 1))
        axes.set_title(word, size=9, color=INK, pad=3)
        several.append(axes)
    for axes in several:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_color(RULE)
    return figure


def _two_shapes(draw: random.Random) -> tuple[np.ndarray, str]:
    """Two shapes, one above the other, somewhere on white paper, and what is to be said of them."""
    colours = draw.sample([*COLOURS], 2)
    shapes = [draw.choice(SHAPES) for _ in range(2)]
    image = Image.new("RGB", (SIDE, SIDE), "white")
    for place, (colour, shape) in enumerate(zip(colours, shapes, strict=True)):
        x, y = draw.randint(0, SIDE - 13), draw.randint(1, 4) + 16 * place
        box = (x, y, x + 11, y + 11)
        pen = ImageDraw.Draw(image)
        if shape == "circle":
            pen.ellipse(box, fill=COLOURS[colour])
        elif shape == "square":
            pen.rectangle(box, fill=COLOURS[colour])
        else:
            pen.polygon([(x, y + 11), (x + 11, y + 11), (x + 5.5, y)], fill=COLOURS[colour])
    first, second = (f"a {colour} {shape}" for colour, shape in zip(colours, shapes, strict=True))
    return np.asarray(image), f"{first} above {second}"
