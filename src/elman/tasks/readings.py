"""From raw input to what is inspected: each recurrent network of a trained model, as it reads that input."""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

import numpy as np
import torch
from torch import Tensor

from elman.codecs import UNKNOWN, AudioCodec, LabelCodec, SeriesCodec, TagCodec, TextCodec, TokensCodec
from elman.codecs.text import END, SHOWN_UNKNOWN, START
from elman.codecs.unicode import normalise
from elman.errors import InputError
from elman.inspection import Reading
from elman.models import EncoderDecoder, Feedforward, InStep, ManyToOne, StepsAhead
from elman.models.attention import Memory
from elman.models.reader import Reader
from elman.models.writer import Writer
from elman.state import State
from elman.tasks.estimator import Estimator
from elman.tasks.writing import never_written

Found = TypeVar("Found")

BEGIN_SHOWN, END_SHOWN = "□", "■"  # before the first symbol of what is written, and after its last
SPECIAL = (SHOWN_UNKNOWN, BEGIN_SHOWN, END_SHOWN)  # by their numbers in a text codec
BLANK_SHOWN = "∅"  # what a transcriber writes at a step at which it writes nothing


def inspect(model: Any, one: Any, part: str | None = None, *, written: str | None = None) -> Reading:
    """What a model's recurrent network does with one input, to be looked into by `elman.inspection`.

    Args:
        model: a fitted estimator, or a layer or `Network` of elman's.
        one: one raw input, as `predict` takes several; for a layer (T, I).
        part: which network of a model that has two: "encoder" or "decoder"; None: the one that writes.
        written: of a translator or captioner, the text to write; None: what it would.

    Raises:
        InputError: the model has no recurrent network, or cannot read the input.

    Example:
        >>> import elman
        >>> generator = elman.Generator(hidden_size=16, epochs=2, verbose=0).fit("abcabd" * 50)
        >>> reading = elman.inspect(generator, "abcab")
        >>> reading.steps, tuple(reading.outputs().shape)
        (('□', 'a', 'b', 'c', 'a', 'b'), (1, 6, 7))
    """
    if not isinstance(model, Estimator):
        return Reading.of_layer(model, one)
    found = readings(model, one, written=written)
    if part is None:
        return found[-1]
    for reading in found:
        if reading.part == part:
            return reading
    raise InputError(f"part is {part!r}, expected one of {', '.join(one.part for one in found)}")


def readings(model: Estimator, one: Any, *, written: str | None = None) -> list[Reading]:
    """The readings of all recurrent networks of a model, in the order in which they run; as `inspect`."""
    model._check_fitted()
    network = model.model_.eval()
    if isinstance(network, Feedforward) or not getattr(network, "recurrent", True):
        raise InputError("this network has no memory, and so no hidden state to look at: train a recurrent one")
    if isinstance(network, Writer):
        return _of_writer(model, network, one, written)
    if isinstance(network, StepsAhead):
        return [_of_forecaster(model, network, one)]
    return [_of_reader(model, cast(Reader, network), one)]


def trained_window(model: Estimator, reading: Reading) -> int | None:
    """The steps of truncated backpropagation through time that a network was trained with; None: it was not cut.

    Only what gives an output at every step is cut, and carries its state over the cut: not what gives one for the whole
    sequence, nor what reads both ways.
    """
    in_step = isinstance(model.model_, InStep | StepsAhead)
    return getattr(model, "window", 0) or None if in_step and not reading.layer.bidirectional else None


def found_by_search(hypotheses: Sequence[Found]) -> Sequence[Found]:
    """The texts that a search found for one input.

    Raises:
        InputError: there is none.
    """
    if not hypotheses:
        raise InputError("the search for the likeliest text finds none for this input: give another one")
    return hypotheses


def _of_reader(model: Estimator, network: Reader, one: Any) -> Reading:
    encoded = model._encoded([one])[0]
    steps = step_names(model, one, encoded)
    if model.task == "generate":  # it reads where a text begins, too
        encoded, steps = np.concatenate([[START], encoded]), (BEGIN_SHOWN, *steps)
    x = _vectors(network, encoded)
    names, scores = output_names(model)
    lengths = torch.tensor([len(x)])
    if isinstance(network, ManyToOne):
        output = lambda h, last: network.answer(h, last, lengths.expand(len(h))).unsqueeze(1)  # noqa: E731
        asked: tuple[str, ...] = ("all",)
    else:
        output, asked = lambda h, _: cast(InStep, network).answer(h), steps
    return Reading(
        network.recurrent, x, steps, network.initial_state(1), output, names, asked, scores, _blank(network, encoded)
    )


