"""The words of every task, each declared once: constructor argument, command-line flag and metadata key.

What every task takes is in `Options`; what some of them share, in the class that says what they share.

Nothing here imports torch, so that `elman train TASK --help` is quick.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from elman.errors import InputError

if TYPE_CHECKING:
    from elman.equations import Cell


class Range(NamedTuple):
    """The finite numbers that an option may be; `open_least` and `open_most`: all but that end itself."""

    least: float
    most: float = math.inf
    open_least: bool = False
    open_most: bool = False

    def __contains__(self, value: Any) -> bool:
        above = value > self.least if self.open_least else value >= self.least
        below = value < self.most if self.open_most else value <= self.most
        return bool(above and below and value < math.inf)

    def __str__(self) -> str:
        least = f"{'above' if self.open_least else 'from'} {self.least}"
        most = f" {'to below' if self.open_most else 'to'} {self.most}"
        return least if self.most == math.inf else least + most


RANGES = {
    **dict.fromkeys(("hidden_size", "num_layers", "embedding_size", "epochs", "batch_size", "patience"), Range(1)),
    **dict.fromkeys(("num_threads", "beam", "max_length", "stack", "channels"), Range(1)),
    **dict.fromkeys(("frequency_masks", "frequency_width", "time_masks", "language_weight"), Range(0)),
    "time_width": Range(0, 1),
    **dict.fromkeys(("frequency_warp", "tempo"), Range(0, 1, open_most=True)),
    "noise": Range(0, 90),
    "symbol_bonus": Range(-math.inf, open_least=True),
    **dict.fromkeys(("horizon", "season", "decoder_size", "num_samples"), Range(1)),
    **dict.fromkeys(("batch_steps", "accumulate", "memory_budget", "max_skipped"), Range(1)),
    **dict.fromkeys(
        ("clip", "random_state", "window", "weight_decay", "length_penalty", "checkpoint_seconds"), Range(0)
    ),
    **dict.fromkeys(("dropout", "validation_fraction", "average", "symbol_dropout"), Range(0, 1, open_most=True)),
    **dict.fromkeys(("momentum", "warm_up"), Range(0, 1, open_most=True)),
    "label_smoothing": Range(0, 1),
    "vocabulary_size": Range(300),  # subwords need 259: the bytes and the special symbols
    "image_size": Range(8, 1024),
    "augment": Range(0, 0.5),
    "learning_rate": Range(0, open_least=True),
}
"""The values of each option that is a number."""
LEVELS = ("characters", "words", "subwords")
CHOICES: dict[str, tuple[Any, ...]] = {
    "level": LEVELS,
    "source_level": LEVELS,
    "target_level": LEVELS,
    "pooling": ("last", "mean", "max", "attention"),
    "per": ("step", "sequence"),
    "strategy": ("direct", "autoregressive"),
    "likelihood": ("quantiles", "normal", "student_t", "negative_binomial"),
    "reference": ("last", "season", "drift"),
    "optimizer": ("adamw", "adam", "sgd"),
    "decay": ("cosine", "linear", "none"),
    "verbose": (0, 1, 2),
}
"""The values of each option that is one of several."""


def option(default: Any, help: str, **more: Any) -> Any:
    """A field of an options class: its default, and the line that `--help` shows."""
    return field(default=default, metadata={"help": help, **more})


@dataclass(kw_only=True, eq=False, repr=False)
class Options:
    """What every task takes. None, where it is the default, means: chosen from the size of the data."""

    cell: "Cell | str" = option("lstm", "The equation of one step: lstm, gru, elman, elman_relu, leaky_elman, ...")
    hidden_size: int | None = option(None, "Hidden units of each layer and direction  [default: from the data's size]")
    num_layers: int = option(1, "Recurrent layers, one above the other")
    bidirectional: bool = option(True, "Read each sequence from both ends")
    dropout: float = option(0.2, "Probability of zeroing a value in training")
    embedding_size: int | None = option(None, "Numbers that stand for a symbol  [default: half of hidden_size]")
    epochs: int | None = option(None, "Passes over the training data at most  [default: from the data's size]")
    batch_size: int | None = option(None, "Sequences of a step  [default: from the data's size]")
    batch_steps: int = option(100_000, "Time steps of a batch at most, padding included")
    accumulate: int = option(1, "Batches, or windows, whose gradients are added up for one step")
    optimizer: str = option("adamw", "The rule of gradient descent: adamw, adam, sgd")
    momentum: float = option(0.9, "Of SGD")
    learning_rate: float = option(0.002, "Peak of the learning rate, after warm-up and before decay")
    warm_up: float = option(0.05, "Part of the training in which the learning rate rises")
    decay: str = option("cosine", "How the learning rate falls after that: cosine, linear, none")
    weight_decay: float = option(0.0, "Part of each weight lost a step, in units of the learning rate")
    average: float = option(0.0, "Decay of the running average of the weights that is kept, such as 0.998; 0 for none")
    clip: float = option(1.0, "Largest norm of the gradient; 0 for no clipping")
    validation_fraction: float = option(0.1, "Part of the data set aside for early stopping; 0 for none")
    patience: int = option(10, "Epochs without a better validation value before training stops")
    random_state: int = option(0, "Seed; equal seeds and data give equal models")
    device: str = option("cpu", "Where to compute: cpu, cuda, mps")
    num_threads: int | None = option(None, "Threads to compute with  [default: as PyTorch chooses]")
    memory_budget: int | None = option(
        None, "Bytes that a layer may keep for backpropagation; the rest is computed again  [default: no limit]"
    )
    max_skipped: int = option(10, "Training stops after so many steps in a row without a finite loss and gradient")
    checkpoints: str | None = option(None, "The folder for checkpoints; None for none", flag=False)
    checkpoint_seconds: float = option(60.0, "Time between two checkpoints; there is one after each epoch too")
    verbose: int = option(1, "0 silent, 1 a progress bar, 2 a line for each epoch as well")


@dataclass(kw_only=True, eq=False, repr=False)
class WordOptions:
    """What tasks take that may read words."""

    word_vectors: str | None = option(
        None, "File of vectors that words begin with: the text of word2vec, GloVe or fastText, .gz or not"
    )
    tune_vectors: bool = option(False, "Train the vectors of that file too; else they stay as they are")


@dataclass(kw_only=True, eq=False, repr=False)
class TextOptions(WordOptions):
    """What tasks take that may read texts, as characters, words or subwords."""

    level: str | None = option(None, "Symbols of a text: characters, words or subwords  [default: from the texts]")


@dataclass(kw_only=True, eq=False, repr=False)
class ManyToOneOptions:
    """What tasks take that may give one output for a whole sequence."""

    pooling: str = option("last", "What the output layer reads: last state; mean, max or attention over all steps")


@dataclass(kw_only=True, eq=False, repr=False)
class InStepOptions:
    """What tasks take that may give an output at every step of a sequence of any length."""

    window: int = option(256, "Steps of truncated backpropagation through time in longer sequences; 0: never cut")
    train_initial_state: bool = option(False, "Learn the state before the first step; else it is 0")


@dataclass(kw_only=True, eq=False, repr=False)
class ClassifierOptions(ManyToOneOptions, TextOptions, Options):
    """What `Classifier` and `elman train classify` take."""

    cell: "Cell | str" = option("gru", "The equation of one step: gru, lstm, elman, elman_relu, leaky_elman, ...")
    num_layers: int = option(2, "Recurrent layers, one above the other")
    learning_rate: float = option(0.004, "Peak of the learning rate, after warm-up and before decay")
    weight_decay: float = option(0.1, "Part of each weight lost a step, in units of the learning rate")
    average: float = option(0.998, "Decay of the running average of the weights that is kept; 0 for none")
    class_weight: "Mapping[Any, float] | str | None" = option(
        None, "How much a class counts: balanced, each as much as any other  [default: by how often it occurs]"
    )
    symbol_dropout: float = option(0.1, "Probability of reading an unknown symbol in place of one, in training")
    label_smoothing: float = option(0.1, "Part of each label's probability spread over all classes, in training")
    dropout: float = option(0.3, "Probability of zeroing a value in training")


@dataclass(kw_only=True, eq=False, repr=False)
class RegressorOptions(InStepOptions, ManyToOneOptions, TextOptions, Options):
    """What `Regressor` and `elman train regress` take."""

    per: str | None = option(None, "A value per step, or one per sequence: step, sequence  [default: from the data]")
    bidirectional: bool = option(False, "Read each sequence from both ends (a value per step then sees the future)")
    dropout: float = option(0.0, "Probability of zeroing a value in training")


@dataclass(kw_only=True, eq=False, repr=False)
class GeneratorOptions(WordOptions, Options):
    """What `Generator` and `elman train generate` take."""

    level: str = option("characters", "Symbols of a text: characters, words or subwords")
    window: int = option(64, "Steps of truncated backpropagation through time")
    tie_embeddings: bool = option(False, "Make the output layer of the embedding's weights")
    bidirectional: bool = option(False, "Not for a generator, which writes forwards", flag=False)
    batch_size: int | None = option(
        None, "Lanes: places of the text that are learned from at once  [default: up to 32]"
    )
    dropout: float = option(0.1, "Probability of zeroing a value in training")
    learning_rate: float = option(0.005, "Peak of the learning rate, after warm-up and before decay")


@dataclass(kw_only=True, eq=False, repr=False)
class TaggerOptions(InStepOptions, WordOptions, Options):
    """What `Tagger` and `elman train tag` take."""

    learning_rate: float = option(0.005, "Peak of the learning rate, after warm-up and before decay")
    dropout: float = option(0.3, "Probability of zeroing a value in training")
    characters: bool = option(True, "Read words by their characters too")
    crf: bool = option(True, "Score whole sequences of tags, where no illegal step is taken; else each tag alone")
    symbol_dropout: float = option(0.1, "Probability of reading an unknown word in place of one, in training")


@dataclass(kw_only=True, eq=False, repr=False)
class SearchOptions:
    """What tasks take that write a text about something they were given as a whole."""

    beam: int = option(3, "Hypotheses that beam search carries; 1 is greedy")
    length_penalty: float = option(1.0, "Scores are divided by length to this power; 0 favours short results")
    max_length: int | None = option(None, "Symbols of a result at most  [default: from the training data]")


@dataclass(kw_only=True, eq=False, repr=False)
class TranslatorOptions(SearchOptions, WordOptions, Options):
    """What `Translator` and `elman train translate` take."""

    dropout: float = option(0.1, "Probability of zeroing a value in training")
    source_level: str | None = option(None, "Source symbols: characters, words or subwords  [default: from the texts]")
    target_level: str | None = option(None, "Target symbols: characters, words or subwords  [default: from the texts]")
    vocabulary_size: int | None = option(
        None, "Symbols of source and of target at most  [default: 30000 words, 8000 subwords]"
    )
    copy_unknown: bool = option(
        True, "Write words that training did not know, such as names, as the source has them; from 1,000 pairs on"
    )


@dataclass(kw_only=True, eq=False, repr=False)
class TranscriberOptions(Options):
    """What `Transcriber` and `elman train transcribe` take."""

    learning_rate: float = option(0.004, "Peak of the learning rate, after warm-up and before decay")
    num_layers: int = option(2, "Recurrent layers, one above the other")
    patience: int = option(20, "Epochs without a better validation value before training stops")
    level: str = option("characters", "Symbols of the transcripts: characters, words or subwords")
    stack: int = option(3, "Frames of 10 ms that a time step reads side by side: fewer steps, a coarser time")
    frequency_masks: int = option(1, "Bands of frequency that are blotted out of each sound, in training")
    frequency_width: int = option(6, "Channels of such a band at most, of 40")
    time_masks: int = option(1, "Stretches of time that are blotted out of each sound, in training")
    time_width: float = option(0.05, "Part of a sound that such a stretch has at most")
    frequency_warp: float = option(
        0.0, "Part by which a sound's frequencies are raised or lowered at most, in training"
    )
    tempo: float = option(0.0, "Part by which a sound is made longer or shorter at most, in training")
    noise: float | None = option(
        None, "Decibels below a sound's peak of the loudest noise that is added to it, in training  [default: no noise]"
    )
    beam: int | None = option(
        None, "Prefixes that beam search carries; 1 is greedy  [default: 1; with a language model 16]"
    )
    language_model: Any = option(None, "A generator of the same symbols, or its file, to search with", flag=False)
    language_weight: float = option(0.8, "How much the language model's log-probability counts beside the sound's")
    symbol_bonus: float | None = option(
        None,
        "Added to a beam's scores for each symbol: a language model favours short texts  [default: 1.5 with one, or 0]",
    )
    strict: bool = option(False, "Refuse a text that is too long for its sound; else it is left out", flag=False)


@dataclass(kw_only=True, eq=False, repr=False)
class CaptionerOptions(SearchOptions, Options):
    """What `Captioner` and `elman train caption` take."""

    level: str | None = option(None, "Symbols of a caption: characters, words or subwords  [default: from the texts]")
    image_size: int = option(64, "Side of the square, in pixels, that images are brought to")
    channels: int = option(128, "Numbers that stand for a region of an image")
    dropout: float = option(0.1, "Probability of zeroing a value in training")
    augment: float = option(0.1, "Part of its side by which an image is moved or scaled at random, in training")
    encoder: Any = option(None, "A torch module to see with in place of elman's convolutions", flag=False)
    bidirectional: bool = option(False, "Not for a captioner, which writes forwards", flag=False)


@dataclass(kw_only=True, eq=False, repr=False)
class ForecasterOptions(InStepOptions, Options):
    """What `Forecaster` and `elman train forecast` take."""

    horizon: int | None = option(None, "Time steps to forecast  [default: a season]")
    strategy: str = option("direct", "All steps ahead at once, or each from the one before: direct, autoregressive")
    likelihood: str = option(
        "quantiles", "What the outputs mean: quantiles, normal, student_t; negative_binomial for counts"
    )
    reference: str | None = option(
        None, "What forecasts are corrections of: last value, season ago, drift  [default: the nearest in training]"
    )
    season: int | None = option(None, "Time steps of the season that errors are measured by  [default: from freq]")
    freq: str | None = option(None, "Time between steps as pandas says it: h, D, W, MS  [default: from the timestamps]")
    fill: bool = option(False, "Insert missing time steps as missing values; of repeated ones keep the last")
    calibrate: bool = option(True, "Widen or narrow intervals to what they cover in the validation data")
    refit: bool = option(True, "After validation learn once more, from all data, for as many epochs as were best")
    num_samples: int = option(200, "Sample paths by which an autoregressive forecast is told")
    decoder_size: int = option(32, "Hidden units for each step ahead")
    target: str = option("y", "The column to forecast", flag=False)
    past: tuple[str, ...] = option((), "Columns that are known up to now", flag=False)
    future: tuple[str, ...] = option((), "Columns that are known ahead", flag=False)
    static: tuple[str, ...] = option((), "Columns with one number for each series", flag=False)
    strict: bool = option(False, "Refuse data in which a series would be left out", flag=False)
    bidirectional: bool = option(False, "A forecast does not read the future", flag=False)
    window: int = option(64, "Steps of truncated backpropagation through time in longer sequences; 0: never cut")


def check(options: Options) -> None:
    """Refuse a value that an option cannot have.

    Raises:
        InputError: there is one.
    """
    for one in fields(options):
        name, value = one.name, getattr(options, one.name)
        if value is None and one.default is None:
            continue
        if name in CHOICES and value not in CHOICES[name]:
            raise InputError(f"{name} is {value!r}, expected one of {', '.join(map(str, CHOICES[name]))}")
        if name == "class_weight":
            _check_class_weight(value)
        if one.type is bool and type(value).__name__ not in ("bool", "bool_"):  # Python's or NumPy's
            raise InputError(f"{name} is {value!r}, expected True or False")
        if name in RANGES:
            whole = int in (one.type, *get_args(one.type))
            fits = isinstance(value, Integral if whole else Real) and not isinstance(value, bool)
            if not fits or value not in RANGES[name]:
                kind = "whole number" if whole else "finite number" if fits and value == math.inf else "number"
                raise InputError(f"{name} is {value!r}, expected a {kind} {RANGES[name]}")


def _check_class_weight(value: Any) -> None:
    if isinstance(value, Mapping):
        for label, weight in value.items():
            fits = isinstance(weight, Real) and not isinstance(weight, bool)
            if not fits or weight not in Range(0, open_least=True):
                raise InputError(f"class_weight of {label!r} is {weight!r}, expected a finite number above 0")
    elif value != "balanced":
        raise InputError(
            f"class_weight is {value!r}, expected 'balanced' or a weight for each label, {{label: weight}}"
        )
