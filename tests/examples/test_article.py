"""docs/article.md and examples/article.py: the page's code runs, is the example's, and prints what the page says."""

import contextlib
import io
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "article.py"
PAGE = (ROOT / "docs" / "article.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]\d+)?")


def blocks(language: str) -> list[str]:
    return [code for found, code in FENCE.findall(PAGE) if found == language]


def code_lines(source: str) -> list[str]:
    return [line for line in source.splitlines() if line.strip()]


def layout(printed: str) -> list[str]:
    """The printed lines without what may differ in the last digit from one processor to another."""
    return [" ".join(NUMBER.sub("0", line).split()) for line in printed.splitlines()]


@pytest.fixture(scope="module")
def printed() -> str:
    command = [sys.executable, "-W", "error", str(EXAMPLE)]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=120).stdout


def test_gradients_by_hand_are_those_of_autograd(printed: str) -> None:
    assert float(re.search(r"by hand against autograd: (\S+)", printed)[1]) < 1e-10


def test_memory_is_learned_and_counts(printed: str) -> None:
    losses = {
        memory: [float(loss) for loss in re.findall(rf"memory {memory} .*loss (\S+)", printed)] for memory in "01"
    }
    assert losses["1"][0] > 1.5 > 0.4 > losses["1"][-1]
    with_memory, without = map(float, re.search(r"held out: loss (\S+) with memory, (\S+) without", printed).groups())
    # the entropy of a letter is ln 3 / 3 given all before it, and twice that given only the one before it
    assert with_memory == pytest.approx(math.log(3) / 3, rel=0.08)
    assert without == pytest.approx(2 * math.log(3) / 3, rel=0.08)


def test_example_is_short() -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 60


def test_page_walks_through_the_whole_example() -> None:
    example = code_lines(EXAMPLE.read_text(encoding="utf-8"))[1:]  # all but its docstring
    assert code_lines("\n".join(blocks("python")))[: len(example)] == example


def test_page_runs_and_prints_what_it_says() -> None:
    namespace: dict[str, object] = {"__name__": "article"}
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout):
        for number, code in enumerate(blocks("python"), 1):
            exec(compile(code, f"docs/article.md, block {number}", "exec"), namespace)
    assert layout(stdout.getvalue()) == layout("".join(blocks("text")))


def test_page_shows_pictures_that_are_there() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", PAGE)
    assert pictures
    assert [name for name in pictures if not (ROOT / "docs" / name).is_file()] == []
