"""Pictures inside a page: a matplotlib figure as SVG, pixels as PNG."""

import base64
import io
import re
import unicodedata
import warnings

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.text import Text
from PIL import Image

from elman.reports.palette import themed

NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
IDENTIFIER = re.compile(r'\bid="([^"]+)"')
REFERENCE = re.compile(r'(?:xlink:)?href="#([^"]+)"|url\(#([^)]+)\)')
PATH = re.compile(r' d="[^"]*"')
RIGHT_TO_LEFT = ("R", "AL")  # of Unicode's classes of letters
DECIMALS = re.compile(r"(\.\d\d)\d+")


def inline_svg(figure: Figure, prefix: str) -> str:
    """The figure as an `svg` element without addresses: equal figures give equal text.

    Colours of `elman.reports.palette`, drawn as on a light page, follow the page's theme. Text is drawn as outlines,
    the same everywhere; where matplotlib's font lacks a letter, as of Chinese or Hindi, it stays text, for which the
    reader's browser has the fonts and knows how to join letters and which way they run.

    Args:
        figure: it has no part in pyplot, and no canvas but ours.
        prefix: of all identifiers, so that those of several pictures on a page differ.
    """
    file = io.StringIO()
    with rc_context({"svg.fonttype": "path" if _has_all_letters(figure) else "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph .* missing from", UserWarning)  # only their widths are guessed
        FigureCanvasSVG(figure).print_svg(file, metadata=NO_METADATA)
    text = file.getvalue()
    svg = themed(text[text.index("<svg") :].strip())
    svg = re.sub(r"<!--.*?-->|<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)  # the page has the style
    svg = re.sub(r'\sxmlns(:xlink)?="[^"]*"|\sversion="1.1"', "", svg)  # HTML knows what svg is
    svg = PATH.sub(lambda path: " " + DECIMALS.sub(r"\1", " ".join(path[0].split())), _renamed(svg, prefix))
    return re.sub(r"\s*\n\s*", "\n", svg)


def inline_image(pixels: np.ndarray) -> str:
    """Pixels as an address that holds them: a PNG.

    Shape:
        pixels (H, W, 3), uint8
    """
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _has_all_letters(figure: Figure) -> bool:
    """Whether matplotlib can draw every text, and in its order: it neither joins Arabic letters nor turns lines."""
    texts = [one for one in figure.findobj(Text) if isinstance(one, Text)]
    return all(
        unicodedata.bidirectional(letter) not in RIGHT_TO_LEFT
        and get_font(findfont(text.get_fontproperties())).get_char_index(ord(letter))
        for text in texts
        for letter in set(text.get_text()) - {"\n"}
    )


def _renamed(svg: str, prefix: str) -> str:
    """Identifiers, which are random, numbered in their order; those that nothing refers to are left out."""
    used = {one or other for one, other in REFERENCE.findall(svg)}
    names: dict[str, str] = {}
    for name in IDENTIFIER.findall(svg):
        if name in used:
            names.setdefault(name, f"{prefix}-{len(names)}")
    svg = IDENTIFIER.sub(lambda found: f'id="{names[found[1]]}"' if found[1] in names else "", svg)
    svg = svg.replace("xlink:href=", "href=")
    return REFERENCE.sub(
        lambda found: f'href="#{names[found[1]]}"' if found[1] else f"url(#{names[found[2]]})", svg
    ).replace("<g >", "<g>")
