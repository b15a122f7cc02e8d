"""What a model makes of an input, for each task in the form that its view draws."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from elman.codecs.tags import PLAIN, spans
from elman.explore.explored import Explored, Seen
from elman.explore.views.fan import fan_at_end
from elman.explore.views.over_time import over_time, quick
from elman.tasks.readings import found_by_search, never_given

TOP = 8  # alternatives that are told of each step


def output(explored: Explored, seen: Seen) -> dict[str, Any]:
    """What the model makes of what it read."""
    return OUTPUTS[explored.estimator.task](explored, seen)


def top(probabilities: np.ndarray, names: Sequence[str], never: Sequence[int] = ()) -> list[list[tuple[str, float]]]:
    """The likeliest alternatives of each step, with their probabilities; without those that are never given.

    Shape:
        probabilities (U, O)
    """
    places = np.argsort(-probabilities, axis=1, kind="stable")
    places = places[~np.isin(places, never)].reshape(len(places), -1)[:, :TOP]
    return [
        [(names[k], round(float(row[k]), 6)) for k in own]
        for row, own in zip(probabilities, places.tolist(), strict=True)
    ]


def symbols(explored: Explored, seen: Seen) -> dict[str, Any]:
    """Of a generator: what may come next, after every symbol."""
    found = seen.probabilities()
    came = explored.estimator._encoded([seen.raw])[0]
    given = found[np.arange(len(came)), came].tolist()  # the probability of each symbol, after those before it
    return {
        "kind": "symbols",
        "top": top(found, seen.reading(None).names, never_given(explored.estimator)),
        "given": [*given, None],
    }


def classes(explored: Explored, seen: Seen) -> dict[str, Any]:
    """Of a classifier: the class, and what it would be if the sequence ended earlier."""
    names = seen.reading(None).names
    (found,) = seen.probabilities()
    return {
        "kind": "class",
        "names": names,
        "predicted": names[int(found.argmax())],
        "probabilities": found.tolist(),
        "over_time": over_time(explored, seen)["array"] if quick(explored, seen) else None,
        "top": top(found[np.newaxis], names),
    }


def tags(explored: Explored, seen: Seen) -> dict[str, Any]:
    """Of a tagger: the tags, how probable each is at each step by itself, and the spans that they mark."""
    estimator: Any = explored.estimator
    names, found = seen.reading(None).names, seen.probabilities()
    with explored.lock:
        (predicted,) = estimator.predict([seen.raw])
    marked = [] if estimator.codecs_["output"].scheme == PLAIN else spans(predicted)
    return {
        "kind": "tags",
        "names": names,
        "predicted": list(map(str, predicted)),
        "spans": [{"kind": one.kind, "start": one.start, "stop": one.stop} for one in marked],
        "probabilities": found,
        "crf": estimator.model_.crf is not None,
        "top": top(found, names),
    }


def values(explored: Explored, seen: Seen) -> dict[str, Any]:
    """Of a regressor: the numbers, at each step or of the whole sequence, in their own units."""
    estimator: Any = explored.estimator
    found = estimator.codecs_["output"].decode(seen.outputs())
    each = {} if estimator.in_step else {"over_time": None}
    if each and quick(explored, seen):
        each = {"over_time": over_time(explored, seen)["array"]}
    names = seen.reading(None).names
    return {"kind": "values", "names": names, "values": found, "per": "sequence" if each else "step", **each}


def written(explored: Explored, seen: Seen) -> dict[str, Any]:
    """Of a translator or captioner: the texts that the search found, and where it looked while it wrote the best."""
    estimator: Any = explored.estimator
    best = seen.written[0]
    grid = getattr(estimator.model_, "grid", None)
    reading = seen.reading("decoder")
    return {
        "kind": "written",
        "text": best.text,
        "symbols": best.symbols,
        "attention": best.attention,
        "grid": grid,
        "hypotheses": [{"text": one.text, "score": one.score, "symbols": one.symbols} for one in seen.written],
        "top": top(seen.probabilities("decoder"), reading.names, never_given(estimator)),
    }


def transcript(explored: Explored, seen: Seen) -> dict[str, Any]:
    """Of a transcriber: the texts, what each step says by itself, and when each part of the best text is said."""
    estimator: Any = explored.estimator
    names, found = seen.reading(None).names, seen.probabilities()
    with explored.lock:
        hypotheses = found_by_search(estimator.hypotheses([seen.raw])[0])
        (lies,) = estimator.align([seen.raw], [hypotheses[0].text])
    said = {
        name: [{"text": one.text, "start": one.start, "end": one.end} for one in parts]
        for name, parts in (("symbols", lies.symbols), ("words", lies.words))
    }
    return {
        "kind": "transcript",
        "text": hypotheses[0].text,
        "hypotheses": [{"text": one.text, "score": one.score} for one in hypotheses],
        "names": names,
        "posteriors": found,
        "alignment": said,
        "seconds": estimator.codecs_["input"].step,
        "top": top(found, names),
    }


OUTPUTS: dict[str, Callable[[Explored, Seen], dict[str, Any]]] = {
    "caption": written,
    "classify": classes,
    "forecast": fan_at_end,
    "generate": symbols,
    "regress": values,
    "tag": tags,
    "transcribe": transcript,
    "translate": written,
}
