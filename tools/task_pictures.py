"""Draw docs/images/tasks/TASK.svg, a picture of what each task does, out of small models trained on the spot.

    python tools/task_pictures.py [TASK ...]

takes two minutes for all. All data are embedded in elman or made here from fixed seeds; the pictures are equal
from run to run on one machine, but models that are trained on another processor may differ in the last digits.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from pictures import heard, read_text, seen, sequences_of_numbers, translated_text, written_text

FOLDER = Path(__file__).parents[1] / "docs" / "images" / "tasks"
PICTURES: dict[str, Callable[[], Figure]] = {
    "classify": read_text.classify,
    "regress": sequences_of_numbers.regress,
    "tag": read_text.tag,
    "forecast": sequences_of_numbers.forecast,
    "generate": written_text.generate,
    "translate": translated_text.translate,
    "caption": seen.caption,
    "transcribe": heard.transcribe,
}


def main(names: list[str], folder: Path = FOLDER) -> None:
    """Draw the pictures of these tasks; of all, if none is named."""
    unknown = [name for name in names if name not in PICTURES]
    if unknown:
        sys.exit(f"there is no picture of {unknown[0]}; there are: {', '.join(PICTURES)}")
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or PICTURES:
        with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "path", "font.size": 9}):
            file = folder / f"{name}.svg"
            PICTURES[name]().savefig(file, metadata={"Date": None, "Creator": None})
        lines = [line.rstrip() for line in file.read_text(encoding="utf-8").splitlines()]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
        print(file)


if __name__ == "__main__":
    main(sys.argv[1:])
