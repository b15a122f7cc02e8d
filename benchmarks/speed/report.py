"""What a run showed: the summary, a table for the screen and one in Markdown, and the JSON file."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rich.table import Table

from elman.files import replace_file

Row = dict[str, Any]
PEERS = ("torch", "torch_packed", "torch_loop", "jax", "onnxruntime", "onnxruntime_bound")  # as the columns stand
AS_FAST = 0.97  # of the upper quartile of the ratio: no slower, as far as noise lets one say
SMALL_US = 200  # below this the cost of any autograd.Function decides
NAMED = 6  # rows where a peer is faster, on the screen; the file has all
NEAR_PEAK = 0.75  # a peer above this share of the peak leaves no room


def summarise(rows: list[Row], floor_us: float) -> dict[str, Any]:
    """Geometric means by mode, in which each id has one vote, and the rows where a peer is faster.

    `upper_quartile`: of the ratios to the best peer, and the least of it over all rows. `slower`: rows where even
    that is below 0.97; of training below 200 us, those where the difference is more than an empty autograd.Function.
    `geomean_best_open`: without the rows in which the best peer is above 75 % of the peak already.
    """
    by_mode: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["ratio_best"] is not None:
            by_mode[row["mode"]].append(row)
    return {mode: _summary(some, floor_us) for mode, some in by_mode.items()}


def _summary(rows: list[Row], floor_us: float) -> dict[str, Any]:
    open_rows = [row for row in rows if row["share_of_peak"] / row["ratio_best"] <= NEAR_PEAK]
    worst = min(rows, key=lambda row: row["ratio_best"])
    return {
        "ids": len({row["id"] for row in rows}),
        "rows": len(rows),
        "geomean_best": _geomean(rows, "ratio_best"),
        "geomean_best_open": _geomean(open_rows, "ratio_best"),
        "geomean_torch": _geomean([row for row in rows if row["ratio_torch"] is not None], "ratio_torch"),
        "min_best": worst["ratio_best"],
        "min_best_row": label(worst),
        "upper_quartile": {"min": min(row["ratio_best_quartiles"][1] for row in rows)},
        "slower": [label(row) for row in rows if _is_slower(row, floor_us)],
    }


def _geomean(rows: list[Row], ratio: str) -> float | None:
    by_id: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        by_id[row["id"]].append(math.log(row[ratio]))
    votes = [sum(some) / len(some) for some in by_id.values()]
    return math.exp(sum(votes) / len(votes)) if votes else None


def _is_slower(row: Row, floor_us: float) -> bool:
    theirs = row["peers"][row["best_peer"]]
    if row["mode"] == "train" and theirs < SMALL_US:
        return bool(row["ours_us"] - theirs > floor_us)
    return bool(row["ratio_best_quartiles"][1] < AS_FAST)


def sizes(row: Row) -> str:
    """H, I, B, T of a row, and its layers if there are several."""
    return f"{row['H']},{row['I']},{row['B']},{row['T']}" + (f" x{row['layers']}" if row["layers"] > 1 else "")


def label(row: Row) -> str:
    """A row as a line of text names it."""
    return f"{row['id']} {row['cell']} {sizes(row)}"


def microseconds(value: float | None) -> str:
    """Three figures; nothing for a peer that did not take part."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def times(value: float | None) -> str:
    """A ratio."""
    return "" if value is None else f"{value:.2f}"


def columns(rows: list[Row]) -> dict[str, Callable[[Row], str]]:
    """The columns of the table by their heads, with what stands in them; all times in microseconds."""
    names = {name for row in rows for name in (*row["peers"], *row["failures"])}
    found: dict[str, Callable[[Row], str]] = {
        "id": lambda row: row["id"],
        "cell": lambda row: row["cell"].replace("_", " "),
        "H,I,B,T": sizes,
        "elman µs": lambda row: microseconds(row["ours_us"]),
    }
    if len({row["mode"] for row in rows}) > 1:
        found["mode"] = lambda row: row["mode"]
    if any("p99_us" in row for row in rows):
        found["elman p99"] = lambda row: microseconds(row["p99_us"]["elman"])
    for name in sorted(names, key=PEERS.index):
        found[name] = _of_peer(name)
    found["best/elman"] = _best
    found["torch/elman"] = lambda row: times(row["ratio_torch"])
    found["of peak"] = lambda row: f"{100 * row['share_of_peak']:.0f} %"
    return found


def _of_peer(name: str) -> Callable[[Row], str]:
    return lambda row: "failed" if name in row["failures"] else microseconds(row["peers"].get(name))


def _best(row: Row) -> str:
    if row["ratio_best"] is None:
        return ""
    low, high = row["ratio_best_quartiles"]
    return f"{times(row['ratio_best'])} ({times(low)} to {times(high)})"


def table(title: str, rows: list[Row]) -> Table:
    """All rows for the screen."""
    shown = columns(rows)
    made = Table(title=title)
    for head in shown:
        made.add_column(head, justify="left" if head in ("id", "cell", "H,I,B,T", "mode") else "right", no_wrap=True)
    for row in rows:
        made.add_row(*(text(row) for text in shown.values()))
    return made


def markdown(rows: list[Row]) -> str:
    """All rows as a table in Markdown."""
    shown = columns(rows)
    lines = [list(shown), ["---"] * len(shown), *([text(row) for text in shown.values()] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def machine_lines(machine: dict[str, Any]) -> Iterable[str]:
    """The header of a run."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    pinned = "pinned" if machine["pinned"] else "not pinned"
    yield f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}; {machine['threads']} thread(s), {pinned}"
    yield versions
    copies = machine["two_copies"]
    yield (
        f"peak {machine['peak_gflops']:.0f} GFLOP/s of fmas (float32), two copies do "
        f"{'(one core only)' if copies is None else f'{copies:.2f} times'} the work of one, "
        f"empty autograd.Function forward and backward {machine['autograd_floor_us']:.1f} µs"
    )
    if machine["not_installed"]:
        yield f"left out, not installed: {', '.join(machine['not_installed'])}"


def summary_lines(summary: dict[str, Any]) -> Iterable[str]:
    """The summary as text."""
    for mode, one in summary.items():
        against_torch = "" if one["geomean_torch"] is None else f", {one['geomean_torch']:.2f} against torch"
        yield (
            f"{mode}: in the geometric mean over {one['ids']} ids {one['geomean_best']:.2f} against the best peer"
            f"{against_torch}; least {one['min_best']:.2f} ({one['min_best_row']})"
        )
        if one["slower"]:
            named = "; ".join(one["slower"][:NAMED]) + ("; ..." if len(one["slower"]) > NAMED else "")
            yield f"{mode}: slower than the best peer in {len(one['slower'])} of {one['rows']} rows: {named}"


def save(path: Path, result: dict[str, Any]) -> None:
    """Write the file of a run, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replace_file(path) as temporary:
        temporary.write_text(json.dumps(result, indent=2, sort_keys=True) + "\n", encoding="utf-8")
