"""A report of what a model's recurrent networks do inside while they read one input."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from elman.equations import Cell
from elman.errors import InputError
from elman.inspection import (
    Finding,
    Meaning,
    Reading,
    dynamics,
    gradient_by_lag,
    meaning,
    memory,
    saliency,
    states,
    units,
)
from elman.inspection.layers import layer_name
from elman.inspection.surroundings import is_text
from elman.inspection.words import counted
from elman.reports import Report
from elman.reports.painted import columns, painted
from elman.reports.report import Piece
from elman.tasks.answers import add_answer
from elman.tasks.description import network_equations
from elman.tasks.estimator import Estimator
from elman.tasks.readings import readings, trained_window

MOST_STEPS = 1000
PAINTED, CONTEXTS = 3, 8  # units that are painted on the input, and whose contexts are shown
SECTIONS = 7  # of each network

Tell = Callable[[float], None]


def inspection_report(
    estimator: Estimator,
    one: Any,
    *,
    title: str,
    others: Sequence[Any] = (),
    progress: Tell | None = None,
) -> Report:
    """The report: what the model gives, and of each recurrent network states, gradients, memory, dynamics, meaning.

    Args:
        estimator: fitted.
        one: one raw input, as `predict` takes several.
        title: of the page.
        others: more inputs, from which it is read, too, what units stand for.
        progress: is told the share that is done.

    Raises:
        InputError: the model has no recurrent network, cannot read the input, or the input has more than 1,000 steps.

    Example:
        >>> import elman
        >>> from elman.tasks.inspection_report import inspection_report
        >>> model = elman.Generator(hidden_size=8, epochs=1, verbose=0).fit("the cat sat on the mat. " * 30)
        >>> inspection_report(model, "the cat", title="A generator reads").write("inside.html")
    """
    parts = readings(estimator, one)
    for part in parts:
        if not 0 < len(part.x) <= MOST_STEPS:
            what = f"{len(part.x):,} steps, more than the {MOST_STEPS:,} of a report: give a shorter one"
            raise InputError(f"the input has {what if len(part.x) else 'no step to look into'}")
    more = [readings(estimator, other) for other in others]
    report = Report(title)
    config = estimator.model_config_
    networks = "; ".join(map(_network, parts))
    report.paragraph(f"A model trained to {estimator.task}: {networks}. Layers, units and steps are counted from 0.")
    report.preformatted("\n".join(network_equations(Cell.from_config(config["cell"]), config)))
    report.heading("What it gives")
    add_answer(report, estimator, one, parts[-1])
    for number, reading in enumerate(parts):
        several = [reading, *(of[number] for of in more)]
        window = trained_window(estimator, reading)
        sections = _sections(reading, several, window, _telling(progress, number * SECTIONS, len(parts) * SECTIONS))
        for heading, explained, figures in sections:
            report.heading(f"{heading}: {reading.part}" if len(parts) > 1 else heading)
            report.paragraph(explained)
            figures(report)
    return report


def _network(reading: Reading) -> str:
    """A network in words."""
    layer = reading.layer
    name = f"an {reading.part}" if reading.part == "encoder" else f"a {reading.part}"
    ways = " that read both ways" if layer.bidirectional else ""
    count = counted(layer.num_layers, "recurrent layer")
    return f"{name} with {count} of {layer.hidden_size} units{ways}, cell {layer.cell.name}"


def _telling(progress: Tell | None, done: int, of: int) -> Callable[[int], Tell]:
    """What a section is to be told of its own share."""
    return lambda section: lambda share: None if progress is None else progress((done + section + share) / of)


def _sections(
    reading: Reading, several: Sequence[Reading], window: int | None, tell: Callable[[int], Tell]
) -> Iterator[tuple[str, str, Callable[[Report], None]]]:
    """Heading, explanation, and what adds the pictures."""
    layer = reading.layer
    places = [(k, back) for k in range(layer.num_layers) for back in (False, True)[: layer.num_directions]]

    def of_layers(found: Any, title: str) -> Callable[[Report], None]:
        def add(report: Report) -> None:
            report.paragraph(found.sentence())
            for k, back in places:
                where = f"{title} of {layer_name(k, back)}"
                report.figure(found.plot(k, reverse=back), f"{where}.", "")

        return add

    def one(found: Finding, title: str) -> Callable[[Report], None]:
        return lambda report: report.figure(found.plot(), title, found.sentence())

    tell(0)(0.0)
    explained = (
        "What the network holds at each step: a row for each unit, a column for each step; orange is above 0, blue "
        "below. Gates are as they act: a gate of 1 is open, one of 0 shut."
    )
    yield "Hidden states", explained, of_layers(states(reading), "States and gates")
    explained = (
        "Saturated gates let hardly any gradient through, units that hardly move carry nothing, and two that always "
        "say the same could be one. In a few steps that is only a hint."
    )
    yield "Units at work", explained, of_layers(units(reading, progress=tell(1)), "Units")
    explained = (
        "How strongly the loss at a step depends on the states before it, which is what training learns from: where "
        "the line is low, the network cannot learn from what lies so far back."
    )
    in_windows = window if window and window < len(reading.x) else None
    lags = gradient_by_lag(reading, window=in_windows, progress=tell(2))
    yield "How far back learning reaches", explained, one(lags, "Gradient by lag.")
    explained = (
        "Each unit is changed a little at some steps, and the network reads on beside one that was not changed: what "
        "is left of the change says how long it remembers."
    )
    yield "How long it remembers", explained, one(memory(reading, progress=tell(3)), "What is left of a change.")
    yield _dynamics(reading, tell(4))
    yield _saliency(reading, tell(5))
    yield _meaning(reading, several, tell(6))


def _dynamics(reading: Reading, tell: Tell) -> tuple[str, str, Callable[[Report], None]]:
    found = dynamics(reading, progress=tell)

    def add(report: Report) -> None:
        report.figure(found.plot(), "Growth and decay over the steps.", found.sentence())
        caption = "A point for each eigenvalue of W_hh; dotted is the circle of radius 1."
        report.figure(found.plot_eigenvalues(), "Eigenvalues of the recurrent weights.", caption)

    explained = (
        "Above 1 a step makes small differences larger, below 1 it forgets them. The line of dashes is how much the "
        "largest difference since the start has grown, per step: its logarithm is the Lyapunov exponent."
    )
    return "Whether differences grow", explained, add


def _saliency(reading: Reading, tell: Tell) -> tuple[str, str, Callable[[Report], None]]:
    U = len(reading.asked)
    at = U - 1 if reading.asked == ("all",) or reading.names[:1] == ("1 ahead",) else U // 2
    found = [saliency(reading, at=at, method="integrated", progress=tell)]
    if U > 1 and at < U - 1:
        found.append(saliency(reading, method="integrated"))

    def add(report: Report) -> None:
        for one in found:
            report.figure(one.plot(), f"What speaks for {one.output[1]!r}.", one.sentence())

    explained = (
        "Integrated gradients: how much each step of the input adds to an output (orange) or takes from it (blue), "
        "beside an input that says nothing."
    )
    return "What an output is due to", explained, add


def _meaning(reading: Reading, several: Sequence[Reading], tell: Tell) -> tuple[str, str, Callable[[Report], None]]:
    found = meaning(several, progress=tell)
    with_h = states(reading, gates=False).arrays[reading.layer.cell.state[0]]
    h = with_h[-reading.layer.num_directions]  # of the last layer, as `meaning` looks at

    def add(report: Report) -> None:
        report.figure(found.plot(), "What units follow.", found.sentence())
        best = found.best()
        for unit, name, r in best[:PAINTED]:
            caption = f"Its state at each step; it follows {name!r} (r = {r:+.2f})."
            report.figure(_on_input(reading.steps, h[:, unit]), f"Unit {unit} on the input.", caption)
        rows = [row for unit, name, r in best[:CONTEXTS] for row in _contexts(found, unit, f"{name}, r = {r:+.2f}")]
        report.sentences(("unit", "contexts"), rows, "Where units are highest, and where they are lowest.")

    count = "this input" if len(several) == 1 else f"{len(several)} inputs"
    explained = (
        f"What the units of the last layer go along with, judged by {count}: the correlation of each with what can be "
        "said of a step. Over few steps a high one may be chance."
    )
    return "What units stand for", explained, add


def _on_input(steps: Sequence[str], values: np.ndarray) -> Any:
    return (painted if is_text(steps) else columns)(steps, values, "state of the unit")


def _contexts(found: Meaning, unit: int, follows: str) -> Iterator[tuple[str, list[Piece]]]:
    """The two highest contexts of a unit, and its lowest."""
    chosen = [*found.excited[unit][:2], *found.inhibited[unit][:1]]
    for k, one in enumerate(chosen):
        marked: Piece = (one.read if one.read.strip() else "␣", f"{one.value:+.2f}", one.value >= 0)
        pieces = [piece for piece in (one.before, marked, one.after) if piece]
        yield (f"{unit}: {follows}" if k == 0 else "", pieces)
