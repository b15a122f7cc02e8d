"""benchmarks/speed.py and its page: the grid, what is compared and counted, and what a small run writes."""

import importlib
import importlib.util
import inspect
import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import elman

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PEERS = {"jax": ["jax"], "onnxruntime": ["onnxruntime", "onnx"]}
HAS_STREAMS = hasattr(elman, "Stream")
# One process for all grids: each package is imported once, and JAX's threads never meet another test's fork.
TINY = """
import json, sys
from speed import machine
machine.prepare(1)
import elman
from speed.contestants import installed
from speed.grid import Case
from speed.measuring import Settings, measure
cases = {
    "train": [Case("A", cell, 6, 3, 2, 5, layers=2) for cell in ("elman", "gru", "lstm")],
    "forward": [Case("A", cell, 6, 3, 2, 5, "forward", layers=2) for cell in ("elman_relu", "gru", "lstm")],
    "ragged": [Case("R", "gru", 6, 3, 4, 9, mode, ragged=True) for mode in ("train", "forward")],
    "step": [Case("S", "lstm", 6, 6, B, 1, "step", layers=2) for B in (1, 3)] if hasattr(elman, "Stream") else [],
}
peers, settings = installed()[0], Settings(1, 5, 0)
json.dump({grid: [measure(case, peers, settings) for case in some] for grid, some in cases.items()}, sys.stdout)
"""


@pytest.fixture(scope="module")
def speed() -> Iterator[Any]:
    """The modules of the folder by name."""

    def named(name: str) -> ModuleType:
        return importlib.import_module(f"speed.{name}" if name != "speed_page" else name)

    sys.path.insert(0, str(BENCHMARKS))
    yield named
    sys.path.remove(str(BENCHMARKS))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], check=False, capture_output=True, encoding="utf-8", timeout=300, cwd=BENCHMARKS
    )


def installed(*names: str) -> set[str]:
    """Those of the contestants whose packages are here."""
    needs = {name: PEERS.get(name.removesuffix("_bound"), []) for name in names}
    return {name for name, packages in needs.items() if all(map(importlib.util.find_spec, packages))}


@pytest.fixture(scope="module")
def tiny() -> dict[str, list[dict[str, Any]]]:
    done = run("-c", TINY)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_grid_is_that_of_the_page(speed: Any) -> None:
    grids = {name: make() for name, make in speed("grid").GRIDS.items()}
    expected = {"N1": 1, "N2": 1, "L1": 3, "M1": 1, "C1": 2, "D1": 3, "P1": 3, "B1": 2, "TS": 48, "T1": 6}
    assert Counter(case.id for case in grids["train"]) == Counter(case.id for case in grids["forward"]) == expected
    one = {case.id: case for case in grids["train"]}
    sizes = {name: (one[name].H, one[name].I, one[name].B, one[name].T, one[name].layers) for name in one}
    assert sizes["N2"] == (256, 85, 64, 100, 1)
    assert sizes["L1"] == (200, 200, 20, 35, 2)
    assert sizes["C1"] == (128, 65, 50, 50, 2)
    assert len(grids["sweep"]) == len({(case.H, case.B) for case in grids["sweep"]}) == 50
    assert Counter(case.B for case in grids["step"]) == {1: 23, 8: 23, 64: 23}
    assert len({case.label for some in grids.values() for case in some}) == sum(map(len, grids.values()))


def test_flop_are_those_of_the_products(speed: Any) -> None:
    Case = speed("grid").Case
    count = 0
    for layer_input in (5, 7):  # two layers; each product of a row counted by hand
        for size in (layer_input, 7):
            count += sum(2 for _ in range(3 * 7) for _ in range(size))
    assert Case("X", "gru", 7, 5, 2, 3, "forward", layers=2).flops(6) == 6 * count
    assert Case("X", "gru", 7, 5, 2, 3, "train", layers=2).flops(6) == 18 * count


@pytest.mark.parametrize("grid", ["train", "forward", "ragged"])
def test_all_contestants_give_the_same_numbers(grid: str, tiny: dict[str, list[dict[str, Any]]]) -> None:
    for row in tiny[grid]:
        names = {"torch", "jax", "torch_packed" if row["ragged"] else "torch_loop"}
        names |= {"onnxruntime"} if row["mode"] == "forward" else set()
        assert set(row["peers"]) == installed(*names)
        assert row["failures"] == {}
        assert 0 <= row["max_abs_diff"] < 1e-4
        check_row(row)


