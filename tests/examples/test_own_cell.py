"""examples/own_cell.py: a cell that is nothing but its equation learns as the built-in one does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_cell.py"


@pytest.fixture(scope="module")
def printed() -> str:
    command = [sys.executable, "-W", "error", str(EXAMPLE)]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=240).stdout


def test_it_learns_as_the_built_in_cell_does(printed: str) -> None:
    own, gru = map(float, re.findall(r"^(?:update_gate|gru): (\S+) of 1000", printed, re.MULTILINE))
    assert own > 0.72  # the most frequent of the five languages is a third of the names
    assert own > gru - 0.03


def test_it_is_as_fast_as_the_built_in_cell(printed: str) -> None:
    # A loose bound: the machine may be busy. benchmarks/speed.py measures it.
    assert float(re.search(r"training at (\S+) of", printed)[1]) > 0.5


def test_its_equation_is_shown(printed: str) -> None:
    assert r"h_t = \sigma{\left(g_{t} \right)} \odot h_{t-1}" in printed


def test_example_is_short() -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 40
