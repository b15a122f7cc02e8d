"""Emoji as Google draws them, with the names that people gave them in the Unicode Consortium's locale data."""

import json
from pathlib import Path

import pandas as pd

from elman.datasets.archives import read_member
from elman.datasets.unpacking import unpack
from elman.errors import InputError

TONES = {"1F3FB": "light", "1F3FC": "medium-light", "1F3FD": "medium", "1F3FE": "medium-dark", "1F3FF": "dark"}
NO_TONE = "none"
SELECTOR = "\N{VARIATION SELECTOR-16}"  # asks for colour; the names stand under the characters without it


def read_emoji(pictures: Path, *names: Path) -> pd.DataFrame:
    """Read which drawings there are, unpack them once, and give each its English name.

    Raises:
        InputError: a drawing has no name, or its file is missing.
    """
    captions = {key.replace(SELECTOR, ""): name for archive in names for key, name in _names(archive).items()}
    images = {Path(name).name: path for name, path in unpack(pictures, "*/img/google/64/*.png").items()}
    (listing,) = unpack(pictures, "*/emoji.json").values()
    rows = []
    for base in json.loads(listing.read_text(encoding="utf-8")):
        for tones, one in {"": base, **base.get("skin_variations", {})}.items():
            if not one["has_img_google"]:
                continue
            try:
                caption, base_caption = captions[_characters(one)], captions[_characters(base)]
                image = images[one["image"]]
            except KeyError as error:
                raise InputError(f"{pictures} has an emoji {one['unified']} without {error}: fetch it again") from error
            tone = " and ".join(TONES[tone] for tone in tones.split("-")) if tones else NO_TONE
            rows.append((str(image), caption, base_caption, tone, base["category"], base["subcategory"]))
    return pd.DataFrame(rows, columns=["image", "caption", "base", "skin_tone", "category", "subcategory"])


def _names(archive: Path) -> dict[str, str]:
    """The name of each emoji that has one, by its characters."""
    (content,) = json.loads(read_member(archive, "*/en/annotations.json")).values()
    return {key: one["tts"][0] for key, one in content["annotations"].items() if "tts" in one}


def _characters(emoji: dict[str, str]) -> str:
    return "".join(chr(int(code, 16)) for code in emoji["unified"].split("-")).replace(SELECTOR, "")
