"""Sound to text while it sounds: a network learns Morse code from words and their sounds, and then listens.

Nobody tells it which tone is which letter, or where one ends: CTC finds that out. What it hears afterwards comes in
tenths of a second, as from a microphone, and the text is printed with the time at which it was known.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import soundfile

import elman

CODE = {"a": ".-", "d": "-..", "e": ".", "h": "....", "i": "..", "l": ".-..", "m": "--", "n": "-.", "o": "---"}
CODE |= {"r": ".-.", "s": "...", "t": "-", "w": ".--"}
RATE = 8000


def keyed(text: str, dot: float, pitch: float, generator: np.random.Generator) -> np.ndarray:
    """Samples of a text: a dash lasts three dots, letters are three apart, words seven; there is some noise."""
    parts = [np.zeros(round(3 * dot * RATE))]
    for letter in text:
        for mark in CODE.get(letter, ""):
            time = np.arange(round((1 if mark == "." else 3) * dot * RATE)) / RATE
            parts += [0.4 * np.sin(2 * np.pi * pitch * time), np.zeros(round(dot * RATE))]
        parts.append(np.zeros(round((2 if letter in CODE else 4) * dot * RATE)))
    samples = np.concatenate(parts)
    return samples + 0.02 * generator.standard_normal(len(samples))


def main(clips: int = 600, epochs: int = 40, folder: Path | None = None) -> float:
    """Write the clips, learn from most of them, measure on the others, and listen to a sentence."""
    folder = folder or Path(tempfile.mkdtemp())
    generator = np.random.default_rng(0)
    texts = ["".join(generator.choice(list(CODE), generator.integers(1, 5))) for _ in range(clips)]
    files = [folder / f"{k}.wav" for k in range(clips)]
    for file, text in zip(files, texts, strict=True):
        dot, pitch = generator.uniform(0.02, 0.025), generator.choice([500, 600, 700])
        soundfile.write(file, keyed(text, dot, pitch, generator), RATE)
    seen = clips * 9 // 10
    transcriber = elman.Transcriber(
        bidirectional=False, hidden_size=48, num_layers=1, epochs=epochs, batch_size=8, learning_rate=0.008
    ).fit(files[:seen], texts[:seen])
    measured = transcriber.evaluate(files[seen:], texts[seen:])
    print(f"character error rate of {clips - seen} clips never heard: {measured['character_error_rate']:.1%}")

    sentence = "hello world and so on"
    sound = np.concatenate([keyed(word, 0.022, 600, generator) for word in sentence.split()])
    listener = transcriber.listen(RATE)
    for start in range(0, len(sound), RATE // 10):
        if new := listener.feed(sound[start : start + RATE // 10]):
            print(f"{start / RATE + 0.1:5.1f} s  {new}")
    listener.finish()
    print(f"sent: {sentence.replace(' ', '')}  heard: {listener.text}")
    return measured["character_error_rate"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=600)
    parser.add_argument("--epochs", type=int, default=40)
    main(**vars(parser.parse_args()))
