"""examples/morse.py: Morse code is understood, while it sounds."""

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "morse.py"


def test_morse_code_is_understood(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLE), "--clips", "350", "--epochs", "30"]
    printed = subprocess.run(
        command, cwd=tmp_path, check=True, capture_output=True, encoding="utf-8", timeout=120
    ).stdout.splitlines()
    first = next(k for k, line in enumerate(printed) if line.startswith("character error rate of 35 clips never heard"))
    assert float(printed[first].split()[-1].rstrip("%")) < 40
    times = [float(line.split()[0]) for line in printed[first + 1 : -1]]
    assert times == sorted(times)
    assert len(times) > 5
    assert times[0] < 2.0  # it does not wait for the end
    assert printed[-1].startswith("sent: helloworldandsoon  heard: ")
