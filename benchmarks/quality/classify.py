"""Benchmarks of the task classify."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import Pipeline, make_pipeline

import elman
from elman import datasets
from quality.benchmark import Bar, Baseline, Benchmark, Metric, Run, Scores

HELD_OUT = 0.1
CONSTANTS = (1.0, 3.0, 10.0, 30.0)  # of the logistic regression: the inverse of its regularisation


class Names(NamedTuple):
    """Names and their languages, to learn from and held out."""

    rest: np.ndarray
    rest_languages: np.ndarray
    out: np.ndarray
    out_languages: np.ndarray


def held_out(names: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows held out; all rows of a name lie on one side.

    Shape:
        names (N,) -> indices of the two parts
    """
    rest, out = next(GroupShuffleSplit(1, test_size=HELD_OUT, random_state=seed).split(names, groups=names))
    return rest, out


def surnames(run: Run) -> tuple[Names, dict[str, int]]:
    """The surnames; every seed has a held-out part of its own."""
    table = datasets.load("surnames")
    if run.rows is not None:
        table = table.sample(run.rows, random_state=0)
    names, languages = table["name"].to_numpy(str), table["language"].to_numpy(str)
    rest, out = held_out(names, run.seed)
    split = Names(names[rest], languages[rest], names[out], languages[out])
    return split, {"rows": len(names), "held out": len(out)}


def surnames_ours(split: Names, run: Run) -> Scores:
    """elman.Classifier with its defaults; it sets its own validation part aside."""
    classifier = elman.Classifier(**run.options())
    classifier.fit(list(split.rest), list(split.rest_languages))
    return {"accuracy": _right(classifier.predict(list(split.out)), split)}


def most_frequent_language(split: Names, _: Run) -> Scores:
    """The one that most of the names to learn from have."""
    return {"accuracy": _right(pd.Series(split.rest_languages).mode()[0], split)}


def tf_idf_of_characters(split: Names, run: Run) -> Scores:
    """TF-IDF of 1 to 4 characters and logistic regression: C chosen on validation data, then fitted on them too."""

    def fitted(constant: float, rows: Any) -> Pipeline:
        vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4))
        linear = make_pipeline(vectors, LogisticRegression(C=constant, max_iter=1000))
        return linear.fit(split.rest[rows], split.rest_languages[rows])

    def right(constant: float) -> float:
        chosen = fitted(constant, training)
        return float(chosen.score(split.rest[validation], split.rest_languages[validation]))

    training, validation = held_out(split.rest, run.seed)
    best = fitted(max(CONSTANTS, key=right), slice(None))
    return {"accuracy": _right(best.predict(split.out), split)}


def _right(predicted: Any, split: Names) -> float:
    return float((predicted == split.out_languages).mean())


BENCHMARKS = (
    Benchmark(
        task="classify",
        dataset="surnames",
        what="Which of 11 languages a surname comes from. A tenth of the names is held out, another one for each seed; "
        "a name that stands in several languages lies on one side with all its rows. elman has its defaults; the "
        "baseline's constant is chosen on validation data, and it is then fitted on those as well.",
        metrics=(Metric("accuracy", higher_is_better=True),),
        data=surnames,
        elman=surnames_ours,
        baselines={
            "most frequent language": Baseline(most_frequent_language),
            "TF-IDF + logistic regression": Baseline(tf_idf_of_characters),
        },
        bars=(Bar("accuracy", "TF-IDF + logistic regression"),),
        why="The difference is a small part of the spread over the seeds. What else was tried on validation data, and "
        "did not help, is in [decisions](decisions.md).",
    ),
)
