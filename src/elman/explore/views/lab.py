"""The lab: networks side by side that learn a small task, told of as they learn."""

from typing import Any

from elman.equations import CELLS
from elman.errors import InputError
from elman.explore.arrays import packed
from elman.explore.ask import Ask
from elman.explore.lab import FEEDFORWARD, Experiment, Lab, Report
from elman.explore.lab_tasks import TASKS
from elman.explore.requests import Request
from elman.explore.session import Tab

MOST_CELLS = 4
LIMITS = {"hidden_size": (1, 256), "length": (4, 400), "window": (1, 400), "sees": (0, 100), "steps": (1, 20_000)}
RATES = (1e-5, 1.0)
SEEDS = 1 << 31
REMEMBERED = 0.5  # of the way from guessing to always right


def lab(tab: Tab, ask: Ask) -> dict[str, Any]:
    """Begin, or stop what goes on: a new request ends the older one."""
    action = ask.choice("action", ("choices", "start", "stop"))
    if action == "stop":
        return {"stopped": True}
    return choices() if action == "choices" else start(tab, ask)


def choices() -> dict[str, Any]:
    """What can be chosen, and what is proposed."""
    first = Experiment()
    return {
        "tasks": {
            name: {"title": one.title, "sentence": one.sentence, "source": one.source, "chance": one.chance}
            | {"length": one.length, "least": one.least, "value": not one.alternatives}
            for name, one in TASKS.items()
        },
        "cells": list(CELLS),
        "most_cells": MOST_CELLS,
        "limits": LIMITS | {"learning_rate": RATES},
        "first": {
            "task": first.task,
            "cells": first.cells,
            "hidden_size": first.hidden_size,
            "sees": first.sees,
            "learning_rate": first.learning_rate,
            "seed": first.seed,
            "steps": first.steps,
        },
    }


def start(tab: Tab, ask: Ask) -> dict[str, Any]:
    """Learn to the end, or until nobody looks on any longer; every report is told as progress."""
    experiment = chosen(ask)
    ask.progress(0, building=True)  # kernels of a cell that is new to this machine take a while to compile
    going = Lab(experiment, tab.explored.lock)
    ask.progress(0, parameters={one.name: one.parameters for one in going.learners})
    last = told(experiment, going.report())
    ask.progress(0, **last)
    for step in going.steps():
        ask.check()
        if experiment.measures(step):
            last = told(experiment, going.report())
            ask.progress(step / experiment.steps, **last)
    return {"ended": going.step, "said": last["said"]}


def chosen(ask: Ask) -> Experiment:
    """The experiment that a request describes."""
    first = Experiment()
    task = ask.choice("task", tuple(TASKS), first.task)
    cells = ask.fields.get("cells", first.cells)
    if not isinstance(cells, list | tuple) or not cells or not all(one in list(CELLS) for one in cells):
        raise InputError(f"cells is {str(cells)[:80]}, expected some of {', '.join(CELLS)}")
    if len(set(cells)) != len(cells) or len(cells) > MOST_CELLS:
        raise InputError(f"cells names {len(cells)}, expected at most {MOST_CELLS}, each once")
    length = whole(ask, "length", TASKS[task].length)
    if length < TASKS[task].least:
        raise InputError(f"length is {length}, expected at least {TASKS[task].least} steps for {TASKS[task].title}")
    return Experiment(
        task,
        tuple(cells),
        whole(ask, "hidden_size", first.hidden_size),
        length,
        whole(ask, "window", length),
        whole(ask, "sees", first.sees),
        ask.number("learning_rate", *RATES, first.learning_rate),
        ask.whole("seed", SEEDS, first.seed),
        whole(ask, "steps", first.steps),
    )


def whole(ask: Ask, name: str, default: int) -> int:
    """A whole number in its limits."""
    least, most = LIMITS[name]
    value = ask.whole(name, most + 1, default)
    if value < least:
        raise InputError(f"{name} is {value}, expected a whole number from {least} to {most}")
    return value


def told(experiment: Experiment, report: Report) -> dict[str, Any]:
    """A report as the page reads it."""
    found = report.measured.items()
    return {
        "step": report.step,
        "loss": {name: one.loss for name, one in found},
        "accuracy": {name: one.accuracy for name, one in found},
        "by_lag": {name: packed(one.by_lag) for name, one in found},
        "said": sentence(experiment, report),
    }


def sentence(experiment: Experiment, report: Report) -> str:
    """What one sees, in a sentence: how far back each network remembers."""
    chance = experiment.of.chance
    said = [f"{name} {remembers(one.by_lag, chance)}" for name, one in report.measured.items() if name != FEEDFORWARD]
    if FEEDFORWARD in report.measured:
        back = remembers(report.measured[FEEDFORWARD].by_lag, chance)
        said.append(f"the feedforward network, which sees {experiment.sees} steps, {back}")
    return f"After {report.step:,} batches {'; '.join(said)}."


def remembers(by_lag: Any, chance: float) -> str:
    """How far back a network remembers: up to the lag from which on it is nearer to guessing than to being right."""
    good = by_lag >= chance + REMEMBERED * (1 - chance)
    asked = [lag for lag, value in enumerate(by_lag) if value == value]  # the others are NaN
    known = [lag for k, lag in enumerate(asked) if all(good[asked[: k + 1]])]
    if not known:
        return "does not remember yet"
    if len(known) == len(asked):
        return f"goes on to the last lag, {asked[-1]} steps back"
    return f"remembers {known[-1]} step{'' if known[-1] == 1 else 's'} back"


REQUESTS = {"lab": Request(lab)}
