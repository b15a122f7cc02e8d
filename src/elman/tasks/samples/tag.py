"""Samples of what a tagger says: sentences with their spans marked, states over time, and what is taken for what."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.codecs import TokensCodec
from elman.codecs.tags import OUTSIDE, PLAIN, Span, spans
from elman.reports import Report
from elman.reports.charts import Line, lines
from elman.reports.report import Piece
from elman.tasks.coded import Coded
from elman.tasks.samples.classify import confusions
from elman.tasks.samples.rows import LONGEST, RIGHT, SHOWN, WRONG

SEQUENCES = 1000
SHOWN_STEPS = 200
LONGEST_SENTENCE = 60  # words that are shown


def add(report: Report, estimator: Any, validation: Coded, rows: np.ndarray) -> None:
    """How many are right, sentences or a picture over time, and mistakes."""
    codec, output = estimator.codecs_["input"], estimator.codecs_["output"]
    targets = [validation.targets[row][-LONGEST:] for row in rows]
    inputs = [validation.inputs[row][-LONGEST:] for row in rows]
    predicted = estimator.numbers(inputs)
    scored = [np.flatnonzero(target >= 0) for target in targets]
    pairs = [
        (output.decode(target[own]), output.decode(found[own]))
        for target, found, own in zip(targets, predicted, scored, strict=True)
    ]
    tags = Counter((a, b) for truth, found in pairs for a, b in zip(truth, found, strict=True))
    right = sum(n for (a, b), n in tags.items() if a == b)
    whole = sum(truth == found for truth, found in pairs)
    report.paragraph(
        f"{right:,} of {tags.total():,} tags are predicted right, {right / max(tags.total(), 1):.1%}; "
        f"all of them in {whole:,} of {len(pairs):,} sequences."
    )
    if output.scheme != PLAIN:
        _kinds(report, [(set(spans(truth)), set(spans(found))) for truth, found in pairs])
    if isinstance(codec, TokensCodec):
        words = [codec.decode(one[own]) for one, own in zip(inputs, scored, strict=True)]
        _sentences(report, words, pairs, output.scheme != PLAIN)
    else:
        _over_time(report, pairs, output.classes)
    if output.scheme == PLAIN:
        numbers = {tag: k for k, tag in enumerate(output.classes)}
        counts = Counter({(numbers[a], numbers[b]): n for (a, b), n in tags.items()})
        confusions(report, [str(one) for one in output.classes], counts)


def _kinds(report: Report, pairs: Sequence[tuple[set[Span], set[Span]]]) -> None:
    """For each kind of span how many there are, are predicted, and are right."""
    there, found, right = (
        Counter(one.kind for each in part for one in each)
        for part in ([a for a, _ in pairs], [b for _, b in pairs], [a & b for a, b in pairs])
    )
    kinds = sorted(there | found, key=lambda kind: (-there[kind], kind))
    report.table(
        ("kind", "spans", "predicted", "right", "F1"),
        [
            (kind or "span", there[kind], found[kind], right[kind], 2 * right[kind] / (there[kind] + found[kind]))
            for kind in kinds
        ],
        "Spans of each kind: a predicted one is right if its kind, beginning and end are.",
    )


def _sentences(
    report: Report, words: list[list[str]], pairs: list[tuple[list[Any], list[Any]]], marks_spans: bool
) -> None:
    def line(k: int) -> list[tuple[str, list[Piece]]]:
        truth, found = pairs[k]
        if truth == found:
            return [(RIGHT, _pieces(words[k], found, truth, marks_spans))]
        return [
            (f"{WRONG} expected", _pieces(words[k], truth, found, marks_spans)),
            ("predicted", _pieces(words[k], found, truth, marks_spans)),
        ]

    def rows(chosen: Sequence[int]) -> list[tuple[str, list[Piece]]]:
        return [one for k in chosen for one in line(k)]

    filled = [k for k in range(len(pairs)) if words[k]]
    report.sentences(("", "sentence"), rows(filled[:SHOWN]), "Drawn at random; what is dashed differs.")
    errors = {k: sum(a != b for a, b in zip(*pairs[k], strict=True)) / len(words[k]) for k in filled}
    worst = sorted((k for k in filled if errors[k]), key=lambda k: (-errors[k], k))[:SHOWN]
    if worst:
        report.sentences(("", "sentence"), rows(worst), "The worst: those with most wrong tags for their length.")


def _pieces(words: list[str], tags: list[Any], others: list[Any], marks_spans: bool) -> list[Piece]:
    """A sentence with its spans marked, or with each tag; right is what the other tags have as well."""
    shown = words[:LONGEST_SENTENCE]
    more: list[Piece] = ["…"] if len(shown) < len(words) else []
    if not marks_spans:
        tagged = zip(shown, tags, others, strict=False)
        return [*((word, str(tag), tag == other) for word, tag, other in tagged if tag != OUTSIDE), *more]
    same = set(spans(others))
    pieces: list[Piece] = []
    place = 0
    for one in spans(tags[: len(shown)]):
        pieces += shown[place : one.start]
        pieces.append((" ".join(shown[one.start : one.stop]), one.kind, one in same))
        place = one.stop
    return [*pieces, *shown[place:], *more]


def _over_time(report: Report, pairs: list[tuple[list[Any], list[Any]]], classes: list[Any]) -> None:
    """The sequence with the middle share of errors, its tags by their numbers."""
    errors = [np.mean([a != b for a, b in zip(*one, strict=True)]) if one[0] else -1.0 for one in pairs]
    order = [k for k in np.argsort(errors, kind="stable").tolist() if errors[k] >= 0]
    if not order:
        return
    chosen = order[len(order) // 2]
    numbers = {tag: k + 1 for k, tag in enumerate(classes)}
    truth, found = ([numbers[tag] for tag in tags[-SHOWN_STEPS:]] for tags in pairs[chosen])
    steps = range(len(pairs[chosen][0]) - len(truth) + 1, len(pairs[chosen][0]) + 1)
    drawn = [Line("truth", steps, truth), Line("prediction", steps, found, second=True)]
    named = ", ".join(f"{number} {tag}" for tag, number in list(numbers.items())[:20])
    caption = f"The sequence with the middle share of wrong tags, {errors[chosen]:.1%}. The tags: {named}."
    report.figure(lines(drawn, "step", "tag"), "Tags over time.", caption)
