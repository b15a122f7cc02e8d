"""A report as it is read back: what was put in stands there, as text, in order, and alone in its file."""

import re
import subprocess
import sys
import threading

import numpy as np
import pytest
from matplotlib.figure import Figure
from pages import Page

from elman.errors import InputError
from elman.reports import Report
from elman.reports.charts import Line, Mark, agreement, lines
from elman.reports.palette import COLOURS

NASTY = '<script>alert("1")</script> & \x00 \ud800 </td>'
SHOWN = '<script>alert("1")</script> & ␀ ? </td>'


def picture() -> Figure:
    return lines([Line("a", [1, 2, 3], [0.5, None, 0.25]), Line("$b$", [1, 2], [1.0, 2.0], second=True)], "x", "y")


def filled() -> Report:
    report = Report(NASTY)
    report.heading(NASTY)
    report.paragraph(NASTY)
    report.preformatted("h_t = tanh(x < 0)\n  y")
    report.pairs([("name", NASTY), ("count", 12345), ("nothing", float("nan"))])
    report.table(("text", "number"), [(NASTY, 1234.5678), ("b", 0.125), (None, float("inf"))], NASTY)
    report.matrix(["<b>", "c"], [[3, 1], [0, 0]], rows="expected", columns="predicted")
    report.figure(picture(), NASTY, "First.")
    report.figure(picture(), "Second", NASTY, alt=NASTY)
    return report


def test_what_is_put_in_is_read_back_as_text() -> None:
    page = Page(filled().html())
    page.check_alone()
    assert page.words.count(SHOWN) == 9  # the title stands there twice, the attribute is none of them
    assert ("aria-label", SHOWN) in page.attributes
    assert page.pairs == {"name": SHOWN, "count": "12,345", "nothing": "–"}
    assert page.tables[0] == [["text", "number"], [SHOWN, "1,235"], ["b", "0"], ["–", "–"]]
    assert page.tables[1][1:] == [["<b>", "3", "1", "4"], ["c", "", "", "0"]]
    assert "h_t = tanh(x < 0)\n  y" in page.words
    assert page.captions == [f"{SHOWN} First.", f"Second {SHOWN}"]


def test_sentences_have_their_pieces_marked() -> None:
    report = Report("t")
    rows = [(NASTY, ["to", ("New York", "city", True)]), ("b", [(NASTY, "day", False), "on"])]
    report.sentences(("", "sentence"), rows, NASTY)
    page = Page(report.html())
    page.check_alone()
    assert page.tables == [[["", "sentence"], [SHOWN, "to New Yorkcity"], ["b", f"{SHOWN}day on"]]]
    assert "<mark>New York<small>city</small></mark>" in page.html
    assert page.html.count('<mark class="wrong">') == 1


def test_decimals_are_those_of_the_column() -> None:
    report = Report("t")
    report.table(("a", "b", "c"), [(0.5, 12.0, 1e-9), (0.25, 3.456, 2e-9), (None, -0.1, 0.0)])
    assert Page(report.html()).tables[0][1:] == [
        ["0.5000", "12.00", "1e-09"],
        ["0.2500", "3.46", "2e-09"],
        ["–", "-0.10", "0"],
    ]


def test_a_share_of_the_row_is_the_shade() -> None:
    report = Report("t")
    report.matrix(["a", "b"], [[9, 0], [6, 3]], rows="expected", columns="predicted")
    assert re.findall(r'<td class="([^"]*)">(\d*)</td>', report.html()) == [
        ("s9 same", "9"),
        ("s0", ""),
        ("s6", "6"),
        ("s3 same", "3"),
    ]


def test_equal_content_gives_equal_bytes_in_any_thread(tmp_path) -> None:
    paths = [tmp_path / f"{k}.html" for k in range(4)]
    threads = [threading.Thread(target=lambda path=path: filled().write(path)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({path.read_bytes() for path in paths}) == 1
    with pytest.raises(InputError, match="exists already"):
        filled().write(paths[0], overwrite=False)


def test_pictures_follow_the_theme_and_stand_in_groups() -> None:
    report = filled()
    report.paragraph("between")
    report.figure(picture(), "Third", "Alone.")
    html = report.html()
    assert [group.count("<figure>") for group in html.split('<div class="figures">')[1:]] == [2, 1]
    body = html[html.index("<body>") :]
    assert not any(light in body for light, _ in COLOURS.values())
    assert "stroke: var(--blue)" in body
    assert "#000000" not in body
    for light, dark in COLOURS.values():
        assert light in html
        assert dark in html


def test_an_image_in_a_picture_is_embedded() -> None:
    figure = Figure(figsize=(2, 2))
    figure.add_subplot().imshow(np.arange(4).reshape(2, 2))
    report = Report("t")
    report.figure(figure, "An image", "Of four squares.")
    page = Page(report.html())
    page.check_alone()
    assert any((value or "").startswith("data:image/png;base64,") for name, value in page.attributes if name == "href")


def test_lines_have_the_values_and_gaps_that_were_given() -> None:
    figure = lines(
        [Line("a", [1, 2, 3], [1.0, None, 400.0])],
        "x",
        "y",
        mark=Mark(3, 400.0, "best"),
        limit=(1e9, "far"),
        positive=True,
    )
    (axes,) = figure.axes
    drawn, ring = axes.get_lines()
    np.testing.assert_array_equal(drawn.get_ydata(), [1.0, np.nan, 400.0])
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (3, 400.0)
    assert axes.get_yscale() == "log"
    assert lines([Line("a", [1, 2], [1.0, 400.0])], "x", "y").axes[0].get_yscale() == "linear"
    near = lines([Line("a", [1], [0.5])], "x", "y", limit=(1.0, "clip 1"))
    assert near.axes[0].get_lines()[1].get_ydata() == [1.0, 1.0]
    assert lines([Line("a", [1], [None])], "x", "y").axes


def test_points_of_truth_and_prediction() -> None:
    truth, predicted = np.array([1.0, 2.0, 5.0]), np.array([1.5, 2.5, 0.0])
    diagonal, points = agreement(truth, predicted).axes[0].get_lines()
    np.testing.assert_array_equal(points.get_xydata(), np.stack([truth, predicted], 1))
    np.testing.assert_array_equal(diagonal.get_xydata(), [[0, 0], [5, 5]])


def test_pictures_leave_pyplot_and_torch_alone() -> None:
    code = (
        "import sys; from elman.reports import Report; from elman.reports.charts import Line, lines\n"
        "Report('t').figure(lines([Line('a', [1, 2], [1, 2])], 'x', 'y'), 'A', 'B')\n"
        "print({'matplotlib.pyplot', 'torch'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "set()\n"


def test_a_painted_text_is_shaded_by_its_pieces() -> None:
    report = Report("Painted")
    report.painted([("a<", 0.0), ("b", 0.02), ("c", 0.5), ("d", 0.52), ("e", 7.0)])
    (block,) = re.findall(r'<pre class="painted"[^>]*>.*?</pre>', report.html())
    assert block.endswith('>a&lt;b<span class="s4">c</span><span class="s5">d</span><span class="s9">e</span></pre>')
