"""Learning from data that arrives in time: one pass over each part, and everything goes on to the next."""

import dataclasses
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from elman.codecs import LabelCodec
from elman.errors import InputError
from elman.tasks.coded import Coded
from elman.train import Continuation, History, train

if TYPE_CHECKING:
    from elman.tasks.estimator import Estimator


FIXED = (
    *(
        "cell",
        "hidden_size",
        "num_layers",
        "bidirectional",
        "embedding_size",
        "dropout",
        "symbol_dropout",
        "per",
        "level",
    ),
    *("word_vectors", "tune_vectors"),
    *("vocabulary_size", "copy_unknown"),
    *("source_level", "target_level", "pooling", "train_initial_state", "optimizer", "average"),
    *("characters", "crf"),
)
"""Options that may not change from one part to the next."""


def learn(estimator: "Estimator", X: Any, y: Any, classes: Sequence[Any] | None, goes_on: bool) -> None:
    """One pass over X and y, from where the estimator is; the first one fits the codecs and draws the weights.

    Raises:
        InputError: the data or options do not fit those of before, or cannot go on from them.
    """
    if estimator.checkpoints is not None:
        raise InputError("checkpoints are for fit: leave them out, and save the model after as many parts as you like")
    first = not hasattr(estimator, "model_")
    continuation = getattr(estimator, "continuation_", Continuation())
    _check_options(estimator, classes, continuation, first)
    coded = _first(estimator, X, y, classes) if first else _coded(estimator, X, y)
    if goes_on:
        _check_goes_on(estimator, coded, continuation)
    else:
        continuation.state = None
    if first:
        estimator.build_model(coded)
    device = next(estimator.model_.parameters()).device
    data = estimator.data_of_part(coded, device, each=estimator.keeps_state)
    before = [] if first else estimator.history_.epochs
    settings = estimator.settings(coded, epochs=1, warm_up=0.0, decay="none", seed=estimator.random_state + len(before))
    with estimator.unfitted_on_error() if first else nullcontext():
        history = train(estimator.model_, estimator.loss, data, None, settings, continuation=continuation)
    estimator.continuation_ = continuation
    new = [dataclasses.replace(one, number=len(before) + one.number) for one in history.epochs]
    estimator.history_ = History(epochs=[*before, *new], ended=history.ended)


def _check_options(
    estimator: "Estimator", classes: Sequence[Any] | None, continuation: Continuation, first: bool
) -> None:
    now = {name: getattr(estimator, name) for name in FIXED if hasattr(estimator, name)}
    then = continuation.options or now
    for name, value in now.items():
        if value != then[name]:
            raise InputError(
                f"{name} is {value!r}, but the first partial_fit had {then[name]!r}: give the same, or fit"
            )
    continuation.options = now
    if classes is not None and not first and sorted(classes) != list(estimator.codecs_["output"].classes_):
        known = ", ".join(map(str, estimator.codecs_["output"].classes_[:10]))
        raise InputError(
            f"classes is {list(classes)[:10]}, but this model began with {known}: leave it out, or fit anew"
        )


def _first(estimator: "Estimator", X: Any, y: Any, classes: Sequence[Any] | None) -> Coded:
    """Fit the codecs on all of the first part: nothing is set aside, since what comes later is what validates."""
    whole = type(estimator)(**{**estimator.get_params(deep=False), "validation_fraction": 0})
    coded, _ = whole.prepared(X, y)
    estimator.codecs_ = whole.codecs_
    for name in estimator.learned:
        setattr(estimator, name, getattr(whole, name))
    if classes is None:
        return coded
    estimator.codecs_["output"] = LabelCodec().fit(list(classes))
    return _coded(estimator, X, y)


def _coded(estimator: "Estimator", X: Any, y: Any) -> Coded:
    sequences, targets, in_step = estimator.checked(X, y)
    return estimator.coded(sequences, targets, in_step=in_step)


def _check_goes_on(estimator: "Estimator", coded: Coded, continuation: Continuation) -> None:
    if not estimator.keeps_state:
        raise InputError(
            "goes_on is True, but there is no state to go on from: that needs an earlier partial_fit of a network with "
            "a value for each step (per='step', bidirectional=False)"
        )
    rows = continuation.state.batch_size if continuation.state is not None else 0
    if rows != len(coded):
        raise InputError(
            f"goes_on is True and X has {len(coded)} sequences, but the last partial_fit had {rows}: give the next "
            "piece of each sequence, in the same order"
        )
