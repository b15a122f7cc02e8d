"""Word vectors that others have trained: where a training begins with them, and words that come after it."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np
import torch

from elman.codecs import TextCodec, as_sequences, digest
from elman.codecs.unicode import normalise
from elman.errors import InputError
from elman.tables import read_word_vectors
from elman.tables.reading import readable
from elman.tasks.encoded_files import content_digest
from elman.tasks.encoding_progress import EncodingProgress
from elman.train.ranks import here

if TYPE_CHECKING:
    from elman.tasks.estimator import Estimator

SLOW = 2.0  # seconds, from which on the time of reading is told
COMPARED = 100  # words of training whose vectors show whether a file is the one of training


class VectorFile:
    """A text file of word vectors, which is read when it is known which words are needed.

    Args:
        path: the file.
        verbose: 0: say nothing.
    """

    def __init__(self, path: str | os.PathLike[str], verbose: int = 0) -> None:
        self.path = os.fspath(path)
        self._progress = EncodingProgress(verbose, silent=here() != 0, slow=SLOW)

    def level(self, level: str | None) -> str:
        """The level of a text that has word vectors.

        Raises:
            InputError: another one is asked for.
        """
        if level not in (None, "words"):
            self.refuse(level)
        return "words"

    def refuse(self, read: str) -> NoReturn:
        """Say that a model which reads something else than words has no word vectors."""
        raise InputError(
            f"word_vectors is {self.path}, but the model reads {read}: expected words (level='words', --level words); "
            "else leave it out"
        )

    def of_training(self, words: Mapping[str, int]) -> dict[str, np.ndarray]:
        """The vectors of the words of training data.

        Raises:
            InputError: the file is not as it should be, or knows none of them.
        """
        found = self.read(words)[1]
        share = sum(words[word] for word in found) / max(sum(words.values()), 1)
        self._progress.say(f"{self.path} knows {len(found):,} of {len(words):,} words, {share:.0%} of the text")
        if not found:
            shown = ", ".join(repr(word) for word in sorted(words, key=lambda word: -words[word])[:5])
            raise InputError(
                f"{self.path} knows none of the {len(words):,} words of the training data, such as {shown}: give the "
                "vectors of the same language, and words cut as theirs are"
            )
        return found

    def content(self) -> str:
        """SHA-256 of the file, by which a cache tells that it is another one."""
        with readable(Path(self.path), self.path):
            return content_digest(self.path, self._progress)

    def attach(self, words: TextCodec) -> None:
        """Give a codec the vectors of the words that it has learned to have them."""
        found = self.read(words.symbols)[1]
        words.vectors = np.stack([found[word] for word in words.symbols[len(words.symbols) - words.pretrained :]])

    def read(self, words: Iterable[str]) -> tuple[int, dict[str, np.ndarray]]:
        """How many numbers a vector has, and the vectors of those words that the file knows."""
        path = Path(self.path)
        size = path.stat().st_size if path.is_file() else 0  # else reading says what is wrong
        with self._progress.reading(f"reading {self.path}", size) as told:
            return read_word_vectors(self.path, words, told=told)


def vector_file(estimator: Any) -> VectorFile | None:
    """The word vectors that an estimator's options name."""
    path = getattr(estimator, "word_vectors", None)
    return None if path is None else VectorFile(path, estimator.verbose)


def words_of(codec: Any) -> TextCodec | None:
    """The codec of words that a codec is, or has beside what else it reads; None without one."""
    found = getattr(codec, "words", codec)
    return found if isinstance(found, TextCodec) and found.level == "words" else None


def network_options(estimator: Any, codec: Any) -> dict[str, int]:
    """What word vectors say of a model's configuration.

    Raises:
        InputError: `embedding_size` is another one.
    """
    words = words_of(codec)
    if words is None or words.vectors is None:
        return {}
    K, E = words.vectors.shape
    if estimator.embedding_size not in (None, E):
        raise InputError(
            f"embedding_size is {estimator.embedding_size}, but the vectors of {estimator.word_vectors} have {E} "
            "numbers: leave it out"
        )
    return {"embedding_size": E, **({} if estimator.tune_vectors else {"frozen": K})}


def vectors_digest(codec: Any) -> dict[str, str]:
    """What says of a training which vectors it began with."""
    words = words_of(codec)
    return {} if words is None or words.vectors is None else {"word_vectors": digest(words.vectors)}


def put_vectors(estimator: "Estimator") -> None:
    """Begin with the vectors that the codec of the input end has."""
    words = words_of(estimator.codecs_["input"])
    if words is not None and words.vectors is not None:
        tied = estimator.model_config_.get("tie_embeddings", False)
        deviation = words.vectors.shape[1] ** -0.5 if tied else 1.0  # that the embedding was drawn with
        cast(Any, estimator.model_).input.put(torch.from_numpy(words.vectors), deviation)


def add_words(estimator: "Estimator", path: str | os.PathLike[str], X: Sequence[Any]) -> int:
    """Extend what a trained model reads by those words of `X` that it does not know and a file does.

    Returns:
        how many words there are more.

    Raises:
        InputError: as `Estimator.add_words`.
    """
    codec, reader = estimator.codecs_["input"], cast(Any, estimator.model_).input
    file = VectorFile(path, estimator.verbose)
    learned = words_of(codec)
    if learned is None or not learned.pretrained:
        raise InputError(
            f"{file.path} says nothing to this model, which was trained without word vectors: leave it out, or train "
            "with word_vectors (--word-vectors)"
        )
    if estimator.output_codec is None:
        raise InputError("this model writes the words that it reads, and has learned no others: train it with them")
    frozen = np.zeros((0, 0)) if reader.vectors is None else reader.vectors.cpu().numpy()
    known = learned.symbols[len(learned.symbols) - len(frozen) :][:COMPARED]
    words = list(dict.fromkeys(normalise(word) for one in as_sequences(X) for word in codec.unknown(one)))
    size, found = file.read([*words, *known])
    same = all(word in found and np.array_equal(found[word], row) for word, row in zip(known, frozen, strict=False))
    if size != reader.embedding.embedding_dim or not same:
        raise InputError(
            f"{file.path} has other vectors than this model was trained with: give the file of its training"
        )
    new = [word for word in words if word in found]
    if new:
        reader.append(torch.from_numpy(np.stack([found[word] for word in new])))
        learned.extend(new)
        estimator.model_config_ = {**estimator.model_config_, **estimator.ends(), "frozen": len(reader.vectors)}
        estimator.__dict__.pop("continuation_", None)  # its optimiser knows the smaller model
    return len(new)
