"""Attention on an image: a panel for each word, and which region is the most orange."""

import io

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from elman.reports import Report
from elman.reports.regions import regions

PIXELS = np.full((16, 16, 3), 255, np.uint8)
WEIGHTS = np.array([[[0.7, 0.1], [0.1, 0.1]], [[0.0, 0.0], [0.25, 0.75]]])


def drawn(figure: Figure) -> np.ndarray:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return np.asarray(Image.open(file).convert("RGB")).astype(int)


def test_a_panel_for_each_word_with_the_share_of_its_region() -> None:
    figure = regions(PIXELS, ["red", "$x"], WEIGHTS)
    assert [place.get_title() for place in figure.axes] == ["", "red 70%", "$x 75%"]
    image, heat = figure.axes[1].images
    np.testing.assert_array_equal(heat.get_array(), WEIGHTS[0])
    assert heat.get_extent() == image.get_extent() == [0, 16, 16, 0]
    assert [len(place.images) for place in figure.axes] == [1, 2, 2]


def test_what_was_looked_at_is_orange() -> None:
    found = drawn(regions(PIXELS, ["red", "end"], WEIGHTS))
    orange = (found[..., 0] - found[..., 2] > 100).nonzero()
    third = found.shape[1] / 3
    first, second = (np.flatnonzero((orange[1] > k * third) & (orange[1] < (k + 1) * third)) for k in (1, 2))
    assert (orange[1] > third).all()  # the image itself has none
    middle = np.median(np.concatenate([orange[0][first], orange[0][second]]))
    assert orange[0][first].mean() < middle < orange[0][second].mean()  # above, and below
    assert orange[1][first].mean() - third < third / 2 < orange[1][second].mean() - 2 * third  # left, and right


def test_many_words_stand_in_rows() -> None:
    figure = regions(PIXELS, list("abcdefg"), np.full((7, 2, 2), 0.25), columns=3)
    assert len(figure.axes) == 9
    assert sum(bool(place.images) for place in figure.axes) == 8


def test_a_page_holds_images() -> None:
    texts = []
    for _ in range(2):
        report = Report("Images")
        report.gallery(("image", "name"), [(PIXELS, ("white <b>",))], "One of them.")
        report.figure(regions(PIXELS, ["red", "end"], WEIGHTS), "Attention.", "Where it looked.")
        texts.append(report.html())
    assert texts[0] == texts[1]
    assert "white &lt;b&gt;" in texts[0]
    assert texts[0].count("data:image/png;base64,") == 1 + 3  # the layers of a panel are one
    assert "http" not in texts[0].replace("http-equiv", "")
