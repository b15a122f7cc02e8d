"""A page as a browser reads it: its elements, checked to be nested rightly, and its text."""

import re
from html.parser import HTMLParser

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Tables as lists of rows of cells, definitions, pictures and words; raises AssertionError at a wrong end tag."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.tables: list[list[list[str]]] = []
        self.pairs: dict[str, str] = {}
        self.captions: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append("")
        elif tag == "dt":
            self.name = ""
        elif tag == "figcaption":
            self.captions.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.words += data
        if {"th", "td"} & set(self.open):
            self.tables[-1][-1][-1] += data
        elif "dt" in self.open:
            self.name += data
        elif "dd" in self.open:
            self.pairs[self.name] = self.pairs.get(self.name, "") + data
        elif "figcaption" in self.open:
            self.captions[-1] += data

    def table(self, first: str) -> list[list[str]]:
        """The rows below the header of the first table whose header's first cells are these words."""
        return next(rows[1:] for rows in self.tables if " ".join(rows[0]).startswith(first))

    def check_alone(self) -> None:
        """Nothing is fetched or run, every reference inside leads somewhere, and no identifier stands twice."""
        assert not {"script", "link", "iframe", "object", "base"} & set(self.tags)
        assert "://" not in self.html
        assert "@import" not in self.html
        names = [value for name, value in self.attributes if name == "id"]
        assert len(names) == len(set(names))
        targets = re.findall(r"url\(([^)]*)\)", self.html)
        targets += [value or "" for name, value in self.attributes if name in ("href", "src", "xlink:href")]
        assert [one for one in targets if not one.startswith("data:") and one.removeprefix("#") not in names] == []
        assert [name for name, _ in self.attributes if name.startswith("on")] == []
        assert not re.search(r"\b(nan|NaN|inf)\b", self.html)
        assert "None" not in [*self.pairs.values(), *(cell for rows in self.tables for row in rows for cell in row)]
