"""Audio files made for tests: tones that rise or fall, with noise, at any rate and with any number of channels."""

from pathlib import Path

import numpy as np
import soundfile

RATE = 8000


def write_tone(path: Path, rising: bool, seed: int, *, rate: int = RATE, channels: int = 1) -> Path:
    """A tone of a quarter to half a second that glides between two frequencies."""
    generator = np.random.default_rng(seed)
    time = np.arange(round(generator.uniform(0.25, 0.5) * rate)) / rate
    low = generator.uniform(300, 800)
    high = low + generator.uniform(400, 800)
    start, end = (low, high) if rising else (high, low)
    frequency = start + (end - start) * time / time[-1]
    wave = 0.3 * np.sin(2 * np.pi * np.cumsum(frequency) / rate) + 0.01 * generator.standard_normal(len(time))
    soundfile.write(path, np.repeat(wave[:, np.newaxis], channels, 1), rate)
    return path


def write_tones(folder: Path, count: int, *, seed: int = 0) -> tuple[list[Path], list[str]]:
    """So many files, every other one rising; and their labels."""
    files = [write_tone(folder / f"{seed}-{k}.wav", k % 2 == 0, 1000 * seed + k) for k in range(count)]
    return files, ["up" if k % 2 == 0 else "down" for k in range(count)]
