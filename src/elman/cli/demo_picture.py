"""The demo's picture: where a translator looks, and its hidden states over time, for a few words it never saw."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from elman.files import replace_file
from elman.reports.alignment import END, draw_attention
from elman.tasks import Translator

LEFT = 0.035
PAPER, INK, PALE = "#fbfaf6", "#22262e", "#8a8f98"
ATTENTION = LinearSegmentedColormap.from_list("attention", ["#f3f1ea", "#f2c66d", "#dd6b4d", "#8d2f5b", "#2b1b46"])
STATES = LinearSegmentedColormap.from_list(
    "states", ["#0b3c5d", "#2f7ea8", "#a9cfdb", PAPER, "#f3c3a5", "#d6604d", "#7f1d2b"]
)
WORDS = 3
UNITS = 48  # of each layer and direction: those whose state changes most
LONGEST, SILENT = 11, 4  # letters of a word to show, and how many of them are silent at best
CAPTIONS = (
    (
        "Attention",
        "Each row is a phoneme being written (■ ends the word) and\neach column a letter: the darker the square, "
        "the more the\nnetwork looks at that letter.",
        (ATTENTION, "nothing", "all"),
    ),
    (
        "The decoder's hidden state, beside it",
        "Each column is a hidden unit while the word is written, top\nto bottom: of all units those that change most, "
        "ones that\nbehave alike next to each other.",
        (STATES, "−", "+"),
    ),
    (
        "The encoder's hidden state, beneath",
        "Each row is a hidden unit while the letters above are read,\nby one network from the word's start and by "
        "another from\nits end; each square is its value after that letter.",
        (STATES, "−", "+"),
    ),
)


@dataclass(frozen=True)
class Reading:
    """What happens in a translator while it says one word.

    Shape: attention (U + 1, T), encoder (T, D, H), decoder (U + 1, H); the last of the U + 1 steps ends the word.
    """

    word: str
    phonemes: list[str]
    attention: np.ndarray
    encoder: np.ndarray
    decoder: np.ndarray


@torch.no_grad()
def read(translator: Translator, word: str, spoken: str) -> Reading:
    """Keep the hidden states of every time step while the translator says `spoken`."""
    model, codecs = translator.model_, translator.codecs_
    source = torch.tensor(codecs["input"].encode(word)).unsqueeze(0)  # (1, T)
    state, memory = model.encoder(source, torch.tensor([source.shape[1]]))  # type: ignore[operator]
    # at every step the decoder reads the symbol before the one that it writes
    before = torch.tensor([[model.start, *codecs["output"].encode(spoken)]])
    decoder = model.decoder
    _, attention, _ = decoder(before, state, memory)  # type: ignore[operator]
    hidden, _ = decoder.recurrent(decoder.input(before), state)  # type: ignore[union-attr,operator]
    encoder = memory.values[0].unflatten(1, (-1, hidden.shape[2]))  # (T, D, H)
    return Reading(word, spoken.split(), attention[0].numpy(), encoder.numpy(), hidden[0].numpy())


def draw(
    translator: Translator,
    title: str,
    predicted: Mapping[str, str],
    references: Mapping[str, Sequence[Sequence[str]]],
    path: str | os.PathLike[str],
) -> None:
    """Draw attention and hidden states for a few words, as PNG.

    Args:
        translator: fitted; from characters to words.
        title: what to call its cell.
        predicted: what it says for each word.
        references: what is right for each word.
        path: the file.
    """
    figure = Figure(figsize=(16, 11.2), dpi=150, facecolor=PAPER)
    FigureCanvasAgg(figure)
    words = telling(predicted, references)
    figure.text(LEFT, 0.945, "Reading words it has never seen", size=26, weight="bold", color=INK)
    about = f"{title}, spelling to sound: {len(words)} of {len(references):,} words that were held out of its training"
    figure.text(LEFT, 0.913, about, size=13, color=PALE)

    places = figure.add_gridspec(1, WORDS, left=LEFT + 0.025, right=0.975, top=0.79, bottom=0.18, wspace=0.17)
    for column, word in enumerate(words):
        one = read(translator, word, predicted[word])
        _draw_word(figure, places[0, column], one, right=one.phonemes in references[word])
    for column, caption in enumerate(CAPTIONS):
        _draw_caption(figure, LEFT + 0.025 + 0.32 * column, *caption)
    with replace_file(path) as temporary:
        figure.savefig(temporary, format="png")


def telling(predicted: Mapping[str, str], references: Mapping[str, Sequence[Sequence[str]]]) -> list[str]:
    """Up to three words that show most: said right, long but not too long for the page, with silent letters."""

    def merit(word: str) -> tuple[bool, bool, int, int, str]:
        phonemes = predicted[word].split()
        fits = len(word) <= LONGEST and word.isalpha()
        return phonemes in references[word], fits, min(len(word) - len(phonemes), SILENT), len(word), word

    best: dict[str, str] = {}  # by first letter, so that they are not alike
    for word in sorted(predicted, key=merit, reverse=True):
        best.setdefault(word[:1], word)
    return list(best.values())[:WORDS]


def _draw_word(figure: Figure, place: SubplotSpec, one: Reading, right: bool) -> None:
    """Attention; along its phonemes the decoder's hidden units, beneath its letters the encoder's."""
    directions = one.encoder.shape[1]
    heights = (1.15, *[1 / directions] * directions)
    grid = place.subgridspec(1 + directions, 2, width_ratios=(1.35, 1), height_ratios=heights, wspace=0.05, hspace=0.05)
    mark, colour = ("✓", "#2f7d4f") if right else ("✗", "#b3322b")

    attention = figure.add_subplot(grid[0, 0])
    draw_attention(attention, one.attention, list(one.word), [*one.phonemes, END], ATTENTION)
    for size, weight, labels in (
        (15, "bold", attention.get_xticklabels()),
        (12, "normal", attention.get_yticklabels()),
    ):
        for label in labels:
            label.set(size=size, weight=weight, color=INK)
    attention.text(0, 1.22, one.word, transform=attention.transAxes, size=23, weight="bold", color=INK)
    spoken = f"{' '.join(one.phonemes)}  {mark}"
    attention.text(0, 1.14, spoken, transform=attention.transAxes, size=13, color=colour)

    _draw_states(figure, grid[0, 1], one.decoder[:, _order(one.decoder)])
    for direction, arrow in zip(range(directions), ("→\nread from\nthe start", "←\nread from\nthe end"), strict=False):
        states = one.encoder[:, direction]
        encoder = _draw_states(figure, grid[1 + direction, 0], states[:, _order(states)].T)
        encoder.text(1.05, 0.5, arrow, transform=encoder.transAxes, size=11, color=PALE, va="center", linespacing=1.4)
    for axes in figure.axes:
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)


def _draw_states(figure: Figure, place: SubplotSpec, states: np.ndarray) -> Axes:
    axes = figure.add_subplot(place)
    limit = np.quantile(np.abs(states), 0.98)
    axes.imshow(states, cmap=STATES, vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    return axes


def _draw_caption(figure: Figure, x: float, heading: str, sentence: str, scale: tuple[Colormap, str, str]) -> None:
    colours, low, high = scale
    figure.text(x, 0.133, heading, size=13, weight="bold", color=INK)
    figure.text(x, 0.119, sentence, size=11, color=INK, va="top", linespacing=1.5)
    bar = figure.add_axes((x + 0.05, 0.034, 0.1, 0.009))
    bar.imshow(np.linspace(0, 1, 256)[None], cmap=colours, aspect="auto")
    bar.set_axis_off()
    figure.text(x + 0.045, 0.0385, low, size=10, color=PALE, ha="right", va="center")
    figure.text(x + 0.155, 0.0385, high, size=10, color=PALE, va="center")


def _order(states: np.ndarray) -> np.ndarray:
    """The units that change most, ordered so that similar ones are neighbours.

    They are sorted by their angle in the plane of the first two singular vectors over the steps.

    Shape: states (T, H) -> at most UNITS of 0 … H-1.
    """
    moving = np.argsort(-states.var(0), kind="stable")[:UNITS]
    _, _, components = np.linalg.svd(states[:, moving], full_matrices=False)
    across, up = components[0], components[min(1, len(components) - 1)]
    return moving[np.argsort(np.arctan2(up, across), kind="stable")]
