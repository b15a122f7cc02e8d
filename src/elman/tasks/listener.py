"""A transcription that goes on while the sound does: samples in, text out as it comes, without PyTorch at a step."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.codecs import AudioCodec, Sound, TextCodec
from elman.codecs.audio import hear, stacked, too_short, traits
from elman.codecs.recording import Frames, Playback
from elman.errors import InputError
from elman.models.ctc import log_softmax
from elman.models.ctc_search import Search
from elman.stream import Stream
from elman.tasks.writing import Decoding

if TYPE_CHECKING:
    from elman.tasks.transcriber import Transcriber


class Listener:
    """Hears samples bit by bit and writes what is said; made by `Transcriber.listen`.

    However the sound is cut into pieces, the text is that of the whole: of `Transcriber.predict` on a file of it. What
    was given once is not taken back: a beam gives only what all of its prefixes have in common. For one thread.

    Args:
        stream: the network, at its beginning.
        audio: the codec of its input.
        texts: the codec of its output.
        search: that has read nothing yet.
        rate: samples of a second of what it will hear.
        shift: from the network's outputs to the numbers of the texts' symbols.
    """

    def __init__(
        self, stream: Stream, audio: AudioCodec, texts: TextCodec, search: Search, rate: int, shift: int
    ) -> None:
        self._stream, self._audio, self._search, self._shift = stream, audio, search, shift
        self._frames: Frames | None = Frames(rate, audio.sample_rate, audio.bins)
        self._rest = np.zeros((0, audio.bins), np.float32)  # frames that are no whole step yet
        self._decoding, self._given = Decoding(texts), 0
        self.text = ""
        self.begun = False

    text: str
    """All that was given so far."""

    begun: bool
    """Whether there was a whole frame, so that there is something to hear."""

    def feed(self, samples: Any) -> str:
        """Hear samples; what they add to the text, often nothing yet.

        Shape:
            samples (S,), or (S, channels), which are mixed: numbers of which 1 is full scale, or whole numbers of 16 or
            32 bits

        Raises:
            InputError: they are something else, or `finish` was called.
        """
        if self._frames is None:
            raise InputError("the sound has ended with finish: begin another one with listen")
        return self._read(self._frames.feed(_as_samples(samples)), last=False)

    def finish(self) -> str:
        """End the sound; what that adds to the text."""
        if self._frames is None:
            return ""
        frames, self._frames = self._frames.finish(), None
        return self._read(frames, last=True)

    def _read(self, frames: np.ndarray, *, last: bool) -> str:
        self.begun = self.begun or len(frames) > 0
        frames = np.concatenate([self._rest, self._audio.scaled(frames)])
        whole = len(frames) if last else len(frames) // self._audio.stack * self._audio.stack
        self._rest = frames[whole:]
        if whole:
            scores = self._stream.step_block(stacked(frames[:whole], self._audio.stack))
            self._search.read(log_softmax(scores))
        symbols: Any = self._search.found()[0].symbols if last else self._search.settled
        new = "".join(self._decoding(symbol + self._shift) for symbol in symbols[self._given :])
        self._given = len(symbols)
        self.text += new
        return new


def listened_to(transcriber: "Transcriber", path: PurePath) -> Iterator[tuple[str, Sound | None]]:
    """The text of a file piece by piece while it is read, and with the last piece what the file is like.

    A network that reads forwards only goes on from block to block, so that the file may be longer than memory. One that
    hears the future gives all of its text at once; of the file the frames are in memory, 16 kB a second.

    Raises:
        InputError: the file cannot be read or is shorter than a frame; or it is damaged from some place on, then after
            the text of what comes before, and what the file is like.
    """
    codec: AudioCodec = transcriber.codecs_["input"]
    if transcriber.hears_the_future:
        sound, fault = hear(path, codec.sample_rate, codec.bins)
        yield transcriber.predict([sound])[0], sound
    else:
        playback, fault = Playback(path), None
        listener = transcriber.listen(playback.rate)
        try:
            for block in playback.blocks():
                piece = listener.feed(block)
                if listener.begun:
                    yield piece, None
        except InputError as error:
            fault = error
        last = listener.finish()
        if not listener.begun:
            raise fault or too_short(path, playback)
        nothing = np.zeros((0, codec.bins), np.float32)
        yield last, Sound(path, nothing, codec.sample_rate, traits(playback, codec.sample_rate))
    if fault is not None:
        raise fault


def _as_samples(samples: Any) -> np.ndarray:
    try:
        array = np.asarray(samples)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"samples is a {type(samples).__name__} that is no array of numbers: {error}") from error
    if array.dtype in (np.int16, np.int32):
        array = array / -float(np.iinfo(array.dtype).min)
    if array.dtype.kind != "f" and array.size:
        raise InputError(f"samples is {array.dtype}, expected numbers of which 1 is full scale, int16 or int32")
    if array.ndim not in (1, 2):
        raise InputError(f"samples has shape {array.shape}, expected (S,) or (S, channels)")
    if not np.isfinite(array).all():
        raise InputError("samples has numbers that are not finite")
    mixed: np.ndarray = array.astype(np.float32)
    return mixed.mean(1, dtype=np.float32) if array.ndim == 2 else mixed
