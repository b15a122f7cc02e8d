"""A document in one HTML file, which one adds to in order."""

import html
import itertools
import math
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from elman.files import replace_file
from elman.reports.palette import declarations

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

Cell: TypeAlias = str | int | float | None
"""What stands in a table: a text, a number, which is written in about four digits, or nothing."""

Piece: TypeAlias = str | tuple[str, str, bool]
"""A piece of a sentence: a text, or a marked one with its label and whether that is right."""

NOTHING = "–"
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
STYLE = Path(__file__).with_name("style.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"  # the page fetches nothing, and cannot
SCROLLED = '<div class="wide" role="region" aria-label="table" tabindex="0">{}</div>'  # the keyboard can scroll it
SHADES = 9
SMALL = 64  # pixels of an image in a table
SHORT = 16  # a text of a table that is kept on one line


class Report:
    """A page that explains itself: headings, sentences, tables and pictures, in the order in which they were added.

    The file needs no other file, no network and no script; it follows the reader's choice of a light or dark page, fits
    a telephone and a printer. Equal content gives equal bytes. Whatever is given is text, never HTML.

    Example:
        >>> report = Report("Two numbers")
        >>> report.paragraph("The second one is larger.")
        >>> report.table(("name", "value"), [("first", 1.5), ("second", 2)])
        >>> report.write("numbers.html")

    Args:
        title: of the page.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._blocks: list[str] = []
        self._figures = 0

    def heading(self, text: str) -> None:
        """Begin a section."""
        self._blocks.append(f"<h2>{escaped(text)}</h2>")

    def paragraph(self, text: str) -> None:
        """Add sentences."""
        self._blocks.append(f"<p>{escaped(text)}</p>")

    def preformatted(self, text: str) -> None:
        """Add lines as they are, such as equations."""
        self._blocks.append(f'<pre tabindex="0">{escaped(text)}</pre>')

    def pairs(self, pairs: Iterable[tuple[str, Cell]]) -> None:
        """Add names with their values."""
        lines = (f"<div><dt>{escaped(name)}</dt>{_cell(value, 'dd')}</div>" for name, value in pairs)
        self._blocks.append(f"<dl>{''.join(lines)}</dl>")

    def table(self, header: Sequence[str], rows: Iterable[Sequence[Cell]], caption: str | None = None) -> None:
        """Add a table; on a narrow page it scrolls.

        Args:
            header: the columns' names.
            rows: as many cells in each.
            caption: a sentence above it.
        """
        rows = list(rows)
        decimals = [_decimals([row[k] for row in rows]) for k in range(len(header))]
        number = [any(_is_number(row[k]) for row in rows) for k in range(len(header))]
        head = "".join(
            f'<th scope="col"{_class("number" if right else "")}>{escaped(name)}</th>'
            for name, right in zip(header, number, strict=True)
        )
        body = "".join(
            f"<tr>{''.join(_cell(cell, 'td', places) for cell, places in zip(row, decimals, strict=True))}</tr>\n"
            for row in rows
        )
        table = f"<table>{_caption(caption)}<thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"
        self._blocks.append(SCROLLED.format(table))

    def gallery(
        self, header: Sequence[str], rows: Iterable[tuple["np.ndarray", Sequence[Cell]]], caption: str | None = None
    ) -> None:
        """Add a table with a small image in the first cell of each row.

        Shape:
            images (H, W, 3), uint8

        Args:
            header: the columns' names, that of the images first.
            rows: an image, and the other cells.
            caption: a sentence above it.
        """
        from elman.reports.picture import inline_image

        head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in header)
        body = "".join(
            f'<tr><td><img src="{inline_image(image)}" alt="" width="{SMALL}"></td>'
            f"{''.join(_cell(cell, 'td') for cell in cells)}</tr>\n"
            for image, cells in rows
        )
        table = f"<table>{_caption(caption)}<thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"
        self._blocks.append(SCROLLED.format(table))

    def sentences(
        self, header: tuple[str, str], rows: Iterable[tuple[str, Sequence[Piece]]], caption: str | None = None
    ) -> None:
        """Add a table of sentences in which pieces are marked: right ones in colour, wrong ones underlined.

        Args:
            header: the names of the two columns.
            rows: what stands before a sentence, and its pieces.
            caption: a sentence above it.
        """
        head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in header)
        lines = "".join(
            f'<tr>{_cell(first, "td")}<td dir="auto">{" ".join(map(_piece, pieces))}</td></tr>\n'
            for first, pieces in rows
        )
        table = f"<table>{_caption(caption)}<thead><tr>{head}</tr></thead><tbody>\n{lines}</tbody></table>"
        self._blocks.append(SCROLLED.format(table))

    def matrix(self, names: Sequence[str], counts: Sequence[Sequence[int]], rows: str, columns: str) -> None:
        """Add a square of counts, each cell shaded by its share of its row, as of a classifier's confusions.

        Args:
            names: of rows and columns.
            counts: of each row, for each column.
            rows: what a row's name stands for.
            columns: what a column's name stands for.
        """
        head = "".join(f'<th scope="col"><span dir="auto">{escaped(name)}</span></th>' for name in names)
        lines = []
        for k, (name, row) in enumerate(zip(names, counts, strict=True)):
            total = max(sum(row), 1)
            shades = [_class(f"s{math.ceil(SHADES * count / total)}", "same" * (k == m)) for m, count in enumerate(row)]
            cells = "".join(f"<td{shade}>{count or ''}</td>" for shade, count in zip(shades, row, strict=True))
            lines.append(f'<tr><th scope="row" dir="auto">{escaped(name)}</th>{cells}<td>{sum(row)}</td></tr>\n')
        corner = f'<th scope="col" class="corner">{escaped(rows)} ↓<br>{escaped(columns)} →</th>'
        table = f"<thead><tr>{corner}{head}<th>all</th></tr></thead><tbody>\n{''.join(lines)}</tbody>"
        self._blocks.append(SCROLLED.format(f'<table class="matrix">{table}</table>'))

    def painted(self, pieces: Iterable[tuple[str, float]]) -> None:
        """Add a text whose pieces are shaded, each by a number from 0 to 1: the larger, the stronger."""
        shaded = ((text, min(max(round(SHADES * share), 0), SHADES)) for text, share in pieces)
        spans = []
        for shade, run in itertools.groupby(shaded, key=lambda one: one[1]):
            text = escaped("".join(one for one, _ in run))
            spans.append(f'<span class="s{shade}">{text}</span>' if shade else text)
        self._blocks.append(f'<pre class="painted" tabindex="0" dir="auto">{"".join(spans)}</pre>')

    def figure(self, drawn: "Figure", title: str, caption: str, alt: str | None = None) -> None:
        """Add a picture; pictures that follow each other stand side by side where there is room.

        Args:
            drawn: made as `matplotlib.figure.Figure`, without pyplot; `elman.reports.charts` makes some. Colours of
                `elman.reports.palette` follow the page's theme.
            title: what it is of.
            caption: a sentence that says what one sees.
            alt: what is read out in its place; None: the title, since the caption is read as well.
        """
        from elman.reports.picture import inline_svg

        self._figures += 1
        svg = inline_svg(drawn, f"f{self._figures}")
        svg = svg.replace("<svg", f'<svg role="img" aria-label="{escaped(alt or title)}"', 1)
        words = f"<figcaption><b>{escaped(title)}</b> {escaped(caption)}</figcaption>"
        self._blocks.append(f"<figure>\n{svg}\n{words}</figure>")

    def html(self) -> str:
        """The whole page."""
        style = f":root{{{declarations(dark=False)}}}\n{STYLE.read_text(encoding='utf-8')}"
        dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{declarations(dark=True)}}}}}"
        shades = "".join(f".s{k}{{background:rgb(var(--shade)/{k / SHADES:.2f})}}" for k in range(1, SHADES + 1))
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
            f"<title>{escaped(self.title)}</title>\n<style>\n{style}{dark}\n{shades}\n</style>\n</head>\n"
            f"<body>\n<main>\n<h1>{escaped(self.title)}</h1>\n{self._body()}\n</main>\n</body>\n</html>\n"
        )

    def write(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write the page to a file, whole or not at all.

        Raises:
            InputError: the path cannot be written.
        """
        content = self.html().encode()
        with replace_file(path, overwrite=overwrite) as temporary:
            temporary.write_bytes(content)

    def _body(self) -> str:
        """The blocks, each run of pictures in a group of its own."""
        runs = itertools.groupby(self._blocks, key=lambda block: block.startswith("<figure>"))
        groups = (("\n".join(blocks), pictures) for pictures, blocks in runs)
        return "\n".join(f'<div class="figures">\n{text}\n</div>' if pictures else text for text, pictures in groups)


def escaped(text: str) -> str:
    """Text as HTML; control characters, which HTML has no place for, as their pictures."""
    text = CONTROL.sub(lambda found: chr(0x2400 + ord(found[0])), text)
    return html.escape(text.encode("utf-8", "replace").decode())


def shown(cell: Cell, decimals: int | None = None) -> str:
    """A cell as text: numbers with so many decimals or in four digits, and what is missing or no number as a dash."""
    if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
        return NOTHING
    if isinstance(cell, float):
        return f"{cell:.4g}" if decimals is None else f"{cell:,.{decimals}f}"
    return f"{cell:,}" if _is_number(cell) else str(cell)


def _decimals(column: Sequence[Cell]) -> int | None:
    """As many for a whole column as give the largest of its numbers four digits; None for very small numbers."""
    largest = max((abs(one) for one in column if isinstance(one, float) and math.isfinite(one)), default=0.0)
    places = 3 - math.floor(math.log10(largest)) if largest else 0
    return max(places, 0) if places < 8 else None


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _cell(cell: Cell, tag: str, decimals: int | None = None) -> str:
    text = shown(cell, decimals)
    kind = _class("number") if _is_number(cell) else _class("short" * (len(text) <= SHORT)) + ' dir="auto"'
    return f"<{tag}{kind}>{escaped(text)}</{tag}>"


def _piece(piece: Piece) -> str:
    if isinstance(piece, str):
        return escaped(piece)
    text, label, right = piece
    return f"<mark{_class('' if right else 'wrong')}>{escaped(text)}<small>{escaped(label)}</small></mark>"


def _class(*names: str) -> str:
    used = " ".join(name for name in names if name)
    return f' class="{used}"' if used else ""


def _caption(caption: str | None) -> str:
    return f"<caption>{escaped(caption)}</caption>" if caption else ""
