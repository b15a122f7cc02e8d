"""Texts to learn to write: each with its start and its end as symbols, and its number of characters."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from elman.codecs import END, KINDS, START, Ragged, SymbolCounts, TextCodec, as_sequences, kind_of
from elman.codecs.symbol_counts import Level
from elman.codecs.unicode import check_unicode, normalise
from elman.errors import InputError
from elman.tasks.coded import Coded
from elman.tasks.learning import MOST_WORDS, VOCABULARY
from elman.tasks.parts import Block, ByPlace
from elman.tasks.word_vectors import VectorFile
from elman.train import split

MANY_WORDS = 10_000  # from so many on rare words are left out: training meets unknown ones as prediction will


class Document(NamedTuple):
    """A text, or a part of one.

    Args:
        text: what stands in it.
        starts: whether it begins where the text begins.
        ends: whether it ends where the text ends; the end is then to be predicted as well.
    """

    text: str
    starts: bool = True
    ends: bool = True


def as_documents(X: Any) -> list[Document]:
    """Texts from the user: one is a text that goes on, several are documents with an end.

    Raises:
        InputError: they are no texts.
    """
    if isinstance(X, str):
        check_unicode(X, "X")
        return [Document(X, ends=False)]
    texts = as_sequences(X)
    if (kind := kind_of(X)) != "text":
        raise InputError(f"X holds {KINDS[kind]}, expected texts: a generator learns from text and writes text")
    return [Document(str(one)) for one in texts]


def parted(documents: Sequence[Document], fraction: float, seed: int) -> tuple[list[Document], list[Document]]:
    """Documents for training and for validation: whole ones, so that ends are learned; of a single one its end.

    Raises:
        InputError: there is too little text.
    """
    if not fraction:
        return list(documents), []
    if len(documents) > 1:
        rows = split(len(documents), fraction, seed, groups=[one.text for one in documents])
        training, validation = ([documents[row] for row in part] for part in rows)
        return training, validation
    ((text, starts, ends),) = documents
    before, after = ByPlace(fraction, len(text))(Block([0], [text], [text], [True]))
    training = [Document(one, starts, ends and not after.X) for one in before.X]
    return training, [Document(one, starts and not before.X, ends) for one in after.X]


def learned_symbols(
    level: str, texts: Callable[[], Iterable[str]], vectors: VectorFile | None = None
) -> tuple[TextCodec, int]:
    """The codec of texts, and how often a rarer word may stand there than it was counted.

    Args:
        level: characters, words or subwords.
        texts: gives them, each time it is called.
        vectors: where words have vectors that others have trained.
    """
    if vectors is not None:
        level = vectors.level(level)
    codec = TextCodec(cast(Level, level))
    if level == "subwords":
        return codec.fit(texts()), 0
    counts = SymbolCounts(cast(Level, level), MOST_WORDS)
    for text in texts():
        counts.update([text])
    options: dict[str, Any] = {}
    if level == "words":
        options = {"max_size": VOCABULARY, "min_count": 2 if counts.num_words >= MANY_WORDS else 1}
    return TextCodec(codec.level, **options).learn(
        counts, vectors.of_training(counts.words) if vectors else None
    ), counts.forgotten


def coded_documents(codec: TextCodec, documents: Sequence[Document], what: str = "") -> Coded:
    """Documents as numbers, and as target of each how many characters it has; an end counts as one.

    Args:
        codec: of the symbols.
        documents: the texts.
        what: they are to be learned from, in a message; "": nothing.

    Raises:
        InputError: there are fewer than two symbols.
    """
    encoded = codec.encode_all([one.text for one in documents]) if documents else []
    if what and (found := sum(map(len, encoded))) < 2:
        raise InputError(
            f"the text has {found} {codec.level} {what}, expected at least 2: give more text or validation_fraction=0"
        )
    arrays = [
        np.concatenate([[START] * one.starts, ids, [END] * one.ends]).astype(np.min_scalar_type(codec.size - 1))
        for one, ids in zip(documents, encoded, strict=True)
    ]
    characters = [len(normalise(one.text)) + one.ends for one in documents]
    return Coded(Ragged.of(arrays), np.array(characters, np.int64))


def symbols_per_character(coded: Coded) -> float:
    """How many symbols are predicted for each character."""
    symbols = len(coded.inputs.values) - int((coded.inputs.values == START).sum())
    return symbols / int(np.asarray(coded.targets).sum())
