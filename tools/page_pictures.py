"""Draw docs/images/explore/NAME.png: the live page as the article and the README show it.

    python tools/page_pictures.py [NAME ...]

trains the article's network, opens `elman explore` on it, and photographs views in Chromium; about a minute. Letters
and edges are the browser's, so that pictures from another machine differ in them.
"""

import io
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "images" / "explore"
INPUT = "diibaguuubadiiguuudii"
EDGE = 16  # pixels around what is shown
COLOURS = 128
TRAIN = "train generate words.txt --cell elman --hidden-size 24 --epochs 20 -o words.safetensors"


def words() -> str:
    """The article's language: three words, spoken without gaps."""
    return "".join(np.random.default_rng(1990).choice(["ba", "dii", "guuu"], 4000))


def nothing(tab: Any) -> None:
    """Look only."""


def write(tab: Any) -> None:
    """Let the network write some letters."""
    for _ in range(12):
        tab.click("button:text-is('Step')")
        tab.wait_for_timeout(150)


def learn(tab: Any) -> None:
    """Let the lab train its networks."""
    tab.click("button:text-is('Train')")
    tab.wait_for_selector("text=/ended after/", timeout=600_000)


@dataclass(frozen=True)
class Picture:
    """A view, what is done there, and what the picture ends before."""

    address: str
    act: Callable[[Any], None] = nothing
    before: str = ".saves"


PICTURES = {
    "network": Picture("view=network&unrolled=1&summed=1&step=8"),
    "states": Picture("view=states&step=8&unit=3&order=activity"),
    "output": Picture("view=output&step=8"),
    "over_time": Picture("view=over_time&step=20&gradients=1&dynamics=1", before="text=How long the state remembers"),
    "what_if": Picture("view=what_if&step=9&edit=diibaguubadiiguuudii", before="text=What that does to the output"),
    "writing": Picture("view=writing", write),
    "lab": Picture("view=lab", learn),
}


@contextmanager
def explored(folder: Path) -> Iterator[str]:
    """The address of a page for the article's network."""
    (folder / "words.txt").write_text(words(), encoding="utf-8")
    elman = [sys.executable, "-m", "elman"]
    subprocess.run([*elman, *TRAIN.split(), "--num-threads", "1"], cwd=folder, check=True)
    command = [*elman, "explore", "words.safetensors", INPUT, "--port", "0", "--no-browser"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        yield served.stdout.readline().split()[-1]
        served.terminate()


def draw(browser: Any, address: str, name: str, folder: Path) -> None:
    """Photograph one view."""
    one = PICTURES[name]
    context = browser.new_context(
        viewport={"width": 1000, "height": 2000},
        device_scale_factor=1.5,
        color_scheme="light",
        reduced_motion="reduce",
    )
    tab = context.new_page()
    tab.goto(f"{address}#{one.address}")
    tab.wait_for_selector("#beside .symbol, main.alone .view h2")
    one.act(tab)
    tab.wait_for_selector("progress", state="hidden")
    tab.wait_for_timeout(1500)  # what is drawn after the numbers came
    file = folder / f"{name}.png"
    main, end = (tab.locator(part).first.bounding_box() for part in ("#main", one.before))
    clip = {"x": main["x"] - EDGE, "y": main["y"] - EDGE / 2, "width": main["width"] + 2 * EDGE}
    taken = tab.screenshot(clip={**clip, "height": end["y"] - main["y"]})
    Image.open(io.BytesIO(taken)).convert("RGB").quantize(COLOURS).save(file, optimize=True)
    context.close()
    print(file)


def main(names: list[str], folder: Path = FOLDER) -> None:
    """Draw the pictures of these names; all, if none is given."""
    sys.path.insert(0, str(ROOT / "tests" / "explore"))
    from browsing import chromium

    unknown = [name for name in names if name not in PICTURES]
    if unknown:
        sys.exit(f"there is no picture {unknown[0]}; there are: {', '.join(PICTURES)}")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as aside, explored(Path(aside)) as address, chromium() as browser:
        for name in names or PICTURES:
            draw(browser, address, name, folder)


if __name__ == "__main__":
    main(sys.argv[1:])
