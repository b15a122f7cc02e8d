"""Text that is written: a generator's sentences, with how surprising each of their letters was."""

import random
from itertools import islice
from math import log

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import elman
from elman.codecs import START
from elman.tasks.scoring import symbol_log_probabilities
from pictures.paper import INK, ORANGE, PALE, TRAINING, blank

EATS = {
    "boy": ("bread", "cookie"),
    "girl": ("bread", "cookie"),
    "dragon": ("boy", "girl", "cat"),
    "cat": ("mouse",),
    "mouse": ("cheese",),
}
BITS = 3.0  # of surprise, from which on the shade is full
LETTERS, LINES = 34, 5  # at most


def generate() -> Figure:
    """Sentences that a generator writes; the darker a letter's ground, the more bits it took."""
    draw = random.Random(0)
    sentences = [_sentence(draw) for _ in range(1500)]
    generator = elman.Generator(hidden_size=64, epochs=6, **TRAINING).fit(["\n".join(sentences)])
    text = "".join(islice(generator.writing(prompt="the ", temperature=0.9, seed=3), LETTERS * LINES))
    text = "\n".join(("the " + text).split("\n")[:LINES])
    codec = generator.codecs_["input"]
    numbers = np.concatenate([[START], codec.encode(text)]).astype(np.int64)
    bits = -symbol_log_probabilities(generator.model_, numbers, generator.device) / log(2)
    figure, axes = blank()
    x, y = 0, 0
    for letter, own in zip(text, bits.tolist(), strict=True):
        if letter == "\n":
            x, y = 0, y + 1
            continue
        left, low = 14 + 8.7 * x, 138 - 24 * y
        shade = min(own / BITS, 1.0)
        axes.add_patch(Rectangle((left, low - 5), 8.8, 18, color=ORANGE, alpha=0.6 * shade, lw=0))
        axes.text(left + 4.4, low, letter, size=11.5, color=INK, family="monospace", ha="center")
        x += 1
    axes.text(14, 10, f"ground: bits that a letter took, none to {BITS:g}", size=8, color=PALE)
    return figure


def _sentence(draw: random.Random) -> str:
    """One like Elman's, of 1990: who can eat what decides which word may follow."""
    who = draw.choice([*EATS])
    if draw.random() < 0.5:
        return f"the {who} eats the {draw.choice(EATS[who])}."
    return f"the {who} {draw.choice(('breaks', 'sees'))} the {draw.choice(('rock', 'glass', *EATS))}."
