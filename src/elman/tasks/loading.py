"""From a model file to the estimator that wrote it."""

import os
from typing import TYPE_CHECKING, Any

from elman.errors import InputError
from elman.files import Model, read_model

if TYPE_CHECKING:
    from elman.tasks.estimator import Estimator

TASKS = {
    "caption": ("elman.tasks.captioner", "Captioner"),
    "classify": ("elman.tasks.classifier", "Classifier"),
    "forecast": ("elman.tasks.forecaster", "Forecaster"),
    "regress": ("elman.tasks.regressor", "Regressor"),
    "tag": ("elman.tasks.tagger", "Tagger"),
    "generate": ("elman.tasks.generator", "Generator"),
    "transcribe": ("elman.tasks.transcriber", "Transcriber"),
    "translate": ("elman.tasks.translator", "Translator"),
}
"""The module and class of each task, by its word on the command line."""


def estimator_class(task: str) -> "type[Estimator]":
    """The estimator of a task, by its word on the command line.

    Raises:
        InputError: there is no such task.
    """
    import importlib

    if task not in TASKS:
        raise InputError(f"the task is {task!r}, expected one of {', '.join(TASKS)}")
    module, name = TASKS[task]
    found: type[Estimator] = getattr(importlib.import_module(module), name)
    return found


def load(path: str | os.PathLike[str], *, encoder: Any = None) -> "Estimator":
    """Load a model that an estimator saved, ready to predict: the same bits as before saving.

    Args:
        path: a `.safetensors` file.
        encoder: for a captioner that sees with a torch module of your own, that module: the file has its weights, but
            not its code.

    Raises:
        InputError: the file is missing, damaged, of a newer version, or no model of elman's.

    Example:
        >>> import elman
        >>> names, languages = ["Rossi", "Bianchi", "Smith", "Jones"], ["it", "it", "en", "en"]
        >>> classifier = elman.Classifier(epochs=1, validation_fraction=0, verbose=0).fit(names, languages)
        >>> classifier.save("names.safetensors")
        >>> elman.load("names.safetensors").classes_.tolist()
        ['en', 'it']
    """
    return restore(read_model(path), path, encoder)


def restore(model: Model, path: str | os.PathLike[str], encoder: Any = None) -> "Estimator":
    """The estimator of a model file that was read already; `path` is for messages.

    Raises:
        InputError: it is no model of elman's, or something in it does not fit together.
    """
    if model.metadata.get("kind") == "stream":
        raise InputError(f"{os.fspath(path)} holds a stream: read it with elman.Stream.load")
    task = model.metadata.get("task")
    if not isinstance(task, str) or task not in TASKS:
        raise InputError(f"{os.fspath(path)}: the task is {task!r}, expected one of {', '.join(TASKS)}")
    if encoder is None:
        return estimator_class(task).restored(model, path)
    if task != "caption":
        raise InputError(f"{os.fspath(path)} was trained to {task}, which has no encoder of your own: leave it out")
    return estimator_class(task).restored(model, path, encoder=encoder)
