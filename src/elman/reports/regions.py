"""Attention on an image: where a network looked while it wrote each word."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from elman.reports.palette import INK, ORANGE

ACROSS = 5  # panels of a row
PANEL = 1.15  # inches
HEAT = LinearSegmentedColormap.from_list("attention", [f"{ORANGE}00", f"{ORANGE}d0"])


def regions(pixels: np.ndarray, words: Sequence[str], weights: np.ndarray, *, columns: int = ACROSS) -> Figure:
    """The image, and for each word the image again, pale, the more orange the more the network looked there.

    The darkest region of each panel is what was looked at most; its share of the attention stands beside the word.

    Shape:
        pixels (S, S, 3), uint8; weights (U, R, R'), the shares of the R by R' regions for each of the U words

    Args:
        pixels: of the image.
        words: what was written, such as words and the end.
        weights: where the network looked; of each word they sum to 1.
        columns: panels of a row.
    """
    panels = 1 + len(words)
    across = min(columns, panels)
    down = -(-panels // across)
    figure = Figure((across * PANEL, down * (PANEL + 0.22)), layout="constrained")
    pale = np.repeat(127 + pixels.mean(2, keepdims=True) / 2, 3, 2).astype(np.uint8)
    places = list(figure.subplots(down, across, squeeze=False).flat)
    for place in places:
        place.axis("off")
    frame = (0, pixels.shape[1], pixels.shape[0], 0)
    first, *others = places
    first.imshow(pixels, extent=frame)
    for place, word, shares in zip(others, words, weights, strict=False):
        place.imshow(pale, extent=frame)
        place.imshow(shares, extent=frame, cmap=HEAT, vmin=0, vmax=max(float(shares.max()), 1e-9))
        place.set_title(f"{word} {shares.max():.0%}", size=8, color=INK, pad=3, parse_math=False)
    return figure
