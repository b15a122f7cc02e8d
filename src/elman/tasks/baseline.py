"""The network without memory, on the same data: what a recurrent one must beat."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

from torch import nn

from elman.equations import Cell
from elman.errors import DataWarning, InputError
from elman.models import Feedforward
from elman.tasks.coded import Coded
from elman.tasks.estimator import Estimator

One = TypeVar("One", bound=Estimator)
CENTRED = ("tag", "transcribe")  # the tasks whose windows have their step in the middle


def fit_feedforward(
    estimator: One, X: Any, y: Any, *, announce: Callable[[int, int], None] = lambda window, hidden_size: None
) -> One:
    """Train the plain feedforward network in an estimator's place: W steps side by side, one hidden layer.

    Training data, validation data and options are the estimator's, and the hidden layer is as wide as makes the
    numbers of parameters equal within 2 %. W is 1, 2, 4, 8 ... until it spans the longest sequence, or the window of a
    generator; the one with the best validation value is returned. The window of a tagger or transcriber, of 1, 3, 7,
    15 ... steps, has its step in the middle; a tagger's reads words by the same characters and has the same field.

    Args:
        estimator: a fitted `Classifier`, `Regressor`, `Tagger` or `Transcriber`; it stays as it is.
        X: the sequences that it was fitted on.
        y: what each is to give.
        announce: told of each W and width before its training.

    Raises:
        InputError: the estimator is a translator or has no validation data, or no W makes the networks equal in size.
    """
    if estimator.task == "translate":
        raise InputError(
            "a translator has no feedforward baseline: without memory nothing can write a text of another length"
        )
    if not estimator.validation_fraction:
        raise InputError("validation_fraction is 0: the baseline is chosen on validation data, give it some")
    best: One | None = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # what there is to say of the data was said before
        training, validation = _fresh(estimator).prepared(X, y)
    for wiring in _wirings(estimator, training):
        announce(wiring["window"], wiring["hidden_size"])
        one = _fresh(estimator)
        one.codecs_ = estimator.codecs_
        for name in estimator.learned:
            setattr(one, name, getattr(estimator, name))
        one.fit_coded(training, validation, wiring)
        if best is None or _better(one, best):
            best = one
        if one.history_.interrupted:
            break
    if best is None:
        raise InputError(
            f"no feedforward network has the {parameters(estimator.model_)} parameters of the recurrent one within "
            "2 %: choose a larger hidden_size"
        )
    return best


def parameters(model: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(one.numel() for one in model.parameters() if one.requires_grad)


def _fresh(estimator: One) -> One:
    """One with the same options and nothing learned but what `prepared` will find again; validation is its end."""
    given = {**estimator.get_params(deep=False), "checkpoints": None}
    return type(estimator)(**{**given, **({"refit": False} if "refit" in given else {})})


def _wirings(estimator: Estimator, training: Coded) -> Iterator[dict[str, Any]]:
    recurrent = estimator.model_config_
    same = ("input_size", "output_size", "embedding_size", "num_characters", "spelling_size", "crf", "frozen")
    ends = {name: recurrent[name] for name in same if name in recurrent}
    if recurrent.get("num_characters"):  # words are spelt by the same network
        ends["cell"] = recurrent["cell"]
    own = {"in_step": recurrent["kind"] == "InStep", "centred": estimator.task in CENTRED}
    longest = estimator.most_steps(training)
    windows = [1]
    while windows[-1] < longest:
        windows.append(2 * windows[-1] + (estimator.task in CENTRED))
    for window in windows:
        try:
            if recurrent["kind"] == "StepsAhead":  # the same network but for its memory
                yield cast(Any, estimator).feedforward(window, parameters(estimator.model_))
                continue
            hidden_size = equal_size(parameters(estimator.model_), {"window": window, **ends, **own})
        except InputError:  # so many inputs that one hidden unit more or less is over 2 %
            continue
        yield {
            "kind": "Feedforward",
            **ends,
            "window": window,
            "hidden_size": hidden_size,
            **own,
            "dropout": recurrent["dropout"],
            "symbol_dropout": recurrent.get("symbol_dropout", 0.0),
        }


def equal_size(parameters: int, config: dict[str, Any]) -> int:
    """The width of a feedforward network's hidden layer that gives it so many parameters, within 2 %."""
    others = {**config, "cell": Cell.from_config(config["cell"])} if "cell" in config else config
    return Feedforward.equal_size(parameters, **others)


def _better(one: Estimator, other: Estimator) -> bool:
    a, b = (each.history_.value(each.history_.best) if each.history_.best else None for each in (one, other))
    if a is None or b is None:
        return b is None and a is not None
    higher = one.history_.metric is not None and one.history_.higher_is_better
    return a > b if higher else a < b
