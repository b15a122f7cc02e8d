"""A model file, opened for a verb that runs it."""

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any

from elman.cli.columns import Columns, one_or_all
from elman.errors import InputError
from elman.files import read_model
from elman.tasks.loading import restore
from elman.tasks.options import check

READS_PLAIN_TEXT = {"generate"}
"""The tasks that read a file without columns as one text."""

if TYPE_CHECKING:
    from elman.tasks.estimator import Estimator

SHOWN = 5  # unknown symbols that a note names


def open_model(path: str) -> "tuple[Estimator, dict[str, Any]]":
    """The estimator that a file holds, and all that stands in the file beside the weights."""
    model = read_model(path)
    return restore(model, path), model.metadata


def read_series_as_told(estimator: "Estimator", *, strict: bool, fill: bool | None) -> None:
    """Let a forecaster, which reads its table itself, read it as the flags say, and not as in training."""
    if estimator.task == "forecast":
        estimator.set_params(strict=strict, **({} if fill is None else {"fill": fill}))


def search_as_told(estimator: "Estimator", flags: dict[str, Any]) -> None:
    """Let a model search for texts as the flags say: `beam`, of a transcriber also with a language model.

    Raises:
        InputError: a number is out of its range, or the language model does not fit.
    """
    if flags.get("language_model") is not None:
        from elman.tasks.language_model import LanguageModel

        flags = {**flags, "language_model": LanguageModel(flags["language_model"], estimator.codecs_["output"])}
    check(estimator.set_params(**flags))


def columns_of(
    metadata: dict[str, Any],
    path: str,
    text: str | None,
    inputs: list[str] | None,
    target: tuple[str, ...] = (),
    *,
    audio: str | None = None,
    image: str | None = None,
) -> Columns:
    """The columns that a model was trained on, with others in their place where a flag names them."""
    kept = metadata.get("columns", {})
    known = {field.name for field in dataclasses.fields(Columns)}
    if not isinstance(kept, dict) or not kept.keys() <= known:
        raise InputError(f"{path}: what it says of its columns is damaged: train it again")
    model = metadata["model"]
    per = "step" if model["kind"] == "InStep" or model.get("in_step") else "sequence"  # a model saved from Python
    lists = {name: tuple(value) for name, value in kept.items() if isinstance(value, list)}  # JSON has no tuples
    columns = Columns(**{"per": per, **kept, **lists})
    kind = metadata["codecs"]["input"]["kind"]
    if kind == "tokens":  # as they are called where a file has no names of columns
        columns = dataclasses.replace(columns, text=columns.text or "words", target=columns.target or "tags")
    flags = {
        "text": ("text", "texts"),
        "tokens": ("text", "words"),
        "audio": ("audio", "audio files"),
        "image": ("image", "images"),
        "series": ("input", "numbers"),
    }
    own, what = flags[kind]
    given = {"text": text is not None, "audio": audio is not None, "image": image is not None, "input": bool(inputs)}
    if any(there for flag, there in given.items() if flag != own):
        raise InputError(f"{path} was trained to {metadata['task']} and reads {what}: give --{own} COL")
    columns = dataclasses.replace(
        columns,
        text=columns.text if text is None else text,
        audio=columns.audio if audio is None else audio,
        image=columns.image if image is None else image,
        inputs=tuple(inputs) if inputs else columns.inputs,
        target=one_or_all(target) or columns.target,
    )
    if columns.text is None and metadata["task"] in READS_PLAIN_TEXT:
        return columns
    if not {"text": columns.text, "audio": columns.audio, "image": columns.image, "input": columns.inputs}[own]:
        raise InputError(f"{path} does not say which columns it reads: give --{own} COL")
    return columns


def added_words(estimator: "Estimator", path: str | None, X: list[Any]) -> list[str]:
    """Let a model read the words of `X` that only a file of word vectors knows; what to say of them."""
    count = estimator.add_words(path, X) if path is not None else 0
    words = "words" if count > 1 else "word"
    return [f"{count} {words} not seen in training, read by the vectors of {path}"] if count else []


def unknown_symbols(estimator: "Estimator", X: list[Any]) -> list[str]:
    """What to say of symbols in the texts that were never seen in training; empty if there are none."""
    codec = estimator.codecs_["input"]
    if codec.kind not in ("text", "tokens"):
        return []
    word = "word" if codec.kind == "tokens" or codec.level == "words" else "symbol"
    unknown = Counter(one for x in X for one in codec.unknown(x))
    if codec.kind == "text" or codec.characters is None:
        return _not_seen(unknown, word, "read as unknown")
    strange = Counter(one for words in X for one in codec.unknown_characters(words))
    return [
        *_not_seen(unknown, word, "read by their characters"),
        *_not_seen(strange, "character", "read as unknown"),
    ]


def _not_seen(found: Counter[str], what: str, how: str) -> list[str]:
    """The note, which counts them and names some; none where there are none."""
    if not found:
        return []
    shown = ", ".join(repr(one) for one, _ in found.most_common(SHOWN)) + (", ..." if len(found) > SHOWN else "")
    return [f"{found.total()} {what}{'s' * (found.total() > 1)} not seen in training, {how}: {shown}"]
