"""Sounds made for tests: words as Morse code tones, of any rate and speed."""

from pathlib import Path

import numpy as np
import soundfile

CODE = {"a": ".-", "e": ".", "i": "..", "m": "--", "n": "-.", "o": "---", "r": ".-.", "s": "...", "t": "-", " ": " "}
RATE = 8000


def tone(text: str, *, rate: int = RATE, dot: float = 0.03, pitch: float = 600.0, noise: float = 0.01) -> np.ndarray:
    """Samples of a text: dashes are three dots long, letters three apart, words seven."""
    keyed: list[tuple[int, int]] = [(0, 3)]  # whether there is a tone, and for how many dots
    for letter in text:
        marks = [] if letter == " " else [(1, 1 if mark == "." else 3) for mark in CODE[letter]]
        for mark in marks:
            keyed += [mark, (0, 1)]
        keyed.append((0, 4 if letter == " " else 2))
    on = np.concatenate([np.full(round(dots * dot * rate), sound) for sound, dots in keyed])
    wave = 0.4 * on * np.sin(2 * np.pi * pitch * np.arange(len(on)) / rate)
    return wave + noise * np.random.default_rng(len(on)).standard_normal(len(on))


def write_morse(
    folder: Path, count: int, *, seed: int = 0, words: int = 1, letters: str = "aeinot", longest: int = 3
) -> tuple[list[Path], list[str]]:
    """Files of words of random letters, in two pitches and speeds, and their texts."""
    random = np.random.default_rng(seed)

    def word() -> str:
        return "".join(random.choice(list(letters), random.integers(1, longest + 1)))

    texts = [" ".join(word() for _ in range(words)) for _ in range(count)]
    files = [folder / f"{seed}-{k}.wav" for k in range(count)]
    for file, text in zip(files, texts, strict=True):
        samples = tone(text, dot=random.choice((0.02, 0.025)), pitch=random.choice((500.0, 700.0)))
        soundfile.write(file, samples, RATE)
    return files, texts
