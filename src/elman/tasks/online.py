"""Learning from data that arrives in time: one pass over each part, and everything goes on to the next."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from elman.codecs import LabelCodec
from elman.errors import InputError
from elman.tasks.coded import Coded
from elman.train import History, Memory, train

if TYPE_CHECKING:
    from elman.tasks.estimator import Estimator


def learn(estimator: "Estimator", X: Any, y: Any, classes: Sequence[Any] | None, goes_on: bool) -> None:
    """One pass over X and y, from where the estimator is; the first one fits the codecs and draws the weights.

    Raises:
        InputError: the data do not fit those of before, or cannot go on from them.
    """
    first = not hasattr(estimator, "model_")
    coded = _first(estimator, X, y, classes) if first else _coded(estimator, X, y)
    memory = getattr(estimator, "memory", Memory())
    if goes_on:
        _check_goes_on(estimator, coded, memory)
    else:
        memory.state = None
    if first:
        estimator.build_model(coded)
    device = next(estimator.model_.parameters()).device
    if _keeps_state(estimator):  # each sequence is a lane, so that the next call can go on from its state
        data: Any = coded.lanes(getattr(estimator, "window", 0) or int(coded.inputs.lengths.max()), device, each=True)
    else:
        data = coded.examples(device)
    before = [] if first else estimator.history_.epochs
    settings = estimator.settings(coded, epochs=1, warm_up=0.0, decay="none", seed=estimator.random_state + len(before))
    history = train(estimator.model_, estimator.loss, data, None, settings, memory=memory)
    estimator.memory = memory
    new = [dataclasses.replace(one, number=len(before) + one.number) for one in history.epochs]
    estimator.history_ = History(epochs=[*before, *new], ended=history.ended)


def _first(estimator: "Estimator", X: Any, y: Any, classes: Sequence[Any] | None) -> Coded:
    """Fit the codecs on all of the first part: nothing is set aside, since what comes later is what validates."""
    whole = type(estimator)(**{**estimator.get_params(), "validation_fraction": 0})
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


def _keeps_state(estimator: "Estimator") -> bool:
    """Whether a network gives a value for each step and reads forwards only, so that its state can be carried."""
    config = getattr(estimator, "model_config_", {})
    return config.get("kind") == "InStep" and not config["bidirectional"]


def _check_goes_on(estimator: "Estimator", coded: Coded, memory: Memory) -> None:
    if not _keeps_state(estimator):
        raise InputError(
            "goes_on is True, but there is no state to go on from: that needs an earlier partial_fit of a network with "
            "a value for each step (per='step', bidirectional=False)"
        )
    rows = memory.state.batch_size if memory.state is not None else 0
    if rows != len(coded):
        raise InputError(
            f"goes_on is True and X has {len(coded)} sequences, but the last partial_fit had {rows}: give the next "
            "piece of each sequence, in the same order"
        )
