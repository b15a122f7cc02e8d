"""A plain text of any size as one document: encoded once into mapped arrays, and learned from symbol by symbol."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch.nn.functional import pad as pad_steps

from elman.codecs import START, Ragged, TextCodec
from elman.codecs.padding import pad_slices
from elman.codecs.symbol_counts import Level
from elman.codecs.unicode import normalise
from elman.errors import InputError
from elman.files import FolderWriter
from elman.state import State
from elman.tables import stream_text
from elman.tables.reading import readable
from elman.tasks.coded import Batch, Coded
from elman.tasks.documents import learned_symbols
from elman.tasks.encoded_files import encoded_file, folder_size
from elman.tasks.encoding_progress import EncodingProgress, as_bytes
from elman.tasks.parts import Block, ByPlace
from elman.tasks.streamed import Reading
from elman.tasks.word_vectors import VectorFile
from elman.train import Examples, Lanes, Lengths

PARTS = ("training", "validation")
Pieces = Callable[[str], Iterator[tuple[list[str], list[str]]]]


class Corpus(NamedTuple):
    """A text as the numbers of its symbols, mapped from the cache: its beginning, and its end for validation.

    The start symbol stands before its beginning. No end symbol stands after it: how it ends is nothing to learn from.
    The target of each part is its number of characters.
    """

    codec: TextCodec
    training: Coded
    validation: Coded | None


def corpus(
    path: str,
    level: str | None = None,
    validation_fraction: float = 0.1,
    progress: EncodingProgress | None = None,
    vectors: VectorFile | None = None,
) -> Corpus:
    """Encode a plain text, which is one document, in a stream; memory does not grow with the file.

    The codec is learned from the part for training. The arrays, of the smallest type that holds the symbols, are kept
    in the user's cache, by the content of the file and the options: a second call opens them as they are. Of several
    processes one encodes, the others wait.

    Args:
        path: a file in UTF-8, `.gz` or not; a byte-order mark is left out.
        level: characters, words or subwords; None: characters.
        validation_fraction: part of its characters at its end, from the next word on; 0: none.
        progress: is told what goes on; None: one that shows it on stderr.
        vectors: where words have vectors that others have trained.

    Raises:
        InputError: there is no such file, it is empty, too short or not UTF-8, or the cache cannot be written.
    """
    progress = progress or EncodingProgress()
    codec = TextCodec(cast(Level, level or "characters"))
    with readable(Path(path), path), Path(path).open("rb"):
        size = Path(path).stat().st_size
    key: dict[str, Any] = {"corpus": codec.level, "validation_fraction": float(validation_fraction)}
    if vectors is not None:
        key["word_vectors"] = vectors.content()

    def write(writer: FolderWriter) -> None:
        _encode(
            path,
            codec.level,
            validation_fraction,
            writer,
            lambda what: progress.reading(f"{what} {path}", size),
            vectors,
        )

    found, folder = encoded_file(path, key, write, progress)
    if found.about["forgotten"]:
        progress.say("there are so many different words that the rarest were not counted")
    parts = []
    for name, characters in found.about["characters"].items():
        values = found.arrays[name]
        ragged = Ragged(values, np.array([0, len(values)], np.int64), found.digests[name])
        parts.append(Coded(ragged, np.array([characters], np.int64)))
    progress.say(
        f"encoded data: {sum(found.about['symbols']):,} {codec.level}, {as_bytes(folder_size(folder))} in {folder}"
    )
    codec = TextCodec.from_config(found.about["codec"])
    if vectors is not None:
        vectors.attach(codec)
    return Corpus(codec, parts[0], parts[1] if len(parts) > 1 else None)


def _encode(
    path: str, level: Level, fraction: float, writer: FolderWriter, reading: Reading, vectors: VectorFile | None
) -> None:
    """Find where to cut, learn the codec from what is before, and write both parts through it."""
    characters = 0
    if fraction:
        with reading("surveying") as told:
            characters = sum(map(len, stream_text(path, told=told)))

    def pieces(what: str) -> Iterator[tuple[list[str], list[str]]]:
        part = ByPlace(fraction, characters) if fraction else None
        with reading(what) as told:
            for number, piece in enumerate(stream_text(path, told=told)):
                block = Block([0], [piece], [piece], [number == 0])
                training, validation = part(block) if part else (block, block.select([]))
                yield list(training.X), list(validation.X)

    codec, forgotten = learned_symbols(
        level, lambda: (text for texts, _ in pieces("learning") for text in texts), vectors
    )
    dtype = np.min_scalar_type(codec.size - 1)
    names = PARTS if fraction else PARTS[:1]
    arrays = [writer.array(name, dtype) for name in names]
    symbols, counts = [0] * len(names), [0] * len(names)
    arrays[0].append(np.array([START], dtype))
    for texts in pieces("encoding"):
        for k, some in enumerate(texts[: len(names)]):
            if some:
                found = codec.encode_all(some).values
                arrays[k].append(found)
                symbols[k] += len(found)
                counts[k] += sum(len(normalise(text)) for text in some)
    for name, number in zip(names, symbols, strict=True):
        if number < 2:
            remedy = " or validation_fraction=0" if fraction else ""
            raise InputError(
                f"{path} has {number} of its {level} for {name}, expected at least 2: give more text{remedy}"
            )
    about = {"codec": codec.to_config(), "forgotten": forgotten, "symbols": symbols}
    writer.about = {**about, "characters": dict(zip(names, counts, strict=True))}


def next_symbol_lanes(documents: Ragged, window: int, device: torch.device) -> Lanes[Batch]:
    """What the training loop wants of documents, to learn each symbol from those before it: x_t gives x_(t+1).

    The target of a document's last symbol would be in the next document: there is none (`Batch.target_lengths`).

    Args:
        documents: of (T_i,) symbols.
        window: steps between two cuts of the gradient.
        device: that of the model.

    Example:
        >>> documents = Ragged.of([np.array([3, 4, 5]), np.array([6, 7])])
        >>> batch = next_symbol_lanes(documents, 10, torch.device("cpu")).collate(np.array([[0, 3], [3, 5]]), None)
        >>> batch.targets.tolist(), batch.target_lengths.tolist()
        ([[4, 5, 0], [7, 0, 0]], [2, 1])
    """
    return Lanes(documents.offsets, window, partial(next_symbols, documents, device))


def next_symbol_pieces(documents: Ragged, piece: int, device: torch.device) -> Examples[Batch]:
    """The same of pieces of at most `piece` steps, each from the initial state: for validation."""
    starts = [
        np.arange(start, stop, piece) for start, stop in zip(documents.offsets, documents.offsets[1:], strict=False)
    ]
    bounds = np.append(np.concatenate(starts), documents.offsets[-1])

    def collate(rows: np.ndarray) -> Batch:
        return next_symbols(documents, device, np.stack([bounds[rows], bounds[rows + 1]], 1))

    return Examples(Lengths(bounds), collate)


def next_symbols(documents: Ragged, device: torch.device, rows: np.ndarray, state: State | None = None) -> Batch:
    """Steps start to stop of the flat array, each within a document, and the steps after them.

    Shape:
        rows (B, 2); inputs and targets (B, T), lengths and target_lengths (B,)
    """
    values, offsets = documents.values, documents.offsets
    ends = np.minimum(rows[:, 1] + 1, offsets[np.searchsorted(offsets, rows[:, 1])])
    inputs, lengths = pad_slices(values, rows)
    targets, target_lengths = pad_slices(values, np.stack([np.minimum(rows[:, 0] + 1, ends), ends], 1))
    targets = pad_steps(targets, (0, inputs.shape[1] - targets.shape[1]))
    return Batch(inputs.to(device), lengths, targets.to(device), target_lengths, state)
