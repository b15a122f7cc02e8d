"""benchmarks/quality.py on a small slice: what it writes, and that no name lies on both sides."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from elman import datasets

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "quality.py"


@pytest.fixture(scope="module")
def quality() -> ModuleType:
    specification = importlib.util.spec_from_file_location("quality", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    sys.modules["quality"] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, check=False, capture_output=True, encoding="utf-8", timeout=300)


def test_no_name_lies_on_both_sides(quality: ModuleType) -> None:
    names = datasets.load("surnames")["name"].to_numpy(str)
    counted = dict(zip(*np.unique(names, return_counts=True), strict=True))
    for seed in range(3):
        rest, out = quality.held_out(names, seed)
        assert not set(names[rest]) & set(names[out])
        assert sorted([*rest, *out]) == list(range(len(names)))
        assert 0.09 < len(out) / len(names) < 0.11
        assert any(counted[name] > 1 for name in names[out])  # those of several languages are held out too


def test_a_small_run_writes_its_result(tmp_path: Path) -> None:
    flags = ["--seeds", "2", "--rows", "600", "--epochs", "2", "--results", str(tmp_path)]
    done = run("classify-surnames", *flags)
    assert done.returncode == 0, done.stderr
    assert "TF-IDF + logistic regression" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["classify-surnames.json"]
    written = (tmp_path / "classify-surnames.json").read_text(encoding="utf-8")
    result = json.loads(written)
    assert list(result) == sorted(result)
    assert (result["task"], result["dataset"], result["metric"]) == ("classify", "surnames", "accuracy")
    assert result["higher_is_better"] is True
    assert result["seeds"] == [0, 1]
    assert result["score"] == pytest.approx(np.mean(result["scores"]))
    assert result["spread"] == pytest.approx(np.std(result["scores"], ddof=1))
    assert all(0 < value < 1 for value in [*result["scores"], *result["baselines"].values()])
    assert result["baselines"]["TF-IDF + logistic regression"] > result["baselines"]["most frequent language"]
    assert "--rows 600 --epochs 2" in result["command"]  # a reader sees that it is no full run
    assert result["rows"] == 600
    assert result["seconds"] > 0


@pytest.mark.parametrize(("arguments", "said"), [(["nothing"], "no benchmark"), (["--rows", "600"], "--results")])
def test_what_it_refuses(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
