"""What `elman.inspection` finds in what was read, each finding told with all of its numbers."""

import dataclasses
from typing import Any

import numpy as np
import torch

from elman.errors import InputError
from elman.explore.ask import Ask
from elman.explore.explored import Explored
from elman.explore.inputs import from_example, given
from elman.explore.requests import Request
from elman.explore.session import Tab
from elman.explore.views.read import looked_at
from elman.explore.views.states import part
from elman.inspection import Arithmetic, Finding, Reading
from elman.inspection import ablate as find_ablation
from elman.inspection import arithmetic as find_arithmetic
from elman.inspection import dynamics as find_dynamics
from elman.inspection import gradient_by_lag as find_gradient_by_lag
from elman.inspection import meaning as find_meaning
from elman.inspection import memory as find_memory
from elman.inspection import saliency as find_saliency
from elman.inspection import units as find_units
from elman.inspection import what_if as find_difference
from elman.tasks.readings import trained_window

TERMS = 12  # of a sum, the largest
MOST_OUTPUTS = 200_000  # numbers that are sent of outputs at all steps
MOST_STEPS = 20_000  # of examples that units are judged by
LONGEST_WINDOW = 1 << 31
METHODS = ("gradient", "integrated", "occlusion")


def told(finding: Finding, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """A finding as the page gets it: its sentence, its fields, and what follows from them.

    Args:
        finding: any.
        without: fields that are left out. `read` is the number of the request that read the input, in all answers.
    """
    names = [field.name for field in dataclasses.fields(finding)]  # type: ignore[arg-type]
    names += [name for name, value in vars(type(finding)).items() if isinstance(value, property)]
    return {"sentence": finding.sentence(), **{name: getattr(finding, name) for name in names if name not in without}}


def read(tab: Tab, ask: Ask) -> Reading:
    """The reading of the part that a request is about."""
    return tab.looked_at.reading(part(tab.looked_at, ask))


def place(ask: Ask, reading: Reading) -> dict[str, Any]:
    """Which layer and direction a request is about; the last and forwards, if it says nothing."""
    L, D = reading.layer.num_layers, reading.layer.num_directions
    return {"layer": ask.whole("layer", L, L - 1), "reverse": ask.whole("reverse", D, 0) == 1}


def unit(tab: Tab, ask: Ask) -> dict[str, Any]:
    """The arithmetic of one unit at one step, with the largest terms of each sum."""
    reading = read(tab, ask)
    step, number = ask.whole("step", len(reading.x)), ask.whole("unit", reading.layer.hidden_size)
    unrolled = tab.looked_at.unrolled(reading.part)
    found: Arithmetic = find_arithmetic(reading, step=step, unit=number, unrolled=unrolled, **place(ask, reading))
    sums = [
        {**vars(one), "terms": one.terms[:TERMS], "others": len(one.terms[TERMS:])}
        | {"others_sum": float(sum(term.product for term in one.terms[TERMS:]))}
        for one in found.sums
    ]
    own = {"symbol": found.read, "sums": sums, "mathml": found.mathml()}
    return {**told(found, without=("cell", "read")), **own}


def gradient(tab: Tab, ask: Ask) -> dict[str, Any]:
    """How far back learning reaches: of all outputs, or of that of the step `at`; `window` where it was cut."""
    reading = read(tab, ask)
    at = None if ask.fields.get("at") is None else ask.whole("at", len(reading.asked))
    trained = "window" not in ask.fields
    window = trained_window(tab.explored.estimator, reading) if trained else ask.whole("window", LONGEST_WINDOW, 0)
    return told(find_gradient_by_lag(reading, window=window or None, at=at, progress=ask.progress))


def memory(tab: Tab, ask: Ask) -> dict[str, Any]:
    """How long changes of the state last."""
    return told(find_memory(read(tab, ask), progress=ask.progress))


def dynamics(tab: Tab, ask: Ask) -> dict[str, Any]:
    """Whether small differences grow or shrink, step by step."""
    return told(find_dynamics(read(tab, ask), progress=ask.progress))


def saliency(tab: Tab, ask: Ask) -> dict[str, Any]:
    """How much each step adds to the output `output` of the step `at`."""
    reading = read(tab, ask)
    at = None if ask.fields.get("at") is None else ask.whole("at", len(reading.asked))
    output = ask.fields.get("output")
    if not isinstance(output, str | None):
        output = ask.whole("output", len(reading.names))
    method = ask.choice("method", METHODS, METHODS[0])
    return told(find_saliency(reading, at=at, output=output, method=method, progress=ask.progress))


def meaning(tab: Tab, ask: Ask) -> dict[str, Any]:
    """What each unit follows, judged by the input (reading 0) and the examples (from 1 on)."""
    own = read(tab, ask)
    further, notes = others(tab.explored, ask, own)
    season = max(getattr(tab.explored.estimator, "seasons", (1,))[0], 1)
    found = find_meaning(
        [own, *further],
        **place(ask, own),
        season=season if season > 1 else None,
        progress=lambda share: ask.progress(0.5 + share / 2),
    )
    best = [{"unit": unit, "feature": feature, "correlation": value} for unit, feature, value in found.best()]
    return {**told(found), "best": best, "readings": 1 + len(further), "notes": notes}


def others(explored: Explored, ask: Ask, own: Reading) -> tuple[list[Reading], list[str]]:
    """The examples, as many as do not take long, as the same part of the network reads them, and why some cannot be."""
    found: list[Reading] = []
    faults = []
    steps = 0
    for k, one in enumerate(explored.examples):
        ask.progress(k / len(explored.examples) / 2)
        if k not in explored.read:
            try:
                explored.read[k] = looked_at(explored, from_example(explored, one).raw, 0)
            except InputError as error:
                faults.append(f"left out {one.title!r}: {error}")
                continue
        reading = explored.read[k].reading(own.part)
        if torch.equal(reading.x, own.x):
            continue
        steps += len(reading.x)
        if steps > MOST_STEPS:
            break
        found.append(reading)
    return found, faults


def units(tab: Tab, ask: Ask) -> dict[str, Any]:
    """Which units are saturated, dead or redundant over the steps of the input and the examples."""
    own = read(tab, ask)
    further, notes = others(tab.explored, ask, own)
    found = find_units([own, *further], progress=lambda share: ask.progress(0.5 + share / 2))
    return {**told(found), "readings": 1 + len(further), "notes": notes}


def what_if(tab: Tab, ask: Ask) -> dict[str, Any]:
    """What another input, given as to `read`, does to the states."""
    reading = read(tab, ask)
    raw, notes = given(tab.explored, ask)
    other = looked_at(tab.explored, raw, int(ask.fields["id"])).reading(reading.part)
    ask.check()
    found = find_difference(reading, other)
    outputs = found.outputs if found.outputs is not None and found.outputs.size <= MOST_OUTPUTS else None
    change = None if found.outputs is None else np.abs(found.outputs[1] - found.outputs[0]).max(-1)
    return {**told(found), "outputs": outputs, "output_change": change, "notes": notes, "other": other.steps}


def ablate(tab: Tab, ask: Ask) -> dict[str, Any]:
    """The outputs without some units of a layer."""
    reading = read(tab, ask)
    units = ask.fields.get("units")
    if not isinstance(units, list):
        raise InputError("units is no list: give the numbers of the units to take out, such as [3, 5]")
    found = find_ablation(reading, units, **place(ask, reading))
    if found.intact.size <= MOST_OUTPUTS:
        return told(found)
    without = ("intact", "ablated", "changes")
    return {**told(found, without), "change": np.abs(found.changes).max(-1), **dict.fromkeys(without)}


REQUESTS = {
    "unit": Request(unit, of_reading=True),
    "gradient": Request(gradient, of_reading=True),
    "memory": Request(memory, of_reading=True),
    "dynamics": Request(dynamics, of_reading=True),
    "saliency": Request(saliency, of_reading=True),
    "meaning": Request(meaning, of_reading=True),
    "units": Request(units, of_reading=True),
    "what_if": Request(what_if, of_reading=True),
    "ablate": Request(ablate, of_reading=True),
}
