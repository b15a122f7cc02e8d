"""examples/weekdays.py: on two years the days of the week are found that the numbers alone do not tell."""

import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "weekdays.py"


def test_days_of_the_week_are_found(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLE), "--years", "4", "--epochs", "25"]
    out = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, encoding="utf-8", timeout=240).stdout
    right, alone = (float(one) for one in re.findall(r"(\d+\.\d)%", out))
    assert alone == 29.7  # a figure of the data
    assert right > 80
    assert len(out.splitlines()) == 11
