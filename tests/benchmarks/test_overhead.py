"""benchmarks/overhead.py in small: what it writes, and that it compares equal trainings only."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "overhead.py"
OTHER_WORK = """
import sys
sys.path.insert(0, sys.argv[1])
import overhead
overhead.rate = lambda part: 0.001
overhead.main(["small"], 2, 1)
"""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], check=False, capture_output=True, encoding="utf-8", timeout=300)


def test_a_small_run(tmp_path: Path) -> None:
    place = tmp_path / "overhead.json"
    cases = ["--only", "surnames", "--only", "small"]
    done = run(str(SCRIPT), *cases, "--rounds", "2", "--steps", "1", "--json", str(place))
    assert done.returncode in (0, 1), done.stderr  # no claim about times
    assert "µs/step" in done.stdout
    result = json.loads(place.read_text(encoding="utf-8"))
    assert [row["case"] for row in result["rows"]] == ["surnames", "small"]
    for row in result["rows"]:
        assert row["losses"]["ours"] == pytest.approx(row["losses"]["by_hand"], rel=1e-4)
        low, high = row["ratio_quartiles"]
        assert 0 < low <= row["ratio"] <= high
        assert all(one > 0 for one in row["us_per_step"].values())
        assert row["steps"] > 0
    assert "--rounds 2 --steps 1" in result["command"]


def test_other_work_is_refused() -> None:
    done = run("-c", OTHER_WORK, str(SCRIPT.parent))
    assert done.returncode == 1
    assert "small: the losses are" in done.stderr
    assert "it is not the same training" in done.stderr


def test_an_unknown_case_is_refused() -> None:
    done = run(str(SCRIPT), "--only", "nothing")
    assert done.returncode == 2
    assert "surnames, lanes, small" in done.stderr
