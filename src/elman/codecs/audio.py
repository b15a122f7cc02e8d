"""Sound: an audio file to scaled log-mel frames."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Self

import numpy as np

from elman.codecs.media import Media, none_readable, read_media
from elman.codecs.moments import Moments
from elman.codecs.ragged import Ragged
from elman.codecs.recording import FRAME, STEP, Frames, Playback, centres, read_rate
from elman.codecs.series import SeriesCodec
from elman.errors import InputError, MissingExtra

BINS = 40
WHAT = "audio files"
SAID = {
    "mixed": "several channels, mixed to one",
    "resampled": "another sample rate, changed to {0.rate} Hz",
    "clipped": "clipped, a wave cut off at full scale",
    "silent": "silent, nothing above -80 dB",
}
"""What a note says of files with a trait."""


@dataclass(frozen=True)
class Sound:
    """A file that was read.

    Shape:
        frames (T, bins), float32

    Args:
        path: the file.
        frames: log-mel energies, not scaled.
        rate: the sample rate at which they were taken.
        traits: what of "mixed", "resampled", "clipped", "silent" is true of it.
    """

    path: PurePath
    frames: np.ndarray
    rate: int
    traits: tuple[str, ...] = ()


def listen(path: PurePath, rate: int, bins: int) -> Sound:
    """Read a file and make frames of it.

    Raises:
        InputError: it cannot be read, is empty, is damaged, or is shorter than a frame; the message begins with the
            path.
        MissingExtra: the libraries that read sound are not installed.
    """
    sound, fault = hear(path, rate, bins)
    if fault is not None:
        raise fault
    return sound


def hear(path: PurePath, rate: int, bins: int) -> tuple[Sound, InputError | None]:
    """As `listen`; of a file that is damaged after its beginning what comes before, and what is wrong then."""
    playback = Playback(path)
    maker = Frames(playback.rate, rate, bins)
    frames, fault = [], None
    try:
        for block in playback.blocks():
            frames.append(maker.feed(block))
    except InputError as error:
        fault = error
    found = np.concatenate([*frames, maker.finish()])
    if len(found) == 0:
        raise fault or too_short(path, playback)
    return Sound(path, found, rate, traits(playback, rate)), fault


def too_short(path: PurePath, playback: Playback) -> InputError:
    """What to say of a file that was read and has no frame."""
    lasts = playback.samples / playback.rate * 1000
    return InputError(f"{path} lasts {lasts:.3g} ms, but a frame of sound spans {FRAME * 1000:g} ms")


def traits(playback: Playback, rate: int) -> tuple[str, ...]:
    """What is odd about a file that was read, of which frames were made at another rate or not."""
    found = {
        "mixed": playback.channels > 1,
        "resampled": playback.rate != rate,
        "clipped": playback.clipped,
        "silent": playback.silent,
    }
    return tuple(name for name, has in found.items() if has)


def listen_to_all(
    paths: Sequence[PurePath | Sound],
    rate: int | None = None,
    bins: int = BINS,
    *,
    strict: bool = False,
    told: Callable[[int], None] = lambda done: None,
) -> Media[Sound]:
    """Read many files, as `read_media` does.

    Args:
        paths: the files; sounds that were read stay as they are.
        rate: the sample rate to make frames at; None: the commonest of the files.
        bins: of a frame.
        strict: refuse a file that cannot be read.
        told: hears how many files are done.
    """
    rate = rate or commonest_rate([one.path if isinstance(one, Sound) else one for one in paths])

    def read(one: PurePath | Sound) -> Sound:
        return one if isinstance(one, Sound) else listen(one, rate, bins)

    return read_media(paths, read, WHAT, SAID, strict=strict, told=told)


def commonest_rate(paths: Iterable[PurePath]) -> int:
    """The sample rate that most files have, the higher one of equally many.

    Raises:
        InputError: none can be read.
    """
    rates: Counter[int] = Counter()
    reasons = []
    for path in paths:
        try:
            rates[read_rate(path)] += 1
        except MissingExtra:
            raise
        except InputError as error:
            reasons.append(str(error))
    if not rates:
        raise none_readable(reasons, WHAT)
    return max(rates, key=lambda one: (rates[one], one))


class AudioCodec:
    """Sound to log-mel frames, 100 a second, float32, each channel with mean 0 and deviation 1 over the training data.

    All files are read at one sample rate, the commonest of the training files.

    Args:
        bins: channels of a frame.
        stack: frames that stand side by side in a step, so that there are fewer steps; a last step that is not full
            repeats its last frame.

    Example:
        >>> import soundfile
        >>> from pathlib import Path
        >>> soundfile.write("noise.wav", np.random.default_rng(0).uniform(-0.5, 0.5, 8000), 8000)
        >>> codec = AudioCodec().fit([Path("noise.wav")])
        >>> codec.sample_rate, codec.encode(Path("noise.wav")).shape
        (8000, (98, 40))
    """

    kind = "audio"
    symbolic = False

    sample_rate: int

    def __init__(self, bins: int = BINS, stack: int = 1) -> None:
        self.bins, self.stack = bins, stack
        self._scale = SeriesCodec()

    @property
    def size(self) -> int:
        """The numbers of a step: channels of a frame, times the frames of a step."""
        return self.bins * self.stack

    @property
    def step(self) -> float:
        """Seconds from one step to the next."""
        return STEP * self.stack

    @property
    def centres(self) -> np.ndarray:
        """The frequency of each channel in Hz, (bins,)."""
        return centres(self.sample_rate, self.bins)

    @property
    def scale(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of each channel, (bins,), before they were scaled."""
        return self._scale.mean, self._scale.std

    def fit(self, sounds: Sequence[PurePath | Sound]) -> Self:
        """Learn the sample rate, and the scale of each channel.

        Raises:
            InputError: there is no file, or one cannot be read.
        """
        if len(sounds) == 0:
            raise InputError("there are no audio files to learn from: expected at least one")
        heard = [one for one in sounds if isinstance(one, Sound)]
        self.sample_rate = heard[0].rate if heard else commonest_rate(sounds)  # type: ignore[arg-type]
        moments = Moments()
        for one in sounds:
            moments.update(self._heard(one).frames.astype(np.float64))
        self._scale.learn(moments)
        return self

    def encode(self, sound: PurePath | Sound) -> np.ndarray:
        """The scaled frames of a file.

        Shape:
            returns (T, stack * bins), float32

        Raises:
            InputError: it cannot be read.
        """
        return stacked(self.scaled(self._heard(sound).frames), self.stack)

    def scaled(self, frames: np.ndarray) -> np.ndarray:
        """Frames with mean 0 and deviation 1, not yet side by side. Shape: (T, bins) -> (T, bins), float32."""
        return self._scale.encode(frames)

    def encode_all(self, sounds: Sequence[PurePath | Sound], name: str = "X") -> Ragged:
        """What `encode` gives of each file.

        Raises:
            InputError: there is none, or one cannot be read.
        """
        return Ragged.of([self.encode(one) for one in sounds])

    def decode(self, frames: np.ndarray) -> np.ndarray:
        """The log-mel energies before scaling: what was heard, not the sound itself.

        Shape:
            frames (T, stack * bins); returns (T * stack, bins), float64
        """
        return self._scale.decode(np.asarray(frames).reshape(-1, self.bins))

    def _heard(self, sound: PurePath | Sound) -> Sound:
        if not isinstance(sound, Sound):
            return listen(sound, self.sample_rate, self.bins)
        if (sound.rate, sound.frames.shape[1]) != (self.sample_rate, self.bins):
            raise InputError(
                f"{sound.path} was read at {sound.rate} Hz into {sound.frames.shape[1]} channels, but the codec has "
                f"{self.sample_rate} Hz and {self.bins}: give the path"
            )
        return sound

    def to_config(self) -> dict[str, Any]:
        """What the codec has learned, as JSON."""
        scale = self._scale.to_config()
        config = {"kind": self.kind, "sample_rate": self.sample_rate, "mean": scale["mean"], "std": scale["std"]}
        return {**config, "stack": self.stack} if self.stack > 1 else config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The codec that `to_config` described."""
        codec = cls(len(config["mean"]), config.get("stack", 1))
        codec._scale = SeriesCodec.from_config({**config, "indicators": []})
        codec.sample_rate = int(config["sample_rate"])
        if not codec.sample_rate > 0 or codec.bins < 1:
            raise ValueError(f"sample_rate is {codec.sample_rate}, with {codec.bins} channels")
        if type(codec.stack) is not int or codec.stack < 1:
            raise ValueError(f"stack is {codec.stack!r}")
        return codec


def stacked(frames: np.ndarray, stack: int) -> np.ndarray:
    """Several frames side by side in one; the last one is repeated as often as is needed.

    Shape:
        frames (T, bins) -> (ceil(T / stack), stack * bins)
    """
    if stack == 1:
        return frames
    more = -len(frames) % stack
    if more:
        frames = np.concatenate([frames, np.repeat(frames[-1:], more, axis=0)])
    return frames.reshape(-1, stack * frames.shape[1])
