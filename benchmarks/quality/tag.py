"""Benchmarks of the task tag."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit
from sklearn.svm import LinearSVC

import elman
from elman import datasets
from elman.tasks.tag_scores import tag_scores
from quality.benchmark import Bar, Baseline, Benchmark, Metric, Run, Scores

HELD_OUT = 0.1  # of the templates
EPOCHS = 8
WINDOWS = (1, 2, 3)  # words before and after
AFFIXES = (1, 2, 3, 4)
LINEAR = {  # C is the inverse of the regularisation
    **{f"logistic regression, C={C}": LogisticRegression(C=C, max_iter=150) for C in (0.3, 1.0, 3.0)},
    **{f"support vectors, C={C}": LinearSVC(C=C) for C in (0.03, 0.1, 0.3)},
}
FIRST = "logistic regression, C=1.0"  # by which the width of the window is chosen
NOTHING = ""  # where a window reaches over the end of a sentence


class Sentences(NamedTuple):
    """Words, tags and templates to learn from, and what is held out."""

    X: list[list[str]]
    y: list[list[str]]
    templates: np.ndarray
    out: list[list[str]]
    out_tags: list[list[str]]


def by_template(templates: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows held out; all rows of a template lie on one side.

    Shape:
        templates (N,) -> indices of the two parts
    """
    rest, out = next(GroupShuffleSplit(1, test_size=HELD_OUT, random_state=seed).split(templates, groups=templates))
    return rest, out


def intents(run: Run) -> tuple[Sentences, dict[str, int]]:
    """The sentences; every seed has held-out templates of its own."""
    table = datasets.load("intents")
    if run.rows is not None:
        table = table.sample(run.rows, random_state=0)
    X, y = ([cell.split() for cell in table[name]] for name in ("text", "tags"))
    templates = table["template"].to_numpy(str)
    rest, out = by_template(templates, run.seed)
    X_rest, y_rest, X_out, y_out = ([part[k] for k in rows] for rows in (rest, out) for part in (X, y))
    sizes = {"rows": len(X), "templates": len(set(templates)), "held out": len(out)}
    return Sentences(X_rest, y_rest, templates[rest], X_out, y_out), sizes


def ours(split: Sentences, run: Run) -> Scores:
    """elman.Tagger with its defaults, and so many epochs as were enough on validation templates."""
    return _tagger(split, run)


def without_crf(split: Sentences, run: Run) -> Scores:
    """The same, but each tag is chosen alone."""
    return _tagger(split, run, crf=False)


def _tagger(split: Sentences, run: Run, **options: Any) -> Scores:
    tagger = elman.Tagger(**run.options(epochs=EPOCHS, **options)).fit(split.X, split.y)
    return _scored(tagger.predict(split.out), split)


def most_frequent_tag(split: Sentences, _: Run) -> Scores:
    """The one that each word has most often, and for words never seen the most frequent of all."""
    counts: dict[str, Counter[str]] = {}
    for words, tags in zip(split.X, split.y, strict=True):
        for word, tag in zip(words, tags, strict=True):
            counts.setdefault(word, Counter())[tag] += 1
    usual = Counter(tag for tags in split.y for tag in tags).most_common(1)[0][0]
    best = {word: of_word.most_common(1)[0][0] for word, of_word in counts.items()}
    return _scored([[best.get(word, usual) for word in words] for words in split.out], split)


def window_tagger(split: Sentences, run: Run) -> Scores:
    """A linear classifier of each word by its window: width, and then kind and C, chosen on validation templates."""
    training, validation = by_template(split.templates, run.seed)
    X, y = ([part[k] for k in validation] for part in (split.X, split.y))

    def score(kind: str, window: int) -> float:
        return tag_scores(y, _linear(split, training, kind, window)(X), marks_spans=True)["span_f1"]

    window = max(WINDOWS, key=lambda one: score(FIRST, one))
    kind = max(LINEAR, key=lambda one: score(one, window))
    return _scored(_linear(split, np.arange(len(split.X)), kind, window)(split.out), split)


def _linear(split: Sentences, rows: np.ndarray, kind: str, window: int) -> Any:
    """Fit on these rows; gives the function that tags sentences."""
    counts = Counter(  # equal windows with equal tags are weighed, not repeated
        (words, tag) for k in rows for words, tag in zip(_windows(split.X[k], window), split.y[k], strict=True)
    )
    vectors = DictVectorizer(dtype=np.float32)
    model = clone(LINEAR[kind])
    inputs = _with_short_indices(vectors.fit_transform(_features(words) for words, _ in counts))
    model.fit(inputs, [tag for _, tag in counts], sample_weight=list(counts.values()))

    def tagged(X: list[list[str]]) -> list[list[str]]:
        places = _with_short_indices(
            vectors.transform(_features(one) for words in X for one in _windows(words, window))
        )
        tags = iter(model.predict(places).tolist())
        return [[next(tags) for _ in words] for words in X]

    return tagged


def _with_short_indices(matrix: Any) -> Any:
    """As scikit-learn's linear models want them."""
    matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    return matrix


def _windows(words: list[str], window: int) -> Iterator[tuple[str, ...]]:
    padded = [*[NOTHING] * window, *words, *[NOTHING] * window]
    return (tuple(padded[k : k + 2 * window + 1]) for k in range(len(words)))


def _features(words: tuple[str, ...]) -> dict[str, int]:
    return {f"{place} {feature}": 1 for place, word in enumerate(words) for feature in _of_word(word)}


@cache
def _of_word(word: str) -> tuple[str, ...]:
    """The word, its shape (aa-9 for kg-42), and its first and last characters."""
    shape = re.sub(r"(.)\1+", r"\1\1", re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", re.sub(r"\d", "9", word))))
    affixes = (feature for n in AFFIXES for feature in (f"begins {word[:n]}", f"ends {word[-n:]}"))
    return f"is {word}", f"looks {shape}", *affixes


def _scored(predicted: list[list[str]], split: Sentences) -> Scores:
    found = tag_scores(split.out_tags, predicted, marks_spans=True)
    return {"span F1": found["span_f1"], "accuracy": found["accuracy"]}


BENCHMARKS = (
    Benchmark(
        task="tag",
        dataset="intents",
        what="The slots of commands to a house, such as area and temperature, as spans of words (BIO). The sentences "
        "are expanded from templates that people wrote; a tenth of the templates is held out, others for each seed, so "
        "that no sentence is like one of the training. F1 of spans is seqeval's: kind, beginning and end must be "
        f"right. elman has its defaults, and {EPOCHS} epochs; the default learning rate was chosen on templates set "
        "aside from the training part of seed 1, some of which the other seeds hold out. The window tagger is a linear "
        "classifier of each word by the words around it, their first and last 1 to 4 characters and their shapes; "
        "logistic regression or support vectors, the width of the window and C are chosen on validation templates, and "
        "it is then fitted on them too.",
        metrics=(Metric("span F1", higher_is_better=True), Metric("accuracy", higher_is_better=True)),
        data=intents,
        elman=ours,
        baselines={
            "most frequent tag of each word": Baseline(most_frequent_tag),
            "window tagger, scikit-learn": Baseline(window_tagger),
            "elman without CRF": Baseline(without_crf),
        },
        bars=(Bar("span F1", "window tagger, scikit-learn"),),
    ),
)