def _of_forecaster(model: Any, network: StepsAhead, one: Any) -> Reading:
    table = model._read(one)
    if len(table.series) != 1:
        raise InputError(f"there are {len(table.series)} series, expected one to look into: choose it by unique_id")
    coded = model.coded(table.series)
    x = torch.from_numpy(np.array(coded.inputs[0]))
    T, middle = len(x), len(range(model.distribution.size)[model.distribution.locations]) // 2
    _reference, simple = coded.forecasts(np.arange(T)[:, np.newaxis], np.zeros(T, np.int64))
    seasonal = torch.as_tensor(simple, dtype=x.dtype)[:, 0]  # (T, h, S)
    ahead = torch.as_tensor(coded.ahead[0][1:], dtype=x.dtype)[: T + coded.horizon - 1].unsqueeze(0)

    def output(h: Tensor, _: State) -> Tensor:
        several = seasonal.unsqueeze(0).expand(len(h), *seasonal.shape)
        return network.decode(h, ahead.expand(len(h), -1, -1), several)[..., middle]  # (B, T, h)

    steps = tuple(str(one).removesuffix(" 00:00:00") for one in table.series[0].times)
    names = tuple(f"{k} ahead" for k in range(1, coded.horizon + 1))
    return Reading(
        network.recurrent, x, steps, network.initial_state(1), output, names, steps, False, torch.zeros_like(x[0])
    )


def _of_writer(model: Any, network: Writer, one: Any, written: str | None) -> list[Reading]:
    source = torch.from_numpy(np.asarray(model._encoded([one])[0])).unsqueeze(0)
    target: TextCodec = model.codecs_["output"]
    if written is None:
        written = found_by_search(model.hypotheses([one])[0])[0].text
    numbers = target.encode(written)
    lengths = torch.tensor([source.shape[1]])
    decoder = network.decoder
    symbols = torch.tensor([[START, *numbers.tolist()]])
    shown = tuple(target.pieces(numbers))
    names = output_names(model)[0]
    with torch.no_grad():
        first, memory = network.encoder(source, lengths)
        x = decoder.input(symbols)[0]
        blank = decoder.input(torch.tensor([[UNKNOWN]]))[0, 0]

    def write(h: Tensor, _: State) -> Tensor:
        return decoder.answer(h, memory.select(torch.zeros(len(h), dtype=torch.int64)))[0]

    asked = (*shown, END_SHOWN)
    found = [Reading(decoder.recurrent, x, (BEGIN_SHOWN, *shown), first, write, names, asked, True, blank, "decoder")]
    if not isinstance(network, EncoderDecoder):
        return found
    encoder: Any = network.encoder

    def translate(h: Tensor, last: State) -> Tensor:
        B = len(h)
        state, seen = encoder.handed_over(last), Memory(h, lengths.expand(B))
        hidden, _ = decoder.recurrent(decoder.input(symbols.expand(B, -1)), state)
        return decoder.answer(hidden, seen)[0]

    steps = step_names(model, one, source[0].numpy())
    with torch.no_grad():
        x, start = encoder.input(source)[0], encoder.recurrent.initial_state(1)
        blank = encoder.input(torch.tensor([[UNKNOWN]]))[0, 0]
    return [Reading(encoder.recurrent, x, steps, start, translate, names, asked, True, blank, "encoder"), *found]


def _vectors(network: Reader, encoded: np.ndarray) -> Tensor:
    with torch.no_grad():
        x: Tensor = network.input(torch.from_numpy(np.array(encoded)).unsqueeze(0))[0]
    return x


def _blank(network: Reader, encoded: np.ndarray) -> Tensor:
    """The vector of an unknown symbol, without characters; or 0, the mean."""
    if network.input.embedding is None:
        return torch.zeros(network.input.output_size)
    unknown = np.full((1, *encoded.shape[1:]), END, np.int64)
    unknown.flat[0] = UNKNOWN
    return _vectors(network, unknown)[0]


def step_names(model: Estimator, one: Any, encoded: np.ndarray) -> tuple[str, ...]:
    """What each step of an input is called: its symbol, its word, its time in seconds, or its number from 1."""
    codec = model.codecs_["input"]
    if isinstance(codec, TokensCodec):
        return tuple(one.split() if isinstance(one, str) else map(str, one))
    if isinstance(codec, TextCodec):
        if codec.level == "words":
            return tuple(normalise(one).split())
        return tuple(normalise(one)) if codec.level == "characters" else tuple(codec.pieces(encoded))
    if isinstance(codec, AudioCodec):
        return tuple(f"{k * codec.step:.2f} s" for k in range(len(encoded)))
    return tuple(map(str, range(1, len(encoded) + 1)))


def output_names(model: Estimator) -> tuple[tuple[str, ...], bool]:
    """What each output of a model is called, and whether they are scores of alternatives."""
    codec = model.codecs_.get("output", model.codecs_["input"])
    if isinstance(codec, LabelCodec | TagCodec):
        return tuple(map(str, model.classes_)), True
    if isinstance(codec, SeriesCodec):
        return tuple(codec.channel(k) for k in range(codec.input_size)), False
    names = symbol_names(codec)
    return ((BLANK_SHOWN, *names[len(SPECIAL) :]) if model.task == "transcribe" else names), True


def never_given(model: Estimator) -> tuple[int, ...]:
    """The numbers of outputs that a model has and never gives: symbols that nobody can read."""
    if model.task == "generate":
        return never_written(ends=bool(cast(Any, model).ends_))
    if model.task in ("translate", "caption"):  # an unknown word may stand for one that is copied
        return (START,) if getattr(model, "copies", False) else (START, UNKNOWN)
    return ()


def symbol_names(codec: TextCodec) -> tuple[str, ...]:
    """What each number of a codec stands for, the special ones included."""
    return (*SPECIAL, *codec.pieces(range(len(SPECIAL), codec.size)))
