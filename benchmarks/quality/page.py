"""`docs/quality.md`, out of the files that `benchmarks/quality.py` wrote: no figure is from elsewhere."""

from collections.abc import Mapping
from typing import Any

from quality.benchmark import ELMAN, Benchmark

MOST_SECONDS = 30 * 60  # that elman may train on a data set
HEAD = """# How good it is

Scores of elman's estimators on data that nobody here made, beside baselines that got the same data. What was chosen,
was chosen on validation data; where scores on what is held out had been seen before, it is said. After ± stands the
standard deviation over the seeds. The page is written by `python benchmarks/quality.py --page` from
`benchmarks/results`, and each file there by the command below its table.

"""


def page(benchmarks: Mapping[str, Benchmark], results: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole page, in Markdown; a benchmark without a result is named at the end."""
    here = [one for name, one in benchmarks.items() if name in results]
    lines = ["| benchmark | metric | elman | best baseline | bar |", "| --- | --- | --- | --- | --- |"]
    lines += [_summary(one, results[one.name]) for one in here]
    parts = [HEAD + "\n".join(lines)]
    for task in dict.fromkeys(one.task for one in here):
        parts.append(f"## {task}")
        parts += [section(one, results[one.name]) for one in here if one.task == task]
    missing = [name for name in benchmarks if name not in results]
    if missing:
        parts.append(f"## Not measured yet\n\n{', '.join(missing)}")
    return "\n\n".join(parts) + "\n"


def section(benchmark: Benchmark, result: Mapping[str, Any]) -> str:
    """What one file shows."""
    lines = [f"### {benchmark.name}", "", benchmark.what, "", *_table(result), ""]
    lines += [f"- Bar: {_bar(bar, result)}." for bar in result["bars"]]
    if benchmark.why is not None and any(not bar["met"] for bar in result["bars"]):
        lines += ["", benchmark.why]
    lines += ["", f"`{result['command']}`", "", *_facts(result)]
    return "\n".join(lines)


def _table(result: Mapping[str, Any]) -> list[str]:
    metrics = list(result["metrics"])
    heads = [f"{name} ({_better(result['metrics'][name])})" for name in metrics]
    rows = [["model", *heads, "seconds a run"]]
    for model, found in result["models"].items():
        values = [_value(found["metrics"].get(name)) for name in metrics]
        if model == ELMAN:
            values = [f"**{value}**" for value in values]
        rows.append([model, *values, f"{sum(found['seconds']) / len(found['seconds']):,.0f}"])
    rows += [[name, *["not run"] * len(metrics), why] for name, why in result["not_run"].items()]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], "| --- |" + " --- |" * (len(metrics) + 1), *lines[1:]]


def _facts(result: Mapping[str, Any]) -> list[str]:
    sizes = ", ".join(f"{name} {_range(values)}" for name, values in result["sizes"].items())
    machine = result["machine"]
    ours = sum(result["models"][ELMAN]["seconds"])
    time = f"elman took {_duration(ours)} in all, everything {_duration(result['seconds'])}"
    if ours > MOST_SECONDS:
        time += f": more than the {_duration(MOST_SECONDS)} that it was to take"
    return [
        f"- Seeds: {', '.join(map(str, result['seeds']))}. Sizes: {sizes}.",
        f"- {time[0].upper()}{time[1:]}; {machine['cpu']}, {machine['system']}, {machine['threads']} thread(s).",
        f"- {', '.join(f'{name} {number}' for name, number in result['versions'].items())}.",
    ]


def _summary(benchmark: Benchmark, result: Mapping[str, Any]) -> str:
    best = "–"
    if result["baselines"] and result["higher_is_better"] is not None:
        pick = max if result["higher_is_better"] else min
        name = pick(result["baselines"], key=result["baselines"].__getitem__)
        best = f"{result['baselines'][name]:.4f} ({name})"
    states = [bar["met"] for bar in result["bars"]]
    missed = states.count(False)
    state = "none" if not states else "met" if all(states) else f"{missed} of {len(states)} missed"
    if not missed and None in states:
        state = f"{states.count(None)} of {len(states)} not judged"
    link = f"[{benchmark.name}](#{benchmark.name})"
    return f"| {link} | {result['metric']} | {_value(result)} | {best} | {state} |"


def _bar(bar: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    higher, than = result["metrics"][bar["metric"]], bar["than"]
    if bar["within"] is not None:
        asked = f"within {bar['within']:g} of {than}"
    elif isinstance(than, str):
        asked = ("at least" if higher else "at most") if bar["or_equal"] else "above" if higher else "below"
        asked += f" that of {than}"
    else:
        asked = f"{'at least' if higher else 'at most'} {than:g}"
    if bar["met"] is None:
        return f"{bar['metric']} {asked}: not judged, for want of that baseline's score"
    return f"{bar['metric']} {asked}: {'met' if bar['met'] else '**missed**'} by {abs(bar['margin']):.4f}"


def _value(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "–"
    return f"{found['score']:.4f}" + ("" if found["spread"] is None else f" ± {found['spread']:.4f}")


def _better(higher: bool | None) -> str:
    return {True: "higher is better", False: "lower is better", None: "nearer to nominal is better"}[higher]


def _range(values: list[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
