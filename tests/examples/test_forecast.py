"""examples/forecast.py: on a slice of the data it foresees more than last week's numbers do, and draws its fan."""

import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "forecast.py"


def test_it_is_better_than_last_week(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLE), "--days", "1500", "--epochs", "12"]
    printed = subprocess.run(
        command, cwd=tmp_path, check=True, capture_output=True, encoding="utf-8", timeout=300
    ).stdout
    error, naive = map(int, re.search(r"off by (\d+) births a day; .* by (\d+)", printed).groups())
    assert error < naive
    total, low, high = (int(one.replace(",", "")) for one in re.findall(r"\d{3},\d{3}", printed))
    assert low < high
    assert 0.9 * total < low < 1.1 * total
    assert "<svg" in (tmp_path / "fan.svg").read_text(encoding="utf-8")
