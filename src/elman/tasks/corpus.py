"""A plain text of any size as one document: encoded once into mapped arrays, and learned from symbol by symbol."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch.nn.functional import pad as pad_steps

from elman.codecs import Ragged, SymbolCounts, TextCodec
from elman.codecs.padding import pad
from elman.codecs.symbol_counts import Level
from elman.errors import InputError
from elman.files import FolderWriter
from elman.state import State
from elman.tables import stream_text
from elman.tables.reading import readable
from elman.tasks.coded import Batch
from elman.tasks.encoded_files import encoded_file, folder_size
from elman.tasks.encoding_progress import EncodingProgress, as_bytes
from elman.tasks.learning import MOST_WORDS, VOCABULARY
from elman.tasks.parts import Block, ByPlace
from elman.tasks.streamed import Reading
from elman.train import Examples, Lanes, Lengths

MANY_WORDS = 10_000  # from so many on rare words are left out: training meets unknown ones as prediction will
PARTS = ("training", "validation")
Pieces = Callable[[str], Iterator[tuple[list[str], list[str]]]]


class Corpus(NamedTuple):
    """A text as the numbers of its symbols, mapped from the cache: its beginning, and its end for validation."""

    codec: TextCodec
    training: Ragged
    validation: Ragged | None


def corpus(
    path: str, level: str | None = None, validation_fraction: float = 0.1, progress: EncodingProgress | None = None
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

    Raises:
        InputError: there is no such file, it is empty, too short or not UTF-8, or the cache cannot be written.
    """
    progress = progress or EncodingProgress()
    codec = TextCodec(cast(Level, level or "characters"))
    with readable(Path(path), path), Path(path).open("rb"):
        size = Path(path).stat().st_size
    key = {"corpus": codec.level, "validation_fraction": float(validation_fraction)}

    def write(writer: FolderWriter) -> None:
        _encode(path, codec.level, validation_fraction, writer, lambda what: progress.reading(f"{what} {path}", size))

    found, folder = encoded_file(path, key, write, progress)
    if found.about["forgotten"]:
        progress.say("there are so many different words that the rarest were not counted")
    parts = [
        Ragged(found.arrays[name], np.array([0, len(found.arrays[name])], np.int64), found.digests[name])
        for name in PARTS
        if name in found.arrays
    ]
    symbols = sum(len(one.values) for one in parts)
    progress.say(f"encoded data: {symbols:,} {codec.level}, {as_bytes(folder_size(folder))} in {folder}")
    return Corpus(TextCodec.from_config(found.about["codec"]), parts[0], parts[1] if len(parts) > 1 else None)


def _encode(path: str, level: Level, fraction: float, writer: FolderWriter, reading: Reading) -> None:
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

    codec, forgotten = _learned(level, pieces)
    dtype = np.min_scalar_type(codec.size - 1)
    arrays = [writer.array(name, dtype) for name in (PARTS if fraction else PARTS[:1])]
    for texts in pieces("encoding"):
        for array, some in zip(arrays, texts, strict=False):
            if some:
                array.append(codec.encode_all(some).values)
    for name, array in zip(PARTS, arrays, strict=False):
        if array.rows < 2:
            remedy = " or validation_fraction=0" if fraction else ""
            raise InputError(
                f"{path} has {array.rows} of its {level} for {name}, expected at least 2: give more text{remedy}"
            )
    writer.about = {"codec": codec.to_config(), "forgotten": forgotten}


def _learned(level: Level, pieces: Pieces) -> tuple[TextCodec, int]:
    """The codec of the part for training, and how often a rarer word may stand there than it was counted."""
    training = (text for texts, _ in pieces("learning") for text in texts)
    if level == "subwords":
        return TextCodec(level).fit(training), 0
    counts = SymbolCounts(level, MOST_WORDS)
    for text in training:
        counts.update([text])
    options: dict[str, Any] = {}
    if level == "words":
        options = {"max_size": VOCABULARY, "min_count": 2 if counts.num_words >= MANY_WORDS else 1}
    return TextCodec(level, **options).learn(counts), counts.forgotten


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
    return Lanes(documents.offsets, window, partial(_next_symbols, documents, device))


def next_symbol_pieces(documents: Ragged, piece: int, device: torch.device) -> Examples[Batch]:
    """The same of pieces of at most `piece` steps, each from the initial state: for validation."""
    starts = [
        np.arange(start, stop, piece) for start, stop in zip(documents.offsets, documents.offsets[1:], strict=False)
    ]
    bounds = np.append(np.concatenate(starts), documents.offsets[-1])

    def collate(rows: np.ndarray) -> Batch:
        return _next_symbols(documents, device, np.stack([bounds[rows], bounds[rows + 1]], 1))

    return Examples(Lengths(bounds), collate)


def _next_symbols(documents: Ragged, device: torch.device, rows: np.ndarray, state: State | None = None) -> Batch:
    """Steps start to stop of the flat array, each within a document, and the steps after them.

    Shape:
        rows (B, 2); inputs and targets (B, T), lengths and target_lengths (B,)
    """
    values, offsets = documents.values, documents.offsets
    ends = np.minimum(rows[:, 1] + 1, offsets[np.searchsorted(offsets, rows[:, 1])])
    inputs, lengths = pad([values[start:stop] for start, stop in rows])
    targets, target_lengths = pad([values[start + 1 : end] for start, end in zip(rows[:, 0], ends, strict=True)])
    targets = pad_steps(targets, (0, inputs.shape[1] - targets.shape[1]))
    return Batch(inputs.to(device), lengths, targets.to(device), target_lengths, state)
