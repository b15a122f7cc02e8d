"""Audio files: samples out of a file, at another rate, as frames of log-mel energies."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from elman.errors import InputError, require

EXTRA = "speech"
FRAME, STEP = 0.025, 0.010  # seconds that a frame spans, and between the starts of two
FLAT = 3  # so many equal samples in a row at full scale are a wave whose top is cut off
FULL_SCALE = 0.99


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


def read_rate(path: str | os.PathLike[str]) -> int:
    """Samples of a second, from the beginning of a file.

    Raises:
        InputError: the file cannot be read.
    """
    soundfile = require("soundfile", EXTRA)
    try:
        return int(soundfile.info(_existing(path)).samplerate)
    except soundfile.SoundFileError as error:
        raise _unreadable(path, error) from error


def read_recording(path: str | os.PathLike[str]) -> Recording:
    """Read an audio file: WAV, FLAC, OGG and what else libsndfile knows; several channels are mixed to one.

    Raises:
        InputError: the file cannot be read, or there is no sound in it.
    """
    soundfile = require("soundfile", EXTRA)
    try:
        channels, rate = soundfile.read(_existing(path), dtype="float32", always_2d=True)  # (S, channels)
    except soundfile.SoundFileError as error:
        raise _unreadable(path, error) from error
    if len(channels) == 0:
        raise InputError(f"{path} is empty: it has no samples")
    if not np.isfinite(channels).all():
        raise InputError(f"{path} has samples that are no finite numbers")
    clipped = any(_is_clipped(one) for one in channels.T)
    samples = channels.mean(1, dtype=np.float32) if channels.shape[1] > 1 else channels[:, 0]
    return Recording(samples, int(rate), channels.shape[1], clipped)


def resampled(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Samples (S,) at another rate; what is above half of it is filtered out."""
    if rate == wanted:
        return samples
    found: np.ndarray = require("soxr", EXTRA).resample(samples, rate, wanted)
    return found


def log_mel(samples: np.ndarray, rate: int, bins: int) -> np.ndarray:
    """Log energies in bands that are as far apart as pitches sound: Kaldi's filter bank, without its random dither.

    Shape:
        samples (S,), full scale 1 -> (T, bins), float32: a frame every 10 ms, each of 25 ms; the rest is left out

    Args:
        samples: the sound.
        rate: samples of a second.
        bins: how many bands there are, from 20 Hz to half of the rate.

    Source: Davis and Mermelstein, Comparison of Parametric Representations for Monosyllabic Word Recognition (1980).
    """
    library = require("kaldi_native_fbank", EXTRA)
    options = library.FbankOptions()
    options.frame_opts.samp_freq = rate
    options.frame_opts.frame_length_ms, options.frame_opts.frame_shift_ms = FRAME * 1000, STEP * 1000
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = bins
    bank = library.OnlineFbank(options)
    bank.accept_waveform(rate, samples)
    frames = np.empty((bank.num_frames_ready, bins), np.float32)
    for row in range(len(frames)):
        frames[row] = bank.get_frame(row)
    return frames


def _existing(path: str | os.PathLike[str]) -> str:
    """The path, if there is a file; libsndfile would speak of a system error."""
    found = Path(path)
    if not found.is_file():
        raise InputError(f"{found} is {'a folder' if found.is_dir() else 'not there'}: expected an audio file")
    if found.stat().st_size == 0:
        raise InputError(f"{found} is empty: it has 0 bytes")
    return str(found)


def _unreadable(path: str | os.PathLike[str], error: Exception) -> InputError:
    reason = " ".join(str(getattr(error, "error_string", error)).split()).rstrip(".")
    return InputError(f"{path} cannot be read as audio: {reason}")


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
