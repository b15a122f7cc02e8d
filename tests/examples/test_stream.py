"""examples/stream.py: what it prints is better than last week's numbers, and has the layer's bits."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "stream.py"


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    command = [sys.executable, "-W", "error", str(EXAMPLE)]
    folder = tmp_path_factory.mktemp("stream")
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, encoding="utf-8", timeout=120).stdout


def test_tomorrow_is_foreseen_better_than_by_last_weeks_number(printed: str) -> None:
    error, naive = map(int, re.search(r"off by (\d+) births a day, a week ago's by (\d+)", printed).groups())
    assert naive == 312  # a figure of the data alone
    assert error < 0.9 * naive


def test_a_stream_has_the_bits_of_all_days_at_once(printed: str) -> None:
    assert printed.splitlines()[-1] == "the bits of all days at once: True"
    assert "Stream(lstm: 7 -> 32 -> 1; batch_size=1, float32)" in printed


def test_example_is_short() -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 40
