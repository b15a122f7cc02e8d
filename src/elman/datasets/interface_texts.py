"""The texts of Home Assistant's interface in five languages, as its translators wrote them."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from elman.datasets.archives import read_members
from elman.datasets.registry import TRANSLATED

LANGUAGES = ("en", *TRANSLATED)

_PLACE = re.compile(r"components/([^/]+)/translations/([^/]+)\.json$")
_MARKED = re.compile(r"[{}<\[\]`*\n]|://")  # placeholders, tags, links, code, emphasis, lists, several paragraphs


def read_interface_texts(archive: Path) -> pd.DataFrame:
    """One row for each English text that is plain; the same in other languages is missing where it is not there.

    What has a placeholder, markup or several paragraphs counts as not there, in any language. Runs of white space are
    one blank. Rows are sorted by component and key.
    """
    texts: dict[tuple[str, str], dict[str, str]] = {}
    for name, content in read_members(archive, "*/translations/*.json").items():
        found = _PLACE.search(name)
        if found and found[2] in LANGUAGES:
            for key, text in _flat(json.loads(content)):
                if text.strip() and not _MARKED.search(text):
                    texts.setdefault((found[1], key), {})[found[2]] = " ".join(text.split())
    rows = [{"component": one, "key": key, **texts[one, key]} for one, key in sorted(texts) if "en" in texts[one, key]]
    return pd.DataFrame(rows, columns=["component", "key", *LANGUAGES], dtype="str")


def _flat(texts: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """The texts of a tree with their keys, a dot between what stands in each other."""
    for key, value in texts.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
