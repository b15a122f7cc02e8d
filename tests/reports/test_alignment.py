"""Pictures of attention: which square is how dark, and labels of any script."""

import warnings

import numpy as np
import pytest
from matplotlib.collections import PatchCollection
from pages import Page

from elman.reports import Report
from elman.reports.alignment import END, LONGEST, alignment


def test_each_square_is_as_dark_as_its_share() -> None:
    weights = np.array([[0.9, 0.1, 0.0], [0.001, 0.5, 0.499], [0.2, 0.2, 0.6]])
    (axes,) = alignment(weights, ["x", " ", "\n"], ["a$", "b$"]).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["x", "␣", "␣"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a$", "b$", END]
    (squares,) = [one for one in axes.collections if isinstance(one, PatchCollection)]
    found = np.zeros_like(weights)
    for path, colour in zip(squares.get_paths(), squares.get_facecolor(), strict=True):
        x, y = path.vertices[:4].mean(0)
        found[int(y), int(x)] = colour[3]
    np.testing.assert_allclose(found, np.where(weights < 0.02, 0, weights), atol=0.005)


def test_long_texts_are_cut_and_empty_ones_drawn() -> None:
    (axes,) = alignment(np.full((61, 60), 1 / 60), list("x" * 60), list("y" * 60)).axes
    assert len(axes.get_xticklabels()) == len(axes.get_yticklabels()) == LONGEST
    (axes,) = alignment(np.zeros((1, 0)), [], []).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [END]


@pytest.mark.parametrize(
    ("word", "as_text"),
    [("Straße", False), ("мир", False), ("שלום", True), ("سلام", True), ("日本語", True), ("नमस्ते", True), ("🙂", True)],
)
def test_letters_that_the_font_lacks_or_would_turn_round_stay_text(word: str, as_text: bool) -> None:
    report = Report("Scripts")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report.figure(alignment(np.eye(2, 1), [word], ["<&>"]), "A", "B")
        html = report.html()
    Page(html).check_alone()
    assert (f">{word}</text>" in html) == as_text
    assert ("<text" in html) == as_text
    if as_text:
        assert "&lt;&amp;&gt;</text>" in html


def test_equal_pictures_give_equal_bytes() -> None:
    def page() -> str:
        report = Report("Twice")
        report.figure(alignment(np.eye(3, 2), ["日", "本"], ["J", "A"]), "A", "B")
        return report.html()

    assert page() == page()
