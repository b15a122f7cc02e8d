"""Audio files: samples out of a file, bit by bit, at another rate, as frames of log-mel energies."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from elman.errors import InputError, require

EXTRA = "speech"
FRAME, STEP = 0.025, 0.010  # seconds that a frame spans, and between the starts of two
LOWEST = 20.0  # Hz; bands go from there to half of the sample rate
FLAT = 3  # so many equal samples in a row at full scale are a wave whose top is cut off
FULL_SCALE = 0.99
SILENT = 1e-4  # of full scale: -80 dB
SIZES = {
    re.compile(r"^\s*(?:data|SSND|Data Size)\s*: (?P<said>\d+) \(should be (?P<there>\d+)\)", re.MULTILINE): 0x7FFF0000,
    re.compile(r"^riff : (?P<said>\d+) \(should be (?P<there>\d+)\)", re.MULTILINE): 2**62,
    re.compile(r"frame count (?P<there>\d+) does not match value from 'ds64' chunk of (?P<said>\d+)"): 2**62,
}
"""What libsndfile notes of a file that is longer by its header, WAV, AIFF and AU, W64 (all of the file), RF64; and from
which size on that is none: programs that write into a pipe cannot know it."""
BLOCK = 1 << 13  # samples of each channel that are read together, and lost together where a file is damaged


@dataclass(frozen=True)
class Recording:
    """What a file holds.

    Shape:
        samples (S,), float32; 1 is full scale

    Args:
        samples: those of all channels, averaged.
        rate: samples of a second.
        channels: how many there were.
        clipped: whether the wave is cut off at full scale somewhere.
    """

    samples: np.ndarray
    rate: int
    channels: int
    clipped: bool


class Playback:
    """An audio file as it is read, WAV, FLAC, OGG and what else libsndfile knows: never all of it in memory.

    Attributes:
        rate: samples of a second.
        channels: how many there are; `blocks` mixes them to one.
        samples: how many were read.
        clipped: whether the wave was cut off at full scale somewhere so far.
        silent: whether there was no sound so far.

    Args:
        path: the file.

    Raises:
        InputError: it cannot be read.
        MissingExtra: the library that reads sound is not installed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._library = require("soundfile", EXTRA)
        self._path = path
        with self._opened() as file:
            self.rate, self.channels = int(file.samplerate), int(file.channels)
        self.samples, self.clipped, self.silent = 0, False, True

    def blocks(self) -> Iterator[np.ndarray]:
        """The samples from the beginning to the end, (n,), float32, 1 is full scale.

        Raises:
            InputError: the file is damaged from some place on, which the message names in seconds; what comes before it
                was given. Or it has no samples, or some that are no numbers.
        """
        self.samples, self.clipped, self.silent = 0, False, True
        before = np.zeros((0, self.channels), np.float32)
        with self._opened() as file:
            while len(block := self._block(file)):
                if not np.isfinite(block).all():
                    raise InputError(f"{self._path} has samples that are no finite numbers{self._place()}")
                seen = np.concatenate([before, block])
                self.clipped = self.clipped or any(_is_clipped(one) for one in seen.T)
                self.silent = self.silent and bool(np.abs(block).max() < SILENT)
                before = seen[1 - FLAT :]
                self.samples += len(block)
                yield block.mean(1, dtype=np.float32) if self.channels > 1 else block[:, 0]
            if self.samples == 0:
                raise InputError(f"{self._path} is empty: it has no samples")
            read, lasts = self.samples / self.rate, max(file.frames, self._promised(file)) / self.rate
            if self.samples < file.frames or lasts - read >= STEP:  # the library leaves it out without a word
                raise InputError(f"{self._path} is damaged: of {lasts:.2f} s only {read:.2f} s can be read")

    def _opened(self) -> Any:
        try:
            return self._library.SoundFile(_existing(self._path))
        except self._library.SoundFileError as error:
            raise _unreadable(self._path, error) from error

    def _block(self, file: Any) -> np.ndarray:
        try:
            block: np.ndarray = file.read(BLOCK, dtype="float32", always_2d=True)  # (n, channels)
        except self._library.SoundFileError as error:
            raise _unreadable(self._path, error, self._place()) from error
        return block

    def _promised(self, file: Any) -> float:
        """How many samples the header speaks of, if the file was cut off; else 0."""
        for form, endless in SIZES.items():
            if found := form.search(file.extra_info):
                said, there = int(found["said"]), int(found["there"])
                return self.samples * said / there if 0 < there < said < endless else 0.0
        return 0.0

    def _place(self) -> str:
        return f" after {self.samples / self.rate:.2f} s" if self.samples else ""


