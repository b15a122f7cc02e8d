"""What sequences from the user may look like, and the one form that the rest of elman knows."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Literal, get_args

import numpy as np

from elman.codecs.audio import Sound
from elman.codecs.picture import Picture
from elman.codecs.unicode import check_unicode
from elman.errors import InputError

Kind = Literal["text", "tokens", "audio", "image", "series"]
KINDS = dict(
    zip(get_args(Kind), ("texts", "lists of words", "audio files", "images", "sequences of numbers"), strict=True)
)
"""What a model may read, in words."""
SUFFIXES: dict[str, Kind] = {
    **dict.fromkeys((".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff"), "audio"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff"), "image"),
}
"""What a file holds, by the end of its name."""
MEDIA: tuple[Kind, ...] = ("audio", "image")
"""What stands in files of its own."""
EXPECTED = "expected a list of texts, a list of (T_i, I) arrays or one (N, T, I) array"


def kind_of(X: Any, name: str = "X") -> Kind:
    """What the sequences are, as the first of them that is not empty tells.

    Raises:
        InputError: `X` is no collection of sequences, is empty, or holds paths of files of no known kind.
    """
    elements = _elements(X, name)
    first = elements[0]
    if isinstance(first, str):
        return "text"
    if isinstance(first, PurePath):
        return _kind_of_file(first, f"{name}[0]")
    if isinstance(first, Sound):
        return "audio"
    if _is_image(first):
        return "image"
    return "tokens" if any(_begins_with_text(one) for one in elements) else "series"


def _kind_of_file(path: PurePath, name: str) -> Kind:
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{name} is the file {path}, expected one that ends in {', '.join(sorted(SUFFIXES))}")
    return SUFFIXES[path.suffix.lower()]


def _begins_with_text(element: Any) -> bool:
    if isinstance(element, np.ndarray):
        return element.ndim == 1 and len(element) > 0 and isinstance(element[0], str)
    return isinstance(element, list | tuple) and len(element) > 0 and isinstance(element[0], str)


def as_sequences(X: Any, name: str = "X") -> list[Any]:
    """The sequences in one form.

    Args:
        X: texts; lists of words; paths (`pathlib.Path`) of files, or sounds and pictures that were read; images, of
            Pillow's or as (H, W, 3) arrays of uint8; or numbers: a list of
            (T_i, I) arrays, of (T_i,) arrays (then I is 1), or one (N, T, I) array. Lists of lists, pandas columns and
            CPU tensors are read as arrays. NaN is a missing value.
        name: what the caller calls `X`, for messages.

    Returns:
        N strings, lists of strings, paths, sounds or images, or float64 arrays of shape (T_i, I); T_i may be 0.

    Raises:
        InputError: `X` is something else, is empty, mixes kinds, or its sequences differ in I.
    """
    elements = _elements(X, name)
    kind = kind_of(X, name)
    if kind == "tokens":
        return [_as_tokens(element, f"{name}[{index}]") for index, element in enumerate(elements)]
    if kind in MEDIA:
        return [_as_file(element, f"{name}[{index}]", kind) for index, element in enumerate(elements)]
    if kind == "text":
        for index, element in enumerate(elements):
            if not isinstance(element, str):
                raise InputError(
                    f"{name}[{index}] is {_describe(element)}, but {name}[0] is a text: "
                    "leave out missing texts, and give '' for an empty one"
                )
            check_unicode(element, f"{name}[{index}]")
        return [str(element) for element in elements]
    sequences = [_as_array(element, f"{name}[{index}]") for index, element in enumerate(elements)]
    # an empty list has no features to count: it takes those of the others
    widths = {array.shape[1]: index for index, array in reversed(list(enumerate(sequences))) if len(array)}
    if len(widths) > 1:
        (size, index), (other_size, other) = sorted(widths.items(), key=lambda item: item[1])[:2]
        raise InputError(
            f"{name}[{other}] has {other_size} features (second dimension), but {name}[{index}] has {size}: "
            "all sequences need the same"
        )
    size = next(iter(widths), max(array.shape[1] for array in sequences))
    if size == 0:
        raise InputError(f"{name} has no features: {EXPECTED}")
    return [array if len(array) else array.reshape(0, size) for array in sequences]


def _elements(X: Any, name: str) -> list[Any]:
    if isinstance(X, str):
        raise InputError(f"{name} is one text, {EXPECTED}: give [{name}]")
    if isinstance(X, Mapping) or hasattr(X, "columns"):
        raise InputError(f"{name} is a {type(X).__name__}, {EXPECTED}: give one column, or {name}.to_numpy()")
    if isinstance(X, bytes) or not hasattr(X, "__len__") or getattr(X, "ndim", 1) == 0:
        raise InputError(f"{name} is {_describe(X)}, {EXPECTED}")
    elements = list(X)
    if not elements:
        raise InputError(f"{name} is empty: expected at least one sequence")
    return elements


def _as_tokens(element: Any, name: str) -> list[str]:
    words = element.tolist() if isinstance(element, np.ndarray) else element
    if not isinstance(words, list | tuple):
        raise InputError(f"{name} is {_describe(element)}, but others are lists of words: expected a list of words")
    for place, word in enumerate(words):
        if not isinstance(word, str) or not word:
            raise InputError(f"{name}[{place}] is {_describe(word) if word != '' else 'empty'}, expected a word")
        check_unicode(word, f"{name}[{place}]")
    return [str(word) for word in words]


def _is_image(element: Any) -> bool:
    """Whether it is an image in memory; Pillow is not imported to know that."""
    if isinstance(element, np.ndarray):
        return element.ndim == 3 and element.dtype == np.uint8 and element.shape[2] in (3, 4)
    return isinstance(element, Picture) or any(one.__module__ == "PIL.Image" for one in type(element).__mro__)


def _as_file(element: Any, name: str, kind: Kind) -> Any:
    if isinstance(element, Sound) if kind == "audio" else _is_image(element):
        return element
    if not isinstance(element, PurePath):
        memory = " or an (H, W, 3) array of uint8" if kind == "image" else ""
        got = f"{_describe(element)}, but others are {KINDS[kind]}"
        raise InputError(f"{name} is {got}: expected a path (pathlib.Path){memory}")
    if (found := _kind_of_file(element, name)) != kind:
        raise InputError(f"{name} is the file {element}, one of {KINDS[found]}, but others are {KINDS[kind]}")
    return element


def _as_array(element: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(element)
        if array.dtype.kind == "O" and not _holds_text(array):
            array = array.astype(np.float64)  # None becomes NaN
    except (
        TypeError,
        ValueError,
        RuntimeError,
    ) as error:  # torch's error for a tensor with a gradient is the last
        raise InputError(f"{name} cannot be read as numbers ({' '.join(str(error).split())}): {EXPECTED}") from error
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} is {_describe(element)}, not numbers: {EXPECTED}")
    if array.ndim not in (1, 2):
        remedies = {
            0: f": if it is one step of a single sequence, give [{name.partition('[')[0]}]",
            3: ": an image is (H, W, 3) and of uint8",
        }
        raise InputError(f"{name} has shape {array.shape}, expected (T, I) or (T,){remedies.get(array.ndim, '')}")
    array = array.astype(np.float64)
    return array[:, np.newaxis] if array.ndim == 1 else array


def _holds_text(array: np.ndarray) -> bool:
    return any(isinstance(value, str | bytes) for value in array.flat)


def _describe(element: Any) -> str:
    if element is None or isinstance(element, int | float):
        return repr(element)
    return f"a {type(element).__name__}"
