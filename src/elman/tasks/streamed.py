"""Data larger than memory: codecs learned in one pass over a file, sequences encoded in another, into mapped arrays."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from elman.codecs import Ragged, TextCodec, codec_from_config
from elman.errors import InputError, counted
from elman.files import Arrays, FolderWriter
from elman.tasks.coded import Coded
from elman.tasks.encoded_files import encoded_file, folder_size
from elman.tasks.encoding_progress import EncodingProgress, as_bytes
from elman.tasks.estimator import Estimator
from elman.tasks.learning import TextLearner
from elman.tasks.parts import FEW, Block, ByKey, ByTime, Parts, Source
from elman.tasks.word_vectors import vector_file

# what decides which arrays come out of a file, besides the file and its columns
OPTIONS = (
    *("level", "source_level", "target_level", "vocabulary_size", "copy_unknown"),
    *("validation_fraction", "random_state"),
)
LONGEST_EXAMPLE = 24
Reading = Callable[[str], AbstractContextManager[Callable[[int], None]]]


class Streamed(NamedTuple):
    """A file as an estimator's `fit_coded` wants it, mapped from the cache; and what to tell of it."""

    training: Coded
    validation: Coded | None
    sequences: int
    example: str | None
    notes: list[str]


def streamed(
    estimator: Estimator, source: Source, file: str, about: Mapping[str, Any], progress: EncodingProgress
) -> Streamed:
    """Give an estimator its codecs, and its data as mapped arrays; memory does not grow with the file.

    The arrays are kept in the user's cache, by the content of the file, the columns and what the codecs are learned
    with: another training on the same data opens them as they are. Of several processes one encodes, the others wait.

    Args:
        estimator: with its options; `codecs_` is set, as by `prepared`.
        source: the sequences of the file.
        file: its name.
        about: the columns and whatever else decides what the source gives, as JSON.
        progress: is told what goes on.

    Raises:
        InputError: the file or a value is not as it should be, or the cache cannot be written.
    """
    size = Path(file).stat().st_size
    options = {name: getattr(estimator, name) for name in OPTIONS if hasattr(estimator, name)}
    vectors = vector_file(estimator)
    if vectors is not None:
        options["word_vectors"] = vectors.content()
    key = {"task": estimator.task, "options": options, **about}

    def write(writer: FolderWriter) -> None:
        encode(estimator, source, writer, lambda what: progress.reading(f"{what} {file}", size))

    found, folder = encoded_file(file, json.loads(json.dumps(key, default=lambda one: one.item())), write, progress)
    progress.say(f"encoded data: {found.about['sequences']:,} sequences, {as_bytes(folder_size(folder))} in {folder}")
    opened = _opened(estimator, found)
    if vectors is not None:
        vectors.attach(estimator.codecs_["input"])
    return opened


def encode(estimator: Estimator, source: Source, writer: FolderWriter, reading: Reading) -> None:
    """Learn an estimator's codecs from a source, and write its sequences through them."""
    if source.needs_survey:
        with reading("surveying") as told:
            source.survey(told)
    parts = _parts(estimator, source)
    estimator.codecs_ = _learned(estimator, source, parts, reading)
    writers = {name: CodedWriter(estimator, source.in_step, name, writer) for name in ("training", "validation")}
    example = None
    with reading("encoding") as told:
        part = parts()
        for block in source.blocks(told):
            for one, to in zip(part(block), writers.values(), strict=True):
                if len(one.X):
                    coded = to.append(one)
                    if to.name == "training":
                        estimator.take_in(coded)
            example = example or next((x for x in block.X if _shows(x)), None)
    counts = {name: one.finish() for name, one in writers.items()}
    if not counts["training"] or (estimator.validation_fraction and not counts["validation"]):
        there, learned = counted(sum(counts.values()), "sequences"), counts["training"]
        raise InputError(
            f"there is too little data to set some aside for validation: {there} fell into {learned} for training and "
            f"{counts['validation']} for validation; give more data or validation_fraction=0, or do not stream them"
        )
    writer.about = {
        "codecs": {end: codec.to_config() for end, codec in estimator.codecs_.items()},
        "learned": {name: getattr(estimator, name) for name in estimator.learned},
        "sequences": source.sequences,
        "example": example,
        "notes": source.notes(),
    }


