"""benchmarks/explore.py in small: it types into a real page and writes what it measured."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "explore.py"


def test_a_small_run(tmp_path: Path) -> None:
    place = tmp_path / "explore.json"
    words = ["--only", "generate", "--rounds", "3", "--hidden-size", "4", "--json", str(place)]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words], check=False, capture_output=True, encoding="utf-8", timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "median ms" in done.stdout
    found = json.loads(place.read_text(encoding="utf-8"))["waits"]["generate"]
    assert len(found["milliseconds"]) == 3
    assert min(found["milliseconds"]) <= found["median"] <= max(found["milliseconds"])
    assert found["bytes"] > 101 * 4 * 4  # the states are in it
