"""What a model makes of one input, in a report: probabilities, tags, a text, numbers, a fan."""

from collections.abc import Callable, Sequence
from math import log
from typing import Any

import numpy as np
import torch

from elman.codecs.tags import OUTSIDE
from elman.inspection import Reading
from elman.reports import Report
from elman.reports.alignment import shown_symbol
from elman.tasks.estimator import Estimator
from elman.tasks.readings import BEGIN_SHOWN, never_given
from elman.tasks.samples.generate import BITS

MOST_LIKELY = 8  # outputs of a table
MOST_ROWS = 12  # outputs of a map over steps
LEVEL = (50, 80, 95)


def add_answer(report: Report, estimator: Estimator, one: Any, reading: Reading) -> None:
    """Add what the model gives for an input.

    Args:
        report: to add to.
        estimator: fitted.
        one: the raw input.
        reading: of its network that answers.
    """
    with torch.no_grad():
        outputs = reading.outputs()[0]
    answers: dict[str, Callable[[], None]] = {
        "generate": lambda: _surprise(report, reading, outputs, estimator),
        "tag": lambda: _tags(report, estimator, one, reading, outputs),
        "translate": lambda: _written(report, estimator, one),
        "caption": lambda: _written(report, estimator, one),
        "transcribe": lambda: _transcript(report, estimator, one, reading, outputs),
        "regress": lambda: _values(report, estimator, one, reading),
        "forecast": lambda: _fan(report, estimator, one),
        "classify": lambda: _classes(report, reading, outputs),
    }
    answers[estimator.task]()


def _classes(report: Report, reading: Reading, outputs: torch.Tensor) -> None:
    if len(outputs) > 1:
        _map(report, reading, outputs, "class")
        return
    _likeliest(report, reading, outputs[0], "class", "What it takes the input for:")


def _likeliest(
    report: Report, reading: Reading, scores: torch.Tensor, what: str, said: str, never: Sequence[int] = ()
) -> None:
    share = scores.double().softmax(-1).numpy()
    order = [k for k in np.argsort(-share, kind="stable").tolist() if k not in never][:MOST_LIKELY]
    report.paragraph(said)
    report.table((what, "probability"), [(shown_symbol(reading.names[k]), float(share[k])) for k in order])


def _map(report: Report, reading: Reading, outputs: torch.Tensor, what: str) -> None:
    """The probabilities of the outputs that are likely somewhere, at all steps."""
    from elman.reports.heat_map import Map, heat_maps

    share = outputs.double().softmax(-1).numpy().T  # (O, U)
    rows = np.sort(np.argsort(-share.max(1), kind="stable")[:MOST_ROWS])
    names = [reading.names[k] for k in rows]
    figure = heat_maps([Map("probability", share[rows], True, 1.0, names)], reading.asked, what)
    few = "" if len(rows) == len(share) else f", of those {len(rows)} of {len(share):,} that are likeliest somewhere"
    report.figure(figure, f"The probability of each {what}.", f"A column for each step, a row for each {what}{few}.")


def _tags(report: Report, estimator: Any, one: Any, reading: Reading, outputs: torch.Tensor) -> None:
    (tags,) = estimator.predict([one])
    if estimator.codecs_["input"].kind == "tokens":
        pieces = [
            word if tag == OUTSIDE else (word, str(tag), True) for word, tag in zip(reading.steps, tags, strict=True)
        ]
        report.sentences(("input", "words and tags"), [("sentence", pieces)])
    _map(report, reading, outputs, "tag")


def _written(report: Report, estimator: Any, one: Any) -> None:
    from elman.tasks.pictures import add_pictures

    found = estimator.hypotheses([one])[0]
    rows = [(one.text, one.score) for one in found[:MOST_LIKELY]]
    report.paragraph("The texts that the search for the likeliest one kept, the best first:")
    report.table(("text", "score"), rows)
    add_pictures(report, estimator, [one], ["Where it looked."])


def _transcript(report: Report, estimator: Any, one: Any, reading: Reading, outputs: torch.Tensor) -> None:
    report.paragraph(f"It hears: “{estimator.predict([one])[0]}”")
    _map(report, reading, outputs, "symbol")


def _values(report: Report, estimator: Any, one: Any, reading: Reading) -> None:
    from elman.reports.panels import Panel, over_steps

    found = np.asarray(estimator.predict([one])[0], np.float64)
    if not estimator.in_step:
        report.pairs(zip(reading.names, np.atleast_1d(found).tolist(), strict=True))
        return
    columns = found.reshape(len(reading.steps), -1).T
    panels = [Panel(name, {name: values}) for name, values in zip(reading.names, columns, strict=True)]
    report.figure(over_steps(panels, reading.steps, "value"), "What it gives at each step.", "Step by step.")


def _fan(report: Report, estimator: Any, one: Any) -> None:
    from elman.tasks.fan import fan

    if estimator.future:
        names = ", ".join(estimator.future)
        report.paragraph(f"A forecast needs what is known ahead ({names}), which is not part of the input.")
        return
    forecast = estimator.predict(level=LEVEL, df=one)
    figure = fan(estimator._read(one).series[0], forecast, LEVEL, estimator.target)
    caption = "The end of what it read, and its forecast: of all outcomes, half ought to lie in the darkest band."
    report.figure(figure, "What it expects.", caption)


def _surprise(report: Report, reading: Reading, outputs: torch.Tensor, estimator: Any) -> None:
    """The text, painted by how little each symbol was expected, and what may come next."""
    log_share = outputs.double().log_softmax(-1)
    numbers = {name: k for k, name in enumerate(reading.names)}
    between = " " if estimator.codecs_["input"].level == "words" else ""
    pieces = []
    for t, symbol in enumerate(reading.steps):
        if symbol != BEGIN_SHOWN or t:
            bits = -float(log_share[t - 1, numbers.get(symbol, 0)]) / log(2)
            pieces.append((symbol + between, bits / BITS))
    if pieces:
        report.paragraph(
            "The stronger a symbol's colour, the less the model expected it after those before it: none where it was "
            f"sure, full from {BITS:g} bits on, a probability of 1 in 1,000."
        )
        report.painted(pieces)
    _likeliest(report, reading, outputs[-1], "next", "What it expects next:", never_given(estimator))
