"""How right predicted tags are."""

from collections.abc import Sequence
from itertools import chain
from types import ModuleType
from typing import Any

from sklearn.metrics import accuracy_score, f1_score

from elman.errors import InputError, require


def require_seqeval() -> ModuleType:
    """The library that counts spans.

    Raises:
        MissingExtra: it is not installed; better said before a training than after it.
    """
    require("seqeval", "text")
    return require("seqeval.metrics.sequence_labeling", "text")


def tag_scores(truth: Sequence[list[Any]], predicted: Sequence[list[Any]], marks_spans: bool) -> dict[str, float]:
    """F1, precision and recall of spans, as seqeval and conlleval count them, and accuracy; or accuracy and macro F1.

    A span is right if its kind, beginning and end are.

    Raises:
        InputError: there is no tag.

    Example:
        >>> found = tag_scores([["B-a", "I-a", "O", "B-a"]], [["B-a", "O", "O", "B-a"]], marks_spans=True)
        >>> found["span_f1"], found["accuracy"]
        (0.5, 0.75)
    """
    ends = [list(chain.from_iterable(one)) for one in (truth, predicted)]
    if not ends[0]:
        raise InputError("all sequences are empty: there is no tag to measure")
    accuracy = float(accuracy_score(*ends))
    if not marks_spans:
        return {"accuracy": accuracy, "macro_f1": float(f1_score(*ends, average="macro"))}
    measure = require_seqeval().precision_recall_fscore_support
    precision, recall, f1, _ = measure(list(truth), list(predicted), average="micro", zero_division=0)
    return {
        "span_f1": float(f1),
        "span_precision": float(precision),
        "span_recall": float(recall),
        "accuracy": accuracy,
    }
