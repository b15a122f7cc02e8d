"""examples/surnames.py: on a few names and epochs it runs, writes for every language, and invents names."""

import re
import subprocess
import sys
from pathlib import Path

import elman.datasets

EXAMPLE = Path(__file__).parents[2] / "examples" / "surnames.py"


def test_names_are_written_for_every_language(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLE), "1", "1500"]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, encoding="utf-8", timeout=240)
    first, *lines, last = done.stdout.splitlines()
    assert 1 < float(re.fullmatch(r"([\d.]+) bits per character on names set aside", first)[1]) < 6
    languages = sorted(elman.datasets.load("surnames")["language"].unique())
    assert [line[:12].strip() for line in lines] == languages
    assert all(line[12:].count(",") == 5 for line in lines)
    new, total = map(int, re.fullmatch(r"(\d+) of (\d+) names are in no list that it learned from", last).groups())
    assert total == 40 * len(languages)
    assert total / 2 < new <= total
