"""What `elman.inspection` finds in what was read, each finding told with all of its numbers."""

import dataclasses
from typing import Any

from elman.explore.ask import Ask
from elman.explore.requests import Request
from elman.explore.session import Tab
from elman.inspection import Finding, Reading
from elman.inspection import dynamics as find_dynamics
from elman.inspection import gradient_by_lag as find_gradient_by_lag
from elman.inspection import memory as find_memory


def told(finding: Finding) -> dict[str, Any]:
    """A finding as the page gets it: its sentence, its fields, and what follows from them."""
    names = [field.name for field in dataclasses.fields(finding)]  # type: ignore[arg-type]
    names += [name for name, value in vars(type(finding)).items() if isinstance(value, property)]
    return {"sentence": finding.sentence(), **{name: getattr(finding, name) for name in names}}


def read(tab: Tab, ask: Ask) -> Reading:
    """The reading of the part that a request is about."""
    return tab.looked_at.reading(ask.text("part"))


def gradient(tab: Tab, ask: Ask) -> dict[str, Any]:
    """How far back learning reaches: of all outputs, or of that of the step `at`; `window` where it was cut."""
    reading = read(tab, ask)
    at = None if ask.fields.get("at") is None else ask.whole("at", len(reading.asked))
    window = ask.fields.get("window", getattr(tab.explored.estimator, "window", None))
    return told(find_gradient_by_lag(reading, window=window or None, at=at, progress=ask.progress))


def memory(tab: Tab, ask: Ask) -> dict[str, Any]:
    """How long changes of the state last."""
    return told(find_memory(read(tab, ask), progress=ask.progress))


def dynamics(tab: Tab, ask: Ask) -> dict[str, Any]:
    """Whether small differences grow or shrink, step by step."""
    return told(find_dynamics(read(tab, ask), progress=ask.progress))


REQUESTS = {
    "gradient": Request(gradient, of_reading=True),
    "memory": Request(memory, of_reading=True),
    "dynamics": Request(dynamics, of_reading=True),
}