@pytest.mark.skipif(not HAS_STREAMS, reason="this version has no streams")
def test_steps(tiny: dict[str, list[dict[str, Any]]]) -> None:
    assert len(tiny["step"]) == 2
    for row in tiny["step"]:
        assert set(row["peers"]) == installed("torch", "torch_loop", "jax", "onnxruntime", "onnxruntime_bound")
        assert set(row["p99_us"]) == {"elman", *row["peers"]}
        assert all(one > 0 for one in row["p99_us"].values())
        check_row(row)


def check_row(row: dict[str, Any]) -> None:
    """What holds between the figures of any row."""
    best = row["best_peer"]
    assert row["peers"][best] == min(row["peers"].values())
    low, high = row["ratio_best_quartiles"]
    assert 0 < low <= row["ratio_best"] <= high
    assert row["spread"] == pytest.approx(high - low)
    assert row["ratio_torch"] > 0
    assert row["share_of_peak"] == pytest.approx(row["gflops"] / row["peak_gflops"])
    assert 0 < row["share_of_peak"] < 1
    assert set(row["first_call_us"]) == {"elman", *row["peers"]}
    assert row["threads"] == 1


def test_other_numbers_stop_the_run_and_a_failing_peer_does_not(speed: Any) -> None:
    Case, Contestant, measuring = speed("grid").Case, speed("contestants").Contestant, speed("measuring")
    case, settings = Case("X", "elman", 4, 3, 2, 5, "forward"), measuring.Settings(1, 5, 0)
    layer = speed("torch_peers").layer

    def no_such_shape(work: Any) -> Any:
        raise ValueError("no such shape\nand more")

    def wrong(work: Any) -> Any:
        call, numbers = layer(work)
        return call, lambda: {"y": numbers()["y"] * np.float32(1.01)}

    def not_a_number(work: Any) -> Any:
        call, numbers = layer(work)
        return call, lambda: {"y": numbers()["y"] * np.float32(np.nan)}

    peers = [
        Contestant(name, "torch", lambda case: True, built)
        for name, built in (("torch", layer), ("jax", no_such_shape))
    ]
    row = measuring.measure(case, peers, settings)
    assert row["failures"] == {"jax": "ValueError: no such shape"}
    assert set(row["peers"]) == {"torch"}
    for built in (wrong, not_a_number):
        with pytest.raises(measuring.DifferenceError, match="y of jax differs from ours"):
            measuring.measure(case, [Contestant("jax", "jax", lambda case: True, built)], settings)


def row(name: str, ours: float, theirs: float, share: float = 0.5, mode: str = "train") -> dict[str, Any]:
    ratio = theirs / ours
    sizes = {"H": 1, "I": 1, "B": 1, "T": 1, "layers": 1, "cell": "elman"}
    ratios = {"ratio_best": ratio, "ratio_torch": ratio, "ratio_best_quartiles": [ratio - 0.01, ratio + 0.01]}
    times = {"ours_us": ours, "peers": {"jax": theirs}, "best_peer": "jax", "failures": {}, "share_of_peak": share}
    return {"id": name, "mode": mode} | sizes | ratios | times


def test_every_id_has_one_vote(speed: Any) -> None:
    summarise = speed("report").summarise
    rows = [row("A", 1000, 4000), row("A", 1000, 1000), row("B", 1000, 8000), row("C", 1000, 2000, mode="forward")]
    summary = summarise(rows, floor_us=20)
    assert summary["train"]["geomean_best"] == pytest.approx(math.sqrt(2 * 8))  # of A the mean is sqrt(4 * 1)
    assert summary["train"]["min_best"] == 1
    assert (summary["train"]["ids"], summary["train"]["rows"]) == (2, 3)
    assert summary["forward"]["geomean_best"] == pytest.approx(2)
    # Where the best peer is near the peak, here at 80 %, there is no room.
    near = summarise([row("A", 1000, 1000, share=0.8), row("B", 1000, 3000, share=0.8)], 20)
    assert near["train"]["geomean_best_open"] == pytest.approx(3)


def test_what_counts_as_slower(speed: Any) -> None:
    rows = [row("A", 1000, 965), row("B", 1000, 955), row("C", 110, 100), row("D", 130, 100)]
    slower = speed("report").summarise(rows, floor_us=20)["train"]["slower"]
    assert [one.split()[0] for one in slower] == ["B", "D"]  # upper quartiles 0.975 and 0.965; 10 and 30 us above
    steps = [row("E", 110, 100, mode="step")]  # a step has no autograd to excuse it
    assert len(speed("report").summarise(steps, floor_us=20)["step"]["slower"]) == 1


