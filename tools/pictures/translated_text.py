"""One text written while another is looked at: dates in words, as numbers, and where each sign came from."""

import random

import numpy as np
from matplotlib.figure import Figure

import elman
from elman.cli.demo_picture import ATTENTION
from pictures.paper import INK, PALE, PAPER, SIZE, TRAINING

MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"),
    "december",
)
SOURCE = "17 august 1990"


def translate() -> Figure:
    """The attention while a date is written: a row for each sign that is written, a column for each that is read."""
    draw = random.Random(0)
    days = [(draw.randint(1, 28), draw.randrange(12), draw.randint(1900, 2099)) for _ in range(1500)]
    X = [f"{day} {MONTHS[month]} {year}" for day, month, year in days]
    y = [f"{year}-{month + 1:02}-{day:02}" for day, month, year in days]
    pairs = [(one, other) for one, other in zip(X, y, strict=True) if one != SOURCE]
    levels = dict.fromkeys(("source_level", "target_level"), "characters")
    translator = elman.Translator(hidden_size=48, epochs=16, learning_rate=0.006, **levels, **TRAINING)
    translator.fit(*map(list, zip(*pairs, strict=True)))
    written = translator.hypotheses([SOURCE], attention=True)[0][0]
    figure = Figure(SIZE, facecolor=PAPER, layout="constrained")
    axes = figure.add_subplot()
    attention = np.asarray(written.attention)[: len(written.text), : len(SOURCE)]  # without the end
    axes.imshow(attention.T, cmap=ATTENTION, aspect="auto", vmin=0, vmax=1)
    axes.set_yticks(range(len(SOURCE)), SOURCE, color=INK)
    axes.set_xticks(range(len(written.text)), written.text, color=INK)
    axes.set_xlabel("written, from the left", color=PALE)
    axes.set_ylabel("read", color=PALE)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure
