"""benchmarks/lab.py in small: it trains and prints a line for each network."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "lab.py"


def test_a_small_run() -> None:
    words = ["--task", "delay", "--cell", "elman", "--seeds", "2", "--steps", "6"]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words], check=False, capture_output=True, encoding="utf-8", timeout=300
    )
    assert done.returncode == 0, done.stderr
    elman, feedforward = (line.split(" | ") for line in done.stdout.splitlines()[2:])
    assert elman[2:4] == ["elman", "3,824"]
    assert feedforward[2] == "feedforward"
    assert elman[5].count(",") == 1
    assert all(0 <= int(one) <= 100 for one in elman[5].removesuffix(" %").split(", "))
