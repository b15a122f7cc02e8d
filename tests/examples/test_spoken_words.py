"""examples/spoken_words.py: words are understood, and the damaged file is named."""

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "spoken_words.py"


def test_words_are_understood(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLE), "--clips", "120", "--epochs", "8"]
    printed = subprocess.run(
        command, cwd=tmp_path, check=True, capture_output=True, encoding="utf-8", timeout=120
    ).stdout.splitlines()
    assert printed[0].startswith("left out 1 of 90 files: ")
    assert printed[0].endswith("0.wav cannot be read as audio: Format not recognised")
    assert float(printed[1].partition("%")[0]) > 60
    assert "of 30 synthesised words are understood, 16.7% would be chance" in printed[1]
    assert len(printed) == 5
