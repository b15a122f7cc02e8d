"""Audio to label: which word is spoken. The words are synthesised here, two vowels each; nobody recorded them.

`ai` and `ia` have the same sounds in another order, so a network has to remember. No class of elman's is for this task:
a `Classifier` that is given paths of audio files hears them.
"""

import argparse
import tempfile
import warnings
from pathlib import Path

import numpy as np
import soundfile

import elman

FORMANTS = {"a": (730, 1090, 2440), "i": (270, 2290, 3010), "u": (300, 870, 2240)}  # Hz; Peterson and Barney (1952)
WORDS = ("ai", "ia", "au", "ua", "iu", "ui")
RATE = 16_000


def spoken(word: str, generator: np.random.Generator) -> np.ndarray:
    """A word in some voice: harmonics of a pitch, loud near the formants, which glide from one vowel to the next."""
    time = np.arange(round(generator.uniform(0.3, 0.6) * RATE)) / RATE
    place = time / time[-1]
    size, pitch = generator.uniform(0.85, 1.15), generator.uniform(90, 240) * (1 + generator.uniform(-0.2, 0.2) * place)
    glide = 1 / (1 + np.exp(-12 * (place - generator.uniform(0.35, 0.65))))
    wave = np.zeros(len(time))
    for harmonic in range(1, 25):
        loudness = 0
        for first, second in zip(FORMANTS[word[0]], FORMANTS[word[1]], strict=True):
            loudness += 1 / (1 + ((harmonic * pitch - size * (first + (second - first) * glide)) / 90) ** 2)
        wave += loudness * np.sin(harmonic * 2 * np.pi * np.cumsum(pitch) / RATE)
    noise = generator.standard_normal(len(time)) * generator.uniform(0.001, 0.02)
    return 0.5 * wave * np.sin(np.pi * place) ** 0.3 / np.abs(wave).max() + noise


def main(clips: int = 600, epochs: int = 12, folder: Path | None = None) -> float:
    """Write the clips, learn from most of them, and print how many of the others are understood."""
    folder = folder or Path(tempfile.mkdtemp())
    generator = np.random.default_rng(0)
    words = [WORDS[k % len(WORDS)] for k in range(clips)]
    files = [folder / f"{k}.wav" for k in range(clips)]
    for file, word in zip(files, words, strict=True):
        soundfile.write(file, spoken(word, generator), RATE)
    files[0].write_bytes(b"damaged")
    seen = clips * 3 // 4
    classifier = elman.Classifier(hidden_size=32, num_layers=1, epochs=epochs, random_state=0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", elman.DataWarning)
        classifier.fit(files[:seen], words[:seen])
    print(*(warning.message for warning in told), sep="\n")
    accuracy = classifier.score(files[seen:], words[seen:])
    print(f"{accuracy:.1%} of {clips - seen} synthesised words are understood, {1 / len(WORDS):.1%} would be chance")
    for file, word, each in zip(files[-3:], words[-3:], classifier.predict_proba(files[-3:]), strict=True):
        print(f"{file.name} says {word}; heard: {classifier.classes_[each.argmax()]} ({each.max():.2f})")
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=600)
    parser.add_argument("--epochs", type=int, default=12)
    main(**vars(parser.parse_args()))