def _parts(estimator: Estimator, source: Source) -> Callable[[], Parts]:
    fraction, scored = estimator.validation_fraction, source.scored
    if scored is not None and source.in_step and len(scored) < FEW and fraction:
        return lambda: ByTime(fraction, scored)
    return lambda: ByKey(fraction, estimator.random_state)


def _learned(estimator: Estimator, source: Source, parts: Callable[[], Parts], reading: Reading) -> dict[str, Any]:
    learners = estimator.learners(source.text)
    with reading("learning") as told:
        part = parts()
        for block in source.blocks(told):
            training = part(block)[0]
            learners["input"].update(training.X)
            output = learners.get("output")
            if output is None:
                continue
            rows = block if output.all_rows else training
            output.update(rows.y if source.in_step else [y for y, new in zip(rows.y, rows.new, strict=True) if new])
    codecs = {}
    for end, learner in learners.items():

        def again(end: str = end) -> Iterable[str]:
            with reading(f"learning {end} subwords of") as told:
                part = parts()
                for block in source.blocks(told):
                    training = part(block)[0]
                    yield from training.X if end == "input" else training.y

        codecs[end] = learner.codec(again)
        if isinstance(learner, TextLearner) and learner.counts.forgotten:
            source.add_note(f"there are so many different words that the rarest were not counted ({end})")
    return codecs


def _shows(x: Any) -> bool:
    return isinstance(x, str) and 0 < len(x) <= LONGEST_EXAMPLE and x.isprintable()


class CodedWriter:
    """Writes one part of the data, as `Coded` has it, block by block."""

    def __init__(self, estimator: Estimator, in_step: bool, name: str, writer: FolderWriter) -> None:
        self.name = name
        self._estimator, self._in_step = estimator, in_step
        self._total = {"inputs": 0, "targets": 0}
        self._writer = writer
        self._arrays: dict[str, Any] = {}

    def append(self, block: Block) -> Coded:
        """Encode and write a block; gives it encoded."""
        coded = self._estimator.coded(block.X, block.y, in_step=self._in_step)
        new = np.array(block.new)
        self._ragged("inputs", coded.inputs, new)
        if isinstance(coded.targets, Ragged):
            self._ragged("targets", coded.targets, new)
        else:
            self._array("targets", coded.targets).append(coded.targets[new])
        return coded

    def _ragged(self, name: str, ragged: Ragged, new: np.ndarray) -> None:
        codec = self._estimator.codecs_["input" if name == "inputs" else "output"]
        values = ragged.values
        if isinstance(codec, TextCodec):
            values = values.astype(np.min_scalar_type(codec.size + self._estimator.further_numbers))
        self._array(f"{name}.values", values).append(values)
        starts = self._total[name] + ragged.offsets[:-1]
        self._array(f"{name}.offsets", starts).append(starts[new])
        self._total[name] += int(ragged.offsets[-1])

    def _array(self, name: str, like: np.ndarray) -> Any:
        if name not in self._arrays:
            self._arrays[name] = self._writer.array(f"{self.name}.{name}", like.dtype, like.shape[1:])
        return self._arrays[name]

    def finish(self) -> int:
        """Write where the last sequence ends; how many there are."""
        for name, total in self._total.items():
            if f"{name}.offsets" in self._arrays:
                self._arrays[f"{name}.offsets"].append(np.array([total]))
        return self._arrays["inputs.offsets"].rows - 1 if self._arrays else 0


def _opened(estimator: Estimator, found: Arrays) -> Streamed:
    about = found.about
    estimator.codecs_ = {end: codec_from_config(config) for end, config in about["codecs"].items()}
    for name, value in about["learned"].items():
        setattr(estimator, name, value)
    training = _coded(found, "training")
    if training is None:
        raise InputError("the encoded data hold nothing to train on")
    return Streamed(training, _coded(found, "validation"), about["sequences"], about["example"], about["notes"])


def _coded(found: Arrays, part: str) -> Coded | None:
    if f"{part}.inputs.values" not in found.arrays:
        return None
    names = sorted(name for name in found.arrays if name.startswith(f"{part}."))

    def ragged(name: str) -> Ragged:
        values, offsets = (f"{part}.{name}.{kind}" for kind in ("values", "offsets"))
        return Ragged(found.arrays[values], found.arrays[offsets], found.digests[values] + found.digests[offsets])

    targets = found.arrays.get(f"{part}.targets")
    whole = " ".join(found.digests[name] for name in names)
    return Coded(ragged("inputs"), ragged("targets") if targets is None else targets, whole)