def read_rate(path: str | os.PathLike[str]) -> int:
    """Samples of a second, from the beginning of a file.

    Raises:
        InputError: the file cannot be read.
    """
    return Playback(path).rate


def read_recording(path: str | os.PathLike[str]) -> Recording:
    """Read an audio file whole; several channels are mixed to one.

    Raises:
        InputError: the file cannot be read, or there is no sound in it.
    """
    playback = Playback(path)
    samples = np.concatenate(list(playback.blocks()))
    return Recording(samples, playback.rate, playback.channels, playback.clipped)


class Frames:
    """Log energies in bands that are as far apart as pitches sound, of samples that come bit by bit.

    They are Kaldi's filter bank, without its random dither: a frame every 10 ms, each of 25 ms. However the samples are
    cut into pieces, the frames are the same, bit for bit.

    Args:
        rate: samples of a second.
        wanted: the rate that they are brought to before; what is above half of it is filtered out.
        bins: how many bands there are, from 20 Hz to half of the wanted rate.

    Source: Davis and Mermelstein, Comparison of Parametric Representations for Monosyllabic Word Recognition (1980).
    """

    def __init__(self, rate: int, wanted: int, bins: int) -> None:
        library = require("kaldi_native_fbank", EXTRA)
        options = library.FbankOptions()
        options.frame_opts.samp_freq = wanted
        options.frame_opts.frame_length_ms, options.frame_opts.frame_shift_ms = FRAME * 1000, STEP * 1000
        options.frame_opts.dither = 0.0
        options.frame_opts.snip_edges = True
        options.mel_opts.num_bins, options.mel_opts.low_freq = bins, LOWEST
        self._bank = library.OnlineFbank(options)
        self._rate, self._bins, self._given = wanted, bins, 0
        soxr = require("soxr", EXTRA) if rate != wanted else None
        self._resampler = None if soxr is None else soxr.ResampleStream(rate, wanted, 1, dtype="float32")

    def feed(self, samples: np.ndarray) -> np.ndarray:
        """The frames that are complete with these samples, full scale 1. Shape: (S,) -> (T, bins), float32."""
        return self._frames(samples if self._resampler is None else self._resampler.resample_chunk(samples))

    def finish(self) -> np.ndarray:
        """The frames that the resampler held back; what is left after them is no whole one. Shape: (T, bins)."""
        rest = np.zeros(0, np.float32)
        return self._frames(rest if self._resampler is None else self._resampler.resample_chunk(rest, last=True))

    def _frames(self, samples: np.ndarray) -> np.ndarray:
        self._bank.accept_waveform(self._rate, samples)
        ready = self._bank.num_frames_ready
        frames = np.empty((ready - self._given, self._bins), np.float32)
        for row in range(len(frames)):
            frames[row] = self._bank.get_frame(self._given + row)
        self._bank.pop(len(frames))
        self._given = ready
        return frames


def log_mel(samples: np.ndarray, rate: int, bins: int) -> np.ndarray:
    """The frames of a whole sound; see `Frames`. Shape: (S,) -> (T, bins), float32."""
    return Frames(rate, rate, bins).feed(samples)


def centres(rate: int, bins: int) -> np.ndarray:
    """The frequency in Hz that each band of `Frames` hears best. Shape: returns (bins,)

    Neighbours are equally far apart on the mel scale, 1127 ln(1 + f / 700).
    """
    least, most = 1127 * np.log1p(np.array([LOWEST, rate / 2]) / 700)
    found: np.ndarray = 700 * np.expm1(np.linspace(least, most, bins + 2)[1:-1] / 1127)
    return found


def _existing(path: str | os.PathLike[str]) -> str:
    """The path, if there is a file; libsndfile would speak of a system error."""
    found = Path(path)
    if not found.is_file():
        raise InputError(f"{found} is {'a folder' if found.is_dir() else 'not there'}: expected an audio file")
    if found.stat().st_size == 0:
        raise InputError(f"{found} is empty: it has 0 bytes")
    return str(found)


def _unreadable(path: str | os.PathLike[str], error: Exception, place: str = "") -> InputError:
    reason = " ".join(str(getattr(error, "error_string", error)).split()).rstrip(".")
    return InputError(f"{path} cannot be read as audio{place}: {reason or 'the data are damaged'}")


def _is_clipped(samples: np.ndarray) -> bool:
    """Whether several equal samples stand in a row at full scale."""
    high = np.abs(samples) >= FULL_SCALE
    if high.sum() < FLAT:
        return False
    same = high[1:] & (samples[1:] == samples[:-1])
    runs = same
    for k in range(1, FLAT - 1):
        runs = runs[:-1] & same[k:]
    return bool(runs.any())
