"""benchmarks/reliability.py: kills with SIGKILL, damaged checkpoints, a full disk; and that it tells a difference."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it forks, and reads /proc")
SCRIPT = Path(__file__).parents[2] / "benchmarks" / "reliability.py"
# One process, since torch takes long to import; the last command runs with an optimiser that forgets.
PROGRAM = """
import json, runpy, sys
sys.path.insert(0, sys.argv[2])
app = runpy.run_path(sys.argv[1])["app"]
statuses = []
for number, words in enumerate(json.loads(sys.argv[3])):
    if words[0] == "forgets":
        import elman.train.optimizer
        elman.train.optimizer.restore = lambda *_: None
    try:
        app(words[words[0] == "forgets":])
    except SystemExit as ended:
        statuses.append(ended.code)
sys.exit(json.dumps(statuses))
"""
COMMANDS = [
    ["resume", "--kills", "10", "--ranks", "1", "--epochs", "40", "--cold", "10", "--json", "one.json"],
    ["resume", "--kills", "4", "--ranks", "2", "--epochs", "15", "--cold", "0", "--json", "two.json"],
    ["files", "--kills", "10", "--damages", "40", "--epochs", "6", "--json", "one.json"],
    ["forgets", "resume", "--kills", "6", "--ranks", "1", "--epochs", "20", "--cold", "0", "--json", "forgets.json"],
]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("reliability")
    words = [sys.executable, "-c", PROGRAM, str(SCRIPT), str(SCRIPT.parent), json.dumps(COMMANDS)]
    done = subprocess.run(words, check=False, capture_output=True, encoding="utf-8", timeout=300, cwd=folder)
    assert done.stderr.splitlines()[-1:] == ["[0, 0, 0, 1]"], done.stdout + done.stderr
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}


def check_kills(row: dict[str, Any], kills: int) -> None:
    assert row["differences"] == []
    assert row["kills"] == sum(row["places"].values()) == kills
    assert row["trainings"] >= 1
    assert row["resumed"] > 0
    assert row["done_again"] > 0


def test_ten_kills_of_one_process(results: dict[str, Any]) -> None:
    (row,) = results["one"]["resume"]["rows"]
    check_kills(row, 10)
    assert row["cold"] == 1
    assert row["alone"] == 0


def test_kills_of_two_ranks(results: dict[str, Any]) -> None:
    (row,) = results["two"]["resume"]["rows"]
    assert row["ranks"] == 2
    check_kills(row, 4)


def test_saving_killed_files_damaged_and_a_disk_full(results: dict[str, Any]) -> None:
    found = results["one"]["files"]  # which left the other command's part as it was
    assert found["failures"] == []
    assert found["lost"] == found["silently_wrong"] == 0
    assert found["saving"]["kills"] == 10
    for by_region in found["damaged"].values():
        assert list(by_region) == ["length", "metadata", "names", "tensors"]
        assert all(one["damaged"] == one["fell_back"] + one["harmless"] == 10 for one in by_region.values())
    assert found["resumed"] == {"resumed": 8, "same_bytes": 8}
    assert found["full_disk"]["trainings"] == found["full_disk"]["same_bytes"] > 0


def test_what_is_forgotten_is_found(results: dict[str, Any]) -> None:
    (row,) = results["forgets"]["resume"]["rows"]
    assert row["differences"]
    assert "another model than the undisturbed one" in row["differences"][0]


@pytest.mark.long
@pytest.mark.parametrize("arguments", [["resume", "--ranks", "1"], ["resume", "--ranks", "2"], ["files"]])
def test_all_kills(arguments: list[str]) -> None:
    words = [sys.executable, str(SCRIPT), *arguments]
    done = subprocess.run(words, check=False, capture_output=True, encoding="utf-8", timeout=3600)
    assert done.returncode == 0, done.stdout + done.stderr
