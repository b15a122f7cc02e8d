"""Puts measured figures into `docs/speed.md` and draws the cost curve: `python benchmarks/speed_page.py [JSON ...]`.

Takes what `benchmarks/speed.py` and `benchmarks/memory.py` wrote, by default `benchmarks/results/speed-*.json` and
`memory.json`. Only what stands between the two markers of the page is written, so the text around them is by hand.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import matplotlib
import typer

from elman.files import replace_file
from speed import report
from speed.grid import GRIDS

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "speed.md"
PICTURE = "images/cost_curve.png"  # beside the page
BEGIN, END = "<!-- figures: written by benchmarks/speed_page.py -->", "<!-- end of figures -->"
HEADS = {
    "train": "Training",
    "forward": "Forward",
    "step": "Steps",
    "ragged": "Sequences of many lengths",
    "sweep": "The cost of a step",
}


def cost_curve(runs: list[dict[str, Any]], place: Path) -> None:
    """Draw microseconds for a step of one row against H, a line for each B, of elman and of torch.

    Args:
        runs: of the grid "sweep"; the first is drawn.
        place: the picture to write.
    """
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    run = runs[0]
    figure, axes = plt.subplots(figsize=(7.5, 4.8), layout="constrained")
    batches = sorted({row["B"] for row in run["rows"]})
    colours = plt.colormaps["viridis"]([0.85 * n / max(1, len(batches) - 1) for n in range(len(batches))])
    for B, colour in zip(batches, colours, strict=True):
        rows = sorted((row for row in run["rows"] if row["B"] == B), key=lambda row: row["H"])
        sizes = [row["H"] for row in rows]
        for name, style in (("elman", "-"), ("torch", "--")):
            taken = [row["ours_us"] if name == "elman" else row["peers"]["torch"] for row in rows]
            per_step = [us / (row["T"] * row["B"]) for us, row in zip(taken, rows, strict=True)]
            axes.plot(sizes, per_step, style, color=colour, marker=".", label=f"B = {B}" if name == "elman" else None)
    for name, style in (("elman", "-"), ("torch", "--")):
        axes.plot([], [], style, color="grey", label=name)
    axes.set(xscale="log", yscale="log", xlabel="hidden units H (as many inputs)", ylabel="µs for a step of one row")
    ticks = sorted({row["H"] for row in run["rows"]})
    axes.set_xticks(ticks, map(str, ticks), minor=False)
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    axes.set_title(f"Training an Elman layer, {run['machine']['threads']} thread(s)", fontsize="medium")
    place.parent.mkdir(parents=True, exist_ok=True)
    with replace_file(place) as temporary:
        figure.savefig(temporary, format="png", dpi=130, metadata={"Software": None})
    plt.close(figure)


def section(run: dict[str, Any]) -> str:
    """What one file of `speed.py` shows, in Markdown: the command, the machine, the summary and the table."""
    machine = run["machine"]
    lines = [f"### {HEADS[run['grid']]}, {machine['threads']} thread(s)", "", f"`{run['command']}`", ""]
    lines += [*(f"- {line}" for line in report.machine_lines(machine))]
    lines += [f"- {line}" for line in report.summary_lines(run["summary"])]
    lines += [f"- **A busy machine:** {line}" for line in machine["busy"]]
    failures = [(report.label(row), name, why) for row in run["rows"] for name, why in row["failures"].items()]
    lines += [f"- {name} failed at {row}: {why}" for row, name, why in failures]
    if run["grid"] == "sweep":
        return "\n".join(lines) + "\n"
    return "\n".join(lines) + "\n\n" + report.markdown(run["rows"])


def memory_section(run: dict[str, Any]) -> str:
    """What a file of `memory.py` shows, in Markdown."""
    text = f"### Memory\n\n`{run['command']}`\n\n| cell | H,I,B,T | elman MiB | torch MiB | elman/torch |\n"
    text += "| --- | --- | --- | --- | --- |\n"
    for row in run["rows"]:
        ours, theirs = (f"{row[who]['peak_bytes'] / 2**20:,.1f}" for who in ("elman", "torch"))
        sizes = f"{row['H']},{row['I']},{row['B']},{row['T']}"
        text += f"| {row['cell']} | {sizes} | {ours} | {theirs} | {100 * row['share_of_torch']:.1f} % |\n"
    return text


def fill(page: str, figures: str) -> str:
    """A page with other figures between its markers.

    Raises:
        ValueError: it has not exactly one pair of them.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError(f"the page has no place for the figures: it needs {BEGIN} and {END}, once each")
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{figures.strip()}\n\n{END}{rest.split(END)[1]}"


def main(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[JSON ...]", help="What was measured")] = None,
    page: Annotated[Path, typer.Option(help="The page with the markers")] = PAGE,
) -> None:
    """Write the tables into the page, and the picture beside it."""
    places = files or [*sorted(RESULTS.glob("speed-*.json")), *RESULTS.glob("memory.json")]
    if not places:
        raise typer.BadParameter(f"nothing measured is in {RESULTS}: benchmarks/speed.py --json writes it")
    read = [json.loads(place.read_text(encoding="utf-8")) for place in places]
    order = list(GRIDS)
    runs = [run for run in read if "grid" in run]
    runs.sort(key=lambda run: (order.index(run["grid"]), run["machine"]["threads"]))
    parts = [section(run) for run in runs] + [memory_section(run) for run in read if "grid" not in run]
    sweeps = [run for run in runs if run["grid"] == "sweep"]
    if sweeps:
        cost_curve(sweeps, page.parent / PICTURE)
        parts.append(f"![µs for a step of one row against H, a line for each batch size]({PICTURE})\n")
    filled = fill(page.read_text(encoding="utf-8"), "\n".join(parts))
    with replace_file(page) as temporary:
        temporary.write_text(filled, encoding="utf-8")
    typer.echo(f"{page}: {len(parts)} parts")


if __name__ == "__main__":
    typer.run(main)