def test_a_small_run_writes_its_result_and_fills_the_page(tmp_path: Path, speed: Any) -> None:
    written = tmp_path / "speed-train.json"
    flags = ["--grid", "train", "--only", "N1", "--rounds", "5", "--seconds", "0", "--json", str(written)]
    done = run(str(BENCHMARKS / "speed.py"), *flags)
    assert done.returncode == 0, done.stderr
    assert "torch/elman" in done.stdout
    result = json.loads(written.read_text(encoding="utf-8"))
    (row,) = result["rows"]
    sizes = {"id": "N1", "cell": "elman_relu", "H": 50, "I": 5, "B": 16, "T": 100, "layers": 1, "mode": "train"}
    assert sizes.items() <= row.items()
    check_row(row)
    assert row["gflops"] == pytest.approx(3 * 2 * 50 * 55 * 1600 / row["ours_us"] / 1000)
    machine = result["machine"]
    assert machine["threads"] == 1
    assert machine["peak_gflops"] >= row["peak_gflops"]
    assert {"cpu", "cores", "versions", "two_copies", "autograd_floor_us", "busy"} <= set(machine)
    assert result["summary"]["train"]["geomean_best"] == pytest.approx(row["ratio_best"])
    page = tmp_path / "speed.md"
    page.write_text((BENCHMARKS.parent / "docs" / "speed.md").read_text(encoding="utf-8"), encoding="utf-8")
    for _ in range(2):  # the second time replaces
        speed("speed_page").main([written], page)
        assert page.read_text(encoding="utf-8").count("### Training, 1 thread(s)") == 1
    assert "| N1 | elman relu | 50,5,16,100 |" in page.read_text(encoding="utf-8")


def test_the_picture(tmp_path: Path, speed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib.axes

    drawn = {}
    plot = matplotlib.axes.Axes.plot
    monkeypatch.setattr(
        matplotlib.axes.Axes,
        "plot",
        lambda *all, **more: drawn.update({more.get("label"): all[1:3]}) or plot(*all, **more),
    )
    rows = [row("H", 100 * H * B, 300 * H * B) | {"H": H, "B": B, "T": 50} for H in (32, 16) for B in (1, 4)]
    for one in rows:
        one["peers"]["torch"] = 2 * one["ours_us"]
    speed("speed_page").cost_curve([{"rows": rows, "machine": {"threads": 1}}], tmp_path / "images" / "curve.png")
    assert drawn["B = 4"] == ([16, 32], [32, 64])  # 100 H B us for 50 steps of B rows
    assert (tmp_path / "images" / "curve.png").stat().st_size > 10_000


def test_the_table_in_markdown(speed: Any) -> None:
    lines = speed("report").markdown([row("A", 1234, 4000) | {"failures": {"onnxruntime": "no"}}]).splitlines()
    assert lines[0] == "| id | cell | H,I,B,T | elman µs | jax | onnxruntime | best/elman | torch/elman | of peak |"
    assert lines[2] == "| A | elman | 1,1,1,1 | 1,234 | 4,000 | failed | 3.24 (3.23 to 3.25) | 3.24 | 50 % |"
    with pytest.raises(ValueError, match="no place for the figures"):
        speed("speed_page").fill("a page", "figures")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--grid", "train", "--only", "Z9"], "'Z9' is no id of the grid train, expected of N1, N2"),
        (["--grid", "train", "--threads", "4096"], "--threads is 4096"),
    ],
)
def test_what_it_refuses(flags: list[str], said: str) -> None:
    done = run(str(BENCHMARKS / "speed.py"), *flags)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the highest memory of one call")
@pytest.mark.skipif(
    "checkpoint" not in inspect.signature(elman.RNN).parameters, reason="this version has no checkpoints in time"
)
def test_memory(tmp_path: Path) -> None:
    written = tmp_path / "memory.json"
    flags = ["--steps", "3000", "--cell", "elman", "--json", str(written)]
    done = run(str(BENCHMARKS / "memory.py"), *flags)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(written.read_text(encoding="utf-8"))["rows"]
    assert row["torch"]["peak_bytes"] > row["output_bytes"]
    assert row["share_of_torch"] == row["elman"]["peak_bytes"] / row["torch"]["peak_bytes"] < 0.5
    assert row["max_abs_diff"] > 0
